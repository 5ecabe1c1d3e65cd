"""A mail that came in, taken apart: its headers as text, its parts, what they say, what is attached.

The standard parser takes the bytes apart, with its old policy: the new one needs gigabytes for some subjects and
raises on access. Everything here answers for any bytes at all; what is too much raises :class:`TooMuch`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from itertools import islice

from pop_campaigns.core.text import clean_line
from pop_campaigns.mail.headers import clean_file_name
from pop_campaigns.mail.reading.charsets import decode_bytes, decode_header_value, without_surrogates
from pop_campaigns.mail.reading.html_text import html_to_text

MESSAGE_LIMIT = 25 * 1024 * 1024
HEADERS_LIMIT = 100 * 1024
PARTS_LIMIT = 200
NESTING_LIMIT = 20
TEXT_LIMIT = 1_000_000
_TOO_MANY_NAMES = 1000
_HEADER_END = re.compile(rb"\r?\n\r?\n|\r\r")
_REMARK = re.compile(r"\([^()]*\)")
_NO_TYPE = re.compile(r"[^a-z0-9!#$&^_.+/-]+")
_ATTACHED = re.compile(r"(?i)^\s*attachment\b")


class TooMuch(ValueError):
    """The mail exceeds a limit; the text says which."""


@dataclass(frozen=True, slots=True)
class AttachmentNote:
    """What is told about an attachment; nothing of it is opened, no archive unpacked."""

    name: str
    type: str
    size: int


def parse_message(raw: bytes) -> Message:
    """Take a mail apart; raise :class:`TooMuch`."""
    if len(raw) > MESSAGE_LIMIT:
        raise TooMuch(f"larger than {MESSAGE_LIMIT // 1024 // 1024} MiB")
    end = _HEADER_END.search(raw)
    if (end.start() if end else len(raw)) > HEADERS_LIMIT:
        raise TooMuch(f"more than {HEADERS_LIMIT // 1024} KiB of headers")
    made = 0

    def make(policy: object = None) -> Message:  # noqa: ARG001 - the parser passes its own
        nonlocal made
        made += 1
        if made > PARTS_LIMIT + 1:
            raise TooMuch(f"more than {PARTS_LIMIT} parts")
        return Message(compat32)

    try:
        message: Message = BytesParser(make, policy=compat32).parsebytes(raw)
    except RecursionError as problem:
        raise TooMuch(f"parts nested deeper than {NESTING_LIMIT}") from problem
    _check_depth(message)
    return message


def _check_depth(message: Message) -> None:
    level, depth = [message], 0
    while level:
        depth += 1
        if depth > NESTING_LIMIT:
            raise TooMuch(f"parts nested deeper than {NESTING_LIMIT}")
        for part in level:
            if sum(len(name) + len(str(value)) for name, value in part.raw_items()) > HEADERS_LIMIT:
                raise TooMuch(f"more than {HEADERS_LIMIT // 1024} KiB of headers in a part")
        level = [child for part in level for child in children(part)]


def children(part: Message) -> list[Message]:
    """Return the parts directly inside a part; of a mail inside a mail that mail."""
    # Asked for a text, get_payload decodes it by the charset the part claims, and some of those raise.
    payload = part.get_payload() if part.is_multipart() else ()
    return [child for child in payload if isinstance(child, Message)]


def leaves(message: Message) -> Iterator[Message]:
    """Return all parts that are no multipart, in order; mails inside the mail stay closed."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        inner = children(part)
        if inner and not media_type(part).startswith("message/"):
            waiting.extend(reversed(inner))
        else:
            yield part


def raw_header(part: Message, name: str) -> str:
    """Return the first header of a name, unfolded and not decoded."""
    return next(raw_headers(part, name), "")


def raw_headers(part: Message, *names: str) -> Iterator[str]:
    """Return the headers of some names, unfolded and not decoded, in the order they stand."""
    wanted = {name.lower() for name in names}
    for number, (name, value) in enumerate(part.raw_items()):
        if number >= _TOO_MANY_NAMES:
            return
        if name.strip().lower() in wanted:
            yield re.sub(r"[\r\n]+[ \t]*", " ", str(value)).strip()


def header(part: Message, name: str) -> str:
    """Return the first header of a name as one clean line of text."""
    return clean_line(decode_header_value(raw_header(part, name)))


def media_type(part: Message) -> str:
    """Return ``text/plain`` and the like in lower case, as the header says, without remarks and stray bytes."""
    written = _REMARK.sub("", raw_header(part, "Content-Type")).partition(";")[0].strip().lower()
    if re.fullmatch(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+", written):
        return written
    try:
        return _NO_TYPE.sub("", part.get_content_type())
    except (AttributeError, IndexError, LookupError, TypeError, ValueError):
        return "text/plain"


def parameter(part: Message, name: str, of: str = "Content-Type") -> str:
    """Return a parameter of a header in plain text, "" if missing."""
    try:
        value = part.get_param(name, "", of)
        if isinstance(value, tuple):
            charset, _, coded = value
            return clean_line(decode_bytes(coded.encode("latin-1", "replace"), charset or "utf-8"))
        return clean_line(decode_header_value(str(value)))
    except (AttributeError, IndexError, LookupError, TypeError, ValueError):
        return ""


def part_bytes(part: Message) -> bytes:
    """Return the content of a part, its transfer encoding undone; nothing of a multipart or of what cannot be undone."""
    try:
        content = part.get_payload(decode=True)
    except (AttributeError, IndexError, LookupError, TypeError, ValueError):
        return b""
    return content if isinstance(content, bytes) else b""


def part_text(part: Message) -> str:
    """Return the text of a part, whatever it says of its charset."""
    content = part_bytes(part)[:TEXT_LIMIT]
    return without_surrogates(decode_bytes(content, parameter(part, "charset")))


def is_attached(part: Message) -> bool:
    """Return whether a part is a file and not something to read."""
    return bool(_ATTACHED.match(raw_header(part, "Content-Disposition")))


def body_text(message: Message) -> str:
    """Return what a mail says: its plain text parts, else its HTML as text."""
    readable = [part for part in leaves(message) if not is_attached(part)]
    plain = [
        part_text(part) for part in readable if media_type(part) == "text/plain" and not _file_name(part)
    ]
    text = "\n\n".join(filter(None, (piece.strip("\r\n") for piece in plain)))
    if text.strip():
        return text[:TEXT_LIMIT]
    pages = [html_to_text(part_text(part)) for part in readable if media_type(part) == "text/html"]
    return "\n\n".join(filter(None, pages))[:TEXT_LIMIT]


def attached_parts(message: Message) -> Iterator[Message]:
    """Return the files that come with a mail, in order. The calendar part of an answer counts only when it is a file."""
    for part in leaves(message):
        kind, name = media_type(part), _file_name(part)
        body = kind in ("text/plain", "text/html", "text/calendar") and not name
        report = kind in (
            "message/delivery-status",
            "message/disposition-notification",
            "text/rfc822-headers",
        )
        if part is message and body:
            continue
        if is_attached(part) or name or not (body or report):
            yield part


def attachment_notes(message: Message) -> tuple[AttachmentNote, ...]:
    """Return which files come with a mail."""
    return tuple(
        AttachmentNote(_file_name(part) or _subject_name(part), media_type(part), _size(part))
        for part in attached_parts(message)
    )


def attachment_bytes(message: Message, number: int) -> bytes | None:
    """Return the content of the file with this number among :func:`attachment_notes`, from 0; None if there is none.

    A mail inside the mail is given as a mail.
    """
    part = next(islice(attached_parts(message), max(number, 0), None), None)
    if part is None or number < 0:
        return None
    inner = children(part)
    return inner[0].as_bytes() if inner else part_bytes(part)


def attached_text(message: Message, limit: int = 20_000) -> str:
    """Return what the attached text files of a mail say, at most ``limit`` characters of each."""
    texts = [part_text(part)[:limit] for part in attached_parts(message) if media_type(part) == "text/plain"]
    return "\n\n".join(texts[:10])


def _file_name(part: Message) -> str:
    name = parameter(part, "filename", "Content-Disposition") or parameter(part, "name")
    return clean_file_name(name, default="") if name else ""


def _subject_name(part: Message) -> str:
    inner = children(part)
    return clean_file_name(header(inner[0], "Subject"), default="") if inner else ""


def _size(part: Message) -> int:
    inner = children(part)
    if not inner:
        return len(part_bytes(part))
    try:
        return sum(len(child.as_bytes()) for child in inner)
    except Exception:  # writing a broken part again can fail in any way; its size is not worth a mail
        return 0

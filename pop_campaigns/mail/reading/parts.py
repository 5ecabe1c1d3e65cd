"""The parts of a mail that came in: their headers as text, what they say, what is attached; for any bytes at all."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.message import Message
from email.policy import compat32
from itertools import islice
from typing import Any
from urllib.parse import unquote_to_bytes

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
_REMARK = re.compile(r"\([^()]*\)")
_PARAMETERS_LIMIT, _PARAMETERS = 10_000, 100
"""So long a header is nobody's, nor one of so many parameters, for which the library takes the square of their number."""
_CONTENT_KEPT = 5_000_000
_PAGES_LIMIT = 500_000
_WORD_FIRST = re.compile(r"\s*=\?[^?\s]{1,60}\?[bBqQ]\?")
# "utf-8''P%C3%ABr.pdf" where only a name should stand, and "P%C3%ABr.pdf".
_MARKED = re.compile(r"(?i)\s*(utf-8|iso-8859-\d{1,2}|windows-125\d)'(?:[a-z-]{0,10}')?")
_PERCENT = re.compile(r"%[89A-Fa-f][0-9A-Fa-f]")
_NO_TYPE = re.compile(r"[^a-z0-9!#$&^_.+/-]+")
_ATTACHED = re.compile(r"(?i)^\s*attachment\b")


@dataclass(frozen=True, slots=True)
class AttachmentNote:
    """What is told about an attachment; nothing of it is opened, no archive unpacked."""

    name: str
    type: str
    size: int


class Part(Message):
    """A part of a mail that may enclose others in a form of its own: see ``opening``.

    ``enclosed`` are the parts that stood inside, ``content`` is what is left of the part itself where something was taken out
    of it. ``is_signed``: nobody checked the signature. ``why`` says why an answer in it cannot be read, ``doubt`` the same of
    what may be none, ``partstat`` is the answer that it tells.
    """

    def __init__(self) -> None:
        super().__init__(compat32)
        self.enclosed: list[Message] = []
        self.content: bytes | None = None
        self.words: str | None = None
        self.is_signed = False
        self.why = ""
        self.doubt = ""
        self.partstat = ""

    def get_param(
        self, param: str, failobj: Any = None, header: str = "content-type", unquote: bool = True
    ) -> Any:
        """Return a parameter as the library does, of headers of a length that people and programs write."""
        if _is_endless(raw_header(self, header)):
            return failobj
        return super().get_param(param, failobj, header, unquote)


def children(part: Message) -> list[Message]:
    """Return the parts directly inside a part; of a mail inside a mail that mail."""
    # Asked for a text, get_payload decodes it by the charset the part claims, and some of those raise.
    payload = part.get_payload() if part.is_multipart() else ()
    return [child for child in payload if isinstance(child, Message)]


def leaves(message: Message) -> Iterator[Message]:
    """Return all parts that are no multipart, in order, behind one that was opened what it held; mails inside stay closed."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        inner = children(part)
        if inner and not media_type(part).startswith("message/"):
            waiting.extend(reversed(inner))
        else:
            yield part
            waiting.extend(reversed(part.enclosed if isinstance(part, Part) else ()))


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


def _is_endless(written: str) -> bool:
    return len(written) > _PARAMETERS_LIMIT or written.count(";") > _PARAMETERS


def media_type(part: Message) -> str:
    """Return ``text/plain`` and the like in lower case, as the header says, without remarks and stray bytes."""
    written = (
        _REMARK.sub("", raw_header(part, "Content-Type")[:_PARAMETERS_LIMIT])
        .partition(";")[0]
        .strip()
        .lower()
    )
    if re.fullmatch(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+", written):
        return written
    try:
        return _NO_TYPE.sub("", part.get_content_type())
    except (AttributeError, IndexError, LookupError, TypeError, ValueError):
        return "text/plain"


def parameter(part: Message, name: str, of: str = "Content-Type") -> str:
    """Return a parameter of a header in plain text, "" if missing: by RFC 2231 or 2047, in raw bytes, or wrongly by both."""
    written = raw_header(part, of)
    if not written or _is_endless(written):
        return ""
    if not written.isascii():
        written = decode_bytes(written.encode("utf-8", "surrogateescape"))
    if _WORD_FIRST.match(written):
        written = decode_header_value(written)
    try:
        holder = Message(compat32)
        holder["X"] = written
        values = [value for key, value in holder.get_params([], "X") if key.lower() == name]
    except (AttributeError, IndexError, LookupError, TypeError, ValueError):
        return ""
    # With both forms in one header it is the newer one that says all letters (RFC 6266 section 4.3).
    values.sort(key=lambda value: not isinstance(value, tuple))
    return clean_line(_value_text(values[0])) if values else ""


def _value_text(value: str | tuple[str | None, str | None, str]) -> str:
    if isinstance(value, tuple):
        charset, _, coded = value
        if not charset and (marked := _MARKED.match(coded)):
            charset, coded = marked[1], coded[marked.end() :]
        raw = (
            coded.encode("latin-1") if max(coded, default="") <= "\xff" else coded.encode("utf-8", "replace")
        )
        return decode_header_value(decode_bytes(raw, charset or "utf-8"))
    if marked := _MARKED.match(value):
        return decode_bytes(unquote_to_bytes(value[marked.end() :]), marked[1])
    if _PERCENT.search(value):
        with contextlib.suppress(UnicodeDecodeError):
            return unquote_to_bytes(value).decode("utf-8")
    return decode_header_value(value)


def part_bytes(part: Message) -> bytes:
    """Return the content of a part, its transfer encoding undone; nothing of a multipart or of what cannot be undone."""
    if isinstance(part, Part) and part.content is not None:
        return part.content
    try:
        content = part.get_payload(decode=True)
    except (AttributeError, IndexError, LookupError, TypeError, ValueError):
        return b""
    content = content if isinstance(content, bytes) else b""
    if isinstance(part, Part) and len(content) <= _CONTENT_KEPT:
        part.content = content  # asked for many times
    return content


def part_text(part: Message) -> str:
    """Return the text of a part, whatever it says of its charset."""
    content = part_bytes(part)[:TEXT_LIMIT]
    return without_surrogates(decode_bytes(content, parameter(part, "charset")))


def is_attached(part: Message) -> bool:
    """Return whether a part is a file and not something to read."""
    return bool(_ATTACHED.match(raw_header(part, "Content-Disposition")))


def body_text(message: Message) -> str:
    """Return what a mail says: its plain text parts, else its HTML as text."""
    if not isinstance(message, Part):
        return _words_in(message)
    if message.words is None:
        message.words = _words_in(message)
    return message.words


def _words_in(message: Message) -> str:
    readable = [part for part in leaves(message) if not is_attached(part)]
    plain = _within(
        (part_text(part) for part in readable if media_type(part) == "text/plain" and not _file_name(part)),
        TEXT_LIMIT,
    )
    text = "\n\n".join(filter(None, (piece.strip("\r\n") for piece in plain)))
    if text.strip():
        return text[:TEXT_LIMIT]
    pages = _within((part_text(part) for part in readable if media_type(part) == "text/html"), _PAGES_LIMIT)
    return "\n\n".join(filter(None, map(html_to_text, pages)))[:TEXT_LIMIT]


def _within(texts: Iterable[str], limit: int) -> list[str]:
    """Return texts up to where together they exceed a limit: nobody reads more."""
    kept: list[str] = []
    for text in texts:
        kept.append(text)
        limit -= len(text)
        if limit <= 0:
            break
    return kept


def attached_parts(message: Message) -> Iterator[Message]:
    """Return the files that come with a mail, in order, what was taken out of others last: their numbers are remembered.

    The calendar part of an answer counts only when it is a file.
    """
    taken_out = {id(inner) for part in leaves(message) if isinstance(part, Part) for inner in part.enclosed}
    for part in sorted(leaves(message), key=lambda part: id(part) in taken_out):
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


def called(part: Message) -> str:
    """Return the name of a file as its sender wrote it, "" if it has none."""
    return parameter(part, "filename", "Content-Disposition") or parameter(part, "name")


def made_part(kind: str, content: bytes, name: str = "") -> Part:
    """Return a part as if it had come by itself, a file where it is given a name."""
    part = Part()
    part["Content-Type"] = kind
    part.content = content
    part.set_payload("")
    if name:
        part["Content-Disposition"] = f'attachment; filename="{clean_file_name(name)}"'
    return part


def _file_name(part: Message) -> str:
    name = called(part)
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

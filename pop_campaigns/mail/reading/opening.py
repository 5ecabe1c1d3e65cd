"""A mail that came in, taken apart; also what it encloses in forms of their own: signatures, *winmail.dat*, uuencoded files.

The standard parser takes the bytes apart, with its old policy: the new one needs gigabytes for some subjects and
raises on access. Everything here answers for any bytes at all; what is too much raises :class:`TooMuch`.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32

from pop_campaigns.mail.reading.charsets import decode_bytes
from pop_campaigns.mail.reading.parts import (
    HEADERS_LIMIT,
    MESSAGE_LIMIT,
    NESTING_LIMIT,
    PARTS_LIMIT,
    Part,
    called,
    children,
    is_attached,
    leaves,
    made_part,
    media_type,
    parameter,
    part_bytes,
)
from pop_campaigns.mail.reading.smime import ENCRYPTED, open_smime
from pop_campaigns.mail.reading.tnef import open_tnef
from pop_campaigns.mail.words.programs import partstat_in

_HEADER_END = re.compile(rb"\r?\n\r?\n|\r\r")
_LAYERS = 5
_SMIME_TYPES = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_TNEF_TYPES = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
_UU_BEGIN = re.compile(rb"(?m)^begin [0-7]{3,4} ([^\r\n]{1,255})\r?\n")
_LINE = re.compile(rb"[^\n]*\n?")
_UU_FILES = 50
_PGP = b"-----BEGIN PGP MESSAGE-----"


class TooMuch(ValueError):
    """The mail exceeds a limit; the text says which."""


def parse_message(raw: bytes) -> Message:
    """Take a mail apart and open what it encloses; raise :class:`TooMuch`."""
    if len(raw) > MESSAGE_LIMIT:
        raise TooMuch(f"larger than {MESSAGE_LIMIT // 1024 // 1024} MiB")
    parse = _parser()
    message = parse(raw)
    _open_all(message, parse)
    return message


def why_closed(message: Message, subject: str) -> tuple[str, str]:
    """Return why something that may hold an answer stayed closed, and the PARTSTAT that is told of it; "" for each if none.

    Where the form itself says nothing of its answer, the subject may: *Accepted: …*.
    """
    told = partstat_in(subject)
    for part in leaves(message):
        if isinstance(part, Part) and part.why:
            return part.why, part.partstat or told
        if isinstance(part, Part) and part.doubt and told:
            return part.doubt, told
        if media_type(part) == "application/pgp-encrypted" or _is_armoured(part):
            return "encrypted (PGP)", told
    return "", ""


def _is_armoured(part: Message) -> bool:
    return media_type(part) == "text/plain" and part_bytes(part)[:2000].lstrip().startswith(_PGP)


def is_signed(message: Message) -> bool:
    """Return whether a signature stands around what a mail says, which nobody checked."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        if media_type(part) == "multipart/signed" or (isinstance(part, Part) and part.is_signed):
            return True
        if not media_type(part).startswith("message/"):
            waiting += [*children(part), *(part.enclosed if isinstance(part, Part) else ())]
    return False


def _parser() -> Callable[[bytes], Message]:
    """Return what takes bytes apart: one for a mail, however much it encloses, so that its parts are counted together."""
    made = 0

    def make(policy: object = None) -> Message:  # noqa: ARG001 - the parser passes its own
        nonlocal made
        made += 1
        if made > PARTS_LIMIT + 1:
            raise TooMuch(f"more than {PARTS_LIMIT} parts")
        return Part()

    def parse(raw: bytes) -> Message:
        end = _HEADER_END.search(raw)
        if (end.start() if end else len(raw)) > HEADERS_LIMIT:
            raise TooMuch(f"more than {HEADERS_LIMIT // 1024} KiB of headers")
        try:
            message: Message = BytesParser(make, policy=compat32).parsebytes(raw)
        except RecursionError as problem:
            raise TooMuch(f"parts nested deeper than {NESTING_LIMIT}") from problem
        _check_depth(message)
        return message

    return parse


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


def _open_all(message: Message, parse: Callable[[bytes], Message]) -> None:
    level = list(leaves(message))
    has_words = any(_says_something(part) for part in level)
    for _layer in range(_LAYERS):
        for part in level:
            if isinstance(part, Part):
                _open(part, parse, has_words)
        inside = [inner for part in level if isinstance(part, Part) for inner in part.enclosed]
        level = [leaf for inner in inside for leaf in leaves(inner)]


def _says_something(part: Message) -> bool:
    return (
        media_type(part) in ("text/plain", "text/html")
        and not is_attached(part)
        and bool(part_bytes(part).strip())
    )


def _open(part: Part, parse: Callable[[bytes], Message], has_words: bool) -> None:
    kind = media_type(part)
    name = called(part).lower()
    if kind in _SMIME_TYPES or (kind == "application/octet-stream" and name.endswith((".p7m", ".p7z"))):
        _open_signature(part, parse)
    elif kind in _TNEF_TYPES or name in ("winmail.dat", "win.dat"):
        _open_winmail(part, has_words)
    elif kind == "text/plain":
        _take_out_files(part)


def _open_signature(part: Part, parse: Callable[[bytes], Message]) -> None:
    opened = open_smime(part_bytes(part))
    part.is_signed, part.why = opened.is_signed, opened.why
    if not opened.content and "enveloped" in parameter(part, "smime-type").lower():
        part.why = ENCRYPTED
    if not opened.content:
        return
    inner = parse(opened.content)
    # A mail as a whole inside, so that its headers are signed as well (RFC 8551 section 3.1).
    wrapped = children(inner) if media_type(inner) in ("message/rfc822", "message/global") else []
    part.enclosed = wrapped or [inner]


def _open_winmail(part: Part, has_words: bool) -> None:
    unpacked = open_tnef(part_bytes(part))
    if not unpacked.is_tnef:
        return
    part.partstat = unpacked.partstat
    if unpacked.partstat:
        part.why = "an answer in Outlook's own form (winmail.dat)"
    elif not unpacked.message_class:
        part.doubt = "Outlook's own form (winmail.dat)"
    texts = () if has_words else (("text/plain", unpacked.text), ("text/html", unpacked.page))
    part.enclosed = [
        made_part(f"{kind}; charset=utf-8", text.encode("utf-8", "replace"))
        for kind, text in texts
        if text.strip()
    ]
    part.enclosed += [
        made_part("application/octet-stream", content, name or "file") for name, content in unpacked.files
    ]


def _take_out_files(part: Part) -> None:
    """Take files out of a text into which a program of old wrote them line by line (uuencode, POSIX)."""
    text = part_bytes(part)
    kept, at = [], 0
    for begin in _UU_BEGIN.finditer(text) if b"begin " in text else ():
        if begin.start() < at or len(part.enclosed) >= _UU_FILES:
            continue
        content, end = _uudecoded(text, begin.end())
        if content is None:
            continue
        part.enclosed.append(made_part("application/octet-stream", content, decode_bytes(begin[1].strip())))
        kept.append(text[at : begin.start()])
        at = end
    if part.enclosed:
        part.content = b"".join((*kept, text[at:]))


def _uudecoded(text: bytes, at: int) -> tuple[bytes | None, int]:
    """Return the file that begins there, and where the text goes on; None where the lines are none of a file."""
    pieces: list[bytes] = []
    for line in _LINE.finditer(text, at):
        written = line[0].rstrip(b"\r\n")
        if written.strip() == b"end":
            return (b"".join(pieces) if pieces else None), line.end()
        try:
            if written and written != b"`":
                pieces.append(binascii.a2b_uu(written[: (((written[0] - 32) & 63) * 4 + 5) // 3]))
        except binascii.Error:
            return None, at
    return None, at

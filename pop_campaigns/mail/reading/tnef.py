"""What Outlook and Exchange pack into *winmail.dat* (TNEF, [MS-OXTNEF]): files, words, and whether it answers an invitation.

The object names no UID and no attendee that we could trust, so that what it says of an answer never counts by itself.
"""

from __future__ import annotations

import re
import struct
from typing import Any, NamedTuple

from tnefparse import TNEF

from pop_campaigns.mail.reading.charsets import decode_bytes

_FILES_LIMIT = 100
# The library copies what is left of the file for each object in it.
_MOST_COPIED = 3_000_000_000
_HEAD = struct.Struct("<BHHI")
_CODE_PAGE = _HEAD.pack(1, TNEF.ATTOEMCODEPAGE, 6, 8) + struct.pack("<II", 1252, 0) + struct.pack("<H", 0xE8)
"""An object that says Windows-1252, for those that say nothing: the library cannot read their texts without."""
# The class of a message, as Outlook names it now and as it did ([MS-OXCMSG], [MS-OXOCAL] section 2.2.1).
_ANSWERS = (
    (re.compile(rb"(?i)IPM\.(Schedule\.Meeting\.Resp\.Pos|Microsoft Schedule\.MtgRespP)\b"), "ACCEPTED"),
    (re.compile(rb"(?i)IPM\.(Schedule\.Meeting\.Resp\.Tent|Microsoft Schedule\.MtgRespA)\b"), "TENTATIVE"),
    (re.compile(rb"(?i)IPM\.(Schedule\.Meeting\.Resp\.Neg|Microsoft Schedule\.MtgRespN)\b"), "DECLINED"),
)
_CLASS = re.compile(rb"(?i)IPM\.[A-Za-z][A-Za-z. ]{2,60}")
_SIGNATURE = b"\x78\x9f\x3e\x22"


class Unpacked(NamedTuple):
    """What was found: ``files`` as name and content, ``text`` and ``page`` (HTML), and the PARTSTAT of an answer or ""."""

    is_tnef: bool
    message_class: str = ""
    partstat: str = ""
    text: str = ""
    page: str = ""
    files: tuple[tuple[str, bytes], ...] = ()


def open_tnef(content: bytes) -> Unpacked:
    """Return what *winmail.dat* holds; never raises for what is in it. Its class is found also where the rest is broken."""
    if not content.startswith(_SIGNATURE):
        return Unpacked(False)
    named = _CLASS.search(content[:20_000]) or _CLASS.search(content[:20_000].replace(b"\x00", b""))
    message_class = named[0].decode("ascii").strip(". ") if named else ""
    partstat = next((answer for pattern, answer in _ANSWERS if named and pattern.match(named[0])), "")
    unpacked = Unpacked(True, message_class, partstat)
    if _objects_in(content) * len(content) > _MOST_COPIED:
        return unpacked
    try:
        tnef: Any = TNEF(
            content[:6] + _CODE_PAGE + content[6:] + bytes(TNEF.MIN_OBJ_SIZE + 1), do_checksum=False
        )
    except (
        Exception
    ):  # struct.error, TypeError, UnicodeError, RecursionError … : what it is called is all there is then
        return unpacked
    files = [(_name_of(attachment), attachment.data) for attachment in tnef.attachments[:_FILES_LIMIT]]
    return unpacked._replace(
        text=_as_text(tnef.body),
        page=_as_text(tnef.htmlbody),
        files=tuple((name, data) for name, data in files if isinstance(data, bytes) and data),
    )


def _objects_in(content: bytes) -> int:
    count, at = 0, 6
    while at + _HEAD.size < len(content):
        at += _HEAD.size + _HEAD.unpack_from(content, at)[3] + 2
        count += 1
    return count


def _name_of(attachment: Any) -> str:
    try:
        return str(attachment.long_filename()).strip("\x00 ")
    except (AttributeError, TypeError, ValueError):
        name = attachment._name
        return decode_bytes(name).strip("\x00 ") if isinstance(name, bytes) else ""


def _as_text(value: object) -> str:
    text = decode_bytes(value) if isinstance(value, bytes) else str(value or "")
    return text.strip("\x00")

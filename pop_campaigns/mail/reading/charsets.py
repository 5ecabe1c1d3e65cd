"""Bytes that came by mail as text, whatever they claim to be: never an exception, at worst a replacement sign."""

from __future__ import annotations

import base64
import binascii
import codecs
import re

_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?\r\n]*)\?=")
_WORDS_LIMIT = 500
# Names of charsets that mean less than what programs send under them, as web browsers have it.
_ALIASES = {
    "ascii": "utf-8", "us-ascii": "utf-8", "ansi_x3.110-1983": "cp1252", "ansi_x3.4-1968": "utf-8", "iso-8859-1": "cp1252",
    "latin1": "cp1252", "latin-1": "cp1252", "iso8859-1": "cp1252", "iso-8859-9": "cp1254", "gb2312": "gb18030",
    "gbk": "gb18030", "iso-8859-8-i": "iso-8859-8", "x-unknown": "utf-8", "unknown-8bit": "utf-8", "8bit": "utf-8",
    "cp-850": "cp850", "utf8mb4": "utf-8", "x-sjis": "cp932", "shift_jis": "cp932", "ks_c_5601-1987": "cp949",
}  # fmt: skip
# Codecs that are no charsets, or take more than linear time.
_REFUSED = frozenset(
    {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem", "utf-7"}
)

_ASCII = bytes(range(128))
_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
# ć đ ł ą ż Ć Đ Ł Ą Ż of Windows-1250; š and ž stand in both at the same place, and č where the other has è.
_ONLY_CENTRAL = frozenset(b"\xe6\xf0\xb3\xb9\xbf\xc6\xd0\xa3\xa5\xaf")
_CARON = frozenset(b"\x8a\x8e\x9a\x9e")
# à ì ò ù õ ã and their capitals, of which few stand in texts of Central Europe.
_ONLY_WESTERN = frozenset(b"\xe0\xec\xf2\xf5\xe3\xc0\xcc\xd2")


def decode_bytes(content: bytes, charset: str = "") -> str:
    """Return bytes as text. What is UTF-8, but for a few bytes, is read so whatever its label; else the label, else Windows."""
    codec = _codec(charset)
    if not content.isascii() and not codec.startswith(("utf-16", "utf-32")):
        text = _as_utf8(content, marked=codec == "utf-8")
        if text is not None:
            return text
    if codec not in ("", "utf-8"):
        try:
            return content.decode(codec, "replace")
        except (LookupError, ValueError):
            pass
    return content.decode(_of_windows(content), "replace")


def _as_utf8(content: bytes, *, marked: bool) -> str | None:
    """Return text that is UTF-8, each bad byte as one replacement sign; None for what is not meant to be."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    letters = _SEQUENCE.findall(content)
    bad = len(content.translate(None, _ASCII)) - sum(map(len, letters))
    # Under another label two letters that happen to look like one are no proof.
    enough = bool(letters) if marked else len(letters) > max(bad, 1)
    return content.decode("utf-8-sig", "replace") if enough else None


def _of_windows(content: bytes) -> str:
    """Return the code page in which programs here write without saying so: that of Central Europe where its letters stand."""
    seen = set(content)
    southern = bool(seen & _ONLY_CENTRAL) or bool(seen & _CARON and 0xE8 in seen)
    return "cp1250" if southern and not seen & _ONLY_WESTERN else "cp1252"


def _codec(charset: str) -> str:
    name = charset.strip().strip("\"'").lower()
    name = _ALIASES.get(name, name)
    if not name or len(name) > 40:
        return ""
    try:
        codec = codecs.lookup(name).name
    except (LookupError, ValueError, TypeError):
        return ""
    return "" if codec in _REFUSED else codec


def decode_header_value(value: str) -> str:
    """Return the text of a raw header value: raw 8-bit letters and encoded words (RFC 2047) both."""
    if not value.isascii():
        value = decode_bytes(value.encode("utf-8", "surrogateescape"))
    if "=?" not in value:
        return value
    pieces: list[str] = []
    held, held_charset, at = b"", "", 0
    for number, word in enumerate(_WORD.finditer(value)):
        if number >= _WORDS_LIMIT:
            break
        between = value[at : word.start()]
        charset = word[1].partition("*")[0].lower()
        # Spaces between two encoded words are no part of the text, and a letter may be cut between them.
        joined = held and not between.strip()
        if held and not (joined and charset == held_charset):
            pieces.append(decode_bytes(held, held_charset))
            held = b""
        if not joined:
            pieces.append(between)
        held += _word_bytes(word[2], word[3])
        held_charset, at = charset, word.end()
    pieces.append(decode_bytes(held, held_charset))
    return "".join(pieces) + value[at:]


def _word_bytes(encoding: str, coded: str) -> bytes:
    plain = coded.encode("utf-8", "replace")
    if encoding in "qQ":
        spaced = plain.replace(b"_", b" ")
        return re.sub(rb"=([0-9A-Fa-f]{2})", lambda match: bytes([int(match[1], 16)]), spaced)
    try:
        return base64.b64decode(plain + b"=" * (-len(plain) % 4))
    except (binascii.Error, ValueError):
        return plain


def without_surrogates(text: str) -> str:
    """Return text that can be stored: lone surrogates and NUL replaced."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\ufffd")

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


def decode_bytes(content: bytes, charset: str = "") -> str:
    """Return bytes as text. Without a usable charset: UTF-8 if they are, else Windows-1252."""
    codec = _codec(charset)
    if codec not in ("", "utf-8"):
        try:
            return content.decode(codec, "replace")
        except (LookupError, ValueError):
            pass
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What claims to be UTF-8 and nearly is keeps its good letters; what is not is most likely of Windows.
        return content.decode(
            "utf-8" if charset.lower().strip() in ("utf-8", "utf8") else "cp1252", "replace"
        )


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

"""In which encoding a text file is written; pure. Albanian needs ë and ç, its neighbours' names š, ž, è, ö.

Nothing in a file of single bytes says which code page wrote it. So it is guessed by the letters each gives, and those who know
the names choose otherwise where they read wrong ones.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import IO, Final

_AT_ONCE: Final = 1024 * 1024
_TEXT_CONTROLS: Final = frozenset(b"\t\n\r\x0b\x0c\x1a\x00")


@dataclass(frozen=True)
class Encoding:
    """Python's codec and the name people know. A file that ``is_sure`` says itself what it is, or cannot be anything else."""

    codec: str
    name: str
    is_sure: bool = True


_BY_MARK: Final = (
    (codecs.BOM_UTF8, Encoding("utf-8-sig", "UTF-8")),
    (codecs.BOM_UTF32_LE, Encoding("utf-32", "UTF-32")),
    (codecs.BOM_UTF32_BE, Encoding("utf-32", "UTF-32")),
    (codecs.BOM_UTF16_LE, Encoding("utf-16", "UTF-16")),
    (codecs.BOM_UTF16_BE, Encoding("utf-16", "UTF-16")),
)
_TORN: Final = Encoding("utf-8", "UTF-8", is_sure=False)
# Of those that give the same letters the first is taken: what Excel writes in Albania, then elsewhere.
_CODE_PAGES: Final = (
    Encoding("cp1252", "Windows-1252", is_sure=False),
    Encoding("cp1250", "Windows-1250", is_sure=False),
    Encoding("cp852", "MS-DOS 852", is_sure=False),
    Encoding("cp850", "MS-DOS 850", is_sure=False),
    Encoding("cp437", "MS-DOS 437", is_sure=False),
    Encoding("mac_roman", "Macintosh", is_sure=False),
)
UNSURE: Final = {encoding.name: encoding for encoding in (*_CODE_PAGES, _TORN)}
"""The encodings somebody may choose for a file that is none for sure, by name."""
RAW: Final = "latin-1"
"""By this codec bytes are kept as text until it is sure what they are: it gives each a letter of its own."""
SPOILED: Final = "\ufffd"
"""What stands for bytes that are no letter."""

# Letters one meets in lists of contacts in Albania: Albanian ones first of all; then those of neighbours and migrants.
_OWN: Final = frozenset("ëçËÇ")
_NEIGHBOURS: Final = frozenset("šžćčđŠŽĆČĐéèàìòùöüäñâêîôûáíóúßÉÈÀÖÜÄÁÍÓÚå")
_OPENING: Final = frozenset("“„‘«")
_CLOSING: Final = frozenset("”’»“‘")
_BETWEEN: Final = frozenset("–—…°€§·•\u00a0")
_APOSTROPHE: Final = "’"
# So much of a file tells its code page: contexts of bytes above ASCII, each a byte before and behind.
_MOST_CONTEXTS: Final = 4000
_HIGH: Final = re.compile(rb"(?s)[\x00-\xff]?[\x80-\xff]+[\x00-\x7f]?")


def guess_encoding(file: IO[bytes]) -> Encoding | None:
    """Return the encoding of a text file from its start; None where it is no text."""
    file.seek(0)
    head = file.read(_AT_ONCE)
    for mark, encoding in _BY_MARK:
        if head.startswith(mark) and encoding.codec != "utf-8-sig":
            return encoding
    even, odd = head[0:2000:2].count(0), head[1:2000:2].count(0)
    half = max(1, len(head[:2000]) // 2)
    # Every second byte is 0 where Latin letters are written in two bytes; single zeros are dirt.
    if odd > 0.4 * half > even:
        return Encoding("utf-16-le", "UTF-16")
    if even > 0.4 * half > odd:
        return Encoding("utf-16-be", "UTF-16")
    controls = sum(head.count(code) for code in range(32) if code not in _TEXT_CONTROLS)
    if controls + head.count(0) > 0.05 * len(head) + 8:
        return None
    file.seek(0)
    return _utf8_or_code_page(_blocks(file), has_mark=head.startswith(codecs.BOM_UTF8))


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    while block := file.read(_AT_ONCE):
        yield block


def _utf8_or_code_page(blocks: Iterable[bytes], *, has_mark: bool) -> Encoding:
    """Tell by all of a file whether it is UTF-8; a bad byte among many good letters spoils its cell, not the file."""
    tolerant = codecs.getincrementaldecoder("utf-8")("replace")
    good = bad = 0
    contexts: list[bytes] = []
    for block in chain(blocks, [b""]):
        if block.isascii() and block and not tolerant.getstate()[0]:
            continue
        text = tolerant.decode(block, final=not block)
        spoiled = text.count(SPOILED)
        bad += spoiled
        good += len(text) - len(text.encode("ascii", "ignore")) - spoiled
        if len(contexts) < _MOST_CONTEXTS:
            contexts += _HIGH.findall(block)[:_MOST_CONTEXTS]
    if not bad:
        return _BY_MARK[0][1] if has_mark else Encoding("utf-8", "UTF-8")
    if has_mark or good > 5 * bad:
        return _TORN
    return max(_CODE_PAGES, key=lambda page: _plausible(contexts, page.codec))


def _plausible(contexts: Sequence[bytes], codec: str) -> int:
    """Return how much like the writing of the country what stands above ASCII is in a code page."""
    total = 0
    for context in contexts:
        text = context.decode(codec, "replace")
        for at, sign in enumerate(text):
            if not sign.isascii():
                before, behind = text[at - 1 : at], text[at + 1 : at + 2]
                total += _weight(sign, before, behind)
    return total


def _weight(sign: str, before: str, behind: str) -> int:
    in_word = before.isalpha() or behind.isalpha()
    if sign.isalpha():
        if sign.isupper() and before.islower():
            return -3
        if sign in _OWN:
            return 3 if in_word else 0
        return 1 if sign in _NEIGHBOURS and in_word else -1
    if sign == SPOILED:
        return -5
    if sign == _APOSTROPHE and before.isalpha():
        return 1
    if sign in _OPENING and not before.isalnum():
        return 1
    if sign in _CLOSING and before and not before.isspace() and not behind.isalnum():
        return 1
    within = before.isalpha() and behind.isalpha()
    return 1 if sign in _BETWEEN and not within else -3


def as_read(raw: str, encoding_name: str) -> str:
    """Return what was kept by :data:`RAW` as the letters it has in an encoding."""
    if raw.isascii():
        return raw
    return raw.encode(RAW, "replace").decode(UNSURE[encoding_name].codec, "replace")


def readings(samples: Sequence[str]) -> list[tuple[list[str], list[str]]]:
    """Return in how many ways some cells can be read: the names of the encodings that agree, and the letters they give."""
    ways: dict[tuple[str, ...], list[str]] = {}
    for name in UNSURE:
        ways.setdefault(tuple(as_read(sample, name) for sample in samples), []).append(name)
    return [(names, list(letters)) for letters, names in ways.items()]

"""In which encoding a text file is written; pure. Albanian needs ë and ç, its neighbours' names š, ž, è, ö."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import IO, Final

_AT_ONCE: Final = 1024 * 1024
_TEXT_CONTROLS: Final = frozenset(b"\t\n\r\x0b\x0c\x1a\x00")


@dataclass(frozen=True)
class Encoding:
    """Python's codec and the name people know."""

    codec: str
    name: str


_BY_MARK: Final = (
    (codecs.BOM_UTF8, Encoding("utf-8-sig", "UTF-8")),
    (codecs.BOM_UTF32_LE, Encoding("utf-32", "UTF-32")),
    (codecs.BOM_UTF32_BE, Encoding("utf-32", "UTF-32")),
    (codecs.BOM_UTF16_LE, Encoding("utf-16", "UTF-16")),
    (codecs.BOM_UTF16_BE, Encoding("utf-16", "UTF-16")),
)
_CODE_PAGES: Final = (Encoding("cp1252", "Windows-1252"), Encoding("cp1250", "Windows-1250"))
# Letters one meets in lists of contacts in Albania: Albanian ones first of all; then those of neighbours and migrants.
_WEIGHTS: Final = (
    dict.fromkeys("ëçËÇ", 3) | dict.fromkeys("šžćčđŠŽĆČĐéèàìòùöüäñâêîôûÉÈÀÖÜÄ„“”’‘–—…«»°€§\u00a0", 1)
)  # fmt: skip


def guess_encoding(file: IO[bytes]) -> Encoding | None:
    """Return the encoding of a text file from its start; None where it is no text."""
    file.seek(0)
    head = file.read(_AT_ONCE)
    for mark, encoding in _BY_MARK:
        if head.startswith(mark):
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
    return _utf8_or_code_page(file)


def _utf8_or_code_page(file: IO[bytes]) -> Encoding:
    decoder = codecs.getincrementaldecoder("utf-8")()
    high: dict[int, int] = {}
    is_utf8 = True
    while block := file.read(_AT_ONCE):
        if is_utf8:
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                is_utf8 = False
        for code in range(128, 256):
            if (count := block.count(code)) != 0:
                high[code] = high.get(code, 0) + count
    if is_utf8 and not decoder.getstate()[0]:
        return Encoding("utf-8", "UTF-8")
    return max(_CODE_PAGES, key=lambda page: _plausible(high, page.codec))


def _plausible(high: dict[int, int], codec: str) -> int:
    """Return how much like the writing of the country the bytes above ASCII are in a code page."""
    total = 0
    for code, count in high.items():
        letter = bytes([code]).decode(codec, "replace")
        total += count * _WEIGHTS.get(letter, -2 if letter != "\ufffd" else -5)
    return total

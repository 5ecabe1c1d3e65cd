"""Typed text: cleaned of what no human types, folded for search, keyed for Albanian order."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# Controls, line and paragraph separators, bidirectional marks, zero-width characters, soft hyphen, BOM, lone surrogates,
# and letters that show nothing (Hangul fillers, the empty Braille cell): a name of them would look like none.
_NEVER_TYPED = re.compile(
    "[\u115f\u1160\u180e\u2800\u3164\uffa0\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_SPACES = re.compile(r"[\s\u00a0]+")

# Signs that keyboards, phones and word processors write in several ways (' is on every keyboard, ’ on none).
APOSTROPHES: Final = "'’‘‚‛ʼʹ´`′‹›＇"
QUOTES: Final = '"“”„‟«»″〝〞＂'
DASHES: Final = "-‐‑‒–—―−﹣－"
# Letters that no accent makes, so that taking accents away leaves them as they are (ß is ss in lower case already).
_PLAIN_LETTERS: Final = {
    "đ": "d",
    "ð": "d",
    "ł": "l",
    "ı": "i",
    "ø": "o",
    "æ": "ae",
    "œ": "oe",
    "þ": "th",
    "ħ": "h",
}
_PLAIN: Final = str.maketrans(
    _PLAIN_LETTERS | dict.fromkeys(APOSTROPHES, "'") | dict.fromkeys(QUOTES, '"') | dict.fromkeys(DASHES, "-")
)
ARTICLES: Final = frozenset(["i", "e", "te", "se", "dhe"])
"""Folded words that join others: an article agrees with its noun (*kryetari i*, *kryetarit të*), so it finds nothing."""

# The 36 letters (domain: Albanian alphabet), digraphs as letters of their own.
_LETTERS = "a b c ç d dh e ë f g gj h i j k l ll m n nj o p q r rr s sh t th u v x xh y z zh"
ALPHABET = tuple(_LETTERS.split(" "))
_DIGRAPHS = frozenset(letter for letter in ALPHABET if len(letter) == 2)
_ORDER = {letter: number for number, letter in enumerate(ALPHABET)}


def clean_line(text: str | None) -> str:
    """Return one line of text: NFC, no control, bidirectional or zero-width characters, single spaces, trimmed."""
    if not text:
        return ""
    text = unicodedata.normalize("NFC", _NEVER_TYPED.sub("", _SPACES.sub(" ", text)))
    return _SPACES.sub(" ", text).strip()


def clean_text(text: str | None) -> str:
    """Return text of several lines: as :func:`clean_line`, but line breaks (as ``\\n``) and blank lines stay."""
    if not text:
        return ""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n\n")
    text = unicodedata.normalize("NFC", _NEVER_TYPED.sub("", text)).replace("\t", " ")
    lines = [line.rstrip() for line in text.split("\n")]
    return re.sub(r"\n{4,}", "\n\n\n", "\n".join(lines)).strip("\n ")


def fold(text: str | None) -> str:
    """Return text for search: lower case, ë as e, ç as c, no other accents, signs as a keyboard has them.

    *Tirane* finds *Tiranë*, *D'Angelo* finds *D’Angelo*, *Dorde* finds *Đorđe*, *Vau–Dejës* finds *Vau-Dejës*.
    """
    plain = clean_line(text).casefold().translate(_PLAIN)
    if plain.isascii():
        return plain
    decomposed = unicodedata.normalize("NFKD", plain)
    letters = "".join(char for char in decomposed if not unicodedata.combining(char))
    return clean_line(letters.casefold().translate(_PLAIN))


def search_words(typed: str | None) -> list[str]:
    """Return the folded words of a search, the first eight of 200 characters: so much and no more is looked for.

    Articles are left out beside other words: *kryetari i bashkisë* finds what is called *Kryetar, Bashkia*.
    """
    words = fold((typed or "")[:200]).split()
    return ([word for word in words if word not in ARTICLES] or words)[:8]


def sort_key(text: str | None) -> str:
    """Return a key that puts names in Albanian order under any collation: pairs of letters a–z only.

    Digraphs count as letters (Tiranë, Tropojë, Thumanë). Space comes before digits, digits before letters,
    letters of other alphabets after z/zh in code order.
    """
    word = clean_line(text).casefold()
    key, at = [], 0
    while at < len(word):
        pair = word[at : at + 2]
        letter = pair if pair in _DIGRAPHS else word[at]
        at += len(letter)
        key.append(_letter_key(letter))
    return "".join(key)


def _letter_key(letter: str) -> str:
    if letter in _ORDER:
        return _two(20 + _ORDER[letter])
    if letter.isspace() or letter in "-/":
        return _two(0)
    if letter.isdigit() and letter.isascii():
        return _two(1 + int(letter))
    base = unicodedata.normalize("NFKD", letter)[0]
    if base in _ORDER:
        return _two(20 + _ORDER[base])
    if letter == "w":
        return _two(20 + _ORDER["v"])
    if not letter.isalnum():
        return ""
    # Beyond the alphabet: a leading z z, then the code point in letters, so that order holds.
    return "zz" + "".join(chr(97 + int(digit, 16)) for digit in f"{ord(letter):06x}")


def _two(number: int) -> str:
    return chr(97 + number // 26) + chr(97 + number % 26)

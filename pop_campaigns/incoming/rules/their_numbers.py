"""Register numbers of offices, which come in fractions: 1234, 1234/1 and 1234/2 are one matter of one office; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

# *Nr. 1234/2 prot.*, *Nr. Prot. 1234/2, datë 16.11.2026*, *1234/1-2026*; before or after it stands a word that says what it is.
_CORE = r"(?P<base>[1-9]\d{0,6})(?P<rest>(?:\s?[/\-]\s?\d{1,4}){0,3})(?![\w])"
_WORD = r"(?:nr|num[eë]r\w*|no|number|prot\w*|ref\w*|shkres\w*)"
_IN_TEXT = re.compile(
    rf"(?ix)\b(?P<before>{_WORD})\b[\s.:\#]*(?:{_WORD}\b[\s.:\#]*){{0,2}} {_CORE} (?P<after>[\s.,]*prot\w*)?"
)
_ALONE = re.compile(rf"(?ix) \b {_CORE} (?P<after>[\s.,]*prot\w*)?")
_DATE = re.compile(
    r"(?i)^[\s.,]*(?:prot\w*)?[\s.,]*(?:m[eë]|dt|e?\s?dat[eë]\w*)?[\s.,:]*\d{1,2}[./-]\d{1,2}[./-]((?:19|20)\d\d)\b"
)
_OTHER_ACTS = re.compile(
    r"(?i)\b(?:ligj\w*|vkm|vkb|vendim\w*|nen\w*|kod\w*|urdh[eë]r\w*|rregullor\w*|akt\w*|tel\w*|law|act|decision|article)\W{1,3}$"
)
_SHORTEST = 100
_MOST = 40


@dataclass(frozen=True)
class TheirNumber:
    """A number of an office's register: what comes before the first stroke, whether there is a fraction, the year if told."""

    base: int
    in_fractions: bool = False
    year: int | None = None
    is_register: bool = False


def numbers_in(text: str) -> list[TheirNumber]:
    """Return the numbers in a text that a word calls one of a register, each once."""
    numbers = (
        _read(match, text, told=True)
        for match in _IN_TEXT.finditer(text)
        if not _OTHER_ACTS.search(text[max(0, match.start() - 30) : match.start()])
    )
    return list(dict.fromkeys(numbers))[:_MOST]


def is_one_matter(number: str, named: Iterable[TheirNumber]) -> bool:
    """Return whether a number, as somebody typed it, is of the same matter as one of those named.

    A short number without a fraction says too little; years that are told and differ are of two registers.
    """
    match = _ALONE.search(number)
    if match is None or re.match(r"\s*[^\W\d_]-?\d", number):
        return False
    known = _read(match, number, told=False)
    return any(_is_one(known, other) for other in named)


def _is_one(known: TheirNumber, other: TheirNumber) -> bool:
    if known.base != other.base or (known.year and other.year and known.year != other.year):
        return False
    return known.base >= _SHORTEST or (known.in_fractions and other.in_fractions)


def stands_in(number: str, text: str) -> bool:
    """Return whether an office's number stands in a text by itself, after a word that says that it is one."""
    if len(number) < 3 or not any(sign.isdigit() for sign in number):
        return False
    pattern = (
        rf"(?i)\b(?:nr|num[eë]?r\w*|no|prot\w*|ref\w*)\b[\s.:#nrpot,]{{0,20}}{re.escape(number)}(?![\w/])"
    )
    return re.search(pattern, text) is not None


def _read(match: re.Match[str], text: str, *, told: bool) -> TheirNumber:
    parts = [int(part) for part in re.findall(r"\d+", match["rest"])]
    years = [part for part in parts if 1990 <= part <= 2100]
    date = _DATE.match(text[match.end("rest") : match.end("rest") + 40])
    year = years[0] if years else int(date[1]) if date else None
    register = told and (
        match["before"].lower().startswith("prot") or bool(match["after"]) or "prot" in match[0].lower()
    )
    return TheirNumber(int(match["base"]), len(parts) > len(years), year, register)

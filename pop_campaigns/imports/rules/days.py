"""Days as people and programs write them: with or without an hour, the year in full or not, the month as a word; pure.

Which of two numbers is the month, no cell says by itself: all cells of a column together do, or somebody is asked.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

from pop_campaigns.core.text import fold


class DayOrder(enum.StrEnum):
    """What stands first where day, month and year are numbers."""

    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"


_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "janar jan january", "shkurt shk february feb", "mars mar march", "prill pri april apr", "maj may",
            "qershor qer june jun", "korrik kor korr july jul", "gusht gus august aug", "shtator sht september sep sept",
            "tetor tet october oct", "nentor nen nent november nov", "dhjetor dhj december dec",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
_BETWEEN: Final = r"\s*[./\u2010-\u2015-]\s*"
_HOUR: Final = (
    r"\d{1,2}[:.]\d{2}(?:[:.]\d{2}(?:[.,]\d+)?)?"
    r"\s*(?:[ap]\.?\s?m\.?|[pm]\.?\s?d\.?|(?:e )?paradites?|(?:e )?pasdites?|h)?"
    r"\s*(?:\(?(?:z|utc|gmt|[a-z]{2,5}t)\)?)?\s*(?:[+-]\d{1,2}(?::?\d{2})?)?"
)
_HOUR_BEHIND: Final = re.compile(rf"(?:\.?[\s,]+|\s*t\s*)(?:ne\s+)?(?:ora\s+|at\s+)?{_HOUR}$")
_HOUR_BEFORE: Final = re.compile(rf"^(?:ora\s+)?{_HOUR}[\s,]+")
_WEEKDAY: Final = re.compile(r"^(?:me\s+)?(?:(?:e|te)\s+)?[a-z]{3,9}\.?,\s*|^me\s+(?=\d)")
_YEAR_FIRST: Final = re.compile(rf"(\d{{4}}){_BETWEEN}(\d{{1,2}}){_BETWEEN}(\d{{1,2}})\.?")
_YEAR_LAST: Final = re.compile(rf"(\d{{1,2}}){_BETWEEN}(\d{{1,2}})({_BETWEEN})(\d{{4}}|\d{{2}})\.?")
_COMPACT: Final = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})")
_WORD_SECOND: Final = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[\s./-]+([a-z]+)\.?[\s,./-]+(\d{4}|\d{2})\.?")
_WORD_FIRST: Final = re.compile(r"([a-z]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})")
# A spreadsheet counts days from the end of 1899; five digits are 1927 to 2173.
_SERIAL: Final = re.compile(r"([1-9]\d{4})(?:[.,]\d+)?")
_FIRST_SERIAL: Final = date(1899, 12, 30)
_LONGEST: Final = 60


def read_day(cell: str, order: DayOrder, today: date) -> date | None:
    """Return the day in a cell, whatever the hour beside it; of a year in two digits the last such that is not to come."""
    text = _without_hour(cell)
    parts = _in_words(text) or _year_first(text)
    try:
        if parts is None and (numbers := _YEAR_LAST.fullmatch(text)):
            first, second, year = int(numbers[1]), int(numbers[2]), numbers[4]
            day, month = (first, second) if order is DayOrder.DAY_FIRST else (second, first)
            parts = (_full_year(year, today), month, day)
        if parts is None and (serial := _SERIAL.fullmatch(text)):
            return _FIRST_SERIAL + timedelta(days=int(serial[1]))
        return date(*parts) if parts else None
    except ValueError:
        return None


def possible_orders(cells: Iterable[str]) -> frozenset[DayOrder]:
    """Return the orders in which every cell of a column is a day: one is the column's, of none or two one is asked for.

    Points set apart day, month and year only in this order; where all numbers could be either, nothing tells.
    """
    fits = set(DayOrder)
    told = False
    for cell in cells:
        numbers = _YEAR_LAST.fullmatch(_without_hour(cell))
        if numbers is None:
            continue
        first, second = int(numbers[1]), int(numbers[2])
        if "." in numbers[3] and second <= 12:
            fits.discard(DayOrder.MONTH_FIRST)
        if second > 12:
            fits.discard(DayOrder.DAY_FIRST)
        if first > 12:
            fits.discard(DayOrder.MONTH_FIRST)
        told = told or first != second
    return frozenset(fits) if told else frozenset({DayOrder.DAY_FIRST})


def unclear_example(cells: Iterable[str]) -> str:
    """Return the first cell that is one day or another, by the order; "" where there is none."""
    for cell in cells:
        numbers = _YEAR_LAST.fullmatch(_without_hour(cell))
        if numbers and numbers[1] != numbers[2] and max(int(numbers[1]), int(numbers[2])) <= 12:
            return cell
    return ""


def _without_hour(cell: str) -> str:
    text = fold(cell)[:_LONGEST]
    text = _WEEKDAY.sub("", text, count=1) if not text[:1].isdigit() else text
    return _HOUR_BEFORE.sub("", _HOUR_BEHIND.sub("", text)).strip()


def _year_first(text: str) -> tuple[int, int, int] | None:
    numbers = _YEAR_FIRST.fullmatch(text) or _COMPACT.fullmatch(text)
    return (int(numbers[1]), int(numbers[2]), int(numbers[3])) if numbers else None


def _in_words(text: str) -> tuple[int, int, int] | None:
    if (words := _WORD_SECOND.fullmatch(text)) and words[2] in _MONTHS:
        year = int(words[3]) if len(words[3]) == 4 else 2000 + int(words[3])
        return year, _MONTHS[words[2]], int(words[1])
    if (words := _WORD_FIRST.fullmatch(text)) and words[1] in _MONTHS:
        return int(words[3]), _MONTHS[words[1]], int(words[2])
    return None


def _full_year(year: str, today: date) -> int:
    if len(year) == 4:
        return int(year)
    return int(year) + (2000 if int(year) <= today.year % 100 else 1900)

"""Albanian working days and the deadlines counted in them.

Public holidays come from the `holidays` library (law 7651 of 21.12.1992 and its amendments: a holiday that
falls on a weekend is taken on the next working day). What the library cannot know, the single days the
Council of Ministers gives or takes, is a table of `DayOverride` passed in by the caller.

All days are civil days in Albania (Europe/Tirane); turning a moment into a day is the caller's work.
Counting rules follow law 119/2014 and the Code of Administrative Procedures (law 44/2015, part IV, chapter V,
section 2 "Llogaritja e afateve", articles 56-57). A lawyer has not read them with us: see `count_deadline`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final, Literal

import holidays

Unit = Literal["working_days", "calendar_days"]
SkipReason = Literal["weekend", "holiday", "override"]

FIRST_YEAR: Final = 1993
"""Law 7651/1992 on official holidays applies from 1993."""
LAST_YEAR: Final = 2100
"""The library knows no holiday after this year; every day would silently be a working day."""

_ONE_DAY: Final = timedelta(days=1)
_LIBRARY_LANGUAGE: Final = {"sq": "sq", "en": "en_US"}
# The library leaves out the article in this one name.
_NAME_AS_IN_LAW: Final = {"Dita Flamurit dhe e Pavarësisë": "Dita e Flamurit dhe e Pavarësisë"}


class DayScope(StrEnum):
    """For whom a day off, or a day that is worked, holds: most decisions name the state administration only."""

    COUNTRY = "country"
    STATE = "state"
    MUNICIPALITY = "municipality"


class CalendarUnknown(ValueError):
    """A day was asked for in a year whose official holidays are not known. `year` says which."""

    def __init__(self, year: int) -> None:
        self.year = year
        super().__init__(
            f"The official holidays of {year} are not known: working days can be counted "
            f"from {FIRST_YEAR} to {LAST_YEAR}."
        )


@dataclass(frozen=True, slots=True)
class DayOverride:
    """One day that differs from the calendar: `off` or, when False, worked.

    `scope` is the municipality it holds for, None the whole country. A municipality's own entry wins over
    the country's. `source` says where it was decided; `name` is shown when the day is skipped, `name_en` in English.
    """

    day: date
    off: bool
    scope: str | None
    source: str
    name: str | None = None
    name_en: str | None = None

    def named(self, lang: str) -> str | None:
        """Return the name in a language, as it was given where no other is known."""
        return (self.name_en if lang == "en" else None) or self.name


@dataclass(frozen=True, slots=True)
class SkippedDay:
    """A day that was not counted, and why. `name` is the holiday's, also where it lies on a weekend."""

    day: date
    reason: SkipReason
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Deadline:
    """A due day that explains itself.

    `due` is the last day on which an answer is in time. `skipped` lists the days not counted, in order.
    `moved_from` is the plain last day of a deadline in calendar days that had to move to a working day.
    `estimated` says that a feast of the lunar calendar, announced only shortly before, may still change it.
    """

    due: date
    start: date
    amount: int
    unit: Unit
    skipped: tuple[SkippedDay, ...]
    estimated: bool
    moved_from: date | None = None


_SUMMIT = "Vendim i Këshillit të Ministrave, maj 2025 (Samiti i Komunitetit Politik Evropian, Tiranë)"
_SUMMIT_NAMES = (
    "Ditë pushimi për samitin e Komunitetit Politik Evropian",
    "Day off for the summit of the European Political Community",
)
_BY_DECISION = ("Ditë pushimi me vendim të qeverisë", "Day off by decision of the government")

SHIPPED_OVERRIDES: Final[tuple[DayOverride, ...]] = (
    DayOverride(
        date(2017, 11, 27),
        True,
        None,
        "Vendim i Këshillit të Ministrave “Për caktimin e ditës së hënë, datë 27 nëntor 2017, ditë pushimi”",
        *_BY_DECISION,
    ),
    DayOverride(
        date(2023, 11, 27),
        True,
        None,
        "Vendim i Këshillit të Ministrave për caktimin e datës 27.11.2023 ditë pushimi",
        *_BY_DECISION,
    ),
    DayOverride(
        date(2025, 1, 3),
        True,
        None,
        "Vendim i Këshillit të Ministrave për caktimin e datës 3.1.2025 ditë pushimi (noa.al, dhjetor 2024)",
        *_BY_DECISION,
    ),
    DayOverride(
        date(2025, 12, 26),
        True,
        None,
        "Vendim i Këshillit të Ministrave, dhjetor 2025 (noa.al, 24.12.2025)",
        *_BY_DECISION,
    ),
    *(
        DayOverride(date(2025, 5, day), True, municipality, _SUMMIT, *_SUMMIT_NAMES)
        for day in (15, 16)
        for municipality in ("Tiranë", "Kamëz", "Vorë", "Krujë")
    ),
)
"""Days the library lacks. An organisation's administrator may add to them and correct them."""


def skip_reason(
    day: date,
    overrides: Iterable[DayOverride] = SHIPPED_OVERRIDES,
    scope: str | None = None,
    lang: str = "sq",
) -> SkippedDay | None:
    """Return why `day` is not worked in the municipality `scope`, or None for a working day.

    Raise `CalendarUnknown` for years without known holidays, TypeError for a moment instead of a day.
    """
    return _skip_reason(_plain_day(day), _overrides_for(tuple(overrides), scope), lang)


def count_deadline(
    start: date,
    amount: int,
    unit: Unit,
    overrides: Iterable[DayOverride] = SHIPPED_OVERRIDES,
    scope: str | None = None,
    lang: str = "sq",
) -> Deadline:
    """Return the day by which something is due, `amount` days after `start`.

    The day after `start` is day 1. In working days only days that offices in the municipality `scope` work
    are counted. In calendar days every day is counted, and a last day on which offices are closed moves to
    the next working day, as the Code of Administrative Procedures has it (law 44/2015, articles 56-57);
    `moved_from` then keeps the plain date. That reading needs a lawyer's eye before anyone relies on it.

    `lang` ("sq" or "en") names the holidays in `skipped`. Raise ValueError for an amount below 1 or an
    unknown unit, `CalendarUnknown` when the count leaves the years whose holidays are known.
    """
    start = _plain_day(start)
    if amount < 1:
        raise ValueError("A deadline is at least one day.")
    known = _overrides_for(tuple(overrides), scope)
    if unit == "working_days":
        due, skipped = _count_working_days(start, amount, known, lang)
        plain = due
    elif unit == "calendar_days":
        plain = _add_days(start, amount)
        due, skipped = _next_working_day(plain, known, lang)
    else:
        raise ValueError(f"Days are counted as working_days or calendar_days, not {unit!r}.")
    counted_from = start if unit == "working_days" else plain
    return Deadline(
        due=due,
        start=start,
        amount=amount,
        unit=unit,
        skipped=skipped,
        estimated=_may_still_change(counted_from, due, known),
        moved_from=plain if plain != due else None,
    )


def working_days_between(
    first: date,
    last: date,
    overrides: Iterable[DayOverride] = SHIPPED_OVERRIDES,
    scope: str | None = None,
) -> int:
    """Return the working days after `first` up to and including `last`; negative when `last` is the earlier one.

    From today to a due day it is "days left", from a due day to today "days late"; it undoes
    `count_deadline`: `working_days_between(d.start, d.due) == d.amount` for a deadline in working days.
    """
    first, last = _plain_day(first), _plain_day(last)
    if last < first:
        return -working_days_between(last, first, overrides, scope)
    known = _overrides_for(tuple(overrides), scope)
    return sum(1 for day in _days_after(first, last) if _skip_reason(day, known, "sq") is None)


def _count_working_days(
    start: date, amount: int, known: Mapping[date, DayOverride], lang: str
) -> tuple[date, tuple[SkippedDay, ...]]:
    day, counted, skipped = start, 0, []
    while counted < amount:
        day = _add_days(day, 1)
        skip = _skip_reason(day, known, lang)
        if skip is None:
            counted += 1
        else:
            skipped.append(skip)
    return day, tuple(skipped)


def _next_working_day(
    day: date, known: Mapping[date, DayOverride], lang: str
) -> tuple[date, tuple[SkippedDay, ...]]:
    """Return the first worked day from `day` on, and what was skipped before it."""
    skipped = []
    while (skip := _skip_reason(day, known, lang)) is not None:
        skipped.append(skip)
        day = _add_days(day, 1)
    return day, tuple(skipped)


def _skip_reason(day: date, known: Mapping[date, DayOverride], lang: str) -> SkippedDay | None:
    names = _holidays_of(day.year, lang)
    override = known.get(day)
    if override is not None:
        return SkippedDay(day, "override", override.named(lang) or names.get(day)) if override.off else None
    if day.weekday() >= 5:
        return SkippedDay(day, "weekend", names.get(day))
    if day in names:
        return SkippedDay(day, "holiday", names[day])
    return None


def _may_still_change(first: date, last: date, known: Mapping[date, DayOverride]) -> bool:
    """Return whether an estimated feast could, one day earlier or later, fall among the days from `first` to `last`.

    Three days back because a feast expected on a Friday that comes on the Saturday is taken on the Monday.
    An override on the day means that somebody has already said how it is.
    """
    day, end = first - 3 * _ONE_DAY, last + _ONE_DAY
    while day <= end:
        if FIRST_YEAR <= day.year <= LAST_YEAR and day in _estimated_days(day.year) and day not in known:
            return True
        day += _ONE_DAY
    return False


@lru_cache(maxsize=256)
def _holidays_of(year: int, lang: str) -> Mapping[date, str]:
    """Return the names of the days off of a year; building one takes a millisecond, a lookup nothing."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise CalendarUnknown(year)
    language = _LIBRARY_LANGUAGE.get(lang, "sq")
    names = holidays.country_holidays("AL", language=language, years=[year])
    return {day: _name_in_law(name) for day, name in names.items() if day.year == year}


@lru_cache(maxsize=128)
def _estimated_days(year: int) -> frozenset[date]:
    return frozenset(day for day, name in _holidays_of(year, "sq").items() if "vlerësuar)" in name)


@lru_cache(maxsize=128)
def _overrides_for(overrides: tuple[DayOverride, ...], scope: str | None) -> Mapping[date, DayOverride]:
    """Return the country's overrides, then the municipality's own on top of them."""
    known = {entry.day: entry for entry in overrides if entry.scope is None}
    if scope is not None:
        place = scope.casefold()
        known |= {o.day: o for o in overrides if o.scope is not None and o.scope.casefold() == place}
    return known


def _name_in_law(name: str) -> str:
    for printed, correct in _NAME_AS_IN_LAW.items():
        name = name.replace(printed, correct)
    return name


def _days_after(first: date, last: date) -> Iterator[date]:
    day = first
    while day < last:
        day += _ONE_DAY
        yield day


def _add_days(day: date, amount: int) -> date:
    try:
        return day + timedelta(days=amount)
    except OverflowError as error:
        raise CalendarUnknown(date.max.year) from error


def _plain_day(day: date) -> date:
    # A datetime is a date to Python, but never equals one: every holiday would quietly be missed.
    if isinstance(day, datetime):
        raise TypeError("A deadline is counted from a day in Albania, not from a moment.")
    return day

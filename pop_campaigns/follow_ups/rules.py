"""Which day a reminder may be set for; plain values in, plain values out. Days are civil days in Albania."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import Final

LONGEST_WHY: Final = 300
LATEST: Final = timedelta(days=5 * 366)
"""Beyond this a day is more likely mistyped than meant."""


class QuickDay(StrEnum):
    """Days that are chosen by one press."""

    TOMORROW = "tomorrow"
    IN_A_WEEK = "in_a_week"
    DAY_BEFORE = "day_before"
    """The day before the thing itself is due."""


class DayRefusal(StrEnum):
    """Why a reminder is not set for a day."""

    PAST = "past"
    TOO_FAR = "too_far"


def refuse_day(day: date, today: date) -> DayRefusal | None:
    """Return why no reminder is set for a day; None where it may be. Today may be."""
    if day < today:
        return DayRefusal.PAST
    return DayRefusal.TOO_FAR if day > today + LATEST else None


def quick_day(choice: QuickDay, today: date, due: date | None) -> date | None:
    """Return the day a press stands for; None where there is none: nothing is due, or the day before it is over."""
    if choice is QuickDay.TOMORROW:
        return today + timedelta(days=1)
    if choice is QuickDay.IN_A_WEEK:
        return today + timedelta(days=7)
    before = due - timedelta(days=1) if due is not None else None
    return before if before is not None and before > today else None


def quick_days(today: date, due: date | None) -> dict[QuickDay, date]:
    """Return the days that one press chooses, those there are; each day once."""
    days: dict[QuickDay, date] = {}
    for choice in QuickDay:
        day = quick_day(choice, today, due)
        if day is not None and day not in days.values():
            days[choice] = day
    return days

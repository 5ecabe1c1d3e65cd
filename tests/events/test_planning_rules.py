"""When two things meet, which places are one hall, and by when the police must know: tables."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from pop_campaigns.core.text import fold
from pop_campaigns.events.rules.planning import Slot, is_same_hall, is_weekend, notice_day, slots_meet

DAY = date(2026, 6, 16)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 6, 16, hour, minute, tzinfo=UTC)


def slot(
    starts: datetime | None, ends: datetime | None = None, day: date | None = DAY, to: date | None = None
) -> Slot:
    return Slot(starts, ends, day, to)


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        (slot(at(10), at(12)), slot(at(11), at(13)), True),
        (slot(at(10), at(12)), slot(at(12), at(13)), False),
        (slot(at(10), at(12)), slot(at(9), at(10)), False),
        (slot(at(10), at(18)), slot(at(12), at(13)), True),
        (slot(at(10)), slot(at(11, 59), at(13)), True),  # no end: two hours
        (slot(at(10)), slot(at(12), at(13)), False),
        (slot(at(10), at(12)), slot(None), True),  # no hour: any of the day
        (slot(None), slot(None, day=date(2026, 6, 17)), False),
        (slot(None, to=date(2026, 6, 18)), slot(at(10), day=date(2026, 6, 17)), True),
        (slot(at(10), at(12)), slot(None, day=None), False),
    ],
)
def test_slots_meet(one: Slot, other: Slot, meet: bool) -> None:
    assert slots_meet(one, other) is slots_meet(other, one) is meet


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Bashkia Fier, salla e këshillit", "Salla e Keshillit – Bashkia Fier", True),
        ("salla e këshillit", "Bashkia Fier, salla e këshillit", True),
        ("Teatri “Bylis”", "teatri Bylis", True),
        ("teatri", "Teatri Bylis", False),  # a single word says too little
        ("teatri", "Teatri", True),
        ("Teatri Bylis", "Teatri Migjeni", False),
        ("", "", False),
        ("", "Teatri Bylis", False),
        ("Salla 1, Bashkia Fier", "Salla 2, Bashkia Fier", False),
    ],
)
def test_same_hall(one: str, other: str, same: bool) -> None:
    assert is_same_hall(fold(one), fold(other)) is is_same_hall(fold(other), fold(one)) is same


HOLIDAYS = {date(2026, 11, 28), date(2026, 11, 30), date(2026, 12, 8)}


def is_off(day: date) -> bool:
    return is_weekend(day) or day in HOLIDAYS


@pytest.mark.parametrize(
    ("protest", "last"),
    [
        ((2026, 6, 19), (2026, 6, 16)),  # a Friday: Tuesday
        ((2026, 6, 16), (2026, 6, 12)),  # a Tuesday: not Saturday, but Friday
        ((2026, 6, 17), (2026, 6, 12)),  # not Sunday either
        ((2026, 6, 18), (2026, 6, 15)),
        ((2026, 12, 11), (2026, 12, 7)),  # a holiday on the third day before
        ((2026, 12, 3), (2026, 11, 27)),  # a holiday behind a weekend
        ((2027, 3, 30), (2027, 3, 26)),  # across the night of daylight saving
        ((2028, 3, 3), (2028, 2, 29)),
    ],
)
def test_notice_is_due_three_whole_days_before_and_never_later(
    protest: tuple[int, int, int], last: tuple[int, int, int]
) -> None:
    assert notice_day(date(*protest), is_off) == date(*last)
    assert date(*protest) - date(*last) >= timedelta(days=3)

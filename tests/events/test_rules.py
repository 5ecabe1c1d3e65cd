"""Decisions about events: months, formats, days."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop_campaigns.events.rules.events import (
    EventFormat,
    EventState,
    days_between,
    format_from,
    may_cancel,
    month_beside,
    month_weeks,
    read_month,
)

TODAY = date(2026, 12, 16)


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("2027-02", date(2027, 2, 1)),
        ("1990-01", date(1990, 1, 1)),
        ("2100-12", date(2100, 12, 1)),
        *(
            (typed, date(2026, 12, 1))
            for typed in ("", "9999-99", "2027-00", "1989-12", "2101-01", "2027-2", "x")
        ),
        ("2027-02\n", date(2026, 12, 1)),
        ("٢٠٢٧-٠٢", date(2026, 12, 1)),
    ],
)
def test_a_month_is_read_or_it_is_this_one(typed: str, first: date) -> None:
    assert read_month(typed, TODAY) == first


def test_months_in_weeks_from_monday() -> None:
    # February 2021 and 2027 fill four weeks; 1 November 2026 is a Sunday, the last day of its row.
    assert len(month_weeks(date(2027, 2, 1))) == 4
    november = month_weeks(date(2026, 11, 1))
    assert november[0] == [date(2026, 10, 26 + number) for number in range(6)] + [date(2026, 11, 1)]
    assert len(november) == 6
    leap = month_weeks(date(2028, 2, 1))
    assert date(2028, 2, 29) in leap[-1]


@given(st.integers(1990, 2100), st.integers(1, 12))
def test_every_month_has_whole_weeks_with_all_its_days(year: int, month: int) -> None:
    first = date(year, month, 1)
    days = [day for week in month_weeks(first) for day in week]
    assert len(days) % 7 == 0
    assert days[0].weekday() == 0
    assert sum(day.month == month for day in days) >= 28
    following = month_beside(first, 1)
    assert (following is None) == (first == date(2100, 12, 1))
    if following:
        assert month_beside(following, -1) == first


def test_no_month_before_the_first() -> None:
    assert month_beside(date(1990, 1, 1), -1) is None
    assert month_beside(date(2026, 1, 1), -1) == date(2025, 12, 1)


@pytest.mark.parametrize(
    ("venue", "link", "later", "known", "expected"),
    [
        ("Fier", "", False, None, EventFormat.IN_PERSON),
        ("Fier", "https://x.example", False, None, EventFormat.HYBRID),
        ("Fier", "", True, EventFormat.IN_PERSON, EventFormat.HYBRID),
        ("", "https://x.example", False, EventFormat.IN_PERSON, EventFormat.ONLINE),
        ("", "", True, None, EventFormat.ONLINE),
        ("", "", True, EventFormat.HYBRID, EventFormat.HYBRID),
        ("", "", False, EventFormat.IN_PERSON, EventFormat.IN_PERSON),
        ("", "", False, EventFormat.ONLINE, None),
        ("", "", False, None, None),
    ],
)
def test_format(
    venue: str, link: str, later: bool, known: EventFormat | None, expected: EventFormat | None
) -> None:
    assert format_from(venue, link, later, known) is expected


def test_days_between_are_cut_to_what_is_shown() -> None:
    assert days_between(date(2026, 1, 1), date(2026, 1, 3), date(2026, 1, 2), date(2026, 1, 31)) == [
        date(2026, 1, 2),
        date(2026, 1, 3),
    ]
    assert days_between(date(2026, 1, 5), None, date(2026, 1, 1), date(2026, 1, 31)) == [date(2026, 1, 5)]
    assert days_between(date(2026, 2, 5), None, date(2026, 1, 1), date(2026, 1, 31)) == []


def test_what_was_held_is_not_cancelled() -> None:
    assert [may_cancel(state) for state in EventState] == [True, False, True]

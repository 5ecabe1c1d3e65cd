"""What decides about a proposed time, in examples."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pop_campaigns.calendars.answer import CalendarAnswer
from pop_campaigns.core.clock import TIRANE
from pop_campaigns.incoming.rules.proposals import (
    Facts,
    Standing,
    Times,
    moved_by,
    read_times,
    standing_of,
    with_length,
)
from pop_campaigns.mail.rules import Review

OPEN = Facts(
    accepted=None, newest=True, erased=False, cancelled=False, over=False, withdrawn=False, same_time=False
)


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("changes", "standing"),
    [
        ({}, Standing.OPEN),
        ({"accepted": True, "over": True}, Standing.ACCEPTED),
        ({"accepted": False, "newest": False}, Standing.DECLINED),
        ({"newest": False, "cancelled": True}, Standing.OVERTAKEN),
        ({"erased": True, "withdrawn": True}, Standing.ERASED),
        ({"cancelled": True, "over": True}, Standing.CANCELLED),
        ({"over": True, "withdrawn": True}, Standing.OVER),
        ({"withdrawn": True, "same_time": True}, Standing.WITHDRAWN),
        ({"same_time": True}, Standing.SAME_TIME),
    ],
)
def test_where_it_stands(changes: dict[str, Any], standing: Standing) -> None:
    assert standing_of(replace(OPEN, **changes)) is standing


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"dtstart": "2027-06-16T08:00:00Z"}, Times(at(2027, 6, 16, 8), None)),
        (
            {"dtstart": "2027-06-16T08:00:00Z", "dtend": "2027-06-16T09:00:00Z"},
            Times(at(2027, 6, 16, 8), at(2027, 6, 16, 9)),
        ),
        # In no zone: ten in Tirana, in summer and in winter.
        ({"dtstart": "2027-06-16T10:00:00Z", "floating": ["dtstart"]}, Times(at(2027, 6, 16, 8), None)),
        ({"dtstart": "2027-12-16T10:00:00Z", "floating": ["dtstart"]}, Times(at(2027, 12, 16, 9), None)),
        # The hour that spring leaves out becomes what the clocks show, the one that happens twice is the first.
        ({"dtstart": "2027-03-28T02:30:00Z", "floating": ["dtstart"]}, Times(at(2027, 3, 28, 1, 30), None)),
        ({"dtstart": "2027-10-31T02:30:00Z", "floating": ["dtstart"]}, Times(at(2027, 10, 31, 0, 30), None)),
        (
            {"dtstart": "2027-06-16T08:00:00Z", "dtend": "2027-06-16T08:00:00Z"},
            Times(at(2027, 6, 16, 8), None),
        ),
        ({"dtstart": "2027-06-16T08:00:00Z", "dtend": "2027-06-16T07:59:00Z"}, Review.NO_TIME),
        ({"dtstart": "2027-06-16T08:00:00Z", "dtend": "2300-01-01T00:00:00Z"}, Review.NO_TIME),
        ({"dtstart": "2027-06-16T00:00:00Z", "all_day": True}, Review.DAY_ONLY),
        ({"dtend": "2027-06-16T08:00:00Z"}, Review.NO_TIME),
        ({"dtstart": "1012-06-16T08:00:00Z"}, Review.NO_TIME),
        ({"dtstart": "9999-12-31T23:59:59Z", "floating": ["dtstart"]}, Review.NO_TIME),
        ({"dtstart": "0001-01-01T00:00:00Z", "floating": ["dtstart"]}, Review.NO_TIME),
        ({"dtstart": "soon"}, Review.NO_TIME),
        ({}, Review.NO_TIME),
    ],
)
def test_which_time_is_meant(said: dict[str, Any], found: Times | Review) -> None:
    assert read_times(CalendarAnswer.from_json(said), TIRANE) == found


def test_what_names_no_end_keeps_the_length() -> None:
    before, starts = Times(at(2027, 6, 1, 8), at(2027, 6, 1, 10)), at(2027, 6, 3, 8)
    assert with_length(Times(starts, None), before).ends == at(2027, 6, 3, 10)
    assert with_length(Times(starts, None), replace(before, ends=None)).ends is None
    assert with_length(Times(starts, None), None).ends is None
    assert with_length(Times(starts, at(2027, 6, 3, 9)), before).ends == at(2027, 6, 3, 9)


def test_days_are_counted_on_the_clock_whatever_the_season() -> None:
    assert moved_by(at(2027, 3, 25, 9), at(2027, 4, 1, 8), TIRANE) == timedelta(days=7)
    assert moved_by(at(2027, 6, 3, 9), at(2027, 6, 1, 7, 30), TIRANE) == -timedelta(days=2, minutes=90)

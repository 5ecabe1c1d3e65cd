"""For which days a reminder is set."""

from __future__ import annotations

from datetime import date

import pytest

from pop_campaigns.follow_ups.rules import DayRefusal, QuickDay, quick_day, quick_days, refuse_day

TODAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("day", "refused"),
    [
        (date(2026, 11, 29), DayRefusal.PAST),
        (TODAY, None),
        (date(2031, 11, 30), None),
        (date(2062, 12, 1), DayRefusal.TOO_FAR),
        (date(1, 1, 1), DayRefusal.PAST),
        (date(9999, 12, 31), DayRefusal.TOO_FAR),
    ],
)
def test_a_day_that_is_over_is_refused(day: date, refused: DayRefusal | None) -> None:
    assert refuse_day(day, TODAY) is refused


@pytest.mark.parametrize(
    ("due", "day"),
    [
        (None, None),
        (date(2026, 12, 4), date(2026, 12, 3)),
        (date(2026, 12, 1), None),
        (date(2026, 11, 2), None),
    ],
)
def test_the_day_before_is_offered_while_it_lies_ahead(due: date | None, day: date | None) -> None:
    assert quick_day(QuickDay.DAY_BEFORE, TODAY, due) == day


def test_each_day_is_offered_once() -> None:
    assert quick_days(TODAY, date(2026, 12, 2)) == {
        QuickDay.TOMORROW: date(2026, 12, 1),
        QuickDay.IN_A_WEEK: date(2026, 12, 7),
    }

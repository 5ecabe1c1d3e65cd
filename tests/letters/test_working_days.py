"""Deadlines in Albanian working days: the counting, the holidays, the days the government adds."""

import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pop_campaigns.letters.rules.working_days import (
    SHIPPED_OVERRIDES,
    CalendarUnknown,
    DayOverride,
    SkippedDay,
    count_deadline,
    skip_reason,
    working_days_between,
)

VECTORS = [
    ("2020-03-09", 10, "2020-03-25"),
    ("2020-04-06", 10, "2020-04-22"),
    ("2020-11-20", 10, "2020-12-09"),
    ("2020-12-21", 10, "2021-01-07"),
    ("2026-03-10", 10, "2026-03-27"),
    ("2026-11-16", 10, "2026-12-03"),
    ("2026-03-09", 15, "2026-04-02"),
    ("2026-11-20", 15, "2026-12-17"),
]


def is_working_day(*day_and_overrides: Any, **scope: Any) -> bool:
    return skip_reason(*day_and_overrides, **scope) is None


@pytest.mark.parametrize(("start", "amount", "due"), VECTORS)
def test_due_day_in_working_days(start: str, amount: int, due: str) -> None:
    deadline = count_deadline(date.fromisoformat(start), amount, "working_days")
    assert deadline.due == date.fromisoformat(due)
    assert deadline.moved_from is None


@pytest.mark.parametrize(("start", "amount", "due"), VECTORS)
def test_every_day_up_to_the_due_day_is_counted_or_explained(start: str, amount: int, due: str) -> None:
    deadline = count_deadline(date.fromisoformat(start), amount, "working_days")
    assert (deadline.due - deadline.start).days == amount + len(deadline.skipped)
    assert [skip.day for skip in deadline.skipped] == sorted({skip.day for skip in deadline.skipped})


def test_the_day_after_is_day_one() -> None:
    assert count_deadline(date(2026, 2, 2), 1, "working_days").due == date(2026, 2, 3)
    assert count_deadline(date(2026, 2, 6), 1, "working_days").due == date(2026, 2, 9)


def test_skipped_days_say_why_in_albanian_and_english() -> None:
    albanian = count_deadline(date(2020, 3, 9), 10, "working_days").skipped
    assert albanian == (
        SkippedDay(date(2020, 3, 14), "weekend", "Dita e Verës"),
        SkippedDay(date(2020, 3, 15), "weekend", None),
        SkippedDay(date(2020, 3, 16), "holiday", "Dita e Verës (ditë pushimi e shtyrë)"),
        SkippedDay(date(2020, 3, 21), "weekend", None),
        SkippedDay(date(2020, 3, 22), "weekend", "Dita e Nevruzit"),
        SkippedDay(date(2020, 3, 23), "holiday", "Dita e Nevruzit (ditë pushimi e shtyrë)"),
    )
    english = count_deadline(date(2020, 3, 9), 10, "working_days", lang="en").skipped
    assert english[2].name == "Summer Day (observed)"


def test_two_holidays_on_one_weekend_take_the_next_two_working_days() -> None:
    # 28 and 29 November 2020 were a Saturday and a Sunday.
    monday, tuesday, wednesday = (skip_reason(date(2020, 11, 30) + timedelta(days=day)) for day in range(3))
    assert monday is not None and monday.reason == "holiday"
    assert monday.name == "Dita e Flamurit dhe e Pavarësisë (ditë pushimi e shtyrë)"
    assert tuesday is not None and tuesday.name == "Dita e Çlirimit (ditë pushimi e shtyrë)"
    assert wednesday is None


@pytest.mark.parametrize("day", ["2017-11-27", "2020-01-03", "2023-11-27", "2025-01-03", "2025-12-26"])
def test_days_the_government_gave_the_whole_country(day: str) -> None:
    assert not is_working_day(date.fromisoformat(day))
    assert not is_working_day(date.fromisoformat(day), scope="Fier")


@pytest.mark.parametrize("place", ["Tiranë", "Kamëz", "Vorë", "Krujë"])
def test_summit_days_are_off_only_in_four_municipalities(place: str) -> None:
    start = date(2025, 5, 14)
    assert count_deadline(start, 1, "working_days", scope=place).due == date(2025, 5, 19)
    assert count_deadline(start, 1, "working_days", scope="Fier").due == date(2025, 5, 15)
    assert count_deadline(start, 1, "working_days").due == date(2025, 5, 15)
    first = count_deadline(start, 1, "working_days", scope=place).skipped[0]
    assert (first.day, first.reason) == (date(2025, 5, 15), "override")
    assert first.name is not None and "samitin" in first.name


def test_shipped_overrides_name_their_source() -> None:
    assert all(entry.source.strip() for entry in SHIPPED_OVERRIDES)
    assert len({(entry.day, entry.scope) for entry in SHIPPED_OVERRIDES}) == len(SHIPPED_OVERRIDES)


def test_without_overrides_a_government_day_is_worked() -> None:
    assert is_working_day(date(2023, 11, 27), overrides=())


def test_a_municipality_s_own_entry_wins_over_the_country_s() -> None:
    day = date(2026, 2, 4)
    table = (
        DayOverride(day, off=False, scope="fier", source="VKB"),
        DayOverride(day, off=True, scope=None, source="VKM"),
    )
    assert is_working_day(day, table, scope="Fier")
    assert not is_working_day(day, table, scope="Vlorë")
    assert not is_working_day(day, table)


def test_a_worked_saturday_and_a_worked_holiday_are_counted() -> None:
    saturday, may_day = date(2026, 2, 7), date(2026, 5, 1)
    table = [
        DayOverride(saturday, off=False, scope=None, source="VKM"),
        DayOverride(may_day, off=False, scope=None, source="VKM"),
    ]
    assert count_deadline(date(2026, 2, 6), 1, "working_days", table).due == saturday
    assert count_deadline(date(2026, 4, 30), 1, "working_days", table).due == may_day


def test_an_override_without_name_keeps_the_holiday_s_name() -> None:
    table = [DayOverride(date(2026, 5, 1), off=True, scope=None, source="VKM")]
    assert skip_reason(date(2026, 5, 1), table) == SkippedDay(
        date(2026, 5, 1), "override", "Dita Ndërkombëtare e Punëtorëve"
    )


def test_calendar_days_count_every_day() -> None:
    deadline = count_deadline(date(2020, 4, 6), 60, "calendar_days")
    assert deadline.due == date(2020, 6, 5)
    assert deadline.skipped == () and deadline.moved_from is None


def test_calendar_days_ending_on_a_closed_day_move_to_the_next_working_day() -> None:
    # Day 10 is Saturday 14 March; Monday the 16th is off for the Summer Day on it.
    deadline = count_deadline(date(2020, 3, 4), 10, "calendar_days")
    assert deadline.moved_from == date(2020, 3, 14)
    assert deadline.due == date(2020, 3, 17)
    assert [skip.reason for skip in deadline.skipped] == ["weekend", "weekend", "holiday"]


def test_a_deadline_near_an_estimated_feast_says_so() -> None:
    # The library expects Bajram on Tuesday 9 March 2027.
    assert count_deadline(date(2027, 3, 1), 10, "working_days").estimated
    assert not count_deadline(date(2027, 1, 11), 10, "working_days").estimated
    assert not count_deadline(date(2026, 3, 10), 10, "working_days").estimated


def test_a_feast_expected_the_day_after_the_due_day_may_still_move_it() -> None:
    deadline = count_deadline(date(2027, 3, 5), 1, "working_days")
    assert deadline.due == date(2027, 3, 8) and deadline.estimated
    assert not count_deadline(date(2027, 3, 3), 1, "working_days").estimated


def test_an_override_confirms_the_feast() -> None:
    table = [
        DayOverride(date(2027, 3, 9), off=False, scope=None, source="Komuniteti Mysliman"),
        DayOverride(date(2027, 3, 10), off=True, scope=None, source="Komuniteti Mysliman", name="Bajrami"),
    ]
    deadline = count_deadline(date(2027, 3, 8), 1, "working_days", table)
    assert deadline.due == date(2027, 3, 9) and not deadline.estimated
    assert count_deadline(date(2027, 3, 8), 2, "working_days", table).due == date(2027, 3, 11)


def test_a_calendar_deadline_is_estimated_only_for_its_end() -> None:
    assert not count_deadline(date(2027, 2, 20), 60, "calendar_days").estimated
    ends_on_feast = count_deadline(date(2027, 2, 27), 10, "calendar_days")
    assert ends_on_feast.estimated and ends_on_feast.moved_from == date(2027, 3, 9)


@pytest.mark.parametrize("year", [1912, 1992, 2101])
def test_years_without_known_holidays_are_refused_in_words(year: int) -> None:
    with pytest.raises(CalendarUnknown, match=f"official holidays of {year} are not known") as refused:
        count_deadline(date(year, 6, 1), 10, "working_days")
    assert refused.value.year == year
    with pytest.raises(CalendarUnknown):
        is_working_day(date(year, 6, 1))


def test_a_count_that_runs_out_of_the_calendar_is_refused() -> None:
    with pytest.raises(CalendarUnknown):
        count_deadline(date(2100, 12, 30), 10, "working_days")
    with pytest.raises(CalendarUnknown):
        count_deadline(date(9999, 12, 30), 60, "calendar_days")
    assert count_deadline(date(1992, 12, 31), 1, "working_days").due == date(1993, 1, 5)


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one day"):
        count_deadline(date(2026, 1, 5), 0, "working_days")
    with pytest.raises(ValueError, match="hours"):
        count_deadline(date(2026, 1, 5), 48, "hours")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="not from a moment"):
        count_deadline(datetime(2026, 1, 5, tzinfo=UTC), 10, "working_days")


def test_days_left_and_days_late() -> None:
    due = count_deadline(date(2020, 4, 6), 10, "working_days").due
    assert working_days_between(date(2020, 4, 16), due) == 3
    assert working_days_between(due, due) == 0
    assert working_days_between(date(2020, 4, 24), due) == -2
    # A due day passed on Friday is not yet a working day late on Sunday.
    assert working_days_between(date(2026, 2, 6), date(2026, 2, 8)) == 0


@settings(max_examples=60, deadline=None)
@given(st.dates(date(2018, 1, 1), date(2030, 1, 1)), st.integers(1, 40))
def test_between_undoes_the_count(start: date, amount: int) -> None:
    deadline = count_deadline(start, amount, "working_days")
    assert working_days_between(start, deadline.due) == amount
    assert is_working_day(deadline.due)
    assert all(not is_working_day(skip.day) for skip in deadline.skipped)


def test_ten_thousand_deadlines(capsys: pytest.CaptureFixture[str]) -> None:
    starts = [date(2018, 1, 1) + timedelta(days=number % 3650) for number in range(10_000)]
    begin = time.perf_counter()
    dues = [count_deadline(start, 10, "working_days").due for start in starts]
    seconds = time.perf_counter() - begin
    assert len(dues) == 10_000
    with capsys.disabled():
        print(f"\n10,000 deadlines counted in {seconds:.2f} s")

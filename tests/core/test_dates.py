"""Dates in words, as exact as they are known and no more."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from pop_campaigns.core.dates import (
    DatePrecision,
    clock_words,
    date_words,
    last_day_of_month,
    moment_words,
    month_names,
    period_words,
    short_day_words,
    short_moment_words,
    span_words,
    weekday_words,
)

TEN = datetime(2020, 6, 16, 8, 0, tzinfo=UTC)


def test_a_moment_in_both_languages() -> None:
    assert moment_words(TEN, "sq") == "e martë, 16 qershor 2020, ora 10:00"
    assert moment_words(TEN, "en") == "Tuesday, 16 June 2020, 10:00"


def test_an_albanian_month_is_never_cut_short() -> None:
    """CLDR's *nën* is the word for *under*, its *pri* the one for *lead*."""
    months = month_names("sq")
    for month, name in months.items():
        assert short_day_words(date(2026, month, 29 if month != 2 else 28), "sq").split()[1] == name
    assert short_moment_words(datetime(2026, 11, 29, 9, 0, tzinfo=UTC), "sq") == "29 nëntor 2026, 10:00"
    assert short_day_words(date(2026, 11, 29), "en") == "29 Nov 2026"
    assert (months[3], month_names("en")[12]) == ("mars", "December")


def test_weekdays_stand_alone() -> None:
    assert weekday_words(TEN.date(), "sq") == "e martë"
    assert weekday_words(TEN.date(), "en", short=True) == "Tue"


def test_a_span_names_a_shared_day_once() -> None:
    assert span_words(TEN, TEN.replace(hour=10), "sq") == "e martë, 16 qershor 2020, ora 10:00–12:00"
    assert "17 qershor" in span_words(TEN, TEN.replace(day=17), "sq")
    assert span_words(TEN, None, "en") == moment_words(TEN, "en")


def test_the_clock_has_24_hours_and_knows_summer_time() -> None:
    assert clock_words(datetime(2026, 1, 5, 13, 30, tzinfo=UTC)) == "14:30"
    assert clock_words(datetime(2026, 7, 5, 13, 30, tzinfo=UTC)) == "15:30"


@pytest.mark.parametrize(
    ("day_from", "day_to", "sq", "en"),
    [
        (date(2020, 1, 1), date(2020, 2, 29), "janar – shkurt 2020", "January – February 2020"),
        (date(2019, 1, 1), date(2019, 12, 31), "2019", "2019"),
        (date(2020, 4, 1), None, "që nga prilli 2020", "since April 2020"),
        (date(2020, 7, 1), None, "që nga korriku 2020", "since July 2020"),
        (date(2019, 8, 1), date(2020, 7, 31), "gusht 2019 – korrik 2020", "August 2019 – July 2020"),
        (date(2020, 4, 1), date(2020, 4, 30), "prill 2020", "April 2020"),
    ],
)
def test_periods(day_from: date, day_to: date | None, sq: str, en: str) -> None:
    assert period_words(day_from, day_to, "sq") == sq
    assert period_words(day_from, day_to, "en") == en


def test_precisions() -> None:
    day = date(2020, 4, 2)
    assert date_words(DatePrecision.MONTH, day, None, "sq") == "prill 2020"
    assert date_words(DatePrecision.DAY, day, None, "sq") == "e enjte, 2 prill 2020"
    assert date_words(DatePrecision.UNKNOWN, None, None, "sq") == "pa datë të njohur"
    assert date_words(DatePrecision.UNKNOWN, None, None, "en") == "date not known"


@pytest.mark.parametrize(
    ("day", "last"), [(date(2024, 2, 3), 29), (date(2023, 2, 3), 28), (date(2026, 12, 31), 31)]
)
def test_last_day_of_month(day: date, last: int) -> None:
    assert last_day_of_month(day).day == last

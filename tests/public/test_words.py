"""Words of lists: never more exact than what is known, never the link to join."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from pop_campaigns.core.dates import DatePrecision
from pop_campaigns.core.i18n import speaking
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventKind, EventState
from pop_campaigns.public.queries.events import Wanted, read_wanted
from pop_campaigns.public.words import events as event_words

NOW = datetime(2026, 12, 10, 9, 0, tzinfo=UTC)


def event(**values: Any) -> Event:
    """An event that no database knows."""
    defaults: dict[str, Any] = {
        "kind": EventKind.ROUND_TABLE, "title_sq": "Tryezë", "title_en": "", "description_sq": "", "description_en": "",
        "venue": "", "join_url": "", "more_url": "", "zone": "Europe/Tirane", "state": EventState.PLANNED,
    }  # fmt: skip
    return Event(**(defaults | values))


def days(first: date, last: date | None = None, precision: DatePrecision = DatePrecision.DAY) -> Event:
    return event(precision=precision, day_from=first, day_to=last)


def moment(starts: datetime, ends: datetime | None = None, **values: Any) -> Event:
    return event(
        precision=DatePrecision.MOMENT,
        starts_at=starts,
        ends_at=ends,
        **({"day_from": starts.date()} | values),
    )


@pytest.mark.parametrize(
    ("shown", "column", "time"),
    [
        (days(date(2020, 6, 16)), ("16", "qershor 2020"), "e martë"),
        (days(date(2026, 12, 16), date(2026, 12, 17)), ("16–17", "dhjetor 2026"), "e mërkurë – e enjte"),
        (
            days(date(2026, 12, 31), date(2027, 1, 1)),
            ("31", "dhjetor 2026"),
            "e enjte, 31 dhjetor 2026 – e premte, 1 janar 2027",
        ),
        (days(date(2020, 4, 1), date(2020, 4, 30), DatePrecision.MONTH), ("", "prill 2020"), ""),
        (days(date(2020, 1, 1), date(2020, 2, 29), DatePrecision.PERIOD), ("", "janar – shkurt 2020"), ""),
        (event(precision=DatePrecision.UNKNOWN), ("", "pa datë të njohur"), ""),
        (moment(datetime(2026, 12, 16, 9, tzinfo=UTC)), ("16", "dhjetor 2026"), "e mërkurë, ora 10:00"),
        (
            moment(datetime(2026, 12, 16, 9, tzinfo=UTC), datetime(2026, 12, 16, 11, tzinfo=UTC)),
            ("16", "dhjetor 2026"),
            "e mërkurë, ora 10:00–12:00",
        ),
        # Past midnight in Tirana, though not yet in UTC.
        (
            moment(datetime(2026, 12, 15, 23, 30, tzinfo=UTC), day_from=date(2026, 12, 16)),
            ("16", "dhjetor 2026"),
            "e mërkurë, ora 00:30",
        ),
        (
            moment(datetime(2026, 12, 16, 20, tzinfo=UTC), datetime(2026, 12, 17, 1, tzinfo=UTC)),
            ("16", "dhjetor 2026"),
            "e mërkurë, 16 dhjetor 2026, ora 21:00 – e enjte, 17 dhjetor 2026, ora 02:00",
        ),
    ],
)
def test_dates(shown: Event, column: tuple[str, str], time: str) -> None:
    result = event_words.date_column(shown, "sq")
    assert (result.day, result.below) == column
    assert bool(result.iso) is bool(result.day)
    assert event_words.time_words(shown, "sq") == time


def test_another_zone_is_named(app: Any) -> None:
    with app.test_request_context(), speaking("en"):
        shown = moment(datetime(2026, 12, 16, 9, tzinfo=UTC), zone="Europe/London")
        assert event_words.time_words(shown, "en") == "Wednesday, 09:00 (London)"


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (days(date(2026, 12, 11)), "tomorrow"),
        (days(date(2027, 12, 11)), "in 366 days"),
        (days(date(2026, 12, 8)), "2 days ago"),
        (days(date(2020, 6, 16)), ""),
        (days(date(2026, 12, 1), date(2026, 12, 31), DatePrecision.MONTH), ""),
        (event(precision=DatePrecision.UNKNOWN), ""),
        (event(precision=DatePrecision.DAY, day_from=date(2026, 12, 11), state=EventState.CANCELLED), ""),
    ],
)
def test_distance_is_said_where_it_helps(app: Any, shown: Event, words: str) -> None:
    with app.test_request_context(), speaking("en"):
        assert event_words.distance_words(shown, NOW) == words


@pytest.mark.parametrize(
    ("link", "text"),
    [
        ("https://meet.example/x", "Go to https://meet.example/x now"),
        ("https://meet.example/x/", "Go to https://meet.example/x now"),
        (" https://meet.example/x ", "Go to https://meet.example/x now"),
    ],
)
def test_the_link_is_taken_out_of_texts(link: str, text: str) -> None:
    assert "meet.example" not in event_words.public_text(event(join_url=link), text)
    assert event_words.public_text(event(), text) == text


@pytest.mark.parametrize(
    ("more", "shown"),
    [
        ("https://pop.example/a", "https://pop.example/a"),
        ("https://meet.example/x", ""),
        ("https://meet.example/x?pwd=1", ""),
        ("javascript:alert(1)", ""),
        ("https://a@b.example/", ""),
        ("", ""),
    ],
)
def test_more_information_is_a_safe_link(more: str, shown: str) -> None:
    assert event_words.public_link(event(join_url="https://meet.example/x", more_url=more)) == shown


def test_words_for_sharing_end_at_a_word(app: Any) -> None:
    with app.test_request_context(), speaking("sq"):
        shown = moment(datetime(2026, 12, 16, 9, tzinfo=UTC), description_sq="fjalë " * 100, venue="Fier")
        words = event_words.share_words(shown, "sq")
    assert len(words) <= 200 and words.endswith("fjalë…")


@pytest.mark.parametrize(
    "arguments",
    [
        {"year": "²⁰²⁰"},
        {"year": "20.0"},
        {"year": "1899"},
        {"kind": "x"},
        {"when": "later"},
        {"municipality": "\x00"},
    ],
)
def test_what_cannot_be_read_asks_for_nothing(arguments: dict[str, str]) -> None:
    assert read_wanted(arguments) == Wanted()


def test_a_filter_keeps_its_address() -> None:
    arguments = {"municipality": "fier", "kind": "hearing", "when": "past", "year": "2020"}
    assert read_wanted(arguments).as_arguments() == arguments

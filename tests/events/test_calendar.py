"""Events as calendar entries."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest

from pop_campaigns.calendars.event import CalendarEvent, event_lines
from pop_campaigns.core.dates import DatePrecision
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventState
from pop_campaigns.events.rules.visibility import EventVisibility
from pop_campaigns.events.words.calendar import calendar_event
from tests import factories


def entry(event: Event, lang: str = "sq") -> CalendarEvent:
    """The entry of an event that has one."""
    row = calendar_event(event, lang)
    assert row is not None
    return row


def test_a_moment_in_both_languages(cast: SimpleNamespace) -> None:
    event = factories.make_event(
        cast.fier,
        starts_at=datetime(2026, 12, 16, 9, 0, tzinfo=UTC),
        description_sq="Pse?",
        description_en="Why?",
        join_url="https://takim.example/1",
        more_url="https://pop.example/gjanica",
        sequence=3,
    )
    lines = "\n".join(event_lines(entry(event)))
    assert "DTSTART;TZID=Europe/Tirane:20261216T100000" in lines
    assert "DTEND;TZID=Europe/Tirane:20261216T120000" in lines
    assert "SUMMARY:Tryezë për lumin Gjanica" in lines
    assert "SEQUENCE:3" in lines
    assert "LOCATION:Bashkia Fier\\, salla e këshillit" in lines
    assert f"URL:http://localhost/sq/events/{event.id}" in lines
    assert "STATUS:CONFIRMED" in lines
    # The link is said where people look, and once.
    description = next(line for line in event_lines(entry(event)) if line.startswith("DESCRIPTION"))
    assert description.count("https://takim.example/1") == 1
    assert "https://pop.example/gjanica" in description
    english = entry(event, "en")
    assert english.summary == "Round table on the river Gjanica"
    assert english.description.startswith("Why?")
    assert english.categories == ("Round table",)
    assert english.url == f"http://localhost/en/events/{event.id}"


def test_online_the_link_is_the_place(cast: SimpleNamespace) -> None:
    event = factories.make_event(cast.fier, venue="", join_url="https://takim.example/1")
    assert "LOCATION:https://takim.example/1" in event_lines(entry(event))


def test_a_day_ends_on_the_day_after(cast: SimpleNamespace) -> None:
    day = {"precision": DatePrecision.DAY, "day_from": date(2026, 12, 31)}
    one = entry(factories.make_event(cast.fier, **day))
    assert (one.starts, one.ends) == (date(2026, 12, 31), date(2027, 1, 1))
    two = entry(factories.make_event(cast.fier, **day, day_to=date(2027, 1, 1)))
    assert two.ends == date(2027, 1, 2)


@pytest.mark.parametrize("precision", [DatePrecision.MONTH, DatePrecision.PERIOD, DatePrecision.UNKNOWN])
def test_what_has_no_day_is_in_no_calendar(cast: SimpleNamespace, precision: DatePrecision) -> None:
    day = None if precision is DatePrecision.UNKNOWN else date(2026, 12, 1)
    event = factories.make_event(cast.fier, precision=precision, day_from=day)
    assert calendar_event(event, "sq") is None


def test_cancelled_unpublished_and_a_link_no_calendar_can_carry(cast: SimpleNamespace) -> None:
    event = factories.make_event(
        cast.fier,
        state=EventState.CANCELLED,
        visibility=EventVisibility.INTERNAL,
        join_url="javascript:alert(1)",
    )
    result = entry(event)
    assert result.status == "CANCELLED"
    assert result.url is None
    assert result.join_url is None
    assert "javascript" not in "\n".join(event_lines(result))

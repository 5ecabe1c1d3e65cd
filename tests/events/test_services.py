"""Verbs on events: what is stored, what counts as a change for guests, what happens twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import func, select

from pop_campaigns.accounts.scope import NoOrganisation
from pop_campaigns.calendars.zones import UnknownZone
from pop_campaigns.core.dates import DatePrecision
from pop_campaigns.core.db import db
from pop_campaigns.core.history import history_of
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventFormat, EventKind, EventState
from pop_campaigns.events.services.events import (
    EventDraft,
    EventIsHeld,
    cancel_event,
    change_event,
    create_event,
    draft_of,
)
from tests import factories

pytestmark = pytest.mark.both_databases

NOW = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


def make_draft(**values: Any) -> EventDraft:
    """A round table in Fier on 16 December 2026, 10:00–12:00 local time."""
    given: dict[str, Any] = {
        "kind": EventKind.ROUND_TABLE,
        "format": EventFormat.IN_PERSON,
        "title_sq": "Tryezë për lumin Gjanica",
        "precision": DatePrecision.MOMENT,
        "starts_at": datetime(2026, 12, 16, 9, 0, tzinfo=UTC),
        "ends_at": datetime(2026, 12, 16, 11, 0, tzinfo=UTC),
        "venue": "Bashkia Fier",
    }
    return EventDraft(**(given | values))


def test_a_coordinators_event_is_their_organisations(cast: SimpleNamespace) -> None:
    event = create_event(make_draft(organisation_id=cast.vlore.id), by=cast.arta, now=NOW, once="a")
    assert event.organisation_id == cast.fier.id
    assert event.state is EventState.PLANNED
    assert event.sequence == 0
    assert event.uid.startswith("event-")
    assert event.uid.endswith("@rsvp.example")
    assert (event.day_from, event.day_to) == (date(2026, 12, 16), date(2026, 12, 16))
    row = history_of(event)[0]
    assert (row.action, row.actor_name, row.at) == ("event.created", "Arta", NOW)


def test_administrators_choose_the_organisation_or_the_network(cast: SimpleNamespace) -> None:
    of_vlore = create_event(make_draft(organisation_id=cast.vlore.id), by=cast.drita, now=NOW, once="a")
    of_all = create_event(make_draft(), by=cast.drita, now=NOW, once="b")
    assert (of_vlore.organisation_id, of_all.organisation_id) == (cast.vlore.id, None)


def test_a_coordinator_without_organisation_creates_nothing_for_the_network(cast: SimpleNamespace) -> None:
    lost = factories.make_user("lost", "coordinator", None)
    with pytest.raises(NoOrganisation):
        create_event(make_draft(), by=lost, now=NOW, once="a")


def test_the_same_form_makes_one_event(cast: SimpleNamespace) -> None:
    first = create_event(make_draft(), by=cast.arta, now=NOW, once="k" * 5000)
    db.session.commit()
    second = create_event(make_draft(title_sq="Tjetër"), by=cast.arta, now=LATER, once="k" * 5000)
    assert second.id == first.id
    assert second.title_sq == "Tryezë për lumin Gjanica"
    assert len(history_of(first)) == 1
    # Someone else's key of the same letters is another key.
    assert create_event(make_draft(), by=cast.clirim, now=NOW, once="k" * 5000).id != first.id
    # No key: nothing to compare.
    create_event(make_draft(), by=cast.arta, now=NOW, once="")
    create_event(make_draft(), by=cast.arta, now=NOW, once="")
    assert db.session.scalar(select(func.count(Event.id))) == 4


@pytest.mark.parametrize(
    ("starts", "ends", "zone", "days"),
    [
        # 23:30 in Tirana is 22:30 UTC; it ends on the next local day.
        ("2026-12-16T22:30", "2026-12-17T00:30", "Europe/Tirane", ("2026-12-16", "2026-12-17")),
        # Already tomorrow in Tirana, still today in UTC.
        ("2026-12-16T23:30", None, "Europe/Tirane", ("2026-12-17", "2026-12-17")),
        # What ends at midnight is no event of two days.
        ("2026-12-16T19:00", "2026-12-16T23:00", "Europe/Tirane", ("2026-12-16", "2026-12-16")),
        ("2026-12-16T23:30", None, "Europe/London", ("2026-12-16", "2026-12-16")),
    ],
)
def test_days_are_those_of_the_events_own_clock(
    cast: SimpleNamespace, starts: str, ends: str | None, zone: str, days: tuple[str, str]
) -> None:
    instants = [datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None for text in (starts, ends)]
    event = create_event(
        make_draft(starts_at=instants[0], ends_at=instants[1], zone=zone), by=cast.arta, now=NOW, once="a"
    )
    assert (str(event.day_from), str(event.day_to)) == days


@pytest.mark.parametrize(
    ("precision", "given", "stored"),
    [
        (DatePrecision.DAY, (date(2026, 12, 16), None), (date(2026, 12, 16), date(2026, 12, 16))),
        (
            DatePrecision.DAY,
            (date(2026, 12, 16), date(2026, 12, 18)),
            (date(2026, 12, 16), date(2026, 12, 18)),
        ),
        (DatePrecision.MONTH, (date(2028, 2, 9), None), (date(2028, 2, 1), date(2028, 2, 29))),
        (DatePrecision.UNKNOWN, (date(2028, 2, 9), None), (None, None)),
    ],
)
def test_days_follow_from_the_precision(
    cast: SimpleNamespace, precision: DatePrecision, given: tuple[Any, Any], stored: tuple[Any, Any]
) -> None:
    # A time left over in the draft is dropped, not stored beside a date that knows no hour.
    draft = make_draft(precision=precision, day_from=given[0], day_to=given[1])
    event = create_event(draft, by=cast.arta, now=NOW, once="a")
    assert (event.day_from, event.day_to) == stored
    assert event.starts_at is None
    assert event.ends_at is None


def test_an_unknown_zone_is_refused(cast: SimpleNamespace) -> None:
    with pytest.raises(UnknownZone):
        create_event(make_draft(zone="Europe/../../etc/passwd"), by=cast.arta, now=NOW, once="a")


@pytest.mark.parametrize(
    "change",
    [
        {"starts_at": datetime(2026, 12, 16, 9, 30, tzinfo=UTC)},
        {"ends_at": None},
        {"venue": "Teatri Bylis"},
        {"join_url": "https://takim.example/1"},
        {"precision": DatePrecision.DAY, "day_from": date(2026, 12, 16)},
    ],
)
def test_time_place_and_link_are_material(cast: SimpleNamespace, change: dict[str, Any]) -> None:
    event = create_event(make_draft(), by=cast.arta, now=NOW, once="a")
    assert change_event(event, make_draft(**change), by=cast.arta, now=LATER)
    assert event.sequence == 1
    assert event.changed_at == LATER
    row = history_of(event)[0]
    assert row.action == "event.changed"
    assert row.details["material"] is True
    assert set(change) - {"day_from"} <= set(row.details["changed"])


def test_words_are_not_material_and_nothing_is_nothing(cast: SimpleNamespace) -> None:
    event = create_event(make_draft(), by=cast.arta, now=NOW, once="a")
    words = make_draft(title_sq="Tryezë tjetër", description_sq="Pse\nkjo")
    assert not change_event(event, words, by=cast.arta, now=LATER)
    assert event.sequence == 0
    assert event.description_sq == "Pse\nkjo"
    row = history_of(event)[0]
    assert row.details["was"] == {"title_sq": "Tryezë për lumin Gjanica"}
    assert "description_sq" in row.details["changed"]
    version = event.version
    # The same again, with spaces nobody sees.
    assert not change_event(event, replace(words, title_sq=" Tryezë  tjetër "), by=cast.arta, now=LATER)
    assert (event.version, len(history_of(event))) == (version, 2)


def test_an_event_stays_with_its_organisation_unless_an_administrator_moves_it(cast: SimpleNamespace) -> None:
    event = create_event(make_draft(), by=cast.arta, now=NOW, once="a")
    change_event(event, make_draft(organisation_id=cast.vlore.id), by=cast.arta, now=LATER)
    assert event.organisation_id == cast.fier.id
    change_event(event, make_draft(organisation_id=cast.vlore.id), by=cast.drita, now=LATER)
    assert event.organisation_id == cast.vlore.id


def test_a_cancelled_event_stays_cancelled_and_tells_nobody(cast: SimpleNamespace) -> None:
    event = create_event(make_draft(), by=cast.arta, now=NOW, once="a")
    cancel_event(event, by=cast.arta, now=LATER)
    cancel_event(event, by=cast.arta, now=LATER)
    assert (event.state, event.sequence) == (EventState.CANCELLED, 1)
    assert [row.action for row in history_of(event)] == ["event.cancelled", "event.created"]
    assert not change_event(event, make_draft(venue="Tjetër", held=True), by=cast.arta, now=LATER)
    assert (event.state, event.sequence, event.venue) == (EventState.CANCELLED, 1, "Tjetër")


def test_what_was_held_is_not_cancelled(cast: SimpleNamespace) -> None:
    event = create_event(make_draft(held=True), by=cast.arta, now=NOW, once="a")
    assert event.state is EventState.HELD
    with pytest.raises(EventIsHeld):
        cancel_event(event, by=cast.arta, now=LATER)


def test_a_draft_of_an_event_changes_nothing(cast: SimpleNamespace) -> None:
    event = create_event(make_draft(held=True), by=cast.arta, now=NOW, once="a")
    assert not change_event(event, draft_of(event), by=cast.arta, now=LATER)
    assert event.state is EventState.HELD
    assert len(history_of(event)) == 1


def test_hostile_titles_are_one_clean_line(cast: SimpleNamespace) -> None:
    title = "Tryezë\r\nBcc: x@y.example\u202e\u200b =?utf-8?q?a?="
    event = create_event(make_draft(title_sq=title), by=cast.arta, now=NOW, once="a")
    assert event.title_sq == "Tryezë Bcc: x@y.example =?utf-8?q?a?="

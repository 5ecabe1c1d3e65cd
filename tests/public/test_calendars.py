"""The calendar to subscribe to, read by another library, and what it costs to ask for it again."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import icalendar
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert
from werkzeug.http import http_date

from pop_campaigns.core.dates import DatePrecision
from pop_campaigns.core.db import db
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventFormat, EventKind, EventState
from pop_campaigns.events.rules.visibility import EventVisibility
from pop_campaigns.public.words.feed import Kept, read_feed
from tests import factories

# Ten thousand behave alike (22 s to write, 0.14 s to join, on a busy machine); these take less of everybody's time.
EVENTS = 2_000
LONG_AGO = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)


def read(client: FlaskClient, url: str = "/calendar.ics") -> Any:
    """A calendar as another library understands it."""
    answer = client.get(url)
    assert answer.status_code == 200, (url, answer.status_code)
    assert answer.content_type == "text/calendar; charset=utf-8"
    return icalendar.Calendar.from_ical(answer.data)


def entries(client: FlaskClient, url: str = "/calendar.ics") -> dict[str, Any]:
    """Its events by UID."""
    result = read(client, url).walk("VEVENT")
    by_uid = {str(event["UID"]): event for event in result}
    assert len(by_uid) == len(result)
    return by_uid


def make(organisation: Any, **values: Any) -> Event:
    """An event that last changed long ago."""
    event = factories.make_event(organisation, **({"changed_at": LONG_AGO} | values))
    db.session.commit()
    return event


@pytest.mark.both_databases
def test_the_feed_holds_what_has_a_day_and_nothing_else(record: dict[str, int], client: FlaskClient) -> None:
    calendar = read(client)
    assert "METHOD" not in calendar
    assert [str(event["SUMMARY"]) for event in calendar.walk("VEVENT")] == [
        "Përballja me Bashkinë Tiranë",
        "Përballja me Bashkinë Vlorë",
        "Përballja me Bashkinë Pukë",
        "Përballja me Bashkinë Durrës",
        "Seancë dëgjimore në Parlamentin Shqiptar",
        "Përballja me Bashkinë Kamëz",
    ]
    first = calendar.walk("VEVENT")[0]
    assert (first["DTSTART"].dt, first["DTEND"].dt) == (date(2020, 5, 27), date(2020, 5, 28))
    assert "ATTENDEE" not in first and "ORGANIZER" not in first
    assert [str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")] == ["Europe/Tirane"]


def test_uids_are_those_of_the_invitations(cast: SimpleNamespace, client: FlaskClient) -> None:
    event = make(cast.fier, sequence=3)
    result = entries(client)[event.uid]
    assert result["SEQUENCE"] == 3
    assert result["DTSTART"].dt == event.starts_at
    assert str(result["URL"]) == f"http://localhost/sq/events/{event.id}"


def test_one_municipality_and_english(cast: SimpleNamespace, client: FlaskClient) -> None:
    fier, vlore = make(cast.fier), make(cast.vlore)
    only_vlore = entries(client, "/calendar.ics?municipality=vlore&lang=en")
    assert set(only_vlore) == {vlore.uid}
    assert str(only_vlore[vlore.uid]["SUMMARY"]) == "Round table on the river Gjanica"
    assert set(entries(client)) == {fier.uid, vlore.uid}
    assert str(entries(client, "/calendar.ics?lang=xx")[fier.uid]["SUMMARY"]) == "Tryezë për lumin Gjanica"
    names = [
        str(read(client, f"/calendar.ics{query}")["NAME"])
        for query in ("?lang=en", "?municipality=Vlor%C3%AB&lang=en")
    ]
    assert names == ["POP: events", "POP: events in Vlorë"]


@pytest.mark.parametrize("key", ["nowhere", "%25", "'--", "%00x", "ë" * 4000, "%ED%A0%80"])
def test_a_wrong_municipality_is_not_found(cast: SimpleNamespace, client: FlaskClient, key: str) -> None:
    assert client.get(f"/calendar.ics?municipality={key}").status_code == 404


def test_cancelled_events_stay_and_say_so(cast: SimpleNamespace, client: FlaskClient) -> None:
    event = make(cast.fier)
    assert str(entries(client)[event.uid]["STATUS"]) == "CONFIRMED"
    event.state, event.sequence = EventState.CANCELLED, 1
    db.session.commit()
    result = entries(client)[event.uid]
    assert (str(result["STATUS"]), result["SEQUENCE"]) == ("CANCELLED", 1)
    assert b"STATUS:CANCELLED" in client.get(f"/sq/events/{event.id}.ics").data


def test_the_link_to_join_is_in_no_calendar(cast: SimpleNamespace, client: FlaskClient) -> None:
    event = make(
        cast.fier, venue="", format=EventFormat.ONLINE, join_url="https://meet.example/secret",
        description_sq="Lidhja: https://meet.example/secret", more_url="https://pop.example/more",
    )  # fmt: skip
    for url in ("/calendar.ics", "/calendar.ics?lang=en", f"/sq/events/{event.id}.ics"):
        result = entries(client, url)[event.uid]
        assert "secret" not in client.get(url).text.replace("\r\n ", "")
        assert "CONFERENCE" not in result and "LOCATION" not in result
        assert "https://pop.example/more" in str(result["DESCRIPTION"])


def test_every_change_shows_at_once(cast: SimpleNamespace, client: FlaskClient) -> None:
    """Whatever this process has kept."""
    event = make(cast.fier)
    before = client.get("/calendar.ics")
    assert client.get("/calendar.ics").data == before.data
    event.title_sq = "Tryezë e dytë"
    db.session.commit()
    after = client.get("/calendar.ics")
    assert "Tryezë e dytë" in after.text and after.headers["ETag"] != before.headers["ETag"]
    event.municipality = cast.vlore.municipality
    db.session.commit()
    assert not entries(client, "/calendar.ics?municipality=fier")
    event.visibility = EventVisibility.INTERNAL
    db.session.commit()
    assert not entries(client)
    event.visibility = EventVisibility.PUBLIC
    event.precision, event.starts_at, event.ends_at = DatePrecision.MONTH, None, None
    db.session.commit()
    assert not entries(client)
    assert client.get(f"/sq/events/{event.id}.ics").status_code == 404


def test_an_event_no_calendar_can_hold_takes_no_other_with_it(
    cast: SimpleNamespace, client: FlaskClient
) -> None:
    good = make(cast.fier)
    broken = make(cast.fier, zone="Nowhere/Never")
    assert set(entries(client)) == {good.uid}
    assert client.get(f"/sq/events/{broken.id}.ics").status_code == 404


def test_the_file_of_one_event(cast: SimpleNamespace, client: FlaskClient) -> None:
    event = make(cast.fier)
    answer = client.get(f"/en/events/{event.id}.ics")
    assert answer.headers["Content-Disposition"] == f"attachment; filename=pop-{event.id}.ics"
    assert list(entries(client, f"/en/events/{event.id}.ics")) == [event.uid]
    assert (
        client.get(
            f"/en/events/{event.id}.ics", headers={"If-None-Match": answer.headers["ETag"]}
        ).status_code
        == 304
    )


# Asking again


def test_whoever_has_it_gets_304(cast: SimpleNamespace, client: FlaskClient) -> None:
    make(cast.fier)
    first = client.get("/calendar.ics")
    assert (first.cache_control.public, first.cache_control.max_age) == (True, 900)
    assert first.last_modified == LONG_AGO
    assert "Set-Cookie" not in first.headers and "Cookie" not in first.headers.get("Vary", "")
    etag, stamp = first.headers["ETag"], first.headers["Last-Modified"]
    earlier = http_date(LONG_AGO - timedelta(seconds=1))
    for headers, status in (
        ({"If-None-Match": etag}, 304),
        ({"If-None-Match": f'"other", W/{etag}'}, 304),
        ({"If-None-Match": '"other"'}, 200),
        ({"If-Modified-Since": stamp}, 304),
        ({"If-Modified-Since": earlier}, 200),
        ({"If-Modified-Since": "yesterday"}, 200),
        # The tag decides where both are sent (RFC 9110 section 13.1.3).
        ({"If-None-Match": '"other"', "If-Modified-Since": stamp}, 200),
        ({"If-None-Match": etag, "If-Modified-Since": earlier}, 304),
    ):
        answer = client.get("/calendar.ics", headers=headers)
        assert answer.status_code == status, headers
        assert bool(answer.data) is (status == 200)
        assert answer.headers["ETag"] == etag
    head = client.head("/calendar.ics")
    assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", etag)
    assert int(head.headers["Content-Length"]) == len(first.data)


def test_who_asks_by_date_alone_hears_of_an_event_that_is_gone(
    cast: SimpleNamespace, client: FlaskClient
) -> None:
    event = make(cast.fier)
    make(cast.fier, changed_at=LONG_AGO - timedelta(days=1))
    stamp = client.get("/calendar.ics").headers["Last-Modified"]
    event.visibility, event.changed_at = EventVisibility.INTERNAL, LONG_AGO + timedelta(days=1)
    db.session.commit()
    answer = client.get("/calendar.ics", headers={"If-Modified-Since": stamp})
    assert answer.status_code == 200
    assert event.uid not in answer.text


def test_a_second_in_which_more_may_change_is_not_named(cast: SimpleNamespace, client: FlaskClient) -> None:
    make(cast.fier, changed_at=datetime.now(UTC))
    answer = client.get("/calendar.ics")
    assert "Last-Modified" not in answer.headers and "ETag" in answer.headers


def test_a_large_feed_is_joined_not_rebuilt(
    app: Flask, cast: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    start = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
    db.session.execute(
        insert(Event),
        [
            {
                "uid": f"many-{number}@rsvp.example", "kind": EventKind.ROUND_TABLE, "format": EventFormat.IN_PERSON,
                "precision": DatePrecision.MOMENT, "title_sq": f"Tryeza {number}", "venue": "Salla e këshillit",
                "starts_at": start + timedelta(hours=number), "ends_at": start + timedelta(hours=number + 1),
                "day_from": (start + timedelta(hours=number)).date(), "municipality_id": cast.fier.municipality_id,
                "created_at": LONG_AGO, "changed_at": LONG_AGO, "version": 1, "state": EventState.PLANNED,
                "visibility": EventVisibility.PUBLIC, "published_at": LONG_AGO,
            }
            for number in range(EVENTS)
        ],
    )  # fmt: skip
    db.session.commit()
    app.extensions["public_feed"] = Kept()

    def seconds(work: Callable[[], Any]) -> float:
        db.session.rollback()
        began = time.perf_counter()
        work()
        return time.perf_counter() - began

    with app.test_request_context("/calendar.ics"):
        rebuilt = seconds(lambda: read_feed("sq"))
        # One event changes: all the others are joined as they were kept.
        one = db.session.get(Event, read_feed("sq").stamps[EVENTS // 2][0])
        assert one is not None
        one.title_sq = "Tryeza e ndryshuar"
        db.session.commit()
        joined = seconds(lambda: read_feed("sq"))
        feed = read_feed("sq")
        again = seconds(lambda: read_feed("sq"))
    assert "Tryeza e ndryshuar" in feed.body.decode()
    assert feed.body.count(b"BEGIN:VEVENT") == EVENTS
    with capsys.disabled():
        print(
            f"\nfeed of {EVENTS} events: rebuilt {rebuilt:.2f} s, after one change {joined:.3f} s ({rebuilt / joined:.0f} times"
            f" faster), unchanged {again:.3f} s ({rebuilt / again:.0f} times faster)"
        )
    assert joined < rebuilt / 3
    assert again < rebuilt / 5

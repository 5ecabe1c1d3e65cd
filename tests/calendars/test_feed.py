from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import icalendar
import pytest
from werkzeug.http import quote_etag

from pop_campaigns.calendars.feed import feed_etag, write_event_block, write_event_file, write_feed
from pop_campaigns.calendars.invite import write_invitation
from pop_campaigns.calendars.zones import UnknownZone
from tests.calendars.readings import (
    ALL_DAY,
    GUEST,
    HYBRID,
    MEETING,
    ONLINE,
    names_of,
    read_one,
    read_properties,
)

CANCELLED = replace(MEETING, uid="cancelled@pop.example", status="CANCELLED", sequence=2)
NAME = "Kalendari i POP: përballje, takime"


def test_block_tells_no_guest_and_no_mailbox() -> None:
    block = write_event_block(replace(ONLINE, description="x\r\nATTENDEE:mailto:a@b.example"))
    names = [read.name for read in read_properties(block)]
    assert "ATTENDEE" not in names
    assert "ORGANIZER" not in names
    assert "rsvp" not in block
    assert write_event_block(replace(ONLINE, organizer_address="")) == write_event_block(ONLINE)


def test_feed_is_a_publication_that_says_when_to_come_back() -> None:
    feed = write_feed([write_event_block(MEETING)], ["Europe/Tirane"], NAME, refresh_minutes=90)
    names = names_of(feed, "VCALENDAR")
    assert names[:3] == [
        "VERSION",
        "PRODID",
        "CALSCALE",
    ]  # no METHOD: it would ask for an organiser's mailbox
    assert names[3:] == ["NAME", "X-WR-CALNAME", "REFRESH-INTERVAL", "X-PUBLISHED-TTL"]
    assert read_one(feed, "NAME", "VCALENDAR").text == NAME
    assert read_one(feed, "X-WR-CALNAME", "VCALENDAR").text == NAME
    assert read_one(feed, "REFRESH-INTERVAL", "VCALENDAR")[1:] == ("VALUE=DURATION", "PT90M")
    assert read_one(feed, "X-PUBLISHED-TTL", "VCALENDAR").value == "PT90M"
    read = icalendar.Calendar.from_ical(feed)
    assert read["REFRESH-INTERVAL"].dt == timedelta(minutes=90)
    assert read.walk("VEVENT")[0].start.astimezone(UTC) == MEETING.starts


def test_days_make_nobody_busy_who_subscribed() -> None:
    assert read_one(write_event_file(ALL_DAY), "TRANSP").value == "TRANSPARENT"
    assert "TRANSP" not in names_of(write_event_file(MEETING))
    assert "TRANSP" not in names_of(write_invitation(ALL_DAY, GUEST))


def test_cancelled_events_stay() -> None:
    feed = write_feed(map(write_event_block, [MEETING, CANCELLED, ALL_DAY, HYBRID]), ["Europe/Tirane"], NAME)
    events = icalendar.Calendar.from_ical(feed).walk("VEVENT")
    assert [event["STATUS"] for event in events] == ["CONFIRMED", "CANCELLED", "CONFIRMED", "TENTATIVE"]
    assert events[1]["UID"] == "cancelled@pop.example"


def test_each_zone_is_defined_once_also_one_that_nobody_named() -> None:
    abroad = replace(MEETING, uid="b@pop.example", zone="America/New_York")
    blocks = [write_event_block(event) for event in (MEETING, abroad, MEETING, replace(MEETING, zone="UTC"))]
    feed = write_feed(blocks, ["Europe/Tirane", "UTC"], NAME)
    zones = [read.value for read in read_properties(feed, "VTIMEZONE")]
    assert zones == ["America/New_York", "Europe/Tirane"]
    typed = replace(ALL_DAY, description="x\nDTSTART;TZID=Mars/Base:20270101T000000")
    assert "VTIMEZONE" not in write_feed([write_event_block(typed)], [], NAME)


def test_empty_feed_is_a_calendar_all_the_same() -> None:
    feed = write_feed([], ["Europe/Tirane"], NAME)
    assert len(icalendar.Calendar.from_ical(feed).walk("VTIMEZONE")) == 1


def test_wrong_parts_are_refused() -> None:
    with pytest.raises(ValueError, match="block"):
        write_feed(["BEGIN:VEVENT\nEND:VEVENT\n"], [], NAME)
    with pytest.raises(ValueError, match="block"):
        write_feed([write_event_file(MEETING)], [], NAME)
    with pytest.raises(ValueError, match="refresh"):
        write_feed([], [], NAME, 0)
    with pytest.raises(UnknownZone):
        write_feed([], ["Mars/Base"], NAME)


def test_file_holds_one_event_and_its_zone() -> None:
    written = write_event_file(MEETING)
    assert names_of(written, "VCALENDAR") == ["VERSION", "PRODID", "CALSCALE"]
    assert read_one(written, "TZID", "VTIMEZONE").value == "Europe/Tirane"
    assert read_one(written, "UID").value == MEETING.uid
    assert write_event_block(MEETING) in written
    assert "VTIMEZONE" not in write_event_file(ALL_DAY)


def test_etag_follows_the_bytes() -> None:
    feed = write_feed([write_event_block(MEETING)], [], NAME)
    assert feed_etag(feed) == feed_etag(str(feed))
    later = replace(MEETING, dtstamp=datetime(2027, 5, 21, tzinfo=UTC))
    assert feed_etag(write_feed([write_event_block(later)], [], NAME)) != feed_etag(feed)
    assert quote_etag(feed_etag(feed)) == f'"{feed_etag(feed)}"'

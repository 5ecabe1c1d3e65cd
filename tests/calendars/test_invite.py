from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import icalendar
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pop_campaigns.calendars.event import Attendee, CalendarEvent
from pop_campaigns.calendars.invite import invitation_from_json, invitation_to_json, write_invitation
from pop_campaigns.calendars.reply import read_calendar
from pop_campaigns.calendars.text import (
    UnusableAddress,
    UnusableLink,
    clean_line,
    clean_name,
    clean_paragraphs,
)
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

WHAT_AND_WHEN = ["UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "DESCRIPTION", "LOCATION"]
IN_PERSON = [*WHAT_AND_WHEN, "URL", "CATEGORIES", "STATUS"]
WITH_LINK = [*WHAT_AND_WHEN, "CONFERENCE", "URL", "CATEGORIES", "STATUS"]
PEOPLE = ["ORGANIZER", "ATTENDEE"]
HEAD = ["VERSION", "PRODID", "CALSCALE", "METHOD"]
HOSTILE = [
    "Takim\r\nATTENDEE:mailto:x@evil.example",
    "Takim\rATTENDEE:mailto:x@evil.example",
    "Takim\nEND:VEVENT\nBEGIN:VALARM",
    "Takim\0\x1f\x7f",
    'Takim "i hapur"; a, b: c\\n \\',
    "Takim\\",
    "Takim 🏛️👨‍👩‍👧 në Korçë",
    "ë" * 300,
    "Takim\u2028X-A:1\u2029X-B:2\x85X-C:3",
    "\u202eTakim\u200b\u2066",
    "Takim ^n^'^^",
    "=?utf-8?q?A=0D=0ABcc:_x?=",
    "%0D%0AATTENDEE:x",
    "Takim" + " " * 90 + "x",
]
TYPED = st.text(max_size=320) | st.lists(
    st.sampled_from(
        [
            "\r\n",
            "\r",
            "\n",
            "\0",
            '"',
            ";",
            ":",
            ",",
            "\\",
            "\\n",
            "ATTENDEE:mailto:x@y",
            "ë",
            "ç",
            "🏛",
            "=?",
            " ",
        ]
    )
).map("".join)


def parse_event(calendar: str) -> icalendar.Event:
    """Second reading, by the library; it must find nothing it could not read."""
    read = icalendar.Calendar.from_ical(calendar)
    (event,) = read.walk("VEVENT")
    assert read.errors == []
    assert event.errors == []
    return event


def test_request_says_everything_once_and_in_order() -> None:
    written = write_invitation(MEETING, GUEST)
    assert names_of(written, "VCALENDAR") == HEAD
    assert names_of(written) == IN_PERSON + PEOPLE
    assert read_one(written, "METHOD", "VCALENDAR").value == "REQUEST"
    assert read_one(written, "PRODID", "VCALENDAR").value == "-//POP network//pop_campaigns//SQ"
    attendee = read_one(written, "ATTENDEE")
    assert attendee.parameters == (
        "CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;"
        'CN="Ministria e Turizmit dhe Mjedisit"'
    )
    assert attendee.value == "mailto:kabineti@mjedisi.example"
    organizer = read_one(written, "ORGANIZER")
    assert organizer[1:] == ('CN="Koordinator Fier"', "mailto:r-k3v9x2@rsvp.pop.example")
    assert read_one(written, "STATUS").value == "CONFIRMED"
    event = parse_event(written)
    assert event["UID"] == MEETING.uid
    assert event["SUMMARY"] == MEETING.summary
    assert event["DESCRIPTION"] == MEETING.description
    assert event["CATEGORIES"].cats == list(MEETING.categories)


def test_times_are_local_with_the_zone_they_name() -> None:
    written = write_invitation(MEETING, GUEST)
    assert read_one(written, "DTSTART")[1:] == ("TZID=Europe/Tirane", "20270616T100000")
    assert read_one(written, "DTEND")[1:] == ("TZID=Europe/Tirane", "20270616T123000")
    assert read_one(written, "DTSTAMP")[1:] == ("", "20270520T073000Z")
    assert read_one(written, "TZID", "VTIMEZONE").value == "Europe/Tirane"
    event = parse_event(written)
    assert event.start.astimezone(UTC) == MEETING.starts
    assert event.end.astimezone(UTC) == MEETING.ends


@pytest.mark.parametrize("hour", [0, 1])
def test_in_the_hour_that_happens_twice_times_are_in_utc(hour: int) -> None:
    starts = datetime(2027, 10, 31, hour, 30, tzinfo=UTC)
    written = write_invitation(replace(MEETING, starts=starts, ends=starts + timedelta(hours=3)), GUEST)
    assert read_one(written, "DTSTART")[1:] == ("", f"20271031T0{hour}3000Z")
    assert read_one(written, "DTEND")[1:] == ("", f"20271031T0{hour + 3}3000Z")
    assert "VTIMEZONE" not in written


def test_zone_utc_needs_no_vtimezone() -> None:
    written = write_invitation(replace(MEETING, zone="UTC"), GUEST)
    assert read_one(written, "DTSTART")[1:] == ("", "20270616T080000Z")
    assert "VTIMEZONE" not in written


def test_all_day_has_dates_and_an_exclusive_end() -> None:
    written = write_invitation(ALL_DAY, GUEST)
    assert read_one(written, "DTSTART")[1:] == ("VALUE=DATE", "20270616")
    assert read_one(written, "DTEND")[1:] == ("VALUE=DATE", "20270618")
    assert "VTIMEZONE" not in written
    single = write_invitation(replace(ALL_DAY, starts=date(2027, 12, 31), ends=None), GUEST)
    assert read_one(single, "DTEND")[1:] == ("VALUE=DATE", "20280101")
    assert parse_event(single).duration == timedelta(days=1)


def test_unknown_end_is_not_invented() -> None:
    written = write_invitation(replace(MEETING, ends=None), GUEST)
    assert names_of(written) == [name for name in IN_PERSON if name != "DTEND"] + PEOPLE
    assert "DURATION" not in written


def test_online_the_link_is_everywhere_people_look() -> None:
    written = write_invitation(ONLINE, GUEST)
    assert names_of(written) == WITH_LINK + PEOPLE
    assert read_one(written, "CONFERENCE")[1:] == ("VALUE=URI;FEATURE=AUDIO,VIDEO", ONLINE.join_url)
    assert read_one(written, "LOCATION").text == ONLINE.join_url
    assert read_one(written, "DESCRIPTION").text == f"{MEETING.description}\n\n{ONLINE.join_url}"
    assert parse_event(written).conferences[0].uri == ONLINE.join_url


def test_hybrid_keeps_the_venue_and_has_the_link() -> None:
    written = write_invitation(HYBRID, GUEST)
    assert names_of(written) == WITH_LINK + PEOPLE
    assert read_one(written, "LOCATION").text == MEETING.location
    assert read_one(written, "DESCRIPTION").text.endswith("\n\nhttps://meet.example/j/829")
    assert read_one(written, "STATUS").value == "TENTATIVE"


def test_link_that_the_description_has_is_not_repeated() -> None:
    described = replace(HYBRID, description="Lidhja: https://meet.example/j/829 (Zoom)")
    assert read_one(write_invitation(described, GUEST), "DESCRIPTION").text == described.description
    longer = replace(HYBRID, description="https://meet.example/j/8290")
    assert read_one(write_invitation(longer, GUEST), "DESCRIPTION").text.endswith(
        "\n\nhttps://meet.example/j/829"
    )


def test_cancel_names_the_same_event_and_asks_nothing() -> None:
    cancelled = replace(MEETING, sequence=3)
    written = write_invitation(cancelled, GUEST, "CANCEL")
    assert names_of(written) == IN_PERSON + PEOPLE
    assert read_one(written, "METHOD", "VCALENDAR").value == "CANCEL"
    assert read_one(written, "STATUS").value == "CANCELLED"
    assert read_one(written, "SEQUENCE").value == "3"
    assert "RSVP" not in read_one(written, "ATTENDEE").parameters
    request = write_invitation(MEETING, GUEST)
    for name in ("UID", "ORGANIZER", "DTSTART"):
        assert read_one(written, name) == read_one(request, name)
    assert write_invitation(replace(cancelled, status="CANCELLED"), GUEST, "CANCEL") == written


def test_a_declined_proposal_says_what_stands_and_asks_nothing() -> None:
    guest = replace(GUEST, partstat="TENTATIVE")
    written = write_invitation(
        replace(MEETING, sequence=4), guest, "DECLINECOUNTER", "Salla, e zënë; më\r\nfal"
    )
    assert read_one(written, "METHOD", "VCALENDAR").value == "DECLINECOUNTER"
    # RFC 5546 section 3.2.8: of all properties these alone.
    assert names_of(written) == ["UID", "SEQUENCE", "DTSTAMP", "ORGANIZER", "COMMENT"]
    assert "VTIMEZONE" not in written
    assert read_one(written, "COMMENT").text == "Salla, e zënë; më\nfal"
    assert (read_one(written, "UID").value, read_one(written, "SEQUENCE").value) == (MEETING.uid, "4")
    item = read_calendar(written.encode()).item
    assert (item.uid, item.sequence, item.dtstart, item.attendees) == (MEETING.uid, 4, None, ())
    instance = replace(MEETING, recurrence_id=MEETING.starts)
    assert (
        read_one(write_invitation(instance, GUEST, "DECLINECOUNTER"), "RECURRENCE-ID").value
        == "20270616T080000Z"
    )
    assert "COMMENT" not in names_of(write_invitation(MEETING, GUEST, "DECLINECOUNTER", " \u200b\n"))
    with pytest.raises(ValueError, match="cancelled"):
        write_invitation(replace(MEETING, status="CANCELLED"), GUEST, "DECLINECOUNTER")


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_words_in_a_comment_stay_a_comment(hostile: str) -> None:
    written = write_invitation(MEETING, GUEST, "DECLINECOUNTER", hostile)
    assert names_of(written) == ["UID", "SEQUENCE", "DTSTAMP", "ORGANIZER", "COMMENT"]
    assert read_one(written, "COMMENT").text == clean_paragraphs(hostile)
    assert str(icalendar.Calendar.from_ical(written).events[0]["COMMENT"]) == clean_paragraphs(hostile)


def test_a_stored_comment_is_written_again() -> None:
    stored = json.loads(
        json.dumps(invitation_to_json(MEETING, GUEST, "DECLINECOUNTER") | {"comment": "Më falni"})
    )
    assert invitation_from_json(stored) == write_invitation(MEETING, GUEST, "DECLINECOUNTER", "Më falni")
    with pytest.raises(ValueError, match="comment"):
        invitation_from_json(stored | {"comment": 7})


def test_one_occurrence_is_named_in_the_form_of_the_start() -> None:
    written = write_invitation(replace(MEETING, recurrence_id=MEETING.starts - timedelta(days=1)), GUEST)
    assert read_one(written, "RECURRENCE-ID")[1:] == ("TZID=Europe/Tirane", "20270615T100000")
    days = write_invitation(replace(ALL_DAY, recurrence_id=date(2027, 6, 15)), GUEST)
    assert read_one(days, "RECURRENCE-ID")[1:] == ("VALUE=DATE", "20270615")


def test_guest_who_answered_and_guest_who_may_come() -> None:
    guest = Attendee("", "a@b.example", partstat="ACCEPTED", role="OPT-PARTICIPANT")
    parameters = read_one(write_invitation(MEETING, guest), "ATTENDEE").parameters
    assert parameters == "CUTYPE=INDIVIDUAL;ROLE=OPT-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=TRUE"


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_stays_text(hostile: str) -> None:
    check_typed(hostile)


@settings(deadline=None)  # the machine may be busy
@given(TYPED)
@example("\\\r\n\\;")
@example("x\r\n y")
def test_any_text_stays_text(typed: str) -> None:
    check_typed(typed)


def check_typed(typed: str) -> None:
    """Typed into every field: no property more than there should be, each reads as it was cleaned."""
    event = replace(
        MEETING,
        summary="T " + typed,
        description="D " + typed,
        location="L " + typed,
        organizer_name="O " + typed,
        categories=("K " + typed, "Fier"),
    )
    written = write_invitation(event, Attendee("G " + typed, "a@b.example"))
    assert names_of(written, "VCALENDAR") == HEAD
    assert names_of(written) == IN_PERSON + PEOPLE
    assert read_one(written, "SUMMARY").text == clean_line("T " + typed)
    assert read_one(written, "DESCRIPTION").text == clean_paragraphs("D " + typed)
    assert read_one(written, "LOCATION").text == clean_line("L " + typed)
    assert not any(read.name.startswith("X-") for read in read_properties(written))
    read = parse_event(written)
    assert sorted(name for name, _ in read.property_items(recursive=False)) == sorted(
        IN_PERSON + PEOPLE + ["BEGIN", "END"]
    )
    assert read["SUMMARY"] == clean_line("T " + typed)
    assert read["DESCRIPTION"] == clean_paragraphs("D " + typed)
    assert read["LOCATION"] == clean_line("L " + typed)
    assert read["CATEGORIES"].cats == [clean_line("K " + typed), "Fier"]
    assert read["ATTENDEE"] == "mailto:a@b.example"
    assert read["ATTENDEE"].params["CN"] == clean_name("G " + typed)
    assert read["ORGANIZER"].params["CN"] == clean_name("O " + typed)


@pytest.mark.parametrize(
    "change",
    [
        {"uid": "a\r\nb"},
        {"uid": ""},
        {"sequence": -1},
        {"status": "confirmed"},
        {"summary": " \r\n\u200b"},
        {"starts": datetime(2027, 6, 16, 8, 0)},
        {"starts": datetime(2027, 6, 16, 8, 0, tzinfo=timezone(timedelta(hours=2)))},
        {"dtstamp": datetime(2027, 6, 16, 8, 0)},
        {"ends": MEETING.starts},
        {"ends": MEETING.starts - timedelta(hours=1)},
        {"ends": date(2027, 6, 17)},
        {"starts": date(2027, 6, 16)},
        {"recurrence_id": date(2027, 6, 16)},
        {"starts": datetime(1912, 11, 28, tzinfo=UTC)},
        {"starts": date.max, "ends": None},
    ],
)
def test_impossible_event_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        replace(MEETING, **change)


def test_other_mistakes_have_their_own_names() -> None:
    with pytest.raises(UnknownZone):
        replace(MEETING, zone="Europe/Tiranë")
    for field in ("join_url", "url"):
        with pytest.raises(UnusableLink):
            replace(MEETING, **{field: "javascript:alert(1)"})
    with pytest.raises(UnusableAddress):
        Attendee("X", "a@b.example\r\nATTENDEE:mailto:c@d.example")
    with pytest.raises(UnusableAddress):
        write_invitation(replace(MEETING, organizer_address=""), GUEST)
    with pytest.raises(ValueError, match="role"):
        Attendee("X", "a@b.example", role="CHAIR;X=1")
    with pytest.raises(ValueError, match="answer"):
        Attendee("X", "a@b.example", partstat="yes")
    with pytest.raises(ValueError, match="method"):
        write_invitation(MEETING, GUEST, "PUBLISH")
    with pytest.raises(ValueError, match="cancelled"):
        write_invitation(replace(MEETING, status="CANCELLED"), GUEST)


@pytest.mark.parametrize("method", ["REQUEST", "CANCEL"])
@pytest.mark.parametrize(
    "event",
    [
        MEETING,
        ONLINE,
        HYBRID,
        ALL_DAY,
        replace(ALL_DAY, ends=None, recurrence_id=date(2027, 6, 16)),
        replace(
            MEETING, last_modified=datetime(2027, 5, 1, 1, 2, 3, 456, tzinfo=UTC), categories=(), url=None
        ),
    ],
)
def test_stored_invitation_is_written_with_the_same_bytes(event: CalendarEvent, method: str) -> None:
    guest = replace(GUEST, partstat="TENTATIVE", role="OPT-PARTICIPANT")
    stored = json.loads(json.dumps(invitation_to_json(event, guest, method)))
    assert invitation_from_json(stored) == write_invitation(event, guest, method)


def test_stored_row_has_exactly_the_documented_keys() -> None:
    stored = invitation_to_json(MEETING, GUEST, "REQUEST")
    assert stored["starts"] == "2027-06-16T08:00:00+00:00"
    assert stored["categories"] == ["Tryezë e rrumbullakët", "Fier"]
    assert invitation_to_json(ALL_DAY, GUEST)["starts"] == "2027-06-16"
    assert set(stored) == set(CalendarEvent.__dataclass_fields__) | {
        "method",
        "attendee_name",
        "attendee_address",
        "attendee_role",
        "attendee_partstat",
    }


def test_row_may_leave_out_what_has_a_default_and_write_other_offsets() -> None:
    stored = invitation_to_json(MEETING, GUEST)
    for key in ("recurrence_id", "last_modified", "attendee_role", "attendee_partstat", "method"):
        del stored[key]
    stored["starts"], stored["dtstamp"] = "2027-06-16T10:00:00+02:00", "2027-05-20T07:30:00Z"
    assert invitation_from_json(stored) == write_invitation(MEETING, GUEST)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("starts", "2027-06-16T08:00:00"),
        ("starts", "nesër"),
        ("starts", None),
        ("dtstamp", "2027-06-16"),
        ("sequence", "1"),
        ("sequence", True),
        ("categories", "Fier"),
        ("categories", [1]),
        ("summary", None),
        ("summary", 7),
        ("method", "REPLY"),
        ("method", None),
        ("attendee_address", "a@b.example, c@d.example"),
        ("join_ulr", "https://meet.example/"),
    ],
)
def test_malformed_row_is_refused(key: str, value: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        invitation_from_json({**invitation_to_json(MEETING, GUEST), key: value})


@pytest.mark.parametrize("key", ["uid", "url", "attendee_name", "attendee_address"])
def test_row_without_what_it_needs_is_refused(key: str) -> None:
    stored = invitation_to_json(MEETING, GUEST)
    del stored[key]
    with pytest.raises(ValueError, match=key):
        invitation_from_json(stored)

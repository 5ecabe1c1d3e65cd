"""What a guest's calendar program answers: the invitation it was sent, changed only in what is said to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import icalendar
import pytest

from pop_campaigns.calendars.event import Attendee, CalendarEvent
from pop_campaigns.calendars.invite import write_invitation
from pop_campaigns.calendars.reply import UnreadableCalendar, read_calendar
from pop_campaigns.tryout.guest_calendar import read_request, write_counter, write_reply
from tests.calendars.programs import CHAIR, GUEST, REQUESTS, UID

STAMP = datetime(2026, 11, 20, 9, 0, 5, tzinfo=UTC)
STARTS = datetime(2027, 6, 16, 8, 0, tzinfo=UTC)


def invitation(**changes: object) -> str:
    values: dict[str, object] = {
        "uid": "tryeze@rsvp.example", "sequence": 3, "dtstamp": STAMP, "starts": STARTS,
        "ends": STARTS + timedelta(hours=2), "zone": "Europe/Tirane", "summary": "Ndotja; e lumit, Gjanica",
        "description": "Përshkrim", "location": "Bashkia Fier", "join_url": None, "url": None, "status": "CONFIRMED",
        "categories": (), "organizer_name": "Çështja", "organizer_address": "r-abc@rsvp.example",
    }  # fmt: skip
    guest = Attendee("Kryetar – Bashkia Fier", "kryetari@bashkia.example")
    return write_invitation(CalendarEvent(**(values | changes)), guest)  # type: ignore[arg-type]


def entry(text: str) -> icalendar.Event:
    [found] = icalendar.Calendar.from_ical(text).walk("VEVENT")
    return found  # type: ignore[return-value]


@pytest.mark.parametrize("partstat", ["ACCEPTED", "TENTATIVE", "DECLINED"])
def test_an_answer_echoes_the_invitation(partstat: str) -> None:
    asked = read_request(invitation())
    answer = write_reply(asked, partstat, "Po;\nvij", stamp=STAMP + timedelta(days=1))
    assert all(len(line.encode()) <= 75 for line in answer.split("\r\n"))
    message = read_calendar(answer.encode())
    item = message.item
    assert (message.method, item.uid, item.sequence) == ("REPLY", "tryeze@rsvp.example", 3)
    assert (item.dtstart, item.dtend) == (STARTS, STARTS + timedelta(hours=2))
    assert item.dtstamp == STAMP + timedelta(days=1)
    assert item.comment == "Po;\nvij"
    [guest] = item.attendees
    assert (guest.address, guest.partstat) == ("kryetari@bashkia.example", partstat)
    assert item.organizer
    assert item.organizer.address == "r-abc@rsvp.example"
    assert entry(answer)["SUMMARY"] == "Ndotja; e lumit, Gjanica"


def test_a_proposal_keeps_the_zone_and_names_the_present_time() -> None:
    asked = read_request(invitation())
    later = STARTS + timedelta(days=2)
    answer = write_counter(asked, later, later + timedelta(minutes=45), "", stamp=STAMP)
    result = entry(answer)
    assert result["DTSTART"].params["TZID"] == "Europe/Tirane"
    assert f"{result['DTSTART'].dt:%H:%M}" == "10:00"
    assert "X-MS-OLK-ORIGINALSTART;TZID=Europe/Tirane:20270616T100000" in answer
    message = read_calendar(answer.encode())
    assert (message.method, message.item.dtstart) == ("COUNTER", later)
    assert message.item.dtend == later + timedelta(minutes=45)
    assert "COMMENT" not in answer


def test_hours_given_in_utc_are_proposed_in_utc() -> None:
    asked = read_request(invitation(zone="Etc/UTC"))
    assert asked.zone == ""
    answer = write_counter(asked, STARTS, STARTS + timedelta(hours=1), "", stamp=STAMP)
    assert "\r\nDTSTART:20270616T080000Z\r\n" in answer


def test_what_is_no_question_is_not_answered() -> None:
    asked = read_request(invitation())
    with pytest.raises(UnreadableCalendar):
        read_request(write_reply(asked, "ACCEPTED", "", stamp=STAMP))
    with pytest.raises(UnreadableCalendar):
        read_request("")
    for wrong in ("NEEDS-ACTION", "DELEGATED", "ACCEPTED\r\nX:y"):
        with pytest.raises(ValueError, match="not an answer"):
            write_reply(asked, wrong, "", stamp=STAMP)
    with pytest.raises(ValueError, match="no hours"):
        write_counter(asked, STARTS, STARTS, "", stamp=STAMP)
    all_day = read_request(invitation(starts=STARTS.date(), ends=None))
    with pytest.raises(ValueError, match="no hours"):
        write_counter(all_day, STARTS, STARTS + timedelta(hours=1), "", stamp=STAMP)


@pytest.mark.parametrize("program", REQUESTS)
@pytest.mark.filterwarnings("ignore::icalendar.error.GloballyUniqueTZIDGuessed")
def test_invitations_of_other_programs_are_answered_too(program: str) -> None:
    text = REQUESTS[program].text
    message = read_calendar(write_reply(read_request(text), "DECLINED", "Jo", stamp=STAMP).encode())
    question = read_calendar(text.encode())
    assert (message.method, message.item.uid) == ("REPLY", UID)
    assert message.item.dtstart == question.item.dtstart
    assert message.item.all_day == question.item.all_day
    assert (message.item.sequence or 0) == (question.item.sequence or 0)
    [guest] = message.item.attendees
    assert (guest.address, guest.partstat) == (GUEST, "DECLINED")
    assert message.item.organizer is not None
    assert message.item.organizer.address == CHAIR

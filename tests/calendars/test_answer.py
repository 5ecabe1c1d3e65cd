"""What one attendee says: its form in JSON, and what stands there of old."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest

from pop_campaigns.calendars.answer import CalendarAnswer

WHOLE: dict[str, Any] = {
    "method": "REPLY", "uid": "e1@pop.example", "attendee": "arta@bashkia.example", "partstat": "DELEGATED", "sequence": 0,
    "comment": "Vjen zëvendësi", "dtstamp": "2027-03-01T10:11:12Z", "dtstart": "2027-06-03T08:00:00Z",
    "dtend": None, "recurrence_id": None, "all_day": False, "floating": ["dtstart"], "delegated_to": ["b@bashkia.example"],
    "delegated_from": [], "organizer": None, "attendees": ["arta@bashkia.example"], "summary": None, "component": "VEVENT",
    "items": 1, "private_comment": "Në besim", "proposed_start": "2027-06-04T08:00:00Z", "proposed_end": None,
    "proposed_floating": True,
}  # fmt: skip


def test_it_comes_back_from_json_as_it_was() -> None:
    answer = CalendarAnswer.from_json(WHOLE)
    assert answer.dtstamp == datetime(2027, 3, 1, 10, 11, 12, tzinfo=UTC)
    assert (answer.sequence, answer.organizer, answer.floating) == (0, "", ("dtstart",))
    assert answer.to_json() == WHOLE
    assert list(answer.to_json()) == list(WHOLE) == [field.name for field in fields(CalendarAnswer)]
    assert hash(answer) == hash(CalendarAnswer.from_json(answer.to_json()))


@pytest.mark.parametrize(
    "plain",
    [{}, {"dtstamp": "soon"}, {"uid": None}, {"written_by_a_later_version": 1}],
    ids=["nothing", "no time", "null", "unknown"],
)
def test_what_is_missing_or_broken_was_not_said(plain: dict[str, Any]) -> None:
    assert CalendarAnswer.from_json(plain) == CalendarAnswer()


def test_who_answers_and_who_proposes() -> None:
    told = {
        method: (CalendarAnswer(method).is_answer, CalendarAnswer(method).proposes)
        for method in ("REPLY", "COUNTER", "REQUEST", "")
    }
    assert told == {
        "REPLY": (True, False),
        "COUNTER": (True, True),
        "REQUEST": (False, False),
        "": (False, False),
    }


def test_another_time_beside_an_answer_is_a_proposal_like_others() -> None:
    answer = CalendarAnswer.from_json(WHOLE)
    proposal = answer.proposal_beside
    assert proposal is not None
    assert (proposal.method, proposal.dtstart, proposal.dtend) == ("COUNTER", answer.proposed_start, None)
    assert (proposal.floating, proposal.uid) == (("dtstart", "dtend"), answer.uid)
    assert proposal.proposes
    assert proposal.proposal_beside is None
    assert CalendarAnswer("REPLY").proposal_beside is None

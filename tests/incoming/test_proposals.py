"""Another time that a guest proposes: kept when it is genuine, accepted or declined once, told to whom it concerns."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from pop_campaigns.accounts.models import User
from pop_campaigns.calendars.reply import read_calendar
from pop_campaigns.core.clock import TIRANE, now
from pop_campaigns.core.db import db
from pop_campaigns.core.history import History
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.services.events import cancel_event
from pop_campaigns.incoming.queries.proposals import open_proposals, open_proposals_of, standing
from pop_campaigns.incoming.rules.proposals import Standing
from pop_campaigns.incoming.services.proposals import (
    EventChanged,
    ProposalClosed,
    TimeIsPast,
    accept_proposal,
    decline_proposal,
)
from pop_campaigns.invitations.models.invitations import GivenAnswer, TimeProposal
from pop_campaigns.invitations.queries.guests import awaiting_reminder
from pop_campaigns.invitations.rules.invitations import Answer, GuestChoice
from pop_campaigns.invitations.services.guests import add_guests
from pop_campaigns.invitations.services.sending import send_invitations, withdraw_guest
from pop_campaigns.mail.compose import compose
from pop_campaigns.mail.message import message_bytes
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.reading.mails import read_mail
from pop_campaigns.mail.rules import IncomingState, MailState, Review
from tests.incoming.counters import (
    counter,
    day,
    declined_mail,
    local,
    mail_of,
    mails_of_changes,
    make_scene_at_ten,
    outlook,
    proposals,
    proposed,
    seen,
    utc,
)
from tests.incoming.scene import DOMAIN, STAMP, address_of, arrive, reply

SignIn = Callable[[Any], FlaskClient]
HOUR = timedelta(hours=1)


@pytest.fixture
def scene(cast: SimpleNamespace) -> SimpleNamespace:
    return make_scene_at_ten(cast)


# What comes in


def test_a_genuine_proposal_is_kept_and_filed_and_the_answer_stays(scene: SimpleNamespace) -> None:
    starts = scene.event.starts_at + timedelta(days=2)
    mail = arrive(counter(scene.mayor, comment="Atë ditë kemi këshill\\, nesër jo"))
    one = proposals()[0]
    assert (mail.state, mail.organisation_id) == (IncomingState.MATCHED, scene.event.organisation_id)
    assert [(link.subject_type, link.subject_id) for link in mail.links] == [("invitations", scene.mayor.id)]
    assert (one.invitation_id, one.incoming_mail_id) == (scene.mayor.id, mail.id)
    assert (one.starts_at, one.ends_at, one.event_sequence) == (starts, starts + 2 * HOUR, 0)
    assert one.comment == "Atë ditë kemi këshill, nesër jo"
    assert scene.mayor.answer is Answer.NEEDS_ACTION
    assert not db.session.scalars(select(GivenAnswer)).all()
    assert scene.event.sequence == 0


@pytest.mark.parametrize("partstat", ["TENTATIVE", "ACCEPTED", "DECLINED", "NEEDS-ACTION"])
def test_what_stands_beside_the_time_is_no_answer(scene: SimpleNamespace, partstat: str) -> None:
    arrive(reply(scene.mayor, partstat="DECLINED", stamp=STAMP - HOUR))
    arrive(counter(scene.mayor, partstat=partstat))
    assert len(proposals()) == 1
    assert scene.mayor.answer is Answer.DECLINED
    assert len(db.session.scalars(select(GivenAnswer)).all()) == 1


FORGED: dict[str, dict[str, Any]] = {
    "another guest's attendee": {"attendee": "prefekti@qark.example"},
    "a gate-crasher": {"attendee": "i.paftuar@posta.example"},
    "another event": {"uid": "tjeter@rsvp.example"},
    "one day of a series": {"more": ["RECURRENCE-ID:20301210T090000Z"]},
    "wrong token, right event": {"to": f"r-{'a' * 26}@{DOMAIN}"},
    "a stranger in the guest's name": {"to": f"kontakt@{DOMAIN}", "sender": "troll@posta.example"},
    "nobody named, without the guest's address": {"attendee": "", "to": f"kontakt@{DOMAIN}"},
}


@pytest.mark.parametrize("case", FORGED)
def test_a_forged_one_waits_with_its_reason(scene: SimpleNamespace, case: str) -> None:
    mail = arrive(counter(scene.mayor, **FORGED[case]))
    assert mail.state is IncomingState.HELD
    assert mail.review is not None
    assert not proposals()


def test_without_the_guests_address_event_and_guest_only_suggest(scene: SimpleNamespace) -> None:
    mail = arrive(counter(scene.mayor, to=f"kontakt@{DOMAIN}"))
    assert (mail.state, mail.review) == (IncomingState.HELD, Review.UNPROVEN)
    assert [(link.how, link.suggested) for link in mail.links] == [("uid", True)]
    assert not proposals()


def test_google_may_send_it_for_the_guest_and_leave_the_sequence_out(scene: SimpleNamespace) -> None:
    raw = counter(scene.mayor, sender="calendar-notification@google.com", sequence=None, attendee="")
    assert arrive(raw).state is IncomingState.MATCHED
    assert [proposal.invitation_id for proposal in proposals()] == [scene.mayor.id]


@pytest.mark.both_databases
def test_a_newer_proposal_takes_the_place_of_the_open_one(scene: SimpleNamespace) -> None:
    arrive(counter(scene.mayor))
    starts = scene.event.starts_at + timedelta(days=5)
    arrive(counter(scene.mayor, [utc("DTSTART", starts)], stamp=STAMP + HOUR))
    older, newer = proposals()
    assert standing(older, now=now()) is Standing.OVERTAKEN
    assert standing(newer, now=now()) is Standing.OPEN
    assert [proposal.id for proposal in open_proposals_of(scene.event, now=now())] == [newer.id]


def test_an_older_proposal_that_comes_late_changes_nothing(scene: SimpleNamespace) -> None:
    arrive(counter(scene.mayor, stamp=STAMP + HOUR))
    starts = scene.event.starts_at + timedelta(days=5)
    late = arrive(counter(scene.mayor, [utc("DTSTART", starts)], stamp=STAMP))
    assert late.state is IncomingState.MATCHED
    assert late.review is Review.OLDER
    assert len(proposals()) == 1


def test_a_proposal_made_before_a_later_answer_is_out_of_date(scene: SimpleNamespace) -> None:
    arrive(reply(scene.mayor, stamp=STAMP + HOUR))
    assert arrive(counter(scene.mayor, stamp=STAMP)).review is Review.OLDER
    assert not proposals()


def test_the_same_mail_twice_is_one_proposal_also_when_it_was_declined(
    cast: SimpleNamespace, scene: SimpleNamespace
) -> None:
    raw = counter(scene.mayor, comment="Njësoj")
    first, again = arrive(raw), arrive(b"Received: from mx.example\r\n" + raw)
    assert (first.state, again.state) == (IncomingState.MATCHED, IncomingState.MATCHED)
    assert len(proposals()) == 1
    arrive(counter(scene.mayor, comment="Njësoj", stamp=STAMP + HOUR))  # pressed once more
    assert len(proposals()) == 1
    decline_proposal(proposals()[0], words="", seen=seen(scene), by=cast.arta, now=now())
    db.session.commit()
    arrive(b"X-Again: 1\r\n" + raw)
    assert len(proposals()) == 1
    arrive(counter(scene.mayor, comment="Njësoj", stamp=STAMP + 2 * HOUR))  # asked anew after the refusal
    assert [standing(proposal, now=now()) for proposal in proposals()] == [Standing.DECLINED, Standing.OPEN]


def held(scene: SimpleNamespace, times: list[str], **changes: Any) -> str:
    mail = arrive(counter(scene.mayor, times, **changes))
    assert (mail.state, proposals()) == (IncomingState.HELD, [])
    return str(mail.review)


def test_what_names_no_time_that_can_be_read_waits(scene: SimpleNamespace) -> None:
    starts = scene.event.starts_at + timedelta(days=2)
    assert held(scene, []) == "no_time"
    assert held(scene, [utc("DTEND", starts)]) == "no_time"
    assert held(scene, ["DTSTART:sometime"]) == "no_time"
    assert held(scene, [utc("DTSTART", starts), utc("DTEND", starts - HOUR)]) == "no_time"
    assert held(scene, ["DTSTART:10000101T000000Z"]) == "no_time"
    assert held(scene, ["DTSTART:99991231T235959Z"]) == "no_time"


def test_a_day_without_an_hour_is_not_filled_up_with_a_guess(scene: SimpleNamespace) -> None:
    which = scene.event.day_from + timedelta(days=2)
    assert held(scene, [day("DTSTART", which), day("DTEND", which + timedelta(days=1))]) == "day_only"


def test_the_time_the_event_has_already_is_no_proposal(scene: SimpleNamespace) -> None:
    assert held(scene, [utc("DTSTART", scene.event.starts_at)]) == "same_time"
    times = [utc("DTSTART", scene.event.starts_at), utc("DTEND", scene.event.ends_at)]
    assert held(scene, times, comment="Por diku tjetër") == "same_time"


def test_only_an_end_that_differs_is_a_proposal(scene: SimpleNamespace) -> None:
    starts = scene.event.starts_at
    arrive(counter(scene.mayor, [utc("DTSTART", starts), utc("DTEND", starts + HOUR)]))
    assert proposals()[0].ends_at == starts + HOUR


def test_without_an_end_the_event_keeps_its_length(cast: SimpleNamespace, scene: SimpleNamespace) -> None:
    starts = scene.event.starts_at + timedelta(days=2)
    arrive(counter(scene.mayor, [utc("DTSTART", starts), utc("DTEND", starts)]))
    one = proposals()[0]
    assert one.ends_at is None
    accept_proposal(one, seen=seen(scene), by=cast.arta, now=now())
    assert (scene.event.starts_at, scene.event.ends_at) == (starts, starts + 2 * HOUR)


def test_a_duration_stands_for_an_end(scene: SimpleNamespace) -> None:
    starts = scene.event.starts_at + timedelta(days=2)
    arrive(counter(scene.mayor, [utc("DTSTART", starts), "DURATION:PT45M"]))
    assert proposals()[0].ends_at == starts + timedelta(minutes=45)


@pytest.mark.parametrize("zone", ["", "Oraret e bashkisë"])
def test_an_hour_without_a_zone_is_on_the_events_own_clock(scene: SimpleNamespace, zone: str) -> None:
    which = scene.event.day_from + timedelta(days=2)
    wall = datetime(which.year, which.month, which.day, 14, 30)
    arrive(counter(scene.mayor, [local("DTSTART", wall, zone), local("DTEND", wall + HOUR, zone)]))
    one = proposals()[0]
    assert one.starts_at == wall.replace(tzinfo=ZoneInfo(TIRANE))
    assert one.ends_at - one.starts_at == HOUR


def test_a_foreign_zone_is_understood(scene: SimpleNamespace) -> None:
    which = scene.event.day_from + timedelta(days=2)
    wall = datetime(which.year, which.month, which.day, 14, 30)
    arrive(counter(scene.mayor, [local("DTSTART", wall, "America/New_York")]))
    assert proposals()[0].starts_at == wall.replace(tzinfo=ZoneInfo("America/New_York"))


def test_outlook_proposes_with_its_own_names_for_zones(scene: SimpleNamespace) -> None:
    which = scene.event.day_from + timedelta(days=2)
    wall = datetime(which.year, which.month, which.day, 14, 30)
    mail = arrive(outlook(scene.mayor, wall, wall + HOUR))
    one = proposals()[0]
    assert mail.state is IncomingState.MATCHED
    assert one.starts_at == wall.replace(tzinfo=ZoneInfo("Europe/Warsaw"))
    assert one.comment == "Atë ditë kemi mbledhje të këshillit."
    assert scene.mayor.answer is Answer.NEEDS_ACTION


def test_the_example_of_the_standard_names_everybody_and_comes_from_the_guest(scene: SimpleNamespace) -> None:
    # RFC 5546 section 4.2.4: all attendees stand in it, the chair first.
    starts = scene.event.starts_at + timedelta(days=1)
    lines = [
        "BEGIN:VCALENDAR", "PRODID:-//Example//EN", "METHOD:COUNTER", "VERSION:2.0", "BEGIN:VEVENT",
        "ORGANIZER:Mailto:kryesuesi@pop.example",
        "ATTENDEE;ROLE=CHAIR;PARTSTAT=ACCEPTED:Mailto:kryesuesi@pop.example",
        f"ATTENDEE;RSVP=TRUE;CUTYPE=INDIVIDUAL:Mailto:{scene.prefect.address}",
        f"ATTENDEE;RSVP=TRUE;CUTYPE=INDIVIDUAL:Mailto:{scene.mayor.address}",
        utc("DTSTART", starts), utc("DTEND", starts + HOUR), utc("DTSTAMP", STAMP),
        f"UID:{scene.event.uid}", "SEQUENCE:0", "END:VEVENT", "END:VCALENDAR", "",
    ]  # fmt: skip
    assert arrive(mail_of(scene.mayor, "\r\n".join(lines))).state is IncomingState.MATCHED
    assert [proposal.invitation_id for proposal in proposals()] == [scene.mayor.id]


@pytest.mark.parametrize("what", ["cancelled", "withdrawn", "begun"])
def test_what_comes_too_late_waits(cast: SimpleNamespace, scene: SimpleNamespace, what: str) -> None:
    raw = counter(scene.mayor)
    if what == "cancelled":
        cancel_event(scene.event, by=cast.arta, now=now())
    elif what == "withdrawn":
        withdraw_guest(scene.mayor, by=cast.arta, now=now())
    else:
        scene.event.starts_at, scene.event.ends_at = now() - HOUR, now() + HOUR
    db.session.commit()
    mail = arrive(raw)
    assert (mail.state, proposals()) == (IncomingState.HELD, [])
    assert mail.review is Review.TOO_LATE


def test_a_sequence_out_of_the_world_does_no_harm(scene: SimpleNamespace) -> None:
    assert proposed(scene, sequence=999_999_999).event_sequence == 0
    scene.event.sequence = 3
    db.session.commit()
    one = proposed(scene, sequence=2, stamp=STAMP + HOUR, comment="Parë më parë")
    assert one.event_sequence == 2
    assert proposed(scene, sequence=None, stamp=STAMP + 2 * HOUR, comment="Pa numër").event_sequence == 3


# What a coordinator decides


@pytest.mark.both_databases
def test_accepting_moves_the_event_and_tells_everybody(cast: SimpleNamespace, scene: SimpleNamespace) -> None:
    one = proposed(scene)
    starts = one.starts_at
    assert accept_proposal(one, seen=seen(scene), by=cast.arta, now=now()) == 2
    db.session.commit()
    event = scene.event
    assert (event.starts_at, event.ends_at, event.sequence) == (starts, starts + 2 * HOUR, 1)
    assert event.day_from == starts.astimezone(ZoneInfo(TIRANE)).date()
    told = mails_of_changes()
    assert {row.invitation_id for row in told} == {scene.mayor.id, scene.prefect.id}
    assert all(row.mail.state is MailState.QUEUED for row in told)
    assert (one.accepted, one.decided_by, one.decided_at is not None) == (True, "Arta", True)
    actions = db.session.scalars(select(History.action)).all()
    assert {"event.changed", "event.changes_sent", "invitation.time_accepted"} <= set(actions)
    # What was answered stays, and who proposed is asked again as the others are.
    assert scene.mayor.answer is Answer.NEEDS_ACTION


def test_others_who_proposed_the_same_time_have_got_it_too(
    cast: SimpleNamespace, scene: SimpleNamespace
) -> None:
    arrive(counter(scene.prefect))
    other = scene.event.starts_at + timedelta(days=9)
    arrive(counter(scene.mayor, [utc("DTSTART", other)]))
    same, mine = proposals()[0], proposed(scene, stamp=STAMP + HOUR)
    accept_proposal(mine, seen=seen(scene), by=cast.arta, now=now())
    db.session.commit()
    assert [proposal.accepted for proposal in proposals()] == [True, None, True]
    assert same.decided_by == "Arta"
    assert open_proposals_of(scene.event, now=now()) == []


def test_a_proposal_stays_open_when_the_event_moves_elsewhere(
    cast: SimpleNamespace, scene: SimpleNamespace
) -> None:
    arrive(counter(scene.prefect))
    starts = scene.event.starts_at + timedelta(days=9)
    arrive(counter(scene.mayor, [utc("DTSTART", starts)]))
    theirs, mine = proposals()
    accept_proposal(mine, seen=seen(scene), by=cast.arta, now=now())
    db.session.commit()
    assert standing(theirs, now=now()) is Standing.OPEN
    assert theirs.event_sequence < scene.event.sequence


def test_declining_sends_the_guest_the_event_as_it_stands(
    cast: SimpleNamespace, scene: SimpleNamespace
) -> None:
    arrive(reply(scene.mayor, partstat="TENTATIVE", stamp=STAMP - HOUR))
    one = proposed(scene)
    words = "Salla është e zënë, më vjen keq.\nBEGIN:VALARM {answer_url}"
    assert decline_proposal(one, words=words, seen=seen(scene), by=cast.arta, now=now()) is True
    db.session.commit()
    event = scene.event
    assert (event.sequence, mails_of_changes()) == (0, [])
    assert (one.accepted, one.decided_by) == (False, "Arta")
    mail = declined_mail()
    assert (mail.once, mail.to_address) == (f"proposal/{one.id}/declined", scene.mayor.address)
    assert mail.from_address == f"{scene.mayor.reply_local}@{DOMAIN}"
    assert mail.auto_submitted
    parts = compose(mail)
    assert parts.calendar_method == "DECLINECOUNTER"
    read = read_calendar(parts.calendar.encode()).item
    assert (read.uid, read.sequence, read.dtstart, read.attendees) == (event.uid, 0, None, ())
    assert read.organizer.address == mail.from_address
    assert read.comment == words
    assert read.dtstamp == mail.dated_at.replace(microsecond=0)
    again = icalendar.Calendar.from_ical(parts.calendar)
    assert str(again["METHOD"]) == "DECLINECOUNTER"
    assert len(again.subcomponents) == 1  # the event alone: the words opened nothing
    assert words in parts.text
    assert "Salla është e zënë" in parts.html
    assert "Koha mbetet siç ishte" in parts.subject
    # Whoever reads it back, as our own reader does with what comes in, finds the same and is not commanded by it.
    report = read_mail(message_bytes(parts), "", mail.to_address)
    assert report.calendar.method == "DECLINECOUNTER"


def test_a_guest_asked_again_is_told_their_own_sequence(
    cast: SimpleNamespace, scene: SimpleNamespace
) -> None:
    guest = scene.mayor
    withdraw_guest(guest, by=cast.arta, now=now())
    for mail in db.session.scalars(select(OutgoingMail).where(OutgoingMail.state == MailState.QUEUED)):
        mail.state, mail.sent_at = MailState.SENT, now()  # one that has not left would be called off
    db.session.commit()
    add_guests(scene.event, [GuestChoice("office", guest.office_id, "en")], by=cast.arta, now=now())
    send_invitations(scene.event, by=cast.arta, now=now())
    db.session.commit()
    one = proposed(scene, sequence=2)
    assert one.event_sequence == 0
    decline_proposal(one, words="", seen=seen(scene), by=cast.arta, now=now())
    db.session.commit()
    parts = compose(declined_mail())
    assert read_calendar(parts.calendar.encode()).item.sequence == 2
    assert "The time stays as it was" in parts.subject
    assert "Unfortunately we cannot move the event" in parts.text


def test_who_decides_second_hears_that_it_is_decided(cast: SimpleNamespace, scene: SimpleNamespace) -> None:
    one = proposed(scene)
    version = seen(scene)
    decline_proposal(one, words="", seen=version, by=cast.arta, now=now())
    db.session.commit()
    for press in (
        lambda: decline_proposal(one, words="", seen=version, by=cast.besa, now=now()),
        lambda: accept_proposal(one, seen=version, by=cast.besa, now=now()),
    ):
        with pytest.raises(ProposalClosed) as closed:
            press()
        assert closed.value.standing is Standing.DECLINED
        db.session.rollback()
    assert declined_mail().to_address == scene.mayor.address
    assert mails_of_changes() == []


def test_who_has_not_seen_the_event_as_it_is_does_not_decide(
    cast: SimpleNamespace, scene: SimpleNamespace
) -> None:
    one, before = proposed(scene), seen(scene)
    scene.event.venue = "Diku tjetër"
    db.session.commit()
    with pytest.raises(EventChanged):
        accept_proposal(one, seen=before, by=cast.arta, now=now())
    db.session.rollback()
    with pytest.raises(EventChanged):
        decline_proposal(one, words="", seen="", by=cast.arta, now=now())
    db.session.rollback()
    assert one.decided_at is None


def test_a_time_that_is_over_can_only_be_declined(cast: SimpleNamespace, scene: SimpleNamespace) -> None:
    arrive(counter(scene.mayor, [utc("DTSTART", now() - timedelta(days=3))]))
    one = proposals()[0]
    with pytest.raises(TimeIsPast):
        accept_proposal(one, seen=seen(scene), by=cast.arta, now=now())
    db.session.rollback()
    assert scene.event.sequence == 0
    assert decline_proposal(one, words="", seen=seen(scene), by=cast.arta, now=now())


@pytest.mark.parametrize("what", ["cancelled", "withdrawn", "begun", "moved"])
def test_what_happened_meanwhile_closes_it(cast: SimpleNamespace, scene: SimpleNamespace, what: str) -> None:
    one = proposed(scene)
    expected = {
        "cancelled": Standing.CANCELLED,
        "withdrawn": Standing.WITHDRAWN,
        "begun": Standing.OVER,
        "moved": Standing.SAME_TIME,
    }[what]
    if what == "cancelled":
        cancel_event(scene.event, by=cast.arta, now=now())
    elif what == "withdrawn":
        withdraw_guest(scene.mayor, by=cast.arta, now=now())
    elif what == "begun":
        scene.event.starts_at, scene.event.ends_at = now() - HOUR, now() + HOUR
    else:
        scene.event.starts_at, scene.event.ends_at = one.starts_at, one.ends_at
    db.session.commit()
    assert standing(one, now=now()) is expected
    assert open_proposals(cast.arta, now=now()) == []
    with pytest.raises(ProposalClosed):
        accept_proposal(one, seen=seen(scene), by=cast.arta, now=now())
    db.session.rollback()


def test_who_proposed_another_time_is_not_reminded_until_answered(
    cast: SimpleNamespace, scene: SimpleNamespace
) -> None:
    later = now() + timedelta(days=2)
    assert len(awaiting_reminder(scene.event, now=later)) == 2
    one = proposed(scene)
    assert [guest.id for guest in awaiting_reminder(scene.event, now=later)] == [scene.prefect.id]
    decline_proposal(one, words="", seen=seen(scene), by=cast.arta, now=now())
    db.session.commit()
    assert len(awaiting_reminder(scene.event, now=later)) == 2


def in_threads(app: Flask, calls: list[Callable[[], object]]) -> list[object]:
    """Run calls at the same moment, each in a session of its own; give what they gave or raised."""
    results: list[object] = [None] * len(calls)
    barrier = threading.Barrier(len(calls))

    def run(place: int, call: Callable[[], object]) -> None:
        # As a request that writes does: SQLite then lets one in at a time from its first look on.
        with app.test_request_context(method="POST"):
            barrier.wait(timeout=30)
            try:
                results[place] = call()
                db.session.commit()
            except Exception as problem:
                db.session.rollback()
                results[place] = problem

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


@pytest.mark.both_databases(always=True)
def test_of_two_who_decide_at_once_one_does(
    app: Flask, cast: SimpleNamespace, scene: SimpleNamespace
) -> None:
    one, version = proposed(scene).id, seen(scene)
    arta, besa = cast.arta.id, cast.besa.id
    db.session.rollback()

    def accept() -> object:
        row = db.session.get_one(TimeProposal, one)
        return accept_proposal(row, seen=version, by=db.session.get_one(User, arta), now=now())

    def decline() -> object:
        row = db.session.get_one(TimeProposal, one)
        return decline_proposal(row, words="", seen=version, by=db.session.get_one(User, besa), now=now())

    results = in_threads(app, [accept, decline, accept])
    assert sum(isinstance(result, ProposalClosed) for result in results) == 2
    row = db.session.get_one(TimeProposal, one)
    declined = db.session.scalars(select(OutgoingMail).where(OutgoingMail.kind == "proposal.declined")).all()
    expected = (2, 0, 1) if row.accepted else (0, 1, 0)
    event = db.session.get_one(Event, scene.event.id)
    assert (len(mails_of_changes()), len(declined), event.sequence) == expected


@pytest.mark.both_databases(always=True)
def test_the_same_mail_filed_twice_at_once_is_one_proposal(app: Flask, scene: SimpleNamespace) -> None:
    raws = [counter(scene.mayor), counter(scene.mayor)]
    to = address_of(scene.mayor)
    db.session.rollback()
    results = in_threads(app, [lambda raw=raw: arrive(raw, to) for raw in raws])
    assert not [result for result in results if isinstance(result, Exception)]
    assert len(proposals()) == 1

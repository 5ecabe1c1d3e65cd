"""Named reads: guests with mail and answer, counts, who waits, in whose scope."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from flask import Flask

from pop_campaigns.core.db import db
from pop_campaigns.events.rules.events import EventState
from pop_campaigns.invitations.queries.answers import recent_answers
from pop_campaigns.invitations.queries.guests import (
    AnswerCounts,
    answers_for,
    awaiting_answer,
    awaiting_reminder,
    counts_for,
    event_of_mails,
)
from pop_campaigns.invitations.rules.invitations import Answer, AnswerChannel, GuestChoice
from pop_campaigns.invitations.services.answers import record_answer
from pop_campaigns.invitations.services.guests import add_guests
from pop_campaigns.invitations.services.sending import send_changes, withdraw_guest
from pop_campaigns.mail.outbox import queue_again
from pop_campaigns.mail.rules import MailState
from tests import factories
from tests.invitations.scene import (
    NOW,
    START,
    counted_statements,
    deliver,
    invite,
    mails,
    make_offices,
    make_table,
    move,
    refuse,
)

pytestmark = pytest.mark.both_databases

LINK = AnswerChannel.LINK


def test_guests_are_listed_in_albanian_order_with_newest_mail_and_answer(
    app: Flask, cast: SimpleNamespace
) -> None:
    event = make_table(cast.fier)
    titles = ["Zyra", "Çerdhja", "Drejtoria", "Dhoma", "Cirku"]
    offices = [factories.make_office(title, email=f"a{n}@x.example") for n, title in enumerate(titles)]
    guests = dict(zip(titles, invite(event, offices, cast), strict=True))
    record_answer(guests["Dhoma"], Answer.ACCEPTED, channel=LINK, now=NOW)
    record_answer(guests["Dhoma"], Answer.TENTATIVE, channel=LINK, now=NOW)
    db.session.commit()
    rows = answers_for(event)
    assert [row.invitation.office_title for row in rows] == ["Cirku", "Çerdhja", "Drejtoria", "Dhoma", "Zyra"]
    answers = {row.invitation.office_title: row.last_answer and row.last_answer.answer for row in rows}
    assert answers == dict.fromkeys(titles) | {"Dhoma": Answer.TENTATIVE}
    assert all(row.mail and row.mail.to_address == row.invitation.address for row in rows)


def test_the_newest_mail_follows_what_was_sent_again(app: Flask, cast: SimpleNamespace) -> None:
    event = make_table(cast.fier)
    [guest] = invite(event, make_offices(1), cast)
    deliver()
    again = queue_again(mails()[0], now=NOW)
    db.session.commit()
    deliver()
    third = queue_again(again, now=NOW)
    db.session.commit()
    refuse(third)
    [row] = answers_for(event)
    assert row.mail is third
    assert row.mail.state is MailState.FAILED
    result = event_of_mails([mail.id for mail in mails()] + [999])
    assert result == {mail.id: guest for mail in mails()}


def test_what_a_guest_knows_and_answered_before_a_change(app: Flask, cast: SimpleNamespace) -> None:
    event = make_table(cast.fier)
    [guest] = invite(event, make_offices(1), cast)
    [draft] = add_guests(
        event,
        [GuestChoice("office", factories.make_office("B", email="b@x.example").id)],
        by=cast.arta,
        now=NOW,
    ).added
    deliver()
    record_answer(guest, Answer.ACCEPTED, channel=LINK, now=NOW)
    db.session.commit()
    move(event, venue="Salla B")
    rows = {row.invitation.id: row for row in answers_for(event)}
    assert (rows[guest.id].told, rows[guest.id].outdated, rows[guest.id].answered_before_change) == (
        0,
        True,
        True,
    )
    assert (rows[draft.id].told, rows[draft.id].outdated, rows[draft.id].answered_before_change) == (
        None,
        False,
        False,
    )
    send_changes(event, by=cast.arta, now=NOW)
    record_answer(guest, Answer.ACCEPTED, channel=LINK, now=NOW + timedelta(minutes=5))
    db.session.commit()
    [row] = [row for row in answers_for(event) if row.invitation is guest]
    assert (row.told, row.outdated, row.answered_before_change) == (1, False, False)


def test_the_guest_list_takes_as_many_queries_for_many_as_for_few(app: Flask, cast: SimpleNamespace) -> None:
    event = make_table(cast.fier)
    guests = invite(event, make_offices(30), cast)
    for guest in guests:
        record_answer(guest, Answer.ACCEPTED, channel=LINK, now=NOW)
    db.session.commit()
    event_id = event.id
    db.session.expire_all()
    with counted_statements() as seen:
        rows = answers_for(db.session.get_one(type(event), event_id))
        assert [(row.mail.state, row.last_answer.answer) for row in rows if row.mail and row.last_answer] == [
            (MailState.QUEUED, Answer.ACCEPTED)
        ] * 30
        assert not any(row.outdated for row in rows)
    assert len(seen) <= 8, seen


def test_answers_are_counted_by_event(app: Flask, cast: SimpleNamespace) -> None:
    event, empty = make_table(cast.fier), make_table(cast.fier)
    offices = make_offices(7)
    guests = invite(event, offices[:6], cast)
    for guest, answer in zip(
        guests, [Answer.ACCEPTED, Answer.ACCEPTED, Answer.DECLINED, Answer.DELEGATED], strict=False
    ):
        record_answer(guest, answer, channel=LINK, now=NOW)
    withdraw_guest(guests[5], by=cast.arta, now=NOW)
    add_guests(event, [GuestChoice("office", offices[6].id)], by=cast.arta, now=NOW)
    db.session.commit()
    assert counts_for([event.id, empty.id]) == {
        event.id: AnswerCounts(accepted=2, declined=1, delegated=1, waiting=1, draft=1, total=5),
        empty.id: AnswerCounts(),
    }
    assert counts_for([]) == {}


def test_who_waits_is_listed_for_own_coming_events(app: Flask, cast: SimpleNamespace) -> None:
    later = make_table(cast.fier, starts_at=START + timedelta(days=1), ends_at=None)
    soon = make_table(cast.fier)
    theirs = make_table(cast.vlore)
    called_off = make_table(cast.fier)
    offices = make_offices(2)
    waiting, answered = invite(soon, offices, cast)
    for event in (later, called_off):
        invite(event, offices[:1], cast)
    guest = factories.make_invitation(theirs, state="invited", invited_at=NOW)
    record_answer(answered, Answer.DECLINED, channel=LINK, now=NOW)
    record_answer(guest, Answer.ACCEPTED, channel=LINK, now=NOW)
    called_off.state = EventState.CANCELLED
    db.session.commit()
    listed = awaiting_answer(cast.besa, NOW)
    assert [(event, len(guests)) for event, guests in listed] == [(soon, 1), (later, 1)]
    assert listed[0][1] == [waiting]
    assert [event for event, _ in awaiting_answer(cast.besa, START)] == [later]
    assert awaiting_answer(cast.clirim, NOW) == []
    assert len(awaiting_answer(cast.eva, NOW)) == 2
    assert [answer.invitation for answer in recent_answers(cast.arta, NOW)] == [answered]
    assert [answer.invitation for answer in recent_answers(cast.clirim, NOW)] == [guest]
    assert len(recent_answers(cast.drita, NOW)) == 2
    assert recent_answers(cast.drita, NOW + timedelta(seconds=1)) == []


def test_a_reminder_waits_for_the_last_mail_to_be_twelve_hours_old(app: Flask, cast: SimpleNamespace) -> None:
    event = make_table(cast.fier)
    guests = invite(event, make_offices(2), cast)
    deliver()
    assert awaiting_reminder(event, now=NOW + timedelta(hours=11, minutes=59)) == []
    assert awaiting_reminder(event, now=NOW + timedelta(hours=12)) == guests

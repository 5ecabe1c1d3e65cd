"""What was sent about an event is taken back: everything is as it was, whatever way it had come there; once; never too late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import Base, db
from pop_campaigns.core.history import history_of
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventState
from pop_campaigns.invitations.models.invitations import Invitation, InvitationMail
from pop_campaigns.invitations.queries.guests import awaiting_reminder, guests_of, outdated
from pop_campaigns.invitations.rules.invitations import Answer, AnswerChannel, GuestChoice, InvitationState
from pop_campaigns.invitations.services.answers import record_answer
from pop_campaigns.invitations.services.guests import add_guests
from pop_campaigns.invitations.services.sending import (
    cancel_with_notice,
    send_changes,
    send_invitations,
    send_reminders,
    withdraw_guest,
)
from pop_campaigns.invitations.services.undoing import undo_sending
from pop_campaigns.mail.models import OutgoingMail, Sending
from pop_campaigns.mail.outbox import claim_mails, record_sent, take_in_hand
from pop_campaigns.mail.rules import MailState, SendingKind
from pop_campaigns.mail.sendings import (
    NotUndone,
    UndoneBefore,
    begin_sending,
    end_undoing,
    forget_forms,
    locked_mails_of,
)
from tests.invitations.scene import (
    NOW,
    START,
    at_once,
    deliver,
    invite,
    mails,
    make_offices,
    make_table,
    move,
)

pytestmark = pytest.mark.both_databases

THEN = NOW + timedelta(seconds=10)
OVER = NOW + timedelta(seconds=30)
# What may differ afterwards beside the mails of the press itself: that it happened, and how often a row was written.
TRACES = {"history", "sendings", "mail_skeletons"}


@pytest.fixture(autouse=True)
def half_a_minute(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "UNDO_SECONDS", 30)


@pytest.fixture
def table(cast: SimpleNamespace) -> Event:
    return make_table(cast.fier)


@pytest.fixture
def asked(table: Event, cast: SimpleNamespace) -> list[Invitation]:
    """Two guests whose invitations arrived two days ago."""
    guests = invite(table, make_offices(2), cast)
    deliver(NOW - timedelta(days=2))
    for mail in mails():
        mail.dated_at = NOW - timedelta(days=2)
    db.session.commit()
    return guests


def begin(kind: SendingKind, event: Event, cast: SimpleNamespace, **form: Any) -> Sending:
    sending = begin_sending(kind, event, by=cast.arta, now=NOW, form=form or None)
    assert sending is not None
    return sending


def stored() -> dict[str, Any]:
    """Every row but what tells of the press itself, without versions and the moment of change."""
    db.session.commit()
    rows = {}
    for table in Base.metadata.sorted_tables:
        if table.name not in TRACES:
            columns = [column for column in table.columns if column.name not in ("version", "changed_at")]
            wanted = select(*columns).order_by(*table.primary_key)
            if table.name == "outgoing_mails":
                wanted = wanted.where(table.c.sending_id.is_(None))
            rows[table.name] = [tuple(row) for row in db.session.execute(wanted)]
    return rows


@pytest.fixture
def press(table: Event, cast: SimpleNamespace) -> Iterator[Any]:
    """Press something and take it back; tells what was taken back."""

    def do(kind: SendingKind, send: Any) -> Any:
        before = stored()
        sending = begin(kind, table, cast)
        send(by=cast.arta, now=NOW, sending=sending)
        assert stored() != before
        taken = undo_sending(sending, table, by=cast.arta, now=THEN)
        assert stored() == before
        assert {mail.state for mail in taken.mails} <= {MailState.WITHDRAWN}
        return taken

    yield do


def test_mails_of_a_person_leave_when_the_time_to_undo_is_over(table: Event, cast: SimpleNamespace) -> None:
    add_guests(table, [GuestChoice("office", make_offices(1)[0].id)], by=cast.arta, now=NOW)
    send_invitations(table, by=cast.arta, now=NOW, sending=begin(SendingKind.INVITATIONS, table, cast))
    db.session.commit()
    assert claim_mails("w", now=OVER - timedelta(seconds=1)) == []
    assert claim_mails("w", now=OVER) == [mails()[0].id]


def test_invitations_undone_are_drafts_again_and_can_be_sent_again(
    table: Event, cast: SimpleNamespace, press: Any
) -> None:
    choices = [GuestChoice("office", office.id) for office in make_offices(2)]
    add_guests(table, choices, by=cast.arta, now=NOW)
    taken = press(SendingKind.INVITATIONS, lambda **how: send_invitations(table, **how))
    assert (taken.total, taken.left) == (2, 0)
    assert {guest.state for guest in guests_of(table)} == {InvitationState.DRAFT}
    assert send_invitations(table, by=cast.arta, now=THEN) == 2
    db.session.commit()
    assert deliver(THEN) == 2


def test_a_change_undone_is_untold(table: Event, asked: list[Invitation], press: Any) -> None:
    move(table, starts_at=START + timedelta(hours=1))
    assert len(outdated(table)) == 2
    press(SendingKind.CHANGES, lambda **how: send_changes(table, **how))
    assert len(outdated(table)) == 2


def test_a_cancellation_undone_leaves_the_event_planned(
    table: Event, asked: list[Invitation], press: Any
) -> None:
    press(SendingKind.CANCELLATION, lambda **how: cancel_with_notice(table, **how))
    assert (table.state, table.sequence) == (EventState.PLANNED, 0)
    assert history_of(table, 1)[0].details == {"kind": "cancellation", "number": 2}


def test_what_a_cancellation_called_off_waits_again(table: Event, cast: SimpleNamespace, press: Any) -> None:
    invite(table, make_offices(2), cast)
    taken = press(SendingKind.CANCELLATION, lambda **how: cancel_with_notice(table, **how))
    assert taken.total == 0
    # Also what a worker had claimed and not handed over.
    claim_mails("w", now=NOW, limit=1)
    sending = begin(SendingKind.CANCELLATION, table, cast)
    cancel_with_notice(table, by=cast.arta, now=NOW, sending=sending)
    undo_sending(sending, table, by=cast.arta, now=THEN)
    db.session.commit()
    assert {mail.state for mail in mails()} == {MailState.QUEUED}
    assert deliver() == 2


def test_a_guest_withdrawn_is_invited_again(table: Event, asked: list[Invitation], press: Any) -> None:
    press(SendingKind.WITHDRAWAL, lambda **how: withdraw_guest(asked[0], **how))
    assert asked[0].state is InvitationState.INVITED


def test_reminders_undone_are_due_again(table: Event, asked: list[Invitation], press: Any) -> None:
    press(SendingKind.REMINDERS, lambda **how: send_reminders(table, **how))
    assert len(awaiting_reminder(table, now=THEN)) == 2


def test_a_second_press_and_one_too_late_change_nothing(
    table: Event, asked: list[Invitation], cast: SimpleNamespace
) -> None:
    sending = begin(SendingKind.CANCELLATION, table, cast)
    cancel_with_notice(table, by=cast.arta, now=NOW, sending=sending)
    db.session.commit()
    with pytest.raises(NotUndone) as late:
        undo_sending(sending, table, by=cast.arta, now=OVER)
    assert (late.value.left, late.value.total) == (0, 2)
    db.session.rollback()
    undo_sending(sending, table, by=cast.arta, now=THEN)
    db.session.commit()
    with pytest.raises(UndoneBefore):
        undo_sending(sending, table, by=cast.arta, now=THEN)


def test_of_two_sendings_the_newer_is_undone_first(
    table: Event, asked: list[Invitation], cast: SimpleNamespace
) -> None:
    first = begin(SendingKind.REMINDERS, table, cast)
    send_reminders(table, by=cast.arta, now=NOW, sending=first)
    second = begin(SendingKind.CANCELLATION, table, cast)
    cancel_with_notice(table, by=cast.arta, now=NOW, sending=second)
    db.session.commit()
    with pytest.raises(NotUndone) as problem:
        undo_sending(first, table, by=cast.arta, now=THEN)
    assert problem.value.newer
    db.session.rollback()
    undo_sending(second, table, by=cast.arta, now=THEN)
    undo_sending(first, table, by=cast.arta, now=THEN)
    db.session.commit()
    assert {mail.state for mail in mails("reminder")} == {MailState.WITHDRAWN}


def test_some_had_left_and_that_is_said(table: Event, cast: SimpleNamespace) -> None:
    """A worker whose clock is ahead: two of nine are gone, one is in its hands, the others come back."""
    choices = [GuestChoice("office", office.id) for office in make_offices(9)]
    add_guests(table, choices, by=cast.arta, now=NOW)
    sending = begin(SendingKind.INVITATIONS, table, cast)
    send_invitations(table, by=cast.arta, now=NOW, sending=sending)
    db.session.commit()
    claimed = claim_mails("ahead", now=OVER)
    in_hand = take_in_hand(claimed[:3], "ahead", now=OVER)
    for mail in in_hand[:2]:
        record_sent(mail, code=250, words="taken", now=OVER)
    db.session.commit()
    taken = undo_sending(sending, table, by=cast.arta, now=THEN)
    db.session.commit()
    assert (taken.total, taken.left) == (9, 3)
    states = [guest.state for guest in guests_of(table)]
    assert states == [InvitationState.INVITED] * 3 + [InvitationState.DRAFT] * 6
    assert take_in_hand(claimed[3:], "ahead", now=OVER) == []


def test_a_cancellation_of_which_one_mail_left_stands(
    table: Event, asked: list[Invitation], cast: SimpleNamespace
) -> None:
    sending = begin(SendingKind.CANCELLATION, table, cast)
    cancel_with_notice(table, by=cast.arta, now=NOW, sending=sending)
    db.session.commit()
    claimed = claim_mails("ahead", now=OVER)
    record_sent(take_in_hand(claimed[:1], "ahead", now=OVER)[0], code=250, words="taken", now=OVER)
    db.session.commit()
    with pytest.raises(NotUndone) as problem:
        undo_sending(sending, table, by=cast.arta, now=THEN)
    assert (problem.value.left, problem.value.total) == (1, 2)
    db.session.rollback()
    assert table.state is EventState.CANCELLED
    assert len(take_in_hand(claimed[1:], "ahead", now=OVER)) == 1


def test_who_answered_meanwhile_stays_invited(table: Event, cast: SimpleNamespace) -> None:
    choices = [GuestChoice("office", office.id) for office in make_offices(2)]
    quick, slow = add_guests(table, choices, by=cast.arta, now=NOW).added
    sending = begin(SendingKind.INVITATIONS, table, cast)
    send_invitations(table, by=cast.arta, now=NOW, sending=sending)
    db.session.refresh(quick)
    record_answer(quick, Answer.ACCEPTED, channel=AnswerChannel.BY_HAND, now=THEN)
    db.session.commit()
    taken = undo_sending(sending, table, by=cast.arta, now=THEN)
    db.session.commit()
    assert (taken.total, taken.left) == (2, 1)
    assert (quick.state, slow.state) == (InvitationState.INVITED, InvitationState.DRAFT)
    assert claim_mails("w", now=OVER) == [db.session.scalars(select(InvitationMail)).one().mail_id]


def test_undo_and_claim_at_one_instant_have_one_winner(
    app: Flask, table: Event, cast: SimpleNamespace
) -> None:
    """Each mail leaves or is withdrawn, never both; a guest is invited exactly if the mail leaves."""
    choices = [GuestChoice("office", office.id) for office in make_offices(6)]
    add_guests(table, choices, by=cast.arta, now=NOW)
    sending = begin(SendingKind.INVITATIONS, table, cast)
    send_invitations(table, by=cast.arta, now=NOW, sending=sending)
    db.session.commit()
    turns = iter(["undo", "claim"])
    number, event_id, arta_id = sending.id, table.id, cast.arta.id
    db.session.rollback()

    def claim() -> int:
        claimed = claim_mails("w", now=OVER)
        db.session.commit()
        in_hand = take_in_hand(claimed, "w", now=OVER)
        db.session.commit()
        return len(in_hand)

    def undo() -> int:
        row, event = db.session.get_one(Sending, number), db.session.get_one(Event, event_id)
        taken = undo_sending(row, event, by=db.session.get_one(User, arta_id), now=THEN)
        db.session.commit()
        return -len(taken.mails)

    results = at_once(app, 2, lambda: undo() if next(turns) == "undo" else claim())
    gone = sum(result for result in results if isinstance(result, int) and result > 0)
    back = -sum(result for result in results if isinstance(result, int) and result < 0)
    assert [result for result in results if not isinstance(result, int | NotUndone)] == []
    assert gone + back == 6
    db.session.expire_all()
    states = [guest.state for guest in guests_of(table)]
    assert states.count(InvitationState.INVITED) == gone
    in_states = [mail.state for mail in db.session.scalars(select(OutgoingMail))]
    assert (in_states.count(MailState.SENDING), in_states.count(MailState.WITHDRAWN)) == (gone, back)


def test_what_a_form_held_is_forgotten(table: Event, asked: list[Invitation], cast: SimpleNamespace) -> None:
    sending = begin(SendingKind.CANCELLATION, table, cast, path="/x", typed=[["words", "Qytetar 00421"]])
    cancel_with_notice(table, by=cast.arta, now=NOW, sending=sending)
    forget_forms(now=OVER)
    db.session.refresh(sending)
    assert sending.form is not None
    forget_forms(now=OVER + timedelta(minutes=11))
    db.session.refresh(sending)
    assert (sending.form, sending.before) == (None, None)


def test_erasing_somebody_ends_what_can_be_taken_back(
    table: Event, asked: list[Invitation], cast: SimpleNamespace
) -> None:
    sending = begin(SendingKind.CANCELLATION, table, cast, path="/x", typed=[["words", "Qytetar 00421"]])
    cancel_with_notice(table, by=cast.arta, now=NOW, sending=sending)
    end_undoing(now=THEN)
    db.session.refresh(sending)
    assert (sending.form, sending.before) == (None, None)
    with pytest.raises(NotUndone):
        undo_sending(sending, table, by=cast.arta, now=THEN)
    assert {mail.available_at for mail in locked_mails_of(sending)} == {OVER}, (
        "mails leave when they would have left"
    )


def test_nothing_is_kept_waiting_where_it_is_switched_off(
    app: Flask, table: Event, cast: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "UNDO_SECONDS", 0)
    assert begin_sending(SendingKind.CANCELLATION, table, by=cast.arta, now=NOW) is None
    monkeypatch.setitem(app.config, "UNDO_SECONDS", 30)
    assert begin_sending(SendingKind.CANCELLATION, table, by=None, now=NOW) is None

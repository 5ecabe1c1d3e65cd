"""What a guest reads when something newer was said while a mail was being handed over: the last word, and only what is needed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import update

from pop_campaigns.core.db import db
from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.queries.guests import answers_for, calendar_ahead, mails_of
from pop_campaigns.invitations.queries.told import undecided, was_reached
from pop_campaigns.invitations.rules.invitations import GuestChoice
from pop_campaigns.invitations.services.addresses import correct_address
from pop_campaigns.invitations.services.guests import add_guests
from pop_campaigns.invitations.services.sending import (
    cancel_with_notice,
    send_changes,
    send_invitations,
    withdraw_guest,
)
from pop_campaigns.invitations.services.settling import settle_mails
from pop_campaigns.mail.compose import compose
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.outbox import (
    claim_mails,
    queue_again,
    record_refused,
    record_sent,
    release_claims,
    take_in_hand,
)
from pop_campaigns.mail.rules import LEASE, MailState
from tests.factories import make_mail
from tests.invitations.scene import NOW, deliver, invite, mails, make_offices, make_table, move

pytestmark = pytest.mark.both_databases
SOON = NOW + timedelta(seconds=1)
Outcome = Callable[[OutgoingMail], None]


def take(now: datetime = SOON) -> list[OutgoingMail]:
    """A worker claims what is due and takes it in hand."""
    claimed = claim_mails("worker", now=now)
    in_hand = take_in_hand(claimed, "worker", now=now)
    settle_mails(in_hand, now=now)
    db.session.commit()
    return [mail for mail in in_hand if mail.state is MailState.SENDING]


def taken(mail: OutgoingMail) -> None:
    record_sent(mail, code=250, words="kept", now=SOON)


def greylisted(mail: OutgoingMail) -> None:
    record_refused(mail, permanent=False, code=451, words="4.7.1 later", now=SOON)


def refused(mail: OutgoingMail) -> None:
    record_refused(mail, permanent=True, code=550, words="5.1.1 no such user", now=SOON)


def fell_silent(mail: OutgoingMail) -> None:
    record_refused(
        mail, permanent=False, code=None, words="connection broken off: timeout", now=SOON, perhaps_left=True
    )


def given_back(mail: OutgoingMail) -> None:
    release_claims([mail.id], "worker")


def killed(mail: OutgoingMail) -> None:
    """Nothing is recorded: the lease runs out."""


def changed(event: Event, cast: SimpleNamespace) -> None:
    move(event, starts_at=event.starts_at + timedelta(hours=1), ends_at=event.starts_at + timedelta(hours=3))
    send_changes(event, by=cast.arta, now=SOON)


def cancelled(event: Event, cast: SimpleNamespace) -> None:
    cancel_with_notice(event, by=cast.arta, now=SOON)


def withdrawn(event: Event, cast: SimpleNamespace) -> None:
    withdraw_guest(only_guest(event), by=cast.arta, now=SOON)


def asked_again(event: Event, cast: SimpleNamespace) -> None:
    guest = only_guest(event)
    add_guests(event, [GuestChoice("office", guest.office_id or 0, "sq")], by=cast.arta, now=SOON)
    send_invitations(event, by=cast.arta, now=SOON)


def moved_away(event: Event, cast: SimpleNamespace) -> None:
    guest = only_guest(event)
    correct_address(
        guest, "tjeter@bashkia.example", contact=False, version=guest.version, by=cast.arta, now=SOON
    )


def only_guest(event: Event) -> Invitation:
    return db.session.query(Invitation).filter_by(event_id=event.id).one()


def let_all_leave() -> list[str]:
    """Let the server take what is still to leave, by a worker of its own; give kind and SEQUENCE of each mail, in order."""
    read = []
    now = SOON + LEASE
    while in_hand := take(now):
        for mail in in_hand:
            calendar = compose(mail).calendar or ""
            sequence = calendar.partition("SEQUENCE:")[2].split()[0]
            read.append(f"{mail.kind.partition('.')[2]} {sequence}")
            taken(mail)
        db.session.commit()
    return read


CASES = [
    ([changed], taken, ["change 1"]),
    ([changed], greylisted, ["request 1"]),
    ([changed], refused, ["request 1"]),
    ([changed], given_back, ["request 1"]),
    ([changed], fell_silent, ["change 1"]),
    ([changed], killed, ["change 1"]),
    ([changed, changed], taken, ["change 2"]),
    ([changed, changed], greylisted, ["request 2"]),
    ([changed, changed], killed, ["change 2"]),
    ([cancelled], taken, ["cancellation 1"]),
    ([cancelled], greylisted, []),
    ([cancelled], given_back, []),
    ([cancelled], fell_silent, ["cancellation 1"]),
    ([cancelled], killed, ["cancellation 1"]),
    ([changed, cancelled], taken, ["cancellation 2"]),
    ([changed, cancelled], greylisted, []),
    ([changed, cancelled], killed, ["cancellation 2"]),
    ([withdrawn], taken, ["cancellation 1"]),
    ([withdrawn], greylisted, []),
    ([withdrawn], killed, ["cancellation 1"]),
    ([withdrawn, asked_again], taken, ["request 0"]),
    ([withdrawn, asked_again], greylisted, ["request 0"]),
    ([withdrawn, asked_again, changed], greylisted, ["request 1"]),
    ([withdrawn, asked_again, changed], taken, ["change 1"]),
    ([moved_away], taken, ["request 0"]),
    ([moved_away], greylisted, ["request 0"]),
    ([moved_away, cancelled], taken, ["cancellation 1"]),
    ([moved_away, cancelled], greylisted, []),
]


@pytest.mark.parametrize(("said", "became", "read"), CASES)
def test_after_a_mail_in_hand_a_guest_reads_what_holds_and_nothing_that_is_not_needed(
    app: Flask,
    cast: SimpleNamespace,
    said: list[Callable[[Event, SimpleNamespace], None]],
    became: Outcome,
    read: list[str],
) -> None:
    event = make_table(cast.fier)
    [guest] = invite(event, make_offices(1), cast)
    [first] = take()
    for say in said:
        say(event, cast)
        db.session.commit()
    assert claim_mails("another", now=SOON) == [], "what is said later waits"
    db.session.rollback()
    became(first)
    db.session.commit()
    assert let_all_leave() == read
    assert first.state is (MailState.SENT if became is taken else MailState.WITHDRAWN)
    assert [row.behind_id for row in mails_of([guest])[guest.id] if row.mail.state is MailState.SENT][1:] in (
        [],
        [None],
    )


def test_what_waits_or_is_only_claimed_is_called_off_at_once(app: Flask, cast: SimpleNamespace) -> None:
    event = make_table(cast.fier)
    invite(event, make_offices(3), cast)
    claimed = claim_mails("worker", now=SOON, limit=2)
    in_hand = take_in_hand(claimed[:1], "worker", now=SOON)
    db.session.commit()
    cancelled(event, cast)
    db.session.commit()
    assert [mail.state for mail in mails("request")] == [MailState.SENDING, *[MailState.WITHDRAWN] * 2]
    assert [mail.to_address for mail in mails("cancellation")] == [in_hand[0].to_address]
    assert take_in_hand(claimed, "worker", now=SOON) == []


def test_a_mail_in_hand_is_shown_as_being_sent_and_counts_as_read_by_nobody(
    app: Flask, cast: SimpleNamespace
) -> None:
    event = make_table(cast.fier)
    [guest] = invite(event, make_offices(1), cast)
    [first] = take()
    assert undecided(mails_of([guest])[guest.id]) is first
    assert not was_reached(mails_of([guest])[guest.id])
    changed(event, cast)
    db.session.commit()
    [row] = answers_for(event)
    assert row.mail is first
    assert row.mail.state is MailState.SENDING


def test_a_second_change_is_told_against_what_was_read(app: Flask, cast: SimpleNamespace) -> None:
    """A change is in hand when the next one comes, and comes back: the guest read the invitation, not the change."""
    event = make_table(cast.fier, venue="Salla A")
    invite(event, make_offices(1), cast)
    deliver()
    move(event, venue="Salla B")
    send_changes(event, by=cast.arta, now=SOON)
    db.session.commit()
    [first] = take()
    move(event, venue="Salla C")
    send_changes(event, by=cast.arta, now=SOON)
    db.session.commit()
    assert "Salla B" in compose(mails("change")[1]).text
    greylisted(first)
    db.session.commit()
    assert let_all_leave() == ["change 2"]
    text = compose(mails("change")[1]).text
    assert "Salla A" in text
    assert "Salla B" not in text


def test_what_was_sent_again_is_called_off_like_the_first(app: Flask, cast: SimpleNamespace) -> None:
    event = make_table(cast.fier)
    [guest] = invite(event, make_offices(1), cast)
    deliver()
    [first] = mails("request")
    first.bounced_at, first.bounce_permanent = SOON, True
    again = queue_again(first, now=SOON)
    db.session.commit()
    assert again.in_turn
    cancelled(event, cast)
    db.session.commit()
    assert (again.state, mails("cancellation")) == (MailState.WITHDRAWN, [])
    again.state = MailState.SENT
    again.sent_at = SOON
    db.session.commit()
    assert was_reached(mails_of([guest])[guest.id])


def test_a_greylisted_mail_goes_before_what_was_queued_after_it_for_the_same_address(
    app: Flask, cast: SimpleNamespace
) -> None:
    event = make_table(cast.fier)
    [guest] = invite(event, make_offices(1), cast)
    [first] = take()
    greylisted(first)
    to_same, to_other, letter = (
        make_mail(to, now=NOW) for to in (guest.address.upper(), "tjeter@bashkia.example", guest.address)
    )
    for mail in (to_same, to_other):
        mail.subject_type, mail.subject_id, mail.in_turn = first.subject_type, first.subject_id, True
    letter.subject_type, letter.subject_id = first.subject_type, first.subject_id
    db.session.commit()
    assert claim_mails("worker", now=SOON) == [to_other.id, letter.id]
    for mail in (to_other, letter):
        taken(mail)
    db.session.commit()
    assert claim_mails("worker", now=SOON + timedelta(minutes=1)) == [first.id]
    taken(first)
    db.session.commit()
    assert claim_mails("worker", now=SOON) == [to_same.id]


def test_a_withdrawal_that_was_in_hand_keeps_its_place_in_the_count(
    app: Flask, cast: SimpleNamespace
) -> None:
    """The invitation queued behind it counted it; what comes later must not count less."""
    event = make_table(cast.fier)
    [guest] = invite(event, make_offices(1), cast)
    deliver()
    withdrawn(event, cast)
    db.session.commit()
    [notice] = take()
    asked_again(event, cast)
    db.session.commit()
    greylisted(notice)
    db.session.commit()
    assert notice.state is MailState.WITHDRAWN
    assert let_all_leave() == ["request 2"]
    changed(event, cast)
    db.session.commit()
    assert calendar_ahead(guest) == 2
    assert let_all_leave() == ["change 3"]


def test_what_left_since_the_page_was_made_counts_as_read(app: Flask, cast: SimpleNamespace) -> None:
    """A worker commits between our look at the mails and our call to take them back."""
    event = make_table(cast.fier)
    [guest] = invite(event, make_offices(1), cast)
    [row] = mails_of([guest])[guest.id]
    db.session.execute(
        update(OutgoingMail).values(state=MailState.SENT, sent_at=SOON),
        execution_options={"synchronize_session": False},
    )
    assert row.mail.state is MailState.QUEUED, "what we read is old"
    assert cancel_with_notice(event, by=cast.arta, now=SOON) == 1
    assert row.mail.state is MailState.SENT

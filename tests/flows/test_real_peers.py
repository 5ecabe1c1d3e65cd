"""From an invitation to what comes back, with a real Postfix, Dovecot and Sieve between us and the guest."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from aiosmtpd.controller import Controller
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from pop_campaigns.accounts.models import User
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.invitations.models import Invitation
from pop_campaigns.invitations.rules import Answer
from pop_campaigns.invitations.services import GuestChoice, add_guests, send_invitations
from pop_campaigns.mail.models import IncomingMail, OutgoingMail
from pop_campaigns.mail.rules import IncomingKind, IncomingState, MailState
from pop_campaigns.worker.tasks import work
from tests import factories
from tests.incoming.scene import address_of, reply
from tests.intake.conftest import stored, wait_for
from tests.intake.test_listener import listening
from tests.mail_servers import Postfix, running_dovecot, running_postfix
from tests.services import free_port

pytestmark = pytest.mark.needs_mail_servers
SignIn = Callable[[Any], FlaskClient]


@pytest.fixture
def invited(cast: SimpleNamespace) -> SimpleNamespace:
    """A round table with one guest, the mayor, whose invitation waits in the outbox."""
    event = factories.make_event(cast.fier, starts_in=timedelta(days=20))
    mayor = factories.make_office("Kryetar", email="kryetari@bashkia.example", organisation=cast.fier)
    add_guests(event, [GuestChoice("office", mayor.id, "sq")], by=cast.arta, now=now())
    send_invitations(event, by=cast.arta, now=now())
    cast.arta.language = "en"
    db.session.commit()
    # Numbers, not rows: the worker's round has a session of its own and closes it.
    guest = db.session.scalars(select(Invitation)).one()
    return SimpleNamespace(event=event.id, guest=guest.id, arta=cast.arta.id)


@contextlib.contextmanager
def between(app: Flask, monkeypatch: pytest.MonkeyPatch, guests_server: str) -> Iterator[Postfix]:
    """A Postfix that takes our mail, brings the guests' domain to their server and ours back to us."""
    with listening(app) as port:
        routes = {"rsvp.example": f"lmtp:inet:127.0.0.1:{port}", "bashkia.example": guests_server}
        with running_postfix(routes) as postfix:
            monkeypatch.setitem(app.config, "MAIL_SERVER", "127.0.0.1")
            monkeypatch.setitem(app.config, "MAIL_PORT", postfix.port)
            yield postfix


def at_work(app: Flask) -> None:
    """One round of the worker."""
    db.session.rollback()
    work(app)
    db.session.rollback()


def sent_mail() -> OutgoingMail:
    db.session.rollback()
    return db.session.scalars(select(OutgoingMail)).one()


def page_of(invited: SimpleNamespace, sign_in: SignIn) -> str:
    return sign_in(db.session.get_one(User, invited.arta)).get(f"/events/{invited.event}").text


def test_an_unknown_mailbox_shows_at_the_guest(
    app: Flask, invited: SimpleNamespace, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Refusing:
        async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, _: Any) -> str:
            return f"550 5.1.1 <{address}>: Recipient address rejected: no such mailbox"

    refusing = Controller(Refusing(), hostname="127.0.0.1", port=free_port(), server_hostname="localhost")
    refusing.start()
    try:
        with between(app, monkeypatch, f"smtp:[127.0.0.1]:{refusing.port}"):
            at_work(app)
            assert sent_mail().state is MailState.SENT
            wait_for(stored)
    finally:
        refusing.stop()
    at_work(app)
    [mail] = db.session.scalars(select(IncomingMail))
    assert (mail.kind, mail.state, mail.envelope_from) == (IncomingKind.BOUNCE, IncomingState.MATCHED, "")
    assert sent_mail().bounce_permanent is True
    page = page_of(invited, sign_in)
    assert "There is no such mailbox (550 5.1.1)" in page and "after sending" in page
    assert f"/invitations/{invited.guest}/address" in page
    assert db.session.get_one(Invitation, invited.guest).answer is Answer.NEEDS_ACTION


def test_a_holiday_reply_is_shown_and_answers_nothing(
    app: Flask, invited: SimpleNamespace, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    lmtp = free_port()
    with (
        between(app, monkeypatch, f"lmtp:inet:127.0.0.1:{lmtp}") as postfix,
        running_dovecot(postfix.port, lmtp=lmtp) as dovecot,
    ):
        dovecot.sieve("kryetari", 'require "vacation"; vacation :subject "Me pushime" "Kthehem të hënën.";')
        at_work(app)
        wait_for(stored)
        at_work(app)
        [mail] = db.session.scalars(select(IncomingMail))
        assert (mail.kind, mail.state) == (IncomingKind.AUTO, IncomingState.MATCHED)
        # Nothing is sent in return, or the two would never end.
        assert db.session.scalar(select(func.count()).select_from(OutgoingMail)) == 1
    page = page_of(invited, sign_in)
    assert "Kthehem të hënën." in page and f"/mail/in/{mail.id}" in page
    assert db.session.get_one(Invitation, invited.guest).answer is Answer.NEEDS_ACTION


def test_a_server_that_greylists_gets_the_mail_later(
    app: Flask, invited: SimpleNamespace, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    lmtp = free_port()
    with (
        between(app, monkeypatch, f"lmtp:inet:127.0.0.1:{lmtp}") as postfix,
        running_dovecot(postfix.port, lmtp=lmtp) as dovecot,
    ):
        postfix.refuse(kryetari="451 4.7.1 Greylisted, please try again in a minute")
        at_work(app)
        waiting = sent_mail()
        assert (waiting.state, waiting.last_code, waiting.attempts) == (MailState.QUEUED, 451, 1)
        assert "come back later" in page_of(invited, sign_in)
        at_work(app)
        assert sent_mail().attempts == 1, "it is not due yet"
        postfix.refuse()
        with time_machine.travel(waiting.available_at + timedelta(seconds=1), tick=True):
            at_work(app)
            assert (sent_mail().state, sent_mail().attempts) == (MailState.SENT, 2)
        inbox = dovecot.folder / "homes/kryetari/Maildir/new"
        wait_for(lambda: inbox.is_dir() and len(list(inbox.iterdir())) == 1)
        [delivered] = inbox.iterdir()
        assert sent_mail().message_id.encode() in delivered.read_bytes()
    [first, second] = sent_mail().tries
    assert (first.code, second.code) == (451, 250)


def test_an_answer_pressed_in_a_calendar_counts(
    app: Flask, invited: SimpleNamespace, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    with between(app, monkeypatch, "discard:") as postfix:
        at_work(app)
        guest = db.session.get_one(Invitation, invited.guest)
        postfix.send(reply(guest, comment="Vij me vonesë"), guest.address, address_of(guest))
        wait_for(stored)
    at_work(app)
    page = page_of(invited, sign_in)
    assert "Vij me vonesë" in page and "from a calendar" in page
    assert db.session.get_one(Invitation, invited.guest).answer is Answer.ACCEPTED

"""What real mail servers make of our invitations, there and back: sent by our outbox, filed by our round, shown at the event."""

from __future__ import annotations

import re
import socketserver
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from pop_campaigns.accounts.models import User
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.incoming.tasks import file_received
from pop_campaigns.invitations.models.invitations import GivenAnswer, Invitation
from pop_campaigns.invitations.rules.invitations import Answer, AnswerChannel, GuestChoice
from pop_campaigns.invitations.services.guests import add_guests
from pop_campaigns.invitations.services.sending import send_invitations
from pop_campaigns.mail.models import IncomingMail, OutgoingMail
from pop_campaigns.mail.rules import IncomingKind, IncomingState, MailState
from pop_campaigns.tryout.guest_answers import Press, Receiver, Sent
from pop_campaigns.tryout.local_mailbox import read_delivered
from pop_campaigns.tryout.mailserver import store_message
from pop_campaigns.worker.drain import drain_outbox
from tests import factories
from tests.intake.conftest import wait_for
from tests.intake.test_listener import listening
from tests.mail_servers import Postfix, running_dovecot, running_postfix
from tests.services import free_port

pytestmark = pytest.mark.needs_mail_servers

Browser = Callable[[User], FlaskClient]
DOMAIN = "rsvp.example"


@pytest.fixture
def scene(cast: SimpleNamespace) -> SimpleNamespace:
    """A round table to which the mayor and the prefect are invited; their mails wait in the outbox."""
    cast.arta.language = "en"
    event = factories.make_event(cast.fier, starts_in=timedelta(days=20))
    mayor = factories.make_office("Kryetar", email="kryetari@bashkia.example", organisation=cast.fier)
    prefect = factories.make_office("Prefekt", email="prefekti@qark.example", organisation=cast.fier)
    add_guests(
        event, [GuestChoice("office", one.id, "sq") for one in (mayor, prefect)], by=cast.arta, now=now()
    )
    send_invitations(event, by=cast.arta, now=now())
    db.session.commit()
    guests = db.session.scalars(select(Invitation).order_by(Invitation.id)).all()
    return SimpleNamespace(event=event, mayor=guests[0], prefect=guests[1], by=cast.arta)


@pytest.fixture
def send(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Empties the outbox into a Postfix, as the worker does."""

    def send_by(postfix: Postfix, later: timedelta = timedelta(0)) -> Any:
        monkeypatch.setitem(app.config, "MAIL_SERVER", "127.0.0.1")
        monkeypatch.setitem(app.config, "MAIL_PORT", postfix.port)
        db.session.rollback()
        return drain_outbox(app, owner="round trip", now_fn=lambda: now() + later)

    return send_by


def file_what_came(kind: IncomingKind) -> IncomingMail:
    """Wait for one mail to be stored, let the worker's round file it, give it."""
    wait_for(came_in, what="a mail that comes in")
    assert file_received(lambda: False) == 1
    db.session.expire_all()
    mail = db.session.scalars(select(IncomingMail)).one()
    assert (mail.kind, mail.state) == (kind, IncomingState.MATCHED), mail.reasons
    return mail


def came_in() -> int:
    """How many mails were stored, looked at afresh, with no transaction left open: it would keep SQLite's writers out."""
    db.session.rollback()
    number = db.session.scalar(select(func.count(IncomingMail.id))) or 0
    db.session.rollback()
    return number


def outgoing() -> int:
    return db.session.scalar(select(func.count(OutgoingMail.id))) or 0


def text_of(page: Any) -> str:
    assert page.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


def guests_part(page: Any, guest: Invitation) -> str:
    """The row of one guest on the event's page."""
    row = re.search(rf'<tr data-row id="guest-{guest.id}".*?</tr>', page.text, re.DOTALL)
    assert row
    return " ".join(re.sub(r"<[^>]+>", " ", row[0]).split())


class Refusing:
    """A mail server without this mailbox; all others it has."""

    def __init__(self, unknown: str) -> None:
        self.unknown = unknown

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, _: Any) -> str:
        if address == self.unknown:
            return f"550 5.1.1 <{address}>: Recipient address rejected: no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"


@pytest.fixture
def ministry() -> Iterator[Controller]:
    server = Controller(
        Refusing("kryetari@bashkia.example"),
        hostname="127.0.0.1",
        port=free_port(),
        server_hostname="localhost",
    )
    server.start()
    yield server
    server.stop()


def test_a_mailbox_that_is_gone_shows_at_the_guest(
    app: Flask, scene: SimpleNamespace, send: Callable[..., Any], ministry: Controller, sign_in: Browser
) -> None:
    there = f"smtp:[127.0.0.1]:{ministry.port}"
    with listening(app) as port:
        routes = {DOMAIN: f"lmtp:inet:127.0.0.1:{port}", "bashkia.example": there, "qark.example": there}
        with running_postfix(routes) as postfix:
            assert send(postfix).sent == 2
            bounced = file_what_came(IncomingKind.BOUNCE)
    assert (bounced.envelope_from, bounced.envelope_to[:2]) == ("", "b-")
    page = sign_in(scene.by).get(f"/events/{scene.event.id}")
    row = guests_part(page, scene.mayor)
    assert "Came back" in row
    assert "550 5.1.1" in row
    assert "Came back" not in guests_part(page, scene.prefect)
    assert scene.mayor.answer is Answer.NEEDS_ACTION


VACATION = 'require "vacation"; vacation :subject "Me pushime" "Mungoj në zyrë. Kthehem më 14 dhjetor 2027.";'


def test_an_automatic_reply_is_shown_and_nothing_answers_it(
    app: Flask, scene: SimpleNamespace, send: Callable[..., Any], sign_in: Browser
) -> None:
    lmtp = free_port()
    mailboxes = f"lmtp:inet:127.0.0.1:{lmtp}"
    with listening(app) as port:
        routes = {
            DOMAIN: f"lmtp:inet:127.0.0.1:{port}", "bashkia.example": mailboxes, "qark.example": mailboxes,
        }  # fmt: skip
        with running_postfix(routes) as postfix, running_dovecot(postfix.port, lmtp=lmtp) as dovecot:
            dovecot.sieve("kryetari", VACATION)
            assert send(postfix).sent == 2
            before = outgoing()
            away = file_what_came(IncomingKind.AUTO)
            assert outgoing() == before
            assert send(postfix, later=timedelta(hours=1)).sent == 0
    assert away.envelope_from == ""
    assert ("invitations", scene.mayor.id) in {(link.subject_type, link.subject_id) for link in away.links}
    assert ("invitations", scene.prefect.id) not in {
        (link.subject_type, link.subject_id) for link in away.links
    }
    assert scene.mayor.answer is Answer.NEEDS_ACTION
    assert not db.session.scalars(select(GivenAnswer)).all()
    browser = sign_in(scene.by)
    listed = text_of(browser.get("/mail/in?show=all"))
    assert "Me pushime" in listed
    assert "utomatic reply" in listed
    assert "Me pushime" in text_of(browser.get(f"/events/{scene.event.id}"))
    assert "2027" in text_of(browser.get(f"/mail/in/{away.id}"))


class Greylist(socketserver.StreamRequestHandler):
    """A policy service for Postfix (SMTPD_POLICY_README): an address it has not seen before may come again later."""

    server: Any

    def handle(self) -> None:
        asked: dict[str, str] = {}
        for line in self.rfile:
            name, _, value = line.decode().rstrip("\n").partition("=")
            if name:
                asked[name] = value
                continue
            action = "DUNNO"
            if asked.get("recipient") == self.server.greylisted and not self.server.asked:
                action = "451 4.7.1 Greylisted, please come again later"
            self.server.asked += (
                [asked["recipient"]] if asked.get("recipient") == self.server.greylisted else []
            )
            self.wfile.write(f"action={action}\n\n".encode())
            asked = {}


@pytest.fixture
def greylist() -> Iterator[Any]:
    server: Any = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Greylist)
    server.daemon_threads = True
    server.asked, server.greylisted = [], "kryetari@bashkia.example"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_greylisting_is_waited_out_and_every_try_is_shown(
    app: Flask, scene: SimpleNamespace, send: Callable[..., Any], greylist: Any, sign_in: Browser
) -> None:
    browser = sign_in(scene.by)
    discarded = "discard:"
    routes = {"bashkia.example": discarded, "qark.example": discarded}
    with running_postfix(routes, policy=greylist.server_address[1]) as postfix:
        first = send(postfix)
        assert (first.sent, first.postponed, first.failed, first.trouble) == (1, 1, 0, "")
        mayors = db.session.scalars(
            select(OutgoingMail).where(OutgoingMail.to_address == scene.mayor.address)
        ).one()
        assert (mayors.state, mayors.attempts) == (MailState.QUEUED, 1)
        page = text_of(browser.get(f"/mail/{mayors.id}"))
        assert "Being tried again" in page
        assert "451" in page
        assert "Greylisted, please come again later" in page
        assert send(postfix).sent == 0, "too soon: the server said later"
        assert send(postfix, later=timedelta(minutes=2)).sent == 1
    db.session.expire_all()
    assert (mayors.state, mayors.attempts) == (MailState.SENT, 2)
    assert [one.code for one in mayors.tries] == [451, 250]
    page = text_of(browser.get(f"/mail/{mayors.id}"))
    assert "Being tried again" not in page
    assert page.count("Greylisted, please come again later") == 1
    assert greylist.asked == [scene.mayor.address] * 2


def test_accepted_in_the_calendar_of_a_real_mailbox_counts(
    app: Flask, scene: SimpleNamespace, send: Callable[..., Any], sign_in: Browser, tmp_path: Path
) -> None:
    lmtp = free_port()
    mailboxes = f"lmtp:inet:127.0.0.1:{lmtp}"
    with listening(app) as port:
        routes = {
            DOMAIN: f"lmtp:inet:127.0.0.1:{port}", "bashkia.example": mailboxes, "qark.example": mailboxes,
        }  # fmt: skip
        with running_postfix(routes) as postfix, running_dovecot(postfix.port, lmtp=lmtp) as dovecot:
            assert send(postfix).sent == 2
            new = dovecot.folder / "homes" / "kryetari" / "Maildir" / "new"
            wait_for(lambda: new.is_dir() and list(new.iterdir()), what="the invitation in the mailbox")
            [delivered] = new.iterdir()
            answer = accept(delivered.read_bytes(), scene.mayor.address, tmp_path)
            postfix.send(answer.raw, answer.sender, answer.recipient)
            came = file_what_came(IncomingKind.CALENDAR)
    given = db.session.scalars(select(GivenAnswer)).one()
    assert (given.answer, given.channel, given.incoming_mail_id) == (
        Answer.ACCEPTED, AnswerChannel.CALENDAR, came.id,
    )  # fmt: skip
    page = sign_in(scene.by).get(f"/events/{scene.event.id}")
    row = guests_part(page, scene.mayor)
    assert "Accepted" in row
    assert "Vij me nënkryetaren" in row
    assert "Accepted" not in guests_part(page, scene.prefect)


def accept(raw: bytes, address: str, folder: Path) -> Sent:
    """What the guest's program sends, from the message as it lies in the guest's mailbox."""
    returns_to = re.search(rb"(?m)^Return-Path: <([^>]*)>", raw)
    assert returns_to, "the mailbox keeps the envelope"
    crlf = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    name = store_message(folder, crlf, returns_to[1].decode(), [address])
    receiver = Receiver(read_delivered(folder, name), DOMAIN)
    return receiver.answer("ACCEPTED", "Vij me nënkryetaren", Press("a press in the calendar", now()))

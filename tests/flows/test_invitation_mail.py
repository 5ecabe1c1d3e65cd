"""From an event to an answer, with the mail going over a real SMTP connection and read by other libraries."""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from datetime import timedelta
from email.message import Message
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import icalendar
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP
from flask import Flask

from pop_campaigns.core import clock
from pop_campaigns.core.db import db
from pop_campaigns.invitations.queries.guests import answers_for, counts_for, find_by_token
from pop_campaigns.invitations.rules.invitations import Answer, AnswerChannel, GuestChoice
from pop_campaigns.invitations.services.answers import record_answer
from pop_campaigns.invitations.services.guests import add_guests
from pop_campaigns.invitations.services.sending import cancel_with_notice, send_changes, send_invitations
from pop_campaigns.mail.rules import MailState
from pop_campaigns.tryout.mailserver import StoringHandler, TryoutServer
from pop_campaigns.worker.drain import drain_outbox
from tests import factories

pytestmark = pytest.mark.both_databases


class PostOffice(Controller):
    """The local mail server in this process, on a free port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__(StoringHandler(folder), hostname="127.0.0.1", port=0)

    def factory(self) -> SMTP:
        return TryoutServer(self.handler, enable_SMTPUTF8=True, hostname="localhost", loop=self.loop)

    def _trigger_server(self) -> None:
        # The library would connect to port 0; the real port is known only now.
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()

    def letters(self) -> dict[str, Message]:
        """The newest mail for each address, read with the older of the standard parsers."""
        files = sorted(self.folder.glob("*.eml"))
        rows = [email.message_from_bytes(path.read_bytes()) for path in files]
        return {str(mail["X-Envelope-To"]).strip("<>"): mail for mail in rows}


@pytest.fixture
def post_office(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PostOffice]:
    folder = tmp_path / "mail"
    folder.mkdir()
    office = PostOffice(folder)
    office.start()
    monkeypatch.setitem(app.config, "MAIL_PORT", office.port)
    monkeypatch.setitem(app.config, "MAIL_SERVER", "127.0.0.1")
    yield office
    office.stop()


def parts_of(mail: Message) -> dict[str, bytes]:
    """The contents of a mail by media type."""
    return {
        part.get_content_type(): part.get_payload(decode=True)
        for part in mail.walk()
        if not part.is_multipart()
    }  # type: ignore[misc]


def entry_of(mail: Message) -> Any:
    """The calendar entry of a mail, the same in the body and in the file."""
    parts = parts_of(mail)
    assert parts["text/calendar"] == parts["application/ics"]
    calendar = icalendar.Calendar.from_ical(parts["text/calendar"])
    [entry] = calendar.walk("VEVENT")
    assert calendar["METHOD"] in next(
        part["Content-Type"] for part in mail.walk() if part.get_content_type() == "text/calendar"
    )
    return entry


def test_an_invitation_travels_and_is_answered(
    app: Flask, cast: SimpleNamespace, post_office: PostOffice
) -> None:
    now = clock.now()
    event = factories.make_event(cast.fier, title_sq="Ndotja e lumit Gjanica: çfarë mbetet?")
    mayor = factories.make_office("Kryetar", email="kryetari@bashkia.example", holder="Emër Mbiemër")
    prefect = factories.make_office("Prefekt", title_en="Prefect", email="prefekti@qarku.example")
    db.session.commit()

    choices = [GuestChoice("office", mayor.id, "sq"), GuestChoice("office", prefect.id, "en")]
    add_guests(event, choices, by=cast.arta, now=now)
    assert send_invitations(event, by=cast.arta, now=now) == 2
    db.session.commit()
    assert drain_outbox(app, owner="flow").sent == 2

    letters = post_office.letters()
    assert set(letters) == {"kryetari@bashkia.example", "prefekti@qarku.example"}
    letter = letters["kryetari@bashkia.example"]
    assert letter["Auto-Submitted"] is None
    assert letter["Content-Language"] == "sq"
    assert letters["prefekti@qarku.example"]["Content-Language"] == "en"
    order = [part.get_content_type() for part in letter.walk()]
    assert order == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/calendar", "application/ics",
    ]  # fmt: skip

    entry = entry_of(letter)
    assert entry["SUMMARY"] == "Ndotja e lumit Gjanica: çfarë mbetet?"
    assert entry["DTSTART"].dt == event.starts_at
    assert (int(entry["SEQUENCE"]), entry["UID"]) == (0, event.uid)
    assert entry["ATTENDEE"] == "mailto:kryetari@bashkia.example"
    sender = email.utils.parseaddr(letter["From"])[1]  # type: ignore[attr-defined]
    assert entry["ORGANIZER"] == f"mailto:{sender}"
    assert sender.endswith("@rsvp.example")

    text = parts_of(letter)["text/plain"].decode()
    [token] = re.findall(r"http://localhost/a/(\S+)", text)
    guest = find_by_token(token, now=now)
    assert guest is not None
    assert guest.address == "kryetari@bashkia.example"
    record_answer(guest, Answer.ACCEPTED, channel=AnswerChannel.LINK, now=now)
    db.session.commit()
    counts = counts_for([event.id])[event.id]
    assert (counts.accepted, counts.waiting, counts.total) == (1, 1, 2)
    assert {row.mail.state for row in answers_for(event) if row.mail} == {MailState.SENT}


def test_changes_and_cancellation_follow_with_a_higher_sequence(
    app: Flask, cast: SimpleNamespace, post_office: PostOffice
) -> None:
    now = clock.now()
    event = factories.make_event(cast.fier)
    office = factories.make_office()
    db.session.commit()
    add_guests(event, [GuestChoice("office", office.id)], by=cast.arta, now=now)
    send_invitations(event, by=cast.arta, now=now)
    db.session.commit()
    drain_outbox(app, owner="flow")
    first = entry_of(post_office.letters()["zyra@bashkia.example"])

    event.starts_at += timedelta(days=1)
    event.ends_at += timedelta(days=1)
    event.sequence += 1
    db.session.commit()
    assert send_changes(event, by=cast.arta, now=now) == 1
    db.session.commit()
    drain_outbox(app, owner="flow")
    moved_mail = post_office.letters()["zyra@bashkia.example"]
    moved = entry_of(moved_mail)
    assert moved_mail["Auto-Submitted"] == "auto-generated"
    assert moved["DTSTART"].dt - first["DTSTART"].dt == timedelta(days=1)

    assert cancel_with_notice(event, by=cast.arta, now=now) == 1
    db.session.commit()
    drain_outbox(app, owner="flow")
    off = entry_of(post_office.letters()["zyra@bashkia.example"])
    assert off["STATUS"] == "CANCELLED"
    assert [int(one["SEQUENCE"]) for one in (first, moved, off)] == [0, 1, 2]
    assert {one["UID"] for one in (first, moved, off)} == {event.uid}
    assert {one["ORGANIZER"] for one in (first, moved, off)} == {first["ORGANIZER"]}

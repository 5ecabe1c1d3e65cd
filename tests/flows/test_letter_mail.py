"""A letter to one and six: written, looked at, sent over a real SMTP connection, its clocks running, answered."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from aiosmtpd.controller import Controller
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import select

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from pop_campaigns.letters.models import Letter
from pop_campaigns.letters.rules.letters import LetterState
from pop_campaigns.worker.tasks import work
from tests.factories import make_institution, make_office
from tests.services import free_port

pytestmark = pytest.mark.both_databases

NOVEMBER = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
OFFICES = (
    ("Ministër", "Ministria e Turizmit dhe Mjedisit", "ministry", "ministri@mjedisi.example"),
    ("Kryeministër", "Kryeministria", "government", "kabineti@kryeministria.example"),
    ("Prefekt", "Prefektura e Qarkut Fier", "prefecture", "prefekti@fier.example"),
    ("Drejtor", "Agjencia Kombëtare e Mjedisit", "agency", "drejtori@akm.example"),
    ("Kryetar", "Bashkia Fier", "municipality", "kryetari@bashkiafier.example"),
    ("Kryetar", "Bashkia Mallakastër", "municipality", "kryetari@mallakaster.example"),
    ("Drejtor", "Drejtoria Rajonale e Mjedisit", "directorate", "drejtoria@mjedisifier.example"),
)
REFUSED = "drejtoria@mjedisifier.example"


class Desk:
    """A mail server that keeps what it takes and knows one mailbox not."""

    def __init__(self) -> None:
        self.kept: dict[str, EmailMessage] = {}
        self.count = 0

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address == REFUSED:
            return "550 5.1.1 No such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        message = BytesParser(policy=policy.default).parsebytes(envelope.content)
        (to,) = envelope.rcpt_tos
        self.kept[to] = message
        self.count += 1
        return "250 2.0.0 OK"


@pytest.fixture
def desk(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    handler = Desk()
    server = Controller(handler, hostname="127.0.0.1", port=free_port(), server_hostname="localhost")
    server.start()
    monkeypatch.setitem(app.config, "MAIL_SERVER", "127.0.0.1")
    monkeypatch.setitem(app.config, "MAIL_PORT", server.port)
    yield handler
    server.stop()


def test_a_letter_goes_to_one_and_six_and_is_answered(
    app: Flask, cast: SimpleNamespace, desk: Desk, sign_in: Callable[[User], FlaskClient]
) -> None:
    cast.arta.language = "en"
    offices = [
        make_office(title, make_institution(name, kind=kind), email=email)
        for title, name, kind, email in OFFICES
    ]
    db.session.commit()
    with time_machine.travel(NOVEMBER, tick=False):
        arta = sign_in(cast.arta)
        letter = write_and_send(arta, [office.id for office in offices])
        db.session.rollback()
        assert work(app).sent == 6
        assert work(app).sent == 0
    assert desk.count == 6
    assert set(desk.kept) == {email for *_rest, email in OFFICES} - {REFUSED}
    check_mails(desk, letter)
    check_clocks(arta, letter)
    with time_machine.travel(NOVEMBER + timedelta(days=7), tick=False):
        arta = sign_in(cast.arta)
        one = letter.recipients[0]
        answer = {"kind": "full", "received_on": "2026-11-20", "their_number": "4512/1"}
        data = answer | {"file": (io.BytesIO(b"%PDF-1.7\nx"), "Përgjigje.pdf")}
        assert arta.post(f"/letters/{letter.id}/recipients/{one.id}/response", data=data).status_code == 302
        text = arta.get("/letters?show=answered").text
        assert "Answered" in text and "1/2026" in text
        assert "4512/1" in arta.get(f"/letters/{letter.id}").text
        assert "1/2026" not in arta.get("/letters?show=waiting").text


def write_and_send(arta: FlaskClient, office_ids: list[int]) -> Letter:
    """Go the coordinator's way: text, recipients, look, send (twice: the second press does nothing)."""
    typed = {
        "once": "flow", "subject_sq": "Ndotja e lumit Gjanica në Fier", "basis": "information_request", "campaign": "",
        "body_sq": "I nderuar zoti Ministër,\n\nJu kërkojmë të na informoni për inspektimet.", "signed_by": "Koordinator Fier",
    }  # fmt: skip
    recipients = arta.post("/letters/new", data=typed).location
    arta.post(recipients, data={"guest": f"office-{office_ids[0]}", "role": "to"})
    arta.post(recipients, data={"guest": [f"office-{ident}" for ident in office_ids[1:]], "role": "cc"})
    look = arta.get(recipients.replace("recipients", "preview")).text
    assert "7 recipients: 1 addressee, 6 copies; 7 in Albanian." in look
    seen = look.split('name="seen" value="')[1].split('"')[0]
    for _press in range(2):
        assert arta.post(recipients.replace("recipients", "send"), data={"seen": seen}).status_code == 302
    letter = db.session.scalars(select(Letter)).one()
    assert (letter.state, letter.register_number) == (LetterState.SENT, "1/2026")
    return letter


def check_mails(desk: Desk, letter: Letter) -> None:
    senders, files = set(), set()
    for to, message in desk.kept.items():
        assert [address.addr_spec for address in message["To"].addresses] == [to]
        assert message["Subject"] == "[Nr. 1/2026] Ndotja e lumit Gjanica në Fier"
        assert message["Auto-Submitted"] is None
        (sender,) = message["From"].addresses
        senders.add(sender.addr_spec)
        text = message.get_body(("plain",))
        assert text is not None
        said = text.get_content()
        assert "Ministrit të Turizmit dhe Mjedisit" in said and "Kryetarit të Bashkisë Mallakastër" in said
        assert ("Sipas nenit 15 të ligjit nr. 119/2014" in said) is (to == "ministri@mjedisi.example")
        (file,) = message.iter_attachments()
        assert (file.get_content_type(), file.get_filename()) == ("application/pdf", "Shkresa-1-2026.pdf")
        files.add(file.get_content())
    assert senders == {
        f"{recipient.reply_local}@rsvp.example" for recipient in letter.recipients if recipient.mail.sent_at
    }
    assert len(senders) == 6 and len(files) == 1
    words = " ".join(PdfReader(io.BytesIO(files.pop())).pages[0].extract_text().split())
    for part in (
        "Nr. prot. 1/2026",
        "më 16 nëntor 2026",
        "Drejtuar: Ministrit të Turizmit dhe Mjedisit",
        "Për dijeni:",
        "Kryetarit të Bashkisë Mallakastër",
    ):
        assert part in words


def check_clocks(arta: FlaskClient, letter: Letter) -> None:
    db.session.expire_all()
    due = [
        (recipient.due_on.isoformat(), recipient.due_explained["force"])
        for recipient in letter.recipients
        if recipient.due_on
    ]
    assert due == [("2026-12-03", "binding")], "who has a copy owes nothing"
    assert letter.recipients[-1].clock_from is None
    with time_machine.travel(NOVEMBER + timedelta(hours=1), tick=False):
        text = arta.get(f"/letters/{letter.id}").text
        assert "3 December 2026" in text and "There is no such mailbox" in text
        assert "1/2026" in arta.get("/letters?show=waiting").text

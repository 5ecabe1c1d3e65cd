"""A letter taken back within its time: a draft as before, whose register number waits for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from pop_campaigns.accounts.models import User
from pop_campaigns.core.clock import local_date
from pop_campaigns.core.db import db
from pop_campaigns.letters.models import Letter
from pop_campaigns.letters.queries.letters import lines_of
from pop_campaigns.letters.rules.letters import LetterState
from pop_campaigns.letters.services.letters import fingerprint, send_letter
from pop_campaigns.letters.services.undoing import undo_letter
from pop_campaigns.mail.models import OutgoingMail, Sending
from pop_campaigns.mail.outbox import claim_mails
from pop_campaigns.mail.rules import MailState, SendingKind
from pop_campaigns.mail.sendings import NotUndone, begin_sending
from tests.factories import make_letter, make_letter_recipient, make_office

NOVEMBER = datetime(2026, 11, 16, 10, 0, tzinfo=UTC)
THEN = NOVEMBER + timedelta(seconds=10)
OVER = NOVEMBER + timedelta(seconds=30)


@pytest.fixture(autouse=True)
def half_a_minute(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "UNDO_SECONDS", 30)


@pytest.fixture
def letter(cast: SimpleNamespace) -> Letter:
    """To two offices, and to one that gets paper."""
    letter = make_letter(cast.fier)
    for number, email in enumerate(("a@bashkia.example", "b@bashkia.example", None)):
        make_letter_recipient(
            letter, make_office(f"Zyra {number}", email=email), "to" if not number else "cc"
        )
    db.session.commit()
    return letter


def columns(letter: Letter) -> list[dict[str, object]]:
    """The letter and its recipients as they are stored, but for number, version and moment of change."""
    db.session.commit()
    apart = {"version", "changed_at", "register_year", "register_count"}
    rows = [letter, *letter.recipients]
    return [
        {column.key: getattr(row, column.key) for column in row.__table__.columns if column.key not in apart}
        for row in rows
    ]


def send(letter: Letter, cast: SimpleNamespace, now: datetime = NOVEMBER) -> Sending:
    sending = begin_sending(SendingKind.LETTER, letter, by=cast.arta, now=now)
    assert sending is not None
    send_letter(letter, by=cast.arta, now=now, sending=sending)
    db.session.commit()
    return sending


@pytest.mark.both_databases
def test_taken_back_it_is_the_draft_it_was_and_keeps_its_number(
    letter: Letter, cast: SimpleNamespace
) -> None:
    before = columns(letter)
    sending = send(letter, cast)
    assert columns(letter) != before
    taken = undo_letter(sending, letter, by=cast.arta, now=THEN)
    assert (taken.total, taken.left) == (2, 0)
    assert columns(letter) == before
    assert (letter.state, letter.register_number) == (LetterState.DRAFT, "1/2026")
    assert claim_mails("w", now=OVER) == []
    other = make_letter(cast.fier)
    make_letter_recipient(other, make_office("Zyra tjetër", email="t@bashkia.example"))
    send_letter(other, by=cast.arta, now=THEN)
    assert other.register_number == "2/2026"
    send(letter, cast, THEN)
    assert letter.register_number == "1/2026"
    states = [mail.state for mail in db.session.scalars(select(OutgoingMail).order_by(OutgoingMail.id))]
    assert states == [MailState.WITHDRAWN] * 2 + [MailState.QUEUED] * 3


def test_sent_in_another_year_it_gets_that_years_number(letter: Letter, cast: SimpleNamespace) -> None:
    undo_letter(send(letter, cast), letter, by=cast.arta, now=THEN)
    send_letter(letter, by=cast.arta, now=NOVEMBER + timedelta(days=60))
    assert letter.register_number == "1/2027"


def test_too_late_it_stays_sent(letter: Letter, cast: SimpleNamespace) -> None:
    sending = send(letter, cast)
    with pytest.raises(NotUndone):
        undo_letter(sending, letter, by=cast.arta, now=OVER)
    db.session.rollback()
    assert letter.state is LetterState.SENT


def test_the_press_on_the_page(
    letter: Letter, cast: SimpleNamespace, sign_in: Callable[[User], FlaskClient]
) -> None:
    with time_machine.travel(NOVEMBER, tick=False):
        browser = sign_in(cast.arta)
        seen = fingerprint(letter, lines_of(letter, cast.arta, local_date(NOVEMBER)))
        assert browser.post(f"/letters/{letter.id}/send", data={"seen": seen}).status_code == 302
        sending = db.session.scalars(select(Sending)).one()
        page = browser.get(f"/letters/{letter.id}").text
        assert "Shkresa për 2 marrës" in page and f"/sendings/{sending.id}/undo" in page
        for stranger in (cast.clirim, cast.eva):
            assert sign_in(stranger).post(f"/sendings/{sending.id}/undo").status_code in (403, 404)
        assert browser.post(f"/sendings/{sending.id}/undo").status_code == 302
        db.session.refresh(letter)
        assert letter.state is LetterState.DRAFT
        assert "1/2026" in browser.get(f"/letters/{letter.id}").text

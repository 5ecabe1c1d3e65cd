"""An event's guests taken along as a table, and reminded by ticks."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from pop_campaigns.core.history import History
from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.queries.guests import awaiting_answer, guests_of
from pop_campaigns.invitations.rules.invitations import Answer, AnswerChannel
from pop_campaigns.invitations.services.answers import record_answer
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.outbox import record_refused, record_sent
from tests.desk.conftest import invited_event

Browser = Callable[[User], FlaskClient]


@pytest.fixture
def event(people: SimpleNamespace) -> Event:
    """Three invited guests; the first comes, with a note that looks like a formula."""
    row = invited_event(people.arta, guests=3)
    now = datetime.now(UTC) - timedelta(hours=20)
    for guest in guests_of(row):
        record_sent(guest.mails[0].mail, code=250, words="ok", now=now)
    first = guests_of(row)[0]
    record_answer(first, Answer.ACCEPTED, note="=1+1", channel=AnswerChannel.LINK, now=datetime.now(UTC))
    db.session.commit()
    return row


def lines(content: bytes) -> list[list[str]]:
    return [line.split(";") for line in content.decode("utf-8-sig").splitlines()]


def test_the_ticked_or_all_are_taken_as_a_table(
    people: SimpleNamespace, sign_in: Browser, event: Event
) -> None:
    arta, first = sign_in(people.arta), guests_of(event)[0]
    assert "Download 3 guests" in arta.get(f"/events/{event.id}/guests/export").text
    assert "Download 1 guest as" in arta.get(f"/events/{event.id}/guests/export?g={first.id}").text
    answer = arta.post(f"/events/{event.id}/guests.csv?g={first.id}")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    heads, line = lines(answer.data)
    assert heads[:3] == ["Guest", "Name", "E-mail"]
    assert line[2] == first.address and "Accepted" in line and "'=1+1" in line, "no spreadsheet runs it"
    assert first.reply_local not in answer.text
    book = load_workbook(io.BytesIO(arta.post(f"/events/{event.id}/guests.xlsx").data))
    rows = list(book.active.iter_rows(values_only=True))
    assert len(rows) == 4 and "=1+1" in rows[1] + rows[2] + rows[3]
    taken = db.session.scalars(select(History).where(History.action == "event.guests_exported")).all()
    assert [(row.details["rows"], row.details["form"]) for row in taken] == [(1, "csv"), (3, "xlsx")]


@pytest.mark.parametrize("who", ["clirim", "eva"])
def test_strangers_and_readers_take_nothing(
    people: SimpleNamespace, sign_in: Browser, event: Event, who: str
) -> None:
    browser = sign_in(getattr(people, who))
    assert browser.get(f"/events/{event.id}/guests/export").status_code == 404
    assert browser.post(f"/events/{event.id}/guests.csv").status_code == 404


def test_only_the_ticked_are_reminded(people: SimpleNamespace, sign_in: Browser, event: Event) -> None:
    coming, silent, other = guests_of(event)
    arta = sign_in(people.arta)
    address = f"/events/{event.id}/remind?g={silent.id}&g={coming.id}"
    page = arta.get(address).text
    assert "Send 1 reminder" in page and other.address not in page
    for _press in (1, 2):
        arta.post(address)
    sent = select(OutgoingMail.to_address).where(OutgoingMail.kind == "invitation.reminder")
    assert db.session.scalars(sent).all() == [silent.address]


def test_the_ticked_are_written_to(people: SimpleNamespace, sign_in: Browser, event: Event) -> None:
    first, second, _third = guests_of(event)
    arta = sign_in(people.arta)
    assert f'formaction="/events/{event.id}/messages/new"' in arta.get(f"/events/{event.id}").text
    page = arta.get(f"/events/{event.id}/messages/new?g={first.id}&ticked={second.id}").text
    ticked = re.findall(
        r'name="guests"[^>]*value="(\d+)"[^>]*checked|checked[^>]*name="guests"[^>]*value="(\d+)"', page
    )
    assert sorted(int(one or other) for one, other in ticked) == sorted([first.id, second.id])


@pytest.mark.both_databases
def test_whose_mail_came_back_is_not_silent(people: SimpleNamespace) -> None:
    event = invited_event(people.arta, guests=2)
    lost, silent = guests_of(event)
    now = datetime.now(UTC)
    record_refused(lost.mails[0].mail, permanent=True, code=550, words="no such user", now=now)
    db.session.commit()
    [(_event, waiting)] = awaiting_answer(people.arta, now)
    assert waiting == [silent]
    record_refused(silent.mails[0].mail, permanent=True, code=550, words="no such user", now=now)
    db.session.commit()
    assert awaiting_answer(people.arta, now) == []

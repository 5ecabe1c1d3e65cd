"""The line that offers to take something back, and the press: who may, what it leads to, what it says when it is too late."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from pop_campaigns.desk.queries.events import ties_of
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventState
from pop_campaigns.events.rules.visibility import EventVisibility
from pop_campaigns.invitations.queries.guests import guests_of
from pop_campaigns.invitations.rules.invitations import GuestChoice, InvitationState
from pop_campaigns.invitations.services.guests import add_guests
from pop_campaigns.invitations.services.holding import hold_back
from pop_campaigns.mail.models import OutgoingMail, Sending
from pop_campaigns.mail.outbox import claim_mails, take_in_hand
from pop_campaigns.mail.rules import MailState
from pop_campaigns.mail.words.labels import mail_chip
from tests.invitations.scene import NOW, deliver, invite, mails, make_offices, make_table

SignIn = Callable[[User], FlaskClient]
LATER = NOW + timedelta(days=2)


@pytest.fixture(autouse=True)
def half_a_minute(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "UNDO_SECONDS", 30)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(LATER, tick=False) as traveller:
        yield traveller


@pytest.fixture
def table(cast: SimpleNamespace) -> Event:
    """A round table with two guests whose invitations arrived, and a third on the list."""
    event = make_table(cast.fier)
    offices = make_offices(3)
    invite(event, offices[:2], cast)
    deliver()
    add_guests(event, [GuestChoice("office", offices[2].id)], by=cast.arta, now=NOW)
    db.session.commit()
    return event


def undo_address(page: str) -> str:
    found = re.search(r'action="(/sendings/\d+/undo)"', page)
    assert found, "the page offers no undo"
    return found[1]


def last() -> Sending:
    return db.session.scalars(select(Sending).order_by(Sending.id.desc())).first()


def cancel(browser: FlaskClient, event: Event) -> None:
    assert browser.post(f"/events/{event.id}/cancel").status_code == 302


def test_every_page_offers_it_until_the_time_is_over(
    table: Event, cast: SimpleNamespace, sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    browser = sign_in(cast.arta)
    browser.post(f"/events/{table.id}/invite/send")
    clock.shift(6)
    for page in (f"/events/{table.id}", "/today"):
        text = browser.get(page).text
        assert "1 ftesë" in text and ">24<" in text
        undo_address(text)
    assert "niset pas 24 s" in browser.get(f"/events/{table.id}").text
    assert "/undo" not in sign_in(cast.besa).get("/today").text
    clock.shift(24)
    assert "/undo" not in browser.get(f"/events/{table.id}").text


def test_undo_leads_back_to_the_list_that_was_sent(
    table: Event, cast: SimpleNamespace, sign_in: SignIn
) -> None:
    browser = sign_in(cast.arta)
    browser.post(f"/events/{table.id}/invite/send")
    address = undo_address(browser.get(f"/events/{table.id}").text)
    answer = browser.post(address)
    assert (answer.status_code, answer.location) == (302, f"/events/{table.id}/invite/send")
    page = browser.get(answer.location).text
    assert "U zhbë: nuk u nis asgjë." in page
    assert "zyra2@bashkia.example" in page
    assert [guest.state for guest in guests_of(table)][2] is InvitationState.DRAFT
    again = browser.post(address)
    assert again.status_code == 302
    assert "Kjo u zhbë tashmë." in browser.get(again.location).text


def test_a_draft_whose_invitations_are_undone_is_a_draft_nobody_was_told_of(
    cast: SimpleNamespace, sign_in: SignIn
) -> None:
    event = make_table(cast.fier, visibility=EventVisibility.DRAFT)
    add_guests(event, [GuestChoice("office", make_offices(1)[0].id)], by=cast.arta, now=NOW)
    db.session.commit()
    browser = sign_in(cast.arta)
    browser.post(f"/events/{event.id}/invite/send", data={"visibility": "public"})
    assert db.session.get(Event, event.id).published
    browser.post(f"/sendings/{last().id}/undo")
    row = db.session.get(Event, event.id)
    assert (row.visibility, row.published_at) == (EventVisibility.DRAFT, None)
    assert not ties_of(row).told
    assert browser.post(f"/events/{event.id}/delete", data={"version": row.version}).status_code == 302
    assert db.session.scalar(select(func.count(Event.id))) == 0


def test_too_late_says_so(
    table: Event, cast: SimpleNamespace, sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    browser = sign_in(cast.arta)
    cancel(browser, table)
    address = undo_address(browser.get("/today").text)
    clock.shift(30)
    deliver(LATER)
    answer = browser.post(address)
    assert "2 nga 2 mesazhe ishin nisur" in browser.get(answer.location).text
    assert db.session.get(Event, table.id).state is EventState.CANCELLED


def test_a_colleague_may_and_nobody_else(table: Event, cast: SimpleNamespace, sign_in: SignIn) -> None:
    cancel(sign_in(cast.arta), table)
    address = f"/sendings/{last().id}/undo"
    assert sign_in(cast.clirim).post(address).status_code == 404
    assert sign_in(cast.eva).post(address).status_code in (403, 404)
    assert sign_in(cast.arta).get(address).status_code in (404, 405)
    assert sign_in(cast.arta).post("/sendings/999999999999/undo").status_code == 404
    assert db.session.get(Event, table.id).state is EventState.CANCELLED
    assert sign_in(cast.besa).post(address).status_code == 302
    assert db.session.get(Event, table.id).state is EventState.PLANNED


def test_while_a_cancellation_can_be_undone_the_other_mails_of_the_event_wait(
    table: Event, cast: SimpleNamespace, sign_in: SignIn
) -> None:
    guests = guests_of(table)
    other = make_table(cast.fier, title_sq="Tjetër")
    elsewhere = invite(other, make_offices(1), cast)
    cancel(sign_in(cast.arta), table)
    db.session.add_all(
        waiting := [
            OutgoingMail(
                skeleton=mails()[0].skeleton, kind="invitation.receipt", once=f"t/{guest.id}", subject_type="invitations",
                subject_id=guest.id, to_address=guest.address, from_address="a@rsvp.example", message_id=f"<{guest.id}@x>",
                bounce_nonce=str(guest.id), state=MailState.QUEUED, dated_at=LATER, queued_at=LATER, available_at=LATER,
            )
            for guest in (guests[0], elsewhere[0])
        ]
    )  # fmt: skip
    db.session.flush()
    idents = [mail.id for mail in waiting]
    claimed = claim_mails("w", now=LATER)
    assert set(idents) <= set(claimed)
    in_hand = take_in_hand(claimed, "w", now=LATER)
    hold_back(in_hand, now=LATER)
    held, free = (db.session.get(OutgoingMail, ident) for ident in idents)
    assert (held.state, held.available_at) == (MailState.QUEUED, LATER + timedelta(seconds=30))
    assert free.state is MailState.SENDING
    db.session.rollback()


def test_chips_say_when_a_mail_leaves(
    app: Flask, table: Event, cast: SimpleNamespace, sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    cancel(sign_in(cast.arta), table)
    clock.shift(10)
    with app.test_request_context(headers={"Accept-Language": "en"}):
        assert mail_chip(mails("cancellation")[0]).words == "leaves in 20 s"
        clock.shift(20)
        assert mail_chip(mails("cancellation")[0]).words == "Waiting to be sent"

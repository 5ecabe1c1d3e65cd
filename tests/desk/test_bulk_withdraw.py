"""Several guests withdrawn with one press: who hears of it, who is only taken off, and what changed meanwhile."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.queries.guests import guests_of
from pop_campaigns.invitations.rules.invitations import Answer, AnswerChannel, GuestChoice, InvitationState
from pop_campaigns.invitations.services.answers import record_answer
from pop_campaigns.invitations.services.guests import add_guests
from pop_campaigns.invitations.services.sending import send_invitations
from pop_campaigns.mail.models import OutgoingMail, Sending
from pop_campaigns.mail.outbox import record_sent
from pop_campaigns.mail.rules import MailState
from tests import factories

SignIn = Callable[[Any], FlaskClient]


@pytest.fixture
def event(cast: SimpleNamespace) -> Any:
    """Two who have read their invitation, one whose mail still waits, one on the list alone."""
    cast.arta.language = "en"
    row = factories.make_event(cast.fier, starts_in=timedelta(days=9))
    offices = [
        factories.make_office(
            "Kryetar", factories.make_institution(f"Bashkia {n}"), email=f"z{n}@bashkia.example"
        )
        for n in range(3)
    ]
    db.session.commit()
    add_guests(row, [GuestChoice("office", office.id, "sq") for office in offices], by=cast.arta, now=now())
    send_invitations(row, by=cast.arta, now=now())
    for guest in guests_of(row)[:2]:
        record_sent(guest.mails[0].mail, code=250, words="ok", now=now())
    factories.make_invitation(row)
    db.session.commit()
    return row


@pytest.fixture
def arta(event: Any, cast: SimpleNamespace, sign_in: SignIn) -> FlaskClient:
    return sign_in(cast.arta)


def version_on(page: str) -> str:
    return re.search(r'name="version" value="([^"]+)"', page)[1]


def withdrawals() -> list[str]:
    kind = "invitation.cancellation"
    return sorted(mail.to_address for mail in db.session.query(OutgoingMail).filter_by(kind=kind))


def test_all_are_withdrawn_and_who_read_it_is_told(arta: FlaskClient, event: Any) -> None:
    address = f"/events/{event.id}/guests/withdraw?all=1"
    page = arta.get(address).text
    assert "2 guests get a mail" in page
    assert "1 guest is not written to" in page
    assert "1 guest has not been invited yet" in page
    assert withdrawals() == []
    for _press in (1, 2):
        assert arta.post(address, data={"version": version_on(page)}).status_code == 302
    assert {guest.state for guest in guests_of(event)} == {InvitationState.WITHDRAWN}
    assert withdrawals() == ["z0@bashkia.example", "z1@bashkia.example"]


def test_a_press_too_many_is_taken_back(
    app: Flask, arta: FlaskClient, event: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "UNDO_SECONDS", 30)
    address = f"/events/{event.id}/guests/withdraw?all=1"
    arta.post(address, data={"version": version_on(arta.get(address).text)})
    [sending] = db.session.query(Sending)
    assert arta.post(f"/sendings/{sending.id}/undo").status_code in (302, 303)
    assert [guest.state for guest in guests_of(event)] == [InvitationState.INVITED] * 3
    assert {mail.state for mail in db.session.query(OutgoingMail).filter_by(sending_id=sending.id)} == {
        MailState.WITHDRAWN
    }


def test_only_the_ticked_are(arta: FlaskClient, event: Any) -> None:
    first, second, third, draft = guests_of(event)
    address = f"/events/{event.id}/guests/withdraw?g={first.id}&ticked={draft.id}"
    assert arta.post(address, data={"version": version_on(arta.get(address).text)}).status_code == 302
    states = {guest.id: guest.state for guest in guests_of(event)}
    assert states == {
        first.id: InvitationState.WITHDRAWN, second.id: InvitationState.INVITED, third.id: InvitationState.INVITED
    }  # fmt: skip


def test_an_answer_that_came_meanwhile_is_shown_first(arta: FlaskClient, event: Any) -> None:
    first = guests_of(event)[0]
    address = f"/events/{event.id}/guests/withdraw?g={first.id}"
    version = version_on(arta.get(address).text)
    record_answer(
        db.session.get(Invitation, first.id), Answer.ACCEPTED, channel=AnswerChannel.LINK, now=now()
    )
    db.session.commit()
    answer = arta.post(address, data={"version": version})
    assert answer.status_code == 409 and "Withdraw 1 invitation" in answer.text
    assert db.session.get(Invitation, first.id).state is InvitationState.INVITED


def test_nobody_ticked_leads_back(arta: FlaskClient, event: Any) -> None:
    assert arta.get(f"/events/{event.id}/guests/withdraw").location == f"/events/{event.id}"


@pytest.mark.parametrize("who", ["clirim", "eva"])
def test_strangers_and_readers_find_nothing(
    event: Any, cast: SimpleNamespace, sign_in: SignIn, who: str
) -> None:
    browser = sign_in(getattr(cast, who))
    for answer in (browser.get, browser.post):
        assert answer(f"/events/{event.id}/guests/withdraw?all=1").status_code == 404
    assert withdrawals() == []

"""A corrected address is taken back before the invitation left: address, personal link and contact are as they were."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.rules import MailState
from tests.incoming.scene import make_scene
from tests.opened import opened

SignIn = Callable[[Any], FlaskClient]
NEW = "kabineti@bashkia.example"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(now(), tick=False) as traveller:
        yield traveller


@pytest.fixture
def lost(cast: SimpleNamespace, app: Flask, monkeypatch: pytest.MonkeyPatch) -> Invitation:
    """The mayor, whose invitation came back."""
    guest = make_scene(cast).mayor
    mail = mails_of(guest)[0]
    mail.bounced_at, mail.bounce_permanent, mail.bounce_words = now(), True, "550 5.1.1"
    db.session.commit()
    monkeypatch.setitem(app.config, "UNDO_SECONDS", 30)
    return guest


def mails_of(guest: Invitation) -> list[OutgoingMail]:
    about = (OutgoingMail.subject_type == "invitations") & (OutgoingMail.subject_id == guest.id)
    db.session.expire_all()
    return list(db.session.scalars(select(OutgoingMail).where(about).order_by(OutgoingMail.id)))


def standing(guest: Invitation) -> tuple[Any, ...]:
    db.session.expire_all()
    contact = db.session.scalars(select(Address.email).where(Address.office_id == guest.office_id)).all()
    return guest.address, guest.nonce, guest.token_hash, guest.invited_at, list(contact)


def correct(browser: FlaskClient, guest: Invitation) -> str:
    """Correct the address as a browser does; return where it is undone."""
    url = f"/invitations/{guest.id}/address"
    typed = opened(browser, url) | {"email": NEW, "contact": "y"}
    answer = browser.post(url, data=typed, headers={"Referer": f"http://localhost{url}"})
    assert answer.status_code == 302, answer.text
    found = re.search(r'action="(/sendings/\d+/undo)"', browser.get(answer.location).text)
    assert found, "the page offers no undo"
    return found[1]


@pytest.mark.both_databases
def test_everything_is_as_before_and_the_form_holds_what_was_typed(
    cast: SimpleNamespace, lost: Invitation, sign_in: SignIn
) -> None:
    before, arta = standing(lost), sign_in(cast.arta)
    address = correct(arta, lost)
    assert standing(lost)[0] == NEW and standing(lost)[4] == [NEW]
    back = arta.post(address)
    assert back.status_code == 200 and f'value="{NEW}"' in back.text
    assert standing(lost) == before
    assert [mail.state for mail in mails_of(lost)] == [MailState.SENT, MailState.WITHDRAWN]
    assert f"/invitations/{lost.id}/address" in arta.get("/today").text, "it is still to be seen to"
    twice = arta.post(address)
    assert "Kjo u zhbë tashmë." in arta.get(twice.location).text
    correct(arta, lost)
    assert standing(lost)[0] == NEW and mails_of(lost)[-1].state is MailState.QUEUED


def test_too_late_and_nobody_else(
    cast: SimpleNamespace, lost: Invitation, sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    arta = sign_in(cast.arta)
    address = correct(arta, lost)
    assert sign_in(cast.clirim).post(address).status_code == 404
    assert sign_in(cast.eva).post(address).status_code in (403, 404)
    clock.shift(timedelta(seconds=30))
    mail = mails_of(lost)[1]
    mail.state, mail.sent_at = MailState.SENT, now()
    db.session.commit()
    late = arta.post(address)
    assert "1 nga 1" in arta.get(late.location).text
    assert standing(lost)[0] == NEW

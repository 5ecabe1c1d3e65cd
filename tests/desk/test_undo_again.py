"""Sending a mail again, and withdrawing from the page of an office, are taken back: everything stands as it stood."""

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
from sqlalchemy import func, select

from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.history import history_of
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.rules.invitations import InvitationState
from pop_campaigns.letters.services.clocks import settle_clocks
from pop_campaigns.letters.services.letters import send_letter
from pop_campaigns.mail.models import OutgoingMail, Sending
from pop_campaigns.mail.outbox import record_refused, record_sent
from pop_campaigns.mail.rules import MailState
from tests import factories

SignIn = Callable[[Any], FlaskClient]


@pytest.fixture(autouse=True)
def half_a_minute(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "UNDO_SECONDS", 30)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(now(), tick=False) as traveller:
        yield traveller


@pytest.fixture
def recipient(cast: SimpleNamespace, app: Flask) -> Any:
    """The addressee of a letter of Fier's that left three days ago."""
    letter = factories.make_letter(cast.fier, basis="information_request")
    office = factories.make_office("Kryetar", email="kryetari@bashkia.example", organisation=cast.fier)
    row = factories.make_letter_recipient(letter, office)
    send_letter(letter, by=cast.arta, now=now() - timedelta(days=3))
    db.session.commit()
    return row


def undo_address(page: str) -> str:
    found = re.search(r'action="(/sendings/\d+/undo)"', page)
    assert found, "the page offers no undo"
    return found[1]


def press_again(browser: FlaskClient, mail: OutgoingMail) -> str:
    """Send a mail again; return where the page that follows undoes it."""
    answer = browser.post(f"/mail/{mail.id}/again", data={"copies": "0"})
    assert answer.status_code == 302
    return undo_address(browser.get(answer.location).text)


def mails() -> list[OutgoingMail]:
    db.session.expire_all()
    return list(db.session.scalars(select(OutgoingMail).order_by(OutgoingMail.id)))


@pytest.mark.both_databases
def test_of_a_letter_sent_again_no_copy_stays(cast: SimpleNamespace, recipient: Any, sign_in: SignIn) -> None:
    record_sent(recipient.mail, code=250, words="OK", now=now() - timedelta(days=3))
    recipient.mail.bounced_at, recipient.mail.bounce_permanent = now() - timedelta(days=2), True
    db.session.flush()
    settle_clocks(now=now())
    db.session.commit()
    before = (recipient.mail_id, recipient.clock_from, recipient.due_on, recipient.due_explained)
    arta = sign_in(cast.arta)
    address = press_again(arta, recipient.mail)
    first, copy = mails()
    assert recipient.mail_id == copy.id and copy.available_at == now() + timedelta(seconds=30)
    back = arta.post(address)
    assert (back.status_code, back.location) == (302, f"/mail/{first.id}")
    page = arta.get(back.location).text
    assert "U zhbë: nuk u nis asgjë." in page and f"/mail/{first.id}/again" in page
    assert [mail.id for mail in mails()] == [first.id]
    assert (recipient.mail_id, recipient.clock_from, recipient.due_on, recipient.due_explained) == before
    assert "mail.again_undone" in {row.action for row in history_of(recipient.letter)}
    assert "u zhbë" in arta.get(f"/letters/{recipient.letter_id}").text
    twice = arta.post(address)
    assert "Kjo u zhbë tashmë." in arta.get(twice.location).text
    press_again(arta, first)
    assert len(mails()) == 2


def test_a_mail_that_failed_has_failed_as_before(
    cast: SimpleNamespace, recipient: Any, sign_in: SignIn
) -> None:
    record_refused(recipient.mail, permanent=True, code=550, words="no", now=now() - timedelta(days=1))
    db.session.commit()

    def standing(mail: OutgoingMail) -> tuple[Any, ...]:
        return mail.state, mail.once, mail.available_at, mail.queued_at, mail.sending_id, mail.last_code

    before, arta = standing(recipient.mail), sign_in(cast.arta)
    address = press_again(arta, recipient.mail)
    [mail] = mails()
    assert (mail.state, mail.available_at) == (MailState.QUEUED, now() + timedelta(seconds=30))
    arta.post(f"/mail/{mail.id}/again", data={"copies": "0"})  # pressed once more, it is not hurried
    [mail] = mails()
    assert mail.available_at == now() + timedelta(seconds=30)
    assert arta.post(address).location == f"/mail/{mail.id}"
    [mail] = mails()
    assert standing(mail) == before


def test_too_late_says_that_it_left(
    cast: SimpleNamespace, recipient: Any, sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    record_sent(recipient.mail, code=250, words="OK", now=now() - timedelta(days=3))
    db.session.commit()
    arta = sign_in(cast.arta)
    address = press_again(arta, recipient.mail)
    clock.shift(30)
    record_sent(mails()[1], code=250, words="OK", now=now())
    db.session.commit()
    late = arta.post(address)
    assert "1 nga 1" in arta.get(late.location).text
    assert [mail.state for mail in mails()] == [MailState.SENT, MailState.SENT]


def test_who_may_not_send_it_may_not_take_it_back(
    cast: SimpleNamespace, recipient: Any, sign_in: SignIn
) -> None:
    record_sent(recipient.mail, code=250, words="OK", now=now() - timedelta(days=3))
    db.session.commit()
    address = press_again(sign_in(cast.arta), recipient.mail)
    assert sign_in(cast.clirim).post(address).status_code == 404
    assert sign_in(cast.eva).post(address).status_code in (403, 404)
    assert len(mails()) == 2
    assert sign_in(cast.besa).post(address).status_code == 302
    assert len(mails()) == 1


def test_without_the_window_it_leaves_at_once(
    app: Flask, monkeypatch: pytest.MonkeyPatch, cast: SimpleNamespace, recipient: Any, sign_in: SignIn
) -> None:
    monkeypatch.setitem(app.config, "UNDO_SECONDS", 0)
    record_sent(recipient.mail, code=250, words="OK", now=now() - timedelta(days=3))
    db.session.commit()
    answer = sign_in(cast.arta).post(f"/mail/{recipient.mail_id}/again", data={"copies": "0"})
    assert "/sendings/" not in sign_in(cast.arta).get(answer.location).text
    assert mails()[1].available_at == now() and mails()[1].sending_id is None


def test_withdrawals_from_the_page_of_an_office_are_taken_back_event_by_event(
    cast: SimpleNamespace, sign_in: SignIn
) -> None:
    office = factories.make_office("Kryetar", organisation=cast.fier, email="kryetari@bashkia.example")
    guests = [
        factories.make_invitation(
            factories.make_event(cast.fier, title_sq=title), office, name="Kryetari",
            state=InvitationState.INVITED, invited_at=now() - timedelta(days=2),
        )
        for title in ("Tryeza e parë", "Tryeza e dytë")
    ]  # fmt: skip
    db.session.commit()
    arta, page = sign_in(cast.arta), f"/people/offices/{office.id}/open"
    typed = {f"invitation-{guest.id}": "withdraw" for guest in guests}
    assert arta.post(page, data=typed).status_code == 302

    def states() -> list[InvitationState]:
        db.session.expire_all()
        return list(db.session.scalars(select(Invitation.state).order_by(Invitation.id)))

    assert states() == [InvitationState.WITHDRAWN] * 2
    assert db.session.scalar(select(func.count(Sending.id))) == 2
    for left in (1, 0):
        back = arta.post(undo_address(arta.get("/today").text))
        assert back.status_code == 200 and "Tryeza" in back.text
        assert states().count(InvitationState.WITHDRAWN) == left
    assert states() == [InvitationState.INVITED] * 2

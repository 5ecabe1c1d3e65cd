"""What follows an invitation: who is told of a change, a cancellation, a withdrawal; who is reminded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace

import pytest
import time_machine
from flask.testing import FlaskClient

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventState
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.queries.guests import guests_of
from pop_campaigns.invitations.rules.invitations import Answer, AnswerChannel, InvitationState
from pop_campaigns.invitations.services.answers import record_answer
from pop_campaigns.invitations.services.sending import send_reminders
from pop_campaigns.mail.rules import MailState
from tests import factories
from tests.invitations.scene import NOW, START, deliver, invite, mails, make_offices, make_table, move, refuse

SignIn = Callable[[User], FlaskClient]
LATER = NOW + timedelta(days=2)


@pytest.fixture(autouse=True)
def two_days_later() -> Iterator[None]:
    with time_machine.travel(LATER, tick=True):
        yield


@pytest.fixture
def table(cast: SimpleNamespace) -> Event:
    event = make_table(cast.fier)
    db.session.commit()
    return event


@pytest.fixture
def asked(table: Event, cast: SimpleNamespace) -> list[Invitation]:
    """Two guests whose invitations arrived two days ago."""
    guests = invite(table, make_offices(2), cast)
    deliver()
    return guests


def states(event: Event) -> list[InvitationState]:
    db.session.expire_all()
    return [guest.state for guest in guests_of(event)]


# Announce


def test_a_change_is_shown_and_sent_once(
    table: Event, asked: list[Invitation], cast: SimpleNamespace, sign_in: SignIn
) -> None:
    move(
        table, starts_at=START + timedelta(days=1), ends_at=START + timedelta(days=1, hours=2), venue="Teatri"
    )
    browser = sign_in(cast.arta)
    page = browser.get(f"/events/{table.id}/announce")
    assert page.status_code == 200
    assert "e martë, 16 qershor 2026, ora 10:00–12:00" in page.text
    assert "e mërkurë, 17 qershor 2026, ora 10:00–12:00" in page.text
    assert page.text.count("<del>Bashkia Fier, salla e këshillit</del>") == 2
    assert f"/invitations/{asked[0].id}/notice/change?part=html" in page.text
    assert "17 qershor" in browser.get(f"/invitations/{asked[0].id}/notice/change?part=html").text
    assert mails("change") == []
    for _press in range(2):
        answer = browser.post(f"/events/{table.id}/announce")
        assert (answer.status_code, answer.location) == (302, f"/events/{table.id}")
    assert len(mails("change")) == 2
    assert 'class="empty"' in browser.get(f"/events/{table.id}/announce").text


def test_guests_with_different_old_versions_each_see_theirs(
    table: Event, asked: list[Invitation], cast: SimpleNamespace, sign_in: SignIn
) -> None:
    move(table, venue="Teatri")
    invite(table, [factories.make_office("E re", email="e-re@bashkia.example")], cast)
    deliver()
    move(table, venue="Biblioteka")
    page = sign_in(cast.arta).get(f"/events/{table.id}/announce").text
    assert page.count("<del>Bashkia Fier, salla e këshillit</del>") == 2
    assert page.count("<del>Teatri</del>") == 1
    assert page.count("<ins>Biblioteka</ins>") == 3


def test_nothing_to_announce_and_nothing_after_the_start(
    table: Event, asked: list[Invitation], cast: SimpleNamespace, sign_in: SignIn
) -> None:
    with time_machine.travel(START - timedelta(hours=1)):
        browser = sign_in(cast.arta)
        assert 'class="empty"' in browser.get(f"/events/{table.id}/announce").text
        assert browser.post(f"/events/{table.id}/announce").status_code == 302
    move(table, venue="Teatri")
    with time_machine.travel(START + timedelta(minutes=1)):
        answer = browser.post(f"/events/{table.id}/announce")
    assert answer.status_code == 422
    assert "will-happen harm" in answer.text
    assert mails("change") == []


# Cancel


def test_cancelling_says_to_whom_and_tells_them_once(
    table: Event, asked: list[Invitation], cast: SimpleNamespace, sign_in: SignIn
) -> None:
    factories.make_invitation(table)
    db.session.commit()
    browser = sign_in(cast.arta)
    page = browser.get(f"/events/{table.id}/cancel").text
    assert "Tryezë për lumin Gjanica" in page
    for guest in asked:
        assert guest.shown_as in page
    safe, harm = page.index("btn btn-secondary"), page.index("btn btn-danger")
    assert safe < harm
    assert "btn-primary" not in page
    db.session.expire_all()
    assert table.state is EventState.PLANNED
    for _press in range(2):
        assert browser.post(f"/events/{table.id}/cancel").location == f"/events/{table.id}"
    db.session.expire_all()
    assert table.state is EventState.CANCELLED
    assert len(mails("cancellation")) == 2
    assert browser.get(f"/events/{table.id}/cancel").status_code == 302


def test_what_waits_is_called_off_and_nobody_written_to(
    table: Event, cast: SimpleNamespace, sign_in: SignIn
) -> None:
    invite(table, make_offices(2), cast)
    browser = sign_in(cast.arta)
    assert "<details" not in browser.get(f"/events/{table.id}/cancel").text
    browser.post(f"/events/{table.id}/cancel")
    db.session.expire_all()
    assert [mail.state for mail in mails()] == [MailState.WITHDRAWN] * 2


def test_what_was_held_stays(cast: SimpleNamespace, sign_in: SignIn) -> None:
    event = make_table(
        cast.fier, state=EventState.HELD, starts_at=NOW - timedelta(days=9), ends_at=NOW - timedelta(days=8)
    )
    db.session.commit()
    browser = sign_in(cast.arta)
    page = browser.get(f"/events/{event.id}/cancel")
    assert page.status_code == 200
    assert '<form method="post" data-once' not in page.text
    assert browser.post(f"/events/{event.id}/cancel").status_code == 422
    db.session.expire_all()
    assert event.state is EventState.HELD


# Withdraw


def test_one_guest_is_withdrawn_and_told_once(
    table: Event, asked: list[Invitation], cast: SimpleNamespace, sign_in: SignIn
) -> None:
    browser = sign_in(cast.arta)
    address = f"/invitations/{asked[0].id}/withdraw"
    page = browser.get(address).text
    assert asked[0].shown_as in page
    assert asked[1].shown_as not in page
    assert page.index("btn btn-secondary") < page.index("btn btn-danger")
    assert states(table) == [InvitationState.INVITED] * 2
    for _press in range(2):
        assert browser.post(address).location == f"/events/{table.id}"
    assert states(table) == [InvitationState.WITHDRAWN, InvitationState.INVITED]
    assert [mail.to_address for mail in mails("cancellation")] == [asked[0].address]


def test_withdrawing_a_draft_takes_it_off_the_list(
    table: Event, cast: SimpleNamespace, sign_in: SignIn
) -> None:
    guest = factories.make_invitation(table)
    db.session.commit()
    assert sign_in(cast.arta).post(f"/invitations/{guest.id}/withdraw").status_code == 302
    assert states(table) == []
    assert mails() == []


# Remind


def test_who_is_silent_is_reminded_once(
    table: Event, asked: list[Invitation], cast: SimpleNamespace, sign_in: SignIn
) -> None:
    record_answer(asked[0], Answer.ACCEPTED, channel=AnswerChannel.LINK, now=NOW)
    db.session.commit()
    browser = sign_in(cast.arta)
    page = browser.get(f"/events/{table.id}/remind").text
    assert asked[1].address in page
    assert asked[0].address not in page
    assert f"/invitations/{asked[1].id}/preview?purpose=reminder" in page
    assert browser.get(f"/invitations/{asked[1].id}/preview?purpose=reminder").status_code == 200
    for _press in range(2):
        assert browser.post(f"/events/{table.id}/remind").location == f"/events/{table.id}"
    assert [mail.to_address for mail in mails("reminder")] == [asked[1].address]
    assert 'class="empty"' in browser.get(f"/events/{table.id}/remind").text


def test_nobody_is_reminded_after_the_start(
    table: Event, asked: list[Invitation], cast: SimpleNamespace, sign_in: SignIn
) -> None:
    with time_machine.travel(START + timedelta(minutes=1)):
        answer = sign_in(cast.arta).post(f"/events/{table.id}/remind")
    assert answer.status_code == 422
    assert mails("reminder") == []


# Looking


def test_looking_sends_nothing(
    table: Event, asked: list[Invitation], cast: SimpleNamespace, sign_in: SignIn
) -> None:
    move(table, venue="Teatri")
    browser = sign_in(cast.arta)
    for address in addresses(table, asked[0]):
        for method in ("GET", "HEAD", "OPTIONS"):
            assert browser.open(address, method=method).status_code == 200
    assert states(table) == [InvitationState.INVITED] * 2
    assert table.state is EventState.PLANNED
    assert len(mails()) == 2


# Who may


def addresses(event: Event, guest: Invitation) -> list[str]:
    return [
        *(f"/events/{event.id}/{name}" for name in ("announce", "cancel", "remind")),
        f"/invitations/{guest.id}/withdraw",
    ]


@pytest.mark.parametrize("who", ["clirim", "eva"])
def test_strangers_and_readers_find_nothing_here(
    table: Event, asked: list[Invitation], cast: SimpleNamespace, sign_in: SignIn, who: str
) -> None:
    move(table, venue="Teatri")
    number = len(mails())
    browser = sign_in(getattr(cast, who))
    for address in addresses(table, asked[0]):
        assert browser.get(address).status_code == 404
        assert browser.post(address).status_code == 404
    assert states(table) == [InvitationState.INVITED] * 2
    assert table.state is EventState.PLANNED
    assert len(mails()) == number


def test_without_an_account_nothing_happens(
    table: Event, asked: list[Invitation], cast: SimpleNamespace, client: FlaskClient
) -> None:
    for address in addresses(table, asked[0]):
        assert client.post(address).status_code in (302, 401)
        assert client.put(address).status_code == 405
    assert states(table) == [InvitationState.INVITED] * 2


def test_unknown_records_are_not_found(cast: SimpleNamespace, sign_in: SignIn) -> None:
    browser = sign_in(cast.drita)
    for number in (0, 99999, 2**40):
        for address in ("announce", "cancel", "remind"):
            assert browser.get(f"/events/{number}/{address}").status_code == 404
        assert browser.post(f"/invitations/{number}/withdraw").status_code == 404


def test_a_mail_that_was_refused_does_not_count_as_waiting(
    table: Event, cast: SimpleNamespace, sign_in: SignIn
) -> None:
    invite(table, make_offices(3), cast)
    refuse(mails()[0])
    cast.arta.language = "en"
    db.session.commit()
    browser, page = sign_in(cast.arta), f"/events/{table.id}/cancel"
    assert "2 mails that still wait are called off" in browser.get(page).text
    refuse(mails()[1])
    refuse(mails()[2])
    seen = browser.get(page).text
    assert "called off" not in seen
    assert "nobody is written to" in seen


def test_a_reminder_that_still_waits_is_counted_beside_who_is_told(
    table: Event, asked: list[Invitation], cast: SimpleNamespace, sign_in: SignIn
) -> None:
    send_reminders(table, by=cast.arta, now=LATER)
    cast.arta.language = "en"
    db.session.commit()
    browser = sign_in(cast.arta)
    seen = browser.get(f"/events/{table.id}/cancel").text
    assert "2 guests get a mail" in seen
    assert "2 mails that still wait are called off" in seen
    browser.post(f"/events/{table.id}/cancel")
    db.session.expire_all()
    assert [mail.state for mail in mails("reminder")] == [MailState.WITHDRAWN] * 2

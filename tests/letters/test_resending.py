"""A letter that came back goes to another address: the same letter, once, and its clock starts there."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.db import db
from pop_campaigns.core.history import history_of
from pop_campaigns.letters.queries.recipients import mails_to
from pop_campaigns.letters.services.clocks import settle_clock, settle_clocks
from pop_campaigns.letters.services.letters import send_letter
from pop_campaigns.mail.compose import compose
from pop_campaigns.mail.outbox import record_sent
from tests import factories
from tests.opened import opened

SignIn = Callable[[Any], FlaskClient]


@pytest.fixture
def recipient(cast: SimpleNamespace) -> Any:
    """The addressee of a letter of Fier's whose mail came back two days ago."""
    letter = factories.make_letter(cast.fier, basis="information_request")
    office = factories.make_office("Kryetar", email="gabim@bashkia.example", organisation=cast.fier)
    row = factories.make_letter_recipient(letter, office)
    send_letter(letter, by=cast.arta, now=now() - timedelta(days=3))
    record_sent(row.mail, code=250, words="OK", now=now() - timedelta(days=3))
    row.mail.bounced_at, row.mail.bounce_permanent = now() - timedelta(days=2), True
    db.session.flush()
    settle_clocks(now=now())
    db.session.commit()
    return row


def path(recipient: Any) -> str:
    return f"/letters/{recipient.letter_id}/recipients/{recipient.id}/address"


def test_the_same_letter_goes_to_the_other_address_once(
    cast: SimpleNamespace, recipient: Any, sign_in: SignIn
) -> None:
    browser, url = sign_in(cast.arta), path(recipient)
    assert f'href="{url}"' in browser.get(f"/letters/{recipient.letter_id}").text
    typed = opened(browser, url) | {"email": "zyra@bashkia.example", "contact": "y"}
    assert browser.post(url, data=typed).status_code == 302
    assert browser.post(url, data=typed).status_code in (404, 409), "the second press finds it on its way"
    db.session.expire_all()
    first, again = mails_to(recipient)
    assert (again.to_address, recipient.address) == ("zyra@bashkia.example", "zyra@bashkia.example")
    assert recipient.mail is again and (again.again_of_id, again.original_id) == (first.id, first.id)
    old, new = compose(first), compose(again)
    assert (new.subject, new.text, new.from_address) == (old.subject, old.text, old.from_address)
    assert [file.content for file in new.attachments] == [file.content for file in old.attachments]
    assert new.message_id != old.message_id
    assert db.session.scalars(
        select(Address.email).where(Address.office_id == recipient.office_id)
    ).all() == ["zyra@bashkia.example"]
    assert recipient.due_on is None
    assert history_of(recipient.letter)[0].action == "letter.sent_elsewhere"
    record_sent(again, code=250, words="OK", now=now())
    assert settle_clock(recipient, now=now()) and recipient.clock_from == local_date(now())


@pytest.mark.parametrize(
    "email", ["gabim@bashkia.example", "GABIM@bashkia.example", "", "a@b.example, c@d.example", "zyra"]
)
def test_what_is_no_other_address_comes_back_as_typed(
    cast: SimpleNamespace, recipient: Any, sign_in: SignIn, email: str
) -> None:
    browser, url = sign_in(cast.arta), path(recipient)
    answer = browser.post(url, data=opened(browser, url) | {"email": email})
    assert answer.status_code == 422 and f'value="{email}"' in answer.text
    assert len(mails_to(recipient)) == 1


def test_only_what_came_back_and_only_by_those_whose_it_is(
    cast: SimpleNamespace, recipient: Any, sign_in: SignIn
) -> None:
    for stranger in (cast.clirim, cast.eva):
        assert sign_in(stranger).get(path(recipient)).status_code == 404
    recipient.mail.bounce_permanent = False
    db.session.commit()
    assert sign_in(cast.arta).get(path(recipient)).status_code == 404


def test_sending_again_from_the_mails_page_lets_the_clock_follow(
    cast: SimpleNamespace, recipient: Any, sign_in: SignIn
) -> None:
    browser = sign_in(cast.arta)
    browser.post(f"/mail/{recipient.mail_id}/again", data={"copies": "0"})
    db.session.expire_all()
    first, again = mails_to(recipient)
    assert recipient.mail is again and first.to_address == again.to_address
    page = browser.get(f"/letters/{recipient.letter_id}").text
    assert "E padorëzuar" not in page.partition('id="history-title"')[0].partition('class="recipients"')[2]
    record_sent(again, code=250, words="OK", now=now())
    settle_clock(recipient, now=now())
    assert recipient.clock_from == local_date(now())


@pytest.mark.both_databases
def test_a_letter_to_another_address_is_taken_back(
    app: Flask, cast: SimpleNamespace, recipient: Any, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "UNDO_SECONDS", 30)

    def standing() -> tuple[Any, ...]:
        db.session.expire_all()
        contact = select(Address.email).where(Address.office_id == recipient.office_id)
        clock = recipient.clock_from, recipient.due_on, recipient.due_explained
        return (
            recipient.address,
            recipient.mail_id,
            *clock,
            [mail.id for mail in mails_to(recipient)],
            list(db.session.scalars(contact)),
        )

    before, browser, url = standing(), sign_in(cast.arta), path(recipient)
    typed = opened(browser, url) | {"email": "zyra@bashkia.example", "contact": "y"}
    sent = browser.post(url, data=typed, headers={"Referer": f"http://localhost{url}"})
    assert standing()[0] == "zyra@bashkia.example"
    found = re.search(r'action="(/sendings/\d+/undo)"', browser.get(sent.location).text)
    assert found, "the page offers no undo"
    assert sign_in(cast.clirim).post(found[1]).status_code == 404
    assert sign_in(cast.eva).post(found[1]).status_code in (403, 404)
    back = browser.post(found[1])
    assert back.status_code == 200 and 'value="zyra@bashkia.example"' in back.text
    assert standing() == before
    page = browser.get(f"/letters/{recipient.letter_id}").text
    assert "dërgimi në adresë tjetër u zhbë" in page and f'href="{url}"' in page
    assert "Kjo u zhbë tashmë." in browser.get(browser.post(found[1]).location).text
    sent = browser.post(url, data=opened(browser, url) | {"email": "zyra@bashkia.example", "contact": "y"})
    late = re.search(r'action="(/sendings/\d+/undo)"', browser.get(sent.location).text)
    assert late and standing()[0] == "zyra@bashkia.example"
    record_sent(recipient.mail, code=250, words="OK", now=now())
    db.session.commit()
    assert "1 nga 1" in browser.get(browser.post(late[1]).location).text
    assert standing()[0] == "zyra@bashkia.example"

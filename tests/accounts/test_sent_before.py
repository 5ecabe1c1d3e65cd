"""Back, then Save: the same form leads to the record it made; with other words it asks; nothing is doubled, no word lost."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.sent_forms import KEPT_FOR, SentForm
from tests.invitations.scene import at_once

pytestmark = pytest.mark.both_databases
NEW = "/people/persons/new"
NAMED = {"name": "Qytetar 00421", "kind": "other", "language": "sq"}
TYPED = NAMED | {"email": "qytetar421@popull.example"}
OURS = {"Origin": "http://localhost"}


def number() -> int:
    return db.session.scalar(select(func.count()).select_from(Person)) or 0


def value_of(name: str, page: str) -> str:
    match = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)
    assert match, name
    return html.unescape(match[1])


def opened(browser: FlaskClient) -> dict[str, str]:
    """What the form carries by itself."""
    return {"once": value_of("once", browser.get(NEW).text)}


@pytest.fixture
def arta(cast: SimpleNamespace, sign_in: Callable[[Any], FlaskClient]) -> FlaskClient:
    return sign_in(cast.arta)


def test_the_same_form_again_leads_to_what_it_made(arta: FlaskClient) -> None:
    form, before = TYPED | opened(arta), number()
    first = arta.post(NEW, data=form)
    again = arta.post(NEW, data=form | {"name": "  Qytetar   00421 ", "csrf_token": "another"})
    assert (first.status_code, again.status_code) == (302, 302)
    assert again.location == first.location and number() == before + 1
    assert "Kjo ishte ruajtur tashmë." in arta.get(again.location).text


def test_other_words_are_asked_about_and_none_is_lost(arta: FlaskClient) -> None:
    form, before = TYPED | opened(arta), number()
    first = arta.post(NEW, data=form)
    other = form | {"name": "Qytetar <b>00422", "phone": "069 212 3450"}
    asked = arta.post(NEW, data=other)
    assert asked.status_code == 409 and number() == before + 1
    assert "E keni ruajtur tashmë" in asked.text and "Qytetar 00421" in asked.text
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', asked.text))
    sent = {name: html.unescape(value) for name, value in hidden.items() if name != "csrf_token"}
    assert sent.items() >= (other | {"once": sent["once"]}).items() and sent["once"] != form["once"]
    change = arta.post(NEW, data=sent | {"already": value_of("already", asked.text)}, headers=OURS)
    assert change.status_code == 200 and number() == before + 1
    assert f'action="{first.location}/edit"' in change.text
    assert html.escape("Qytetar <b>00422") in change.text and "069 212 3450" in change.text
    assert db.session.scalar(select(Person.name).where(Person.name.startswith("Qytetar <"))) is None
    new = arta.post(NEW, data=sent | {"already": "new"})
    assert new.status_code == 302 and new.location != first.location and number() == before + 2
    assert arta.post(NEW, data=sent | {"already": "new"}).status_code == 302 and number() == before + 2


def test_the_same_words_in_a_form_opened_afresh_are_asked_about_for_an_hour(arta: FlaskClient) -> None:
    """Without scripts Back may load the page afresh, with what was typed and a new key."""
    before = number()
    assert arta.post(NEW, data=NAMED | opened(arta)).status_code == 302
    asked = arta.post(NEW, data=NAMED | opened(arta))
    assert asked.status_code == 409 and "Qytetar 00421" in asked.text and number() == before + 1
    db.session.execute(update(SentForm).values(made_at=now() - timedelta(hours=2)))
    db.session.commit()
    assert arta.post(NEW, data=NAMED | opened(arta)).status_code == 422, "asked about as any namesake"


def test_nobody_lands_on_somebody_elses_and_what_is_gone_is_made_again(
    cast: SimpleNamespace, arta: FlaskClient, sign_in: Callable[[Any], FlaskClient]
) -> None:
    form = NAMED | opened(arta)
    arta.post(NEW, data=form)
    row = db.session.scalars(select(SentForm)).one()
    other = sign_in(cast.clirim)
    strange = other.post(NEW, data=form | {"already": "1-1.x", "name": "Tjetër"}, headers=OURS)
    assert strange.status_code == 200 and "Qytetar 00421" not in strange.text
    assert other.post(NEW, data=form).status_code == 302
    db.session.delete(db.session.get(Person, row.subject_id))
    db.session.commit()
    before = number()
    assert arta.post(NEW, data=form).status_code == 302
    assert number() == before + 1


def test_rows_are_kept_for_two_weeks(arta: FlaskClient) -> None:
    arta.post(NEW, data=TYPED | opened(arta))
    db.session.execute(update(SentForm).values(made_at=now() - KEPT_FOR - timedelta(days=1)))
    db.session.commit()
    arta.post(NEW, data=TYPED | opened(arta) | {"name": "Qytetare 00500", "email": "q500@popull.example"})
    assert len(db.session.scalars(select(SentForm)).all()) == 1
    words = [str(value) for row in db.session.scalars(select(SentForm)) for value in vars(row).values()]
    assert not any("00500" in word or "example" in word for word in words)


@pytest.mark.both_databases(always=True)
def test_two_presses_at_the_same_instant_make_one(
    app: Flask, cast: SimpleNamespace, sign_in: Callable[[Any], FlaskClient]
) -> None:
    form, before = TYPED | opened(sign_in(cast.arta)), number()
    browsers = [sign_in(cast.arta) for _ in range(2)]
    db.session.rollback()
    answers = at_once(app, 2, lambda: browsers.pop().post(NEW, data=form))
    assert [answer.status_code for answer in answers] == [302, 302]
    assert len({answer.location for answer in answers}) == 1 and number() == before + 1

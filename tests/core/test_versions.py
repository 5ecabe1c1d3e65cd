"""Two people, one record: three ways compared, and two transactions at the same instant."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError

from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.services import persons as person_services
from pop_campaigns.core.db import db
from pop_campaigns.core.versions import Side, compare
from tests import factories
from tests.house.browser_forms import PageForm, forms_on

pytestmark = pytest.mark.both_databases(always=True)

SignIn = Callable[[Any], FlaskClient]


@pytest.mark.parametrize(
    ("shown", "typed", "stored", "side"),
    [
        ("a", "a", "a", None),
        ("a", "b", "a", Side.MINE),
        ("a", "a", "b", Side.THEIRS),
        ("a", "b", "c", Side.BOTH),
        ("a", "b", "b", None),
        (None, "b", "c", Side.BOTH),
        (None, "b", "b", None),
    ],
)
def test_whose_change_it_is(shown: str | None, typed: str, stored: str, side: Side | None) -> None:
    before = {} if shown is None else {"name": shown}
    faults = [one.side for one in compare(before, {"name": typed}, {"name": stored})]
    assert faults == ([side] if side else [])


def test_a_field_that_was_not_sent_is_nobodys_change() -> None:
    assert compare({"name": "a"}, {}, {"name": "b"}) == []


@pytest.fixture
def person(cast: SimpleNamespace) -> Person:
    one = factories.make_person("Gazetare", organisation=cast.fier)
    db.session.commit()
    return one


def form_of(browser: FlaskClient, path: str) -> PageForm:
    return next(form for form in forms_on(browser.get(path).text) if "version" in form.sent)


def question_on(page: str) -> PageForm:
    return next(form for form in forms_on(page) if "choosing" in form.sent)


def test_two_at_the_same_instant(
    app: Flask, cast: SimpleNamespace, person: Person, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have looked before either writes: one is saved, the other is asked, with all that was typed."""
    path, ident = f"/people/persons/{person.id}/edit", person.id
    browsers = {"phone": sign_in(cast.arta), "topics": sign_in(cast.besa)}
    typed = {"phone": "069 212 3456", "topics": "lumenj"}
    sent = {name: form_of(browser, path).filled(**{name: typed[name]}) for name, browser in browsers.items()}
    # SQLite lets one writer in at a time: there the second looks after the first has written.
    both = threading.Barrier(2) if app.config["SQLALCHEMY_DATABASE_URI"].startswith("postgresql") else None
    change, met = person_services.change_person, threading.local()

    def change_together(*given: Any, **named: Any) -> None:
        if both is not None and not getattr(met, "once", False):
            met.once = True
            both.wait(timeout=20)
        change(*given, **named)

    monkeypatch.setattr(person_services, "change_person", change_together)
    answers: dict[str, Any] = {}

    def press(name: str) -> None:
        answers[name] = browsers[name].post(path, data=sent[name])

    threads = [threading.Thread(target=press, args=(name,)) for name in typed]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    monkeypatch.undo()
    assert sorted(answer.status_code for answer in answers.values()) == [302, 409]
    late = next(name for name, answer in answers.items() if answer.status_code == 409)
    page = answers[late].text
    assert typed[late] in page
    assert browsers[late].post(path, data=question_on(page).sent).status_code == 302
    db.session.rollback()
    stored = db.session.get_one(Person, ident)
    assert (stored.phone, stored.topics, stored.version) == ("+355692123456", "lumenj", 3)


def test_a_third_change_asks_again(cast: SimpleNamespace, person: Person, sign_in: SignIn) -> None:
    arta, besa = sign_in(cast.arta), sign_in(cast.besa)
    path = f"/people/persons/{person.id}/edit"
    mine = form_of(arta, path).filled(name="Gazetare Arta", topics="buxheti")
    besa.post(path, data=form_of(besa, path).filled(name="Gazetare Besa"))
    question = question_on(arta.post(path, data=mine).text)
    besa.post(path, data=form_of(besa, path).filled(name="Gazetare e tretë", phone="034 222 123"))
    # She chose what Besa wrote first; that is not what is stored any more, so she sees the new one.
    again = arta.post(path, data=question.sent | {"choose-name": "theirs"})
    assert again.status_code == 409
    assert "Gazetare e tretë" in again.text and "034 222 123" in again.text
    assert arta.post(path, data=question_on(again.text).sent).status_code == 302
    stored = db.session.get_one(Person, person.id)
    assert (stored.name, stored.topics, stored.phone) == ("Gazetare e tretë", "buxheti", "+35534222123")


def test_what_was_not_chosen_is_asked_once_more_with_the_rest_as_chosen(
    cast: SimpleNamespace, person: Person, sign_in: SignIn
) -> None:
    arta, besa = sign_in(cast.arta), sign_in(cast.besa)
    path = f"/people/persons/{person.id}/edit"
    mine = form_of(arta, path).filled(name="E Artës", topics="buxheti")
    besa.post(path, data=form_of(besa, path).filled(name="E Besës", topics="lumenj"))
    question = question_on(arta.post(path, data=mine).text)
    half = arta.post(path, data=question.sent | {"choose-topics": "theirs"})
    assert half.status_code == 409
    assert 'href="#choose-name-mine"' in half.text and 'href="#choose-topics-mine"' not in half.text
    whole = question_on(half.text)
    assert whole.sent["choose-topics"] == ["theirs"]
    assert arta.post(path, data=whole.sent | {"choose-name": "mine"}).status_code == 302
    stored = db.session.get_one(Person, person.id)
    assert (stored.name, stored.topics) == ("E Artës", "lumenj")


def test_one_can_go_on_writing_with_both_seen(cast: SimpleNamespace, person: Person, sign_in: SignIn) -> None:
    arta, besa = sign_in(cast.arta), sign_in(cast.besa)
    path = f"/people/persons/{person.id}/edit"
    mine = form_of(arta, path).filled(name="E Artës")
    besa.post(path, data=form_of(besa, path).filled(name="E Besës", phone="034 222 123"))
    question = question_on(arta.post(path, data=mine).text)
    form = arta.post(path, data=question.sent | {"write_on": "1"})
    assert form.status_code == 200
    open_again = next(one for one in forms_on(form.text) if "version" in one.sent)
    assert (open_again.sent["name"], open_again.sent["phone"]) == (["E Artës"], ["034 222 123"])
    assert db.session.get_one(Person, person.id).name == "E Besës"
    assert arta.post(path, data=open_again.filled(name="E të dyjave")).status_code == 302
    assert db.session.get_one(Person, person.id).name == "E të dyjave"


def test_what_cannot_be_read_is_carried_on_too(
    cast: SimpleNamespace, person: Person, sign_in: SignIn
) -> None:
    arta, besa = sign_in(cast.arta), sign_in(cast.besa)
    path = f"/people/persons/{person.id}/edit"
    mine = form_of(arta, path).filled(press_card_until="nesër <b>", post_address="Rruga 1\r\nFier")
    besa.post(path, data=form_of(besa, path).filled(phone="034 222 123"))
    met = arta.post(path, data=mine)
    assert met.status_code == 409 and "nesër &lt;b&gt;" in met.text
    refused = arta.post(path, data=question_on(met.text).sent)
    assert refused.status_code == 422
    form = next(one for one in forms_on(refused.text) if "version" in one.sent)
    assert form.sent["press_card_until"] == ["nesër <b>"]
    assert form.sent["post_address"][0].splitlines() == ["Rruga 1", "Fier"]
    assert form.sent["phone"] == ["034 222 123"]


@pytest.mark.parametrize(
    "version", ["", "1", "999999999999", "~", "1~x", "1~99999999999~name:x", "²~²", "1~1~name", "\x00"]
)
def test_a_form_that_says_nothing_readable_is_asked(
    cast: SimpleNamespace, person: Person, sign_in: SignIn, version: str
) -> None:
    person.topics = "lumenj"
    db.session.commit()
    answer = sign_in(cast.arta).post(
        f"/people/persons/{person.id}/edit",
        data={"name": "Tjetër", "kind": "other", "language": "sq", "topics": "", "version": version},
    )
    assert answer.status_code == 409
    assert db.session.get_one(Person, person.id).topics == "lumenj"


def test_marks_in_a_form_tell_nothing(cast: SimpleNamespace, person: Person, sign_in: SignIn) -> None:
    """Who finds a page that was kept cannot try phone numbers against it: the marks are keyed."""
    carried = form_of(sign_in(cast.arta), f"/people/persons/{person.id}/edit").sent["version"][0]
    assert carried.startswith("1~") and len(carried) < 600
    assert "Gazetare" not in carried


def test_the_database_counts_from_one(app: Flask, person: Person) -> None:
    with pytest.raises(IntegrityError, match="version_counts_up"):
        db.session.execute(db.update(Person).values(version=0))

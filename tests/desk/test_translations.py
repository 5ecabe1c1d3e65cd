"""What lacks a text in the other language: who finds what, in which order, and what becomes of what is typed."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from pop_campaigns.accounts.models import Network, Organisation
from pop_campaigns.campaigns.models import Campaign
from pop_campaigns.core.db import db
from pop_campaigns.core.history import History
from pop_campaigns.desk.queries.translations import NOUNS, count_lacking, said_elsewhere, select_lacking
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.visibility import EventVisibility
from tests import factories
from tests.house.browser_forms import forms_on

SignIn = Callable[[Any], FlaskClient]
HOSTILE = ("<b>x</b>{{ 7*7 }}", "' OR 1=1 --", "%(name)s", "{brace}", "ë\u202e ç", "“x”")


@pytest.fixture
def scene(cast: SimpleNamespace) -> SimpleNamespace:
    """Fier's, Vlorë's and the network's records, some with a text in both languages."""
    events = [
        factories.make_event(
            cast.fier, title_sq="E fshehtë", title_en="", visibility=EventVisibility.INTERNAL
        ),
        factories.make_event(cast.fier, title_sq="E shkuar", title_en="", starts_in=timedelta(days=-30)),
        factories.make_event(cast.fier, title_sq="E ardhshme", title_en="", description_sq="Çfarë u bë."),
        factories.make_event(cast.fier, title_sq="E përkthyer", title_en="Translated"),
        factories.make_event(cast.fier, title_sq="Pa përshkrim", title_en="Without", description_sq="Po."),
        factories.make_event(cast.vlore, title_sq="E Vlorës", title_en=""),
        factories.make_event(None, title_sq="E rrjetit", title_en="", description_en="In English only."),
    ]
    office = factories.make_office("Kryetar", organisation=cast.fier, title_en="Mayor")
    same = factories.make_office("Kryetar", organisation=cast.fier, title_en="")
    campaign = Campaign(title_sq="Lumi", organisation_id=cast.fier.id)
    network = Network(name_sq="Rrjeti POP", short_name="POP")
    db.session.add_all([campaign, network])
    db.session.commit()
    return SimpleNamespace(
        cast=cast, events=events, office=office, same=same, campaign=campaign, network=network
    )


def lacking(key: str, user: Any, target: str = "en") -> list[Any]:
    return list(db.session.scalars(select_lacking(NOUNS[key], target, user)))


def url_of(key: str, record: Any, target: str = "en") -> str:
    return f"/translations/{target}/{key}/{record.id}"


def save(browser: FlaskClient, url: str, **texts: str) -> Any:
    """Fill in the form of a record's own page."""
    form = next(form for form in forms_on(browser.get(url).text) if form.action == url)
    return browser.post(url, data=form.filled(**texts))


@pytest.mark.both_databases
def test_each_finds_what_they_may_change_the_most_public_first(scene: SimpleNamespace) -> None:
    cast = scene.cast
    titles = [event.title_sq for event in lacking("events", cast.arta)]
    assert titles[-2:] == ["E shkuar", "E fshehtë"] and set(titles[:-2]) == {"E ardhshme", "Pa përshkrim"}
    everything = {event.title_sq for event in lacking("events", cast.drita)}
    assert everything == {*titles, "E Vlorës", "E rrjetit"}
    assert [event.title_sq for event in lacking("events", cast.drita, "sq")] == ["E rrjetit"]
    assert lacking("events", cast.arta, "sq") == []
    assert lacking("organisations", cast.arta) == [cast.fier]
    assert set(lacking("organisations", cast.drita)) == {cast.fier, cast.vlore}
    assert lacking("network", cast.drita) == [scene.network] and lacking("network", cast.arta) == []
    assert lacking("offices", cast.arta) == [scene.same] and lacking("offices", cast.clirim) == []
    assert count_lacking("en", cast.arta) == {
        "events": 4, "campaigns": 1, "organisations": 1, "institutions": 2, "offices": 1,
    }  # fmt: skip
    assert said_elsewhere(NOUNS["offices"], "en", [scene.same], cast.arta) == {"Kryetar": "Mayor"}
    assert said_elsewhere(NOUNS["offices"], "en", [scene.same], cast.clirim) == {}


def test_a_row_is_saved_where_it_stands_and_is_gone(scene: SimpleNamespace, sign_in: SignIn) -> None:
    arta = sign_in(scene.cast.arta)
    page = arta.get("/translations").text
    assert page.index("E ardhshme") < page.index("E shkuar") < page.index("E fshehtë")
    assert "E Vlorës" not in page and '<p class="translation-name" lang="sq">' in page
    event = scene.events[2]
    row = next(form for form in forms_on(page) if form.action == url_of("events", event))
    assert set(row.typed) == {"title_en", "description_en"}
    sequence = event.sequence
    answer = arta.post(row.action, data=row.filled(title_en="To come"))
    assert answer.status_code == 302 and answer.location.startswith("/translations?")
    event = db.session.get(Event, event.id)
    assert (event.title_en, event.description_en, event.sequence) == ("To come", "", sequence)
    assert "U ruajt: E ardhshme" in arta.get(answer.location).text
    # Pressed twice, it is the same; its other text is still asked for.
    assert arta.post(row.action, data=row.filled(title_en="To come")).status_code == 302
    assert row.action in arta.get("/translations").text
    noted = db.session.scalars(select(History).where(History.action == "event.changed")).all()
    assert [one.details["changed"] for one in noted] == [["title_en"]]
    again = next(form for form in forms_on(arta.get("/translations").text) if form.action == row.action)
    arta.post(row.action, data=again.filled(description_en="What was done."))
    assert row.action not in arta.get("/translations").text


@pytest.mark.parametrize("key", ["campaigns", "organisations", "network", "institutions", "offices"])
def test_every_kind_takes_its_name(scene: SimpleNamespace, sign_in: SignIn, key: str) -> None:
    drita = sign_in(scene.cast.drita)
    record = lacking(key, scene.cast.drita)[0]
    model, ident, name = type(record), record.id, NOUNS[key].name
    page = drita.get(f"/translations?kind={key}").text
    row = next(form for form in forms_on(page) if form.action == url_of(key, record))
    assert drita.post(row.action, data=row.filled(**{f"{name}_en": "In English"})).status_code == 302
    assert getattr(db.session.get(model, ident), f"{name}_en") == "In English"
    assert row.action not in drita.get(f"/translations?kind={key}").text
    last = db.session.scalars(select(History).order_by(History.id.desc())).first()
    assert last.subject_type == model.__tablename__ and last.details["was"] == {f"{name}_en": ""}


def test_what_another_of_the_name_is_called_is_proposed(scene: SimpleNamespace, sign_in: SignIn) -> None:
    page = sign_in(scene.cast.arta).get("/translations?kind=offices").text
    assert 'value="Mayor"' in page and "Kështu quhet një kartelë tjetër" in page
    assert db.session.get(type(scene.same), scene.same.id).title_en == ""


def test_the_other_direction_is_offered_where_there_is_something(
    scene: SimpleNamespace, sign_in: SignIn
) -> None:
    assert "into=sq" not in sign_in(scene.cast.arta).get("/translations").text
    drita = sign_in(scene.cast.drita)
    assert "into=sq" in drita.get("/translations").text
    page = drita.get("/translations?into=sq").text
    assert "In English only." in page and 'name="description_sq"' in page and 'name="title_sq"' not in page


@pytest.mark.parametrize("typed", HOSTILE)
def test_what_is_typed_stays_what_it_is(scene: SimpleNamespace, sign_in: SignIn, typed: str) -> None:
    arta, url = sign_in(scene.cast.arta), url_of("campaigns", scene.campaign)
    assert save(arta, url, title_en=typed).status_code == 302
    assert db.session.get(Campaign, scene.campaign.id).title_en == typed.replace("\u202e", "")
    assert html.escape(typed.replace("\u202e", ""), quote=False).split("'")[0] in arta.get(url).text


@pytest.mark.parametrize("typed", ["", " ", "\u200b", "x" * 201])
def test_nothing_and_too_much_come_back_with_what_was_typed(
    scene: SimpleNamespace, sign_in: SignIn, typed: str
) -> None:
    arta = sign_in(scene.cast.arta)
    answer = save(arta, url_of("campaigns", scene.campaign), title_en=typed)
    assert answer.status_code == 422 and 'id="error-summary"' in answer.text
    assert "Shkruani përkthimin" in answer.text if len(typed) < 9 else f'value="{typed}"' in answer.text
    assert re.search(r'href="#(title_en-\d+)".*id="\1"', answer.text, re.DOTALL)


def test_nobody_translates_what_is_not_theirs(scene: SimpleNamespace, sign_in: SignIn) -> None:
    foreign = [
        url_of("events", scene.events[5]), url_of("events", scene.events[6]), url_of("network", scene.network),
        url_of("organisations", scene.cast.vlore), "/translations/en/events/0", "/translations/en/persons/1",
        "/translations/de/events/1", url_of("events", scene.events[3], "sq") + "9", f"/translations/en/events/{2**31}",
    ]  # fmt: skip
    arta, eva = sign_in(scene.cast.arta), sign_in(scene.cast.eva)
    for url in foreign:
        assert arta.get(url).status_code == 404, url
        assert arta.post(url, data={"title_en": "x", "name_en": "x"}).status_code == 404, url
    assert eva.get("/translations").status_code == 404
    assert "/translations" not in eva.get("/events").text and "/translations" in arta.get("/events").text
    assert db.session.get(Organisation, scene.cast.vlore.id).name_en == ""


def test_where_nothing_lacks_a_text_the_page_says_so(cast: SimpleNamespace, sign_in: SignIn) -> None:
    for organisation in (cast.fier, cast.vlore):
        organisation.name_en = "Organisation"
    db.session.commit()
    for query, words in (
        ("", "Këtu gjithçka ka tekst në anglisht"),
        ("?into=sq", "Këtu gjithçka ka tekst në shqip"),
    ):
        assert words in sign_in(cast.drita).get(f"/translations{query}").text


def test_english_readers_see_it_then(scene: SimpleNamespace, sign_in: SignIn, client: FlaskClient) -> None:
    event = scene.events[2]
    before = client.get(f"/en/events/{event.id}").text
    assert re.search(r'<h1[^>]*lang="sq"[^>]*>\s*E ardhshme', before)
    arta = sign_in(scene.cast.arta)
    save(arta, url_of("events", event), title_en="To come", description_en="What was done.")
    save(arta, url_of("organisations", scene.cast.fier), name_en="Organisation of Fier")
    after = client.get(f"/en/events/{event.id}").text
    assert "To come" in after and "What was done." in after and "Organisation of Fier" in after
    assert not re.search(r'<h1[^>]*lang="sq"', after)

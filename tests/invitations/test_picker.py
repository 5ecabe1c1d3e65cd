"""The picker without a script: nothing ticked or typed is lost by any press, a missing address is mended in place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from flask.testing import FlaskClient

from pop_campaigns.accounts.models import User
from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.rules import InstitutionKind
from pop_campaigns.core.db import db
from pop_campaigns.core.phones import show_phone
from pop_campaigns.core.places import Municipality
from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.queries.guests import guests_of
from tests import factories
from tests.invitations.scene import NOW, make_offices, make_table

SignIn = Callable[[User], FlaskClient]


@pytest.fixture(autouse=True)
def in_may() -> Iterator[None]:
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def table(cast: SimpleNamespace) -> Event:
    event = make_table(cast.fier)
    db.session.commit()
    return event


def path(event: Event) -> str:
    return f"/events/{event.id}/invite"


def parts(page: str) -> tuple[str, str]:
    """What is found, and what is chosen apart from it."""
    found, _head, chosen = page.partition('id="picks"')[2].partition('id="chosen"')
    return found, chosen.partition('class="add-line"')[0]


def ticked(page: str) -> list[str]:
    return re.findall(r'value="([a-z]+-\d+)"[^>]*checked', page)


@pytest.mark.both_databases
def test_every_press_keeps_what_is_ticked(table: Event, cast: SimpleNamespace, sign_in: SignIn) -> None:
    offices = make_offices(60)
    db.session.commit()
    browser, keys = sign_in(cast.arta), [f"office-{office.id}" for office in offices[:2]]
    sent = {"q": "zyra", "guest": keys, f"language-{keys[1]}": "en"}
    for press, words, page in [
        ("search", "q=zyra", ""),
        ("page-2", "q=zyra", "2"),
        ("page-999", "q=zyra", "100"),
    ]:
        answer = browser.post(path(table), data={**sent, "do": press})
        asked = parse_qs(urlsplit(answer.location).query)
        assert words in answer.location
        assert asked["chosen"] == [f"o{offices[0].id}.o{offices[1].id}en"]
        assert asked.get("at", [""]) == [page]
        found, chosen = parts(browser.get(answer.location).text)
        assert ticked(chosen) == keys
        assert ticked(found) == []
        assert not any(f'value="{key}"' in found for key in keys)
        assert (
            'value="en" selected' in chosen.partition(f'id="language-{keys[1]}"')[2].partition("</select>")[0]
        )
    page = browser.get(f"{path(table)}?q=zyra&chosen=o{offices[0].id}.o{offices[1].id}en").text
    assert "58" in page.partition("data-found")[2].partition("</p>")[0]  # of sixty, two are ticked
    assert len(re.findall(r'<li class="pick[ "]', parts(page)[0])) == 25
    assert guests_of(table) == []


def test_several_are_ticked_in_one_press(table: Event, cast: SimpleNamespace, sign_in: SignIn) -> None:
    make_offices(30)
    mute = factories.make_office("Zyra e heshtur", email=None)
    for place, city in zip((cast.fier, cast.vlore), ("Fier", "Vlorë"), strict=True):
        place.municipality = db.session.query(Municipality).filter_by(name=city).one()
        council = factories.make_institution(f"Bashkia {city} e re", kind=InstitutionKind.MUNICIPALITY)
        council.municipality = place.municipality
        factories.make_office("Kryetar", council, email=f"kryetar@{city.lower()[:4]}.example")
        factories.make_office("Kryetar i këshillit", council, email=f"keshilli@{city.lower()[:4]}.example")
    db.session.commit()
    browser = sign_in(cast.arta)
    answer = browser.post(path(table), data={"q": "zyra", "do": "all"})
    chosen = parts(browser.get(answer.location).text)[1]
    assert len(ticked(chosen)) == 30  # of both pages
    assert f"office-{mute.id}" not in ticked(chosen)
    assert ticked(parts(browser.get(browser.post(path(table), data={"do": "clear"}).location).text)[1]) == []
    mayors = browser.post(path(table), data={"do": "group-mayors"})
    assert len(ticked(parts(browser.get(mayors.location).text)[1])) == 2


@pytest.mark.parametrize("press", ["search", "address", "add"])
def test_a_missing_address_is_saved_and_its_office_ticked(
    table: Event, cast: SimpleNamespace, sign_in: SignIn, press: str
) -> None:
    mute = factories.make_office("Arkivist", factories.make_institution("Arkivi"), email=None)
    [other] = make_offices(1)
    db.session.commit()
    browser, key = sign_in(cast.arta), f"office-{mute.id}"
    sent = {"guest": [f"office-{other.id}"], "q": "arkiv", f"address-{key}": " arkivi@bashkia.example "}
    answer = browser.post(path(table), data={**sent, "do": f"address-{key}" if press == "address" else press})
    assert answer.status_code == 302
    [address] = db.session.query(Address).filter_by(office_id=mute.id)
    assert (address.email, address.organisation_id) == ("arkivi@bashkia.example", cast.fier.id)
    if press == "add":
        assert [guest.office_id for guest in guests_of(table)] == [other.id, mute.id]
    else:
        assert ticked(parts(browser.get(answer.location).text)[1]) == [f"office-{other.id}", key]


@pytest.mark.parametrize(
    "typed", ["jo adresë", "a@", "a@b.example, c@d.example", "<script>@x.example", "a" * 400 + "@x.al"]
)
def test_a_wrong_address_is_said_and_nothing_is_lost(
    table: Event, cast: SimpleNamespace, sign_in: SignIn, typed: str
) -> None:
    mute = factories.make_office("Arkivist", factories.make_institution("Arkivi"), email=None)
    [other] = make_offices(1)
    db.session.commit()
    key = f"office-{mute.id}"
    sent = {"guest": [f"office-{other.id}"], "q": "arkiv", f"address-{key}": typed, "do": f"address-{key}"}
    answer = sign_in(cast.arta).post(path(table), data=sent)
    assert answer.status_code == 422
    assert f'href="#address-{key}"' in answer.text
    field = answer.text.partition(f'name="address-{key}"')[2].partition(">")[0]
    assert 'aria-invalid="true"' in field
    assert "<script>@" not in answer.text
    assert ticked(parts(answer.text)[1]) == [f"office-{other.id}"]
    assert db.session.query(Address).filter_by(office_id=mute.id).count() == 0


def test_what_is_missing_is_said(table: Event, cast: SimpleNamespace, sign_in: SignIn) -> None:
    cast.arta.language = "en"
    factories.make_office("Arkivist", factories.make_institution("Arkivi"), email=None, phone="+35534222123")
    factories.make_office("Bibliotekar", factories.make_institution("Biblioteka"), email=None)
    db.session.commit()
    browser = sign_in(cast.arta)
    assert (
        f"Phone: {show_phone('+35534222123')}"
        in browser.get(path(table), query_string={"q": "arkivist"}).text
    )
    assert "no phone number either" in browser.get(path(table), query_string={"q": "bibliotekar"}).text


def test_an_address_for_somebody_elses_contact_is_not_taken(
    table: Event, cast: SimpleNamespace, sign_in: SignIn
) -> None:
    theirs = factories.make_office("Drejtor", organisation=cast.vlore, email=None)
    db.session.commit()
    keys = [f"office-{theirs.id}", "office-999999", "user-1", "office-0", "person-1 OR 1=1"]
    answer = sign_in(cast.arta).post(
        path(table), data={f"address-{key}": "a@b.example" for key in keys} | {"do": "search"}
    )
    assert answer.status_code == 302
    assert db.session.query(Address).count() == 0


@pytest.mark.parametrize("pressed", ["delete", "page-", "page-<script>", "list-1' OR 1=1", "x" * 300, "all-"])
def test_an_unknown_press_is_refused(
    table: Event, cast: SimpleNamespace, sign_in: SignIn, pressed: str
) -> None:
    assert sign_in(cast.arta).post(path(table), data={"do": pressed}).status_code == 400


@pytest.mark.parametrize(
    "chosen",
    [
        "o1x",
        "o0",
        "o" * 5000,
        "o99999999999",
        "zz.o-1.p1e5",
        "o1sq;drop",
        ".".join(f"o{n}" for n in range(1, 3000)),
    ],
)
def test_hostile_ticks_in_an_address_are_left_out(
    table: Event, cast: SimpleNamespace, sign_in: SignIn, chosen: str
) -> None:
    [office] = make_offices(1)
    db.session.commit()
    answer = sign_in(cast.arta).get(path(table), query_string={"chosen": chosen, "at": "-1"})
    assert answer.status_code == 200
    assert ticked(parts(answer.text)[1]) == (
        [f"office-{office.id}"] if office.id and chosen.startswith("o1.") else []
    )


def test_more_than_two_hundred_are_refused_in_words(
    table: Event, cast: SimpleNamespace, sign_in: SignIn
) -> None:
    answer = sign_in(cast.arta).post(path(table), data={"guest": [f"office-{n}" for n in range(1, 300)]})
    assert answer.status_code == 422
    assert "200" in answer.text.partition('id="error-summary"')[2].partition("</ul>")[0]


def test_who_is_not_found_is_added_and_comes_back_ticked(
    table: Event, cast: SimpleNamespace, sign_in: SignIn
) -> None:
    [office] = make_offices(1)
    town = office.institution
    db.session.commit()
    browser = sign_in(cast.arta)
    page = browser.get(
        path(table), query_string={"q": f"arkitekt {town.name_sq}", "chosen": f"o{office.id}en"}
    ).text
    links = [link.replace("&amp;", "&") for link in re.findall(r'href="(/people/[^"]*back=[^"]*)"', page)]
    assert [link.partition("?")[0] for link in links] == [
        f"/people/institutions/{town.id}/offices/new", "/people/institutions/new", "/people/persons/new",
    ]  # fmt: skip
    form = browser.get(links[0])
    assert 'action="' not in form.text.partition('class="form-narrow"')[0].rpartition("<form")[2]
    answer = browser.post(
        links[0], data={"title_sq": "Arkitekt", "language": "sq", "email": "arkitekti@bashkia.example"}
    )
    assert answer.location.startswith(path(table) + "?")
    chosen = parts(browser.get(answer.location).text)[1]
    assert len(ticked(chosen)) == 2
    assert "Arkitekt" in chosen
    elsewhere = browser.post(
        "/people/persons/new?back=https://evil.example/",
        data={"name": "Qytetar 00421", "kind": "other", "language": "sq"},
    )
    assert elsewhere.location.startswith("/people/persons/")


def test_offices_of_one_institution_stand_together(
    table: Event, cast: SimpleNamespace, sign_in: SignIn
) -> None:
    place = factories.make_institution("Agjencia e Ujit")
    factories.make_office("Drejtor", place, holder="Zef Çela", email="d@uji.example")
    factories.make_office("Zyra e protokollit", place, email="p@uji.example")
    db.session.commit()
    found = parts(sign_in(cast.arta).get(path(table), query_string={"q": "agjencia"}).text)[0]
    assert re.findall(r'class="pick-place"[^>]*>([^<]*)<', found) == ["Agjencia e Ujit"]
    assert "Zef Çela" in found

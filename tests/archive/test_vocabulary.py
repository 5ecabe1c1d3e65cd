"""The vocabulary of public institutions: what it adds, before and after the record, and what it leaves alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from time import process_time
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from pop_campaigns.archive.commands import commands
from pop_campaigns.archive.load import load_shipped_record
from pop_campaigns.archive.names import PARLIAMENT, english_institution, english_office, forms_of, kind_of
from pop_campaigns.archive.vocabulary import load_vocabulary
from pop_campaigns.archive.vocabulary_file import shipped_vocabulary
from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.queries.reach import find_guests
from pop_campaigns.contacts.rules import InstitutionKind
from pop_campaigns.core.db import Base, db
from pop_campaigns.core.history import history_of
from pop_campaigns.core.places import Municipality, municipality_choices, municipality_key
from pop_campaigns.core.text import sort_key
from tests import factories
from tests.tables import made_once

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = datetime(2026, 5, 2, 9, 0, tzinfo=UTC)


def load(now: datetime = NOW) -> Any:
    return made_once(f"vocabulary of {now}", lambda: load_vocabulary(now=now))


def record() -> Any:
    return made_once("record", lambda: load_shipped_record(now=NOW))


def the(model: type[Any], **values: Any) -> Any:
    return db.session.scalars(select(model).filter_by(**values)).unique().one()


def tables() -> dict[str, list[str]]:
    db.session.rollback()
    return {
        table.name: sorted(map(repr, db.session.execute(select(table)).all()))
        for table in Base.metadata.sorted_tables
    }


def test_the_file_names_the_law_s_sixty_one_municipalities_in_twelve_counties() -> None:
    facts = shipped_vocabulary()
    assert len(facts.places) == len({municipality_key(place.name) for place in facts.places}) == 61
    assert Counter(place.county for place in facts.places) == {
        "Berat": 5, "Dibër": 4, "Durrës": 3, "Elbasan": 7, "Fier": 6, "Gjirokastër": 7,
        "Korçë": 6, "Kukës": 3, "Lezhë": 3, "Shkodër": 5, "Tiranë": 5, "Vlorë": 7,
    }  # fmt: skip
    assert set(facts.counties) <= {place.name for place in facts.places}
    names = [place.name for place in facts.places]
    for county in facts.counties:
        inside = [place.name for place in facts.places if place.county == county]
        assert inside == sorted(inside, key=sort_key), county
    assert len(names) == 61
    assert forms_of("Korçë") == ("Korça", "Korçë")
    assert forms_of("Vau i Dejës") == ("Vau i Dejës", "Shkodër")
    assert forms_of("Atlantidë") == ("", "")


def test_every_definite_form_is_made_of_its_name() -> None:
    for place in shipped_vocabulary().places:
        stem = place.name.split()[0].rstrip("ëi")[:3]
        assert place.definite.startswith(stem), place
        assert not place.definite.endswith("ë"), place


def test_every_institution_has_its_kind_and_english_names() -> None:
    for institution in shipped_vocabulary().institutions:
        kind = kind_of(institution.name)
        assert kind is not InstitutionKind.OTHER or institution.name == PARLIAMENT
        assert english_institution(institution.name), institution.name
        assert all(english_office(title, kind) for title in institution.offices), institution
    assert english_institution("Këshilli Bashkiak Tiranë") == "Municipal Council of Tirana"


def test_it_adds_all_of_it_without_a_single_address(app: Flask) -> None:
    report = load()
    assert report.added == {"municipalities": 61, "institutions": 141, "offices": 141}
    assert db.session.scalars(select(Address)).all() == []
    kinds = Counter(db.session.scalars(select(Institution.kind)))
    assert kinds[InstitutionKind.MUNICIPALITY] == kinds[InstitutionKind.COUNCIL] == 61
    assert (kinds[InstitutionKind.PREFECTURE], kinds[InstitutionKind.MINISTRY]) == (12, 5)
    council = the(Institution, name_sq="Këshilli Bashkiak Fier")
    assert (council.name_en, council.municipality.key) == ("Municipal Council of Fier", "fier")
    assert [(office.title_sq, office.title_en) for office in council.offices] == [
        ("Kryetar i këshillit", "Chair of the council")
    ]
    prefecture = the(Institution, name_sq="Prefektura e Qarkut Vlorë")
    assert (prefecture.county, prefecture.municipality) == ("Vlorë", None)
    korce = the(Municipality, key="korce")
    assert (korce.name_definite, korce.county) == ("Korça", "Korçë")


@pytest.mark.both_databases
def test_a_second_load_changes_nothing(app: Flask) -> None:
    added = load().added
    before = tables()
    again = load(LATER)
    assert (again.added, again.there) == ({}, added)
    assert tables() == before


@pytest.mark.parametrize("vocabulary_first", [True, False])
def test_record_and_vocabulary_come_to_the_same_in_any_order(app: Flask, vocabulary_first: bool) -> None:
    for step in (load, record) if vocabulary_first else (record, load):
        step()
    names = db.session.scalars(select(Institution.name_sq)).all()
    assert len(names) == len(set(names)) == 145
    offices = db.session.scalars(select(Office)).unique().all()
    assert len({(office.institution_id, office.title_sq) for office in offices}) == len(offices) == 148
    # The 19 offices of the record have the placeholder that holds the place of their address, the others none.
    assert Counter(len(office.addresses) for office in offices) == {1: 19, 0: 129}
    assert all(address.is_sample for address in db.session.scalars(select(Address)))
    before = tables()
    assert load(LATER).added == {}
    assert load_shipped_record(now=LATER).added == {}
    db.session.commit()
    assert tables() == before


def test_a_placeholder_that_people_removed_does_not_come_back(app: Flask) -> None:
    load()
    record()
    mayor = the(Institution, name_sq="Bashkia Fier").offices[0]
    db.session.delete(mayor.addresses[0])
    db.session.commit()
    record()
    load(LATER)
    db.session.expire_all()
    assert mayor.addresses == []


def test_an_address_somebody_typed_is_no_reason_for_a_placeholder(app: Flask) -> None:
    load()
    mayor = the(Institution, name_sq="Bashkia Fier").offices[0]
    mayor.addresses.append(Address(email="kryetari@bashkia.example"))
    db.session.commit()
    record()
    db.session.expire_all()
    assert [address.email for address in mayor.addresses] == ["kryetari@bashkia.example"]


def test_it_fills_what_is_empty_once_and_says_so(app: Flask) -> None:
    lezhe = Municipality(key="lezhe", name="Lezhë")
    fier = Municipality(key="fier", name="Fier", name_definite="Fieri i madh", county="Myzeqe")
    prefecture = Institution(kind=InstitutionKind.PREFECTURE, name_sq="Prefektura e Qarkut Lezhë")
    db.session.add_all([lezhe, fier, prefecture])
    db.session.commit()
    assert load().added["gaps filled"] == 1
    assert (lezhe.name_definite, lezhe.county) == ("Lezha", "Lezhë")
    assert (fier.name_definite, fier.county) == ("Fieri i madh", "Myzeqe")
    assert prefecture.county == "Lezhë"
    (row,) = history_of(lezhe)
    assert (row.action, row.actor_id) == ("municipality.completed", None)
    assert row.details["filled"] == {"name_definite": "Lezha", "county": "Lezhë"}
    assert "115/2014" in row.details["source"]
    assert not history_of(fier)
    lezhe.county = ""
    db.session.commit()
    load(LATER)
    assert lezhe.county == ""


def test_what_people_changed_or_removed_stays(app: Flask) -> None:
    load()
    council = the(Institution, name_sq="Këshilli Bashkiak Patos")
    for office in council.offices:
        db.session.delete(office)
    the(Institution, name_sq="Bashkia Korçë").name_sq = "Bashkia e Korçës"
    ministry = the(Institution, name_sq="Ministria e Drejtësisë")
    ministry.offices[0].title_sq = "Ministër i Drejtësisë"
    db.session.commit()
    before = tables()
    assert load(LATER).added == {}
    assert tables() == before


def test_what_another_organisation_keeps_for_itself_is_not_taken_for_it(app: Flask) -> None:
    own = factories.make_institution("Bashkia Lushnjë", organisation=factories.make_organisation("Fier"))
    shared = factories.make_institution("BASHKIA KUCOVE")
    db.session.commit()
    load()
    lushnje = db.session.scalars(select(Institution).where(Institution.name_sq == "Bashkia Lushnjë")).all()
    assert [institution.organisation_id for institution in lushnje] == [own.organisation_id, None]
    assert [office.title_sq for office in shared.offices] == ["Kryetar"]
    assert not own.offices


def test_it_is_quick(app: Flask) -> None:
    record()
    started = process_time()
    load()
    assert (
        process_time() - started < 5
    )  # it takes a tenth; this guards against one query too many for each row


def test_the_command_says_what_it_did(app: Flask) -> None:
    for expected in ("added     0 already there", "0 added    61 already there"):
        result = app.test_cli_runner().invoke(commands, ["vocabulary"])
        assert result.exit_code == 0, result.output
        assert expected in result.output


def test_forms_offer_municipalities_by_county(app: Flask) -> None:
    load()
    db.session.add(Municipality(key="pa-qark", name="Aaa pa qark"))
    db.session.commit()
    with app.test_request_context():
        choices = municipality_choices()
    groups = list(dict.fromkeys(choice.optgroup for choice in choices))
    assert groups[-1] is None and len(groups) == 13
    first = [choice.label for choice in choices if choice.optgroup == choices[0].optgroup]
    assert first == ["Berat", "Kuçovë", "Poliçan", "Skrapar", "Ura Vajgurore"]
    assert choices[-1].label == "Aaa pa qark"


@pytest.mark.both_databases
def test_pages_group_them_and_the_filter_shows_those_in_use(
    cast: SimpleNamespace, sign_in: Callable[[Any], FlaskClient]
) -> None:
    load()
    browser = sign_in(cast.drita)
    browser.post("/language", data={"lang": "sq"})
    for page in ("/people/institutions/new", "/events/new"):
        text = browser.get(page).text
        assert '<optgroup label="Qarku Korçë">' in text, page
        assert text.count("<optgroup") == 12, page
    listed = browser.get("/people").text
    select_box = listed.split('id="municipality"')[1].split("</select>")[0]
    assert ('value="fier"' in select_box, 'value="korce"' in select_box) == (True, False)
    korce = the(Municipality, key="korce")
    added = browser.post(
        "/people/institutions/new",
        data={"name_sq": "Biblioteka", "kind": "other", "municipality": str(korce.id), "part_of": ""},
    )
    assert added.status_code == 302
    assert 'value="korce"' in browser.get("/people").text.split('id="municipality"')[1].split("</select>")[0]
    assert 'value="patos" selected' in browser.get("/people?municipality=patos").text


def test_offices_mail_can_reach_are_offered_before_those_of_the_vocabulary(cast: SimpleNamespace) -> None:
    load()
    factories.make_office("Kryetar", factories.make_institution("Zyra e fundit"), email="z@zyra.example")
    municipality = the(Institution, name_sq="Bashkia Vorë")
    municipality.addresses.append(Address(email="bashkia@vore.example", organisation_id=cast.fier.id))
    db.session.commit()
    for typed in ("", "kryetar"):
        fier = [guest.institution_sq for guest in find_guests(typed, cast.arta)]
        vlore = [guest.institution_sq for guest in find_guests(typed, cast.clirim)]
        assert fier[:3] == ["Bashkia Vorë", "Zyra e fundit", "Bashkia Belsh"]
        assert vlore[:2] == ["Zyra e fundit", "Bashkia Belsh"]

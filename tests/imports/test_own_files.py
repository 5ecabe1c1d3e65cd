"""Our own lists come back as they left: every row understood, none left out, nothing changed."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from pop_campaigns.contacts.models.addresses import ContactDetail
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Mandate, Person
from pop_campaigns.contacts.rules import POST_USES, DetailUse, InstitutionKind, PersonKind
from pop_campaigns.core.db import db
from pop_campaigns.core.salutations import FormOfAddress
from tests.factories import make_institution, make_municipality, make_office, make_person
from tests.imports.scene import brought_in, checked, rows_of, run, tables, undone

FORMATS = [(listed, ending) for listed in ("persons", "institutions") for ending in ("csv", "xlsx")]


@pytest.fixture
def arta(cast: SimpleNamespace, sign_in: Any) -> FlaskClient:
    return sign_in(cast.arta)


@pytest.fixture
def book(cast: SimpleNamespace) -> None:
    """Contacts of every kind, namesakes, and names that a spreadsheet would run."""
    fier, vlore = make_municipality("Fier"), make_municipality("Vlorë")
    town = make_institution("Bashkia Fier")
    town.municipality, town.phone, town.post_address = fier, "+35534222123", "Sheshi 1"
    mayor = make_office("Kryetar", town, email="kryetar@fier.al", holder="Koordinator Fier")
    for owner, value in ((town, "+35534222124"), (mayor, "+35534222125")):
        owner.details.append(ContactDetail(kind="phone", value=value, use="secretary"))
    make_office("Kryetar i këshillit", town, holder="Koordinator Fier")
    make_office("Këshilltar", town, holder="Qytetar 00421")
    make_office("Këshilltar", town)
    make_institution("Radio; e re", kind="medium", organisation=cast.fier)
    make_institution("Zyrë pa asgjë", kind="other")
    for number, kind in enumerate(PersonKind):
        person = make_person(f"Person {kind.value}", email=f"p{number}@media.al", organisation=cast.fier)
        person.kind, person.municipality, person.language = kind, fier, "en" if number % 2 else "sq"
        person.phone = f"+35569212345{number}"
        person.post_address = f"Rr. {number} (home)\nFier" if number % 2 else ""
        for use in POST_USES if number % 2 else ():
            further = ContactDetail(kind="post", value=f"Lagjja {number}, {use}\nFier", use=use)
            further.organisation_id = cast.fier.id
            person.details.append(further)
        person.form_of_address = (None, *FormOfAddress)[number % 3]
        for place, use in enumerate(DetailUse):
            value = f"+3554222{number}{place}00"
            person.details.append(
                ContactDetail(kind="phone", value=value, use=use, organisation_id=cast.fier.id)
            )
    make_person("=1+1", email="formula@media.al", organisation=cast.fier).phone = "+390612345678"
    for number in range(3):
        make_person("Qytetar 00421", email=f"q{number}@media.al", organisation=cast.fier).municipality = vlore
    for name in ("Pa adresë", "Pa adresë", "Tjetër"):
        make_person(name, organisation=cast.fier).phone = "+35542222222;ext=12"
    db.session.commit()


def exported(browser: FlaskClient, listed: str, ending: str) -> io.BytesIO:
    return io.BytesIO(browser.post(f"/people/{listed}.{ending}").data)


@pytest.mark.parametrize("language", ["sq", "en"])
@pytest.mark.parametrize(("listed", "ending"), FORMATS)
def test_what_we_give_out_comes_back_unchanged(
    arta: FlaskClient, book: None, cast: SimpleNamespace, listed: str, ending: str, language: str
) -> None:
    cast.arta.language = language
    db.session.commit()
    before = tables()
    ident = checked(arta, exported(arta, listed, ending))
    rows = rows_of(ident)
    assert len(rows) > 5
    assert [(row.cells, row.errors, row.match_reason) for row in rows if row.match_reason != "same"] == []
    page = arta.get(f"/people/import/{ident}?show=all").text
    said = "Të rinj: 0, të plotësuar: 0" if language == "sq" else "0 new, 0 completed"
    assert said in page
    arta.post(f"/people/import/{ident}/rows", data={"do": "update", "show": "all"})
    run(arta, ident)
    assert tables() == before


def test_cards_carry_every_number_with_its_use_and_add_nothing(arta: FlaskClient, book: None) -> None:
    cards = exported(arta, "persons", "vcf")
    for kind in ("work", "cell", "home", "fax", "x-secretary"):
        assert f'TEL;VALUE=uri;TYPE="{kind}":tel:+3554222'.encode() in cards.getvalue()
    ident = checked(arta, exported(arta, "persons", "vcf"))
    told = [(row.cells, row.errors, row.match_reason) for row in rows_of(ident) if row.match_reason != "same"]
    assert [row for row in told if "=1+1" not in row[0][0]] == []


def test_a_list_of_institutions_brings_offices_and_who_holds_them(
    arta: FlaskClient, cast: SimpleNamespace
) -> None:
    before = tables()
    ident = brought_in(
        arta,
        "Lloji;Institucioni;Funksioni;Emri;Adresa e e-mailit;Telefoni;Bashkia\n"
        "Bashki;Bashkia Fier;;;bashkia@fier.example;034 222 123;Fier\n"
        "Bashki;Bashkia Fier;Kryetar;Koordinator Fier;kryetar@fier.example;;Fier\n"
        "Bashki;Bashkia Fier;Anëtar;Koordinator Fier;;;Fier\n"
        "Ministria e reja;;;;;;\n"
        "Ministri;Ministria e Re;;;;;\n",
    )
    assert [row.errors for row in rows_of(ident)] == [[], [], [], ["kind||Ministria e reja", "nobody||"], []]
    kinds = {one.name_sq: one.kind for one in db.session.scalars(select(Institution))}
    assert kinds == {
        "Bashkia Fier": InstitutionKind.MUNICIPALITY,
        "Ministria e Re": InstitutionKind.MINISTRY,
    }
    mayor = db.session.scalars(select(Office).where(Office.title_sq == "Kryetar")).one()
    assert [address.email for address in mayor.addresses] == ["kryetar@fier.example"]
    assert (mayor.institution.phone, mayor.institution.municipality.name) == ("+35534222123", "Fier")
    person = db.session.scalars(select(Person)).one()
    assert (person.name, person.kind, person.addresses) == ("Koordinator Fier", PersonKind.OFFICIAL, [])
    assert len(db.session.scalars(select(Mandate)).all()) == 2
    undone(arta, ident)
    assert tables() == before


def test_what_differs_stays_and_is_named(arta: FlaskClient, cast: SimpleNamespace) -> None:
    known = make_person("Qytetar 00421", email="q@media.al", organisation=cast.fier)
    known.phone, known.topics = "+355692123456", "lumenj"
    db.session.commit()
    text = "Emri;E-mail;Telefon;Tema\nQytetar 00421;q@media.al;069 212 0000;lumenj\n"
    ident = checked(arta, text)
    assert [(row.decision.value, row.match_reason) for row in rows_of(ident)] == [("update", "email")]
    page = arta.get(f"/people/import/{ident}").text
    told = page[page.index("Ndryshe atje") :]
    assert "Telefoni" in told[:200] and "Temat" not in told[:200]


def test_an_office_gets_the_number_it_lacks(arta: FlaskClient, cast: SimpleNamespace) -> None:
    make_office(
        "Drejtor", make_institution("Radio", kind="medium", organisation=cast.fier), organisation=cast.fier
    )
    db.session.commit()
    before = tables()
    text = "Lloji;Institucioni;Posti;Telefon\nGazetë, radio, televizion;Radio;Drejtor;034 222 123\n"
    ident = brought_in(arta, text)
    db.session.rollback()
    assert db.session.scalars(select(Office.phone)).one() == "+35534222123"
    again = checked(arta, text)
    assert [row.match_reason for row in rows_of(again)] == ["same"]
    undone(arta, ident)
    assert tables() == before

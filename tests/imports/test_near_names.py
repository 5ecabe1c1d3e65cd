"""An office or institution that is there is found whatever its gender, case or ending; the page asks, nothing is doubled."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Mandate, Person
from pop_campaigns.core.db import db
from tests.factories import make_institution, make_municipality, make_office, make_person
from tests.imports.scene import brought_in, checked, rows_of, run, tables, the_import, undone

HEADS = "Emri;E-mail;Institucioni;Funksioni\n"


@pytest.fixture
def arta(cast: SimpleNamespace, sign_in: Any) -> FlaskClient:
    return sign_in(cast.arta)


@pytest.fixture
def office(cast: SimpleNamespace) -> int:
    made = make_office("Kryetar", make_institution("Bashkia Fier"), email=None)
    db.session.commit()
    return made.id


def count(model: Any) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model)) or 0


@pytest.mark.parametrize(
    ("institution", "title"),
    [
        ("Bashkia Fier", "Kryetare"),
        ("Bashkia Fier", "Kryetarja"),
        ("Bashkia Fier", "Kryetari i Bashkisë Fier"),
        ("Bashkia e Fierit", "KRYETAR"),
        ("bashkisë Fier", "Kryetares"),
        ("Bashkia  “Fier”", "kryetarit"),
    ],
)
def test_an_office_that_is_there_is_found_and_asked_about(
    arta: FlaskClient, office: int, institution: str, title: str
) -> None:
    ident = checked(arta, f"{HEADS}Ana Prifti;ana@x.example;{institution};{title}\n")
    near = the_import(ident).options["near"]
    assert near and all(name["take"] for name in near)
    page = arta.get(f"/people/import/{ident}").text
    assert "import-names" in page and near[-1]["typed"] in page
    run(arta, ident)
    assert (count(Office), count(Institution)) == (1, 1)
    assert db.session.scalars(select(Mandate.office_id)).all() == [office]


def test_who_says_it_is_another_one_gets_another_one(arta: FlaskClient, office: int) -> None:
    before = tables()
    ident = checked(arta, f"{HEADS}Ana Prifti;ana@x.example;Bashkia Fier;Kryetare\n")
    path = f"/people/import/{ident}"
    for hostile in ({}, {"asked": "7", "name-0": "new"}, {"asked": "x", "name-0": "new"}):
        arta.post(f"{path}/names", data=hostile)
        assert the_import(ident).options["near"][0]["take"]
    arta.post(f"{path}/names", data={"asked": "1", "name-0": "new", "name-9": "new", "name-x": "new"})
    assert not the_import(ident).options["near"][0]["take"]
    arta.post(f"{path}/names", data={"asked": "1", "name-0": "there"})
    arta.post(f"{path}/names", data={"asked": "1", "name-0": "new"})
    run(arta, ident)
    assert set(db.session.scalars(select(Office.title_sq))) == {"Kryetar", "Kryetare"}
    assert arta.post(f"{path}/names", data={"asked": "1", "name-0": "there"}).status_code == 302
    assert the_import(ident).state == "done"
    undone(arta, ident)
    assert tables() == before


def test_one_file_makes_no_office_twice(arta: FlaskClient) -> None:
    text = (
        f"{HEADS}Ana;ana@x.example;Gazeta Dita;Drejtoreshë\nBen;ben@x.example;Gazeta Dita;Drejtor\n"
        "Cen;cen@x.example;gazetës Dita;Drejtori\nDrin;d@x.example;Gazeta Panorama;Drejtor\n"
        "Era;e@x.example;Gazeta Panorana;Drejtor\n"
    )
    ident = checked(arta, text)
    near = {(name["of"], name["typed"]): name["take"] for name in the_import(ident).options["near"]}
    # Of names a slip of the hand apart nobody knows: they are asked about, and two unless somebody says otherwise.
    assert near == {
        ("Gazeta Dita", "Drejtor"): True,
        ("", "gazetës Dita"): True,
        ("Gazeta Dita", "Drejtori"): True,
        ("", "Gazeta Panorana"): False,
    }
    run(arta, ident)
    assert set(db.session.scalars(select(Institution.name_sq))) == {
        "Gazeta Dita",
        "Gazeta Panorama",
        "Gazeta Panorana",
    }
    assert count(Office) == 3
    assert count(Mandate) == 5


def test_a_row_of_an_office_finds_it_too(arta: FlaskClient, office: int) -> None:
    brought_in(arta, "Institucioni;Funksioni;E-mail\nBashkia Fier;Kryetarja e bashkisë;k@fier.example\n")
    mayor = db.session.scalars(select(Office)).one()
    assert [address.email for address in mayor.addresses] == ["k@fier.example"]


def test_other_offices_are_others(arta: FlaskClient, office: int) -> None:
    ident = checked(
        arta, f"{HEADS}Ana;ana@x.example;Bashkia Fier;Zëvendëskryetar\nBen;;Bashkia Vlorë;Kryetare\n"
    )
    assert the_import(ident).options["near"] == []


def test_other_organisations_names_are_not_told(arta: FlaskClient, cast: SimpleNamespace) -> None:
    make_office("Kryetar", make_institution("Shoqata Jonë", organisation=cast.vlore), organisation=cast.vlore)
    db.session.commit()
    ident = checked(arta, f"{HEADS}Ana;ana@x.example;Shoqatës Jonë;Kryetare\n")
    assert the_import(ident).options["near"] == []


@pytest.mark.parametrize(
    ("name", "decision", "reason"),
    [
        ("Arta Hoxhë", "skip", "like"),
        ("Hoxha Arta", "skip", "like"),
        ("A. Hoxha", "skip", "like"),
        ("arta HOXHA", "same", "same"),
        ("Ana Hoxha", "new", ""),
    ],
)
def test_a_like_name_in_the_same_place_is_asked_about(
    arta: FlaskClient, cast: SimpleNamespace, name: str, decision: str, reason: str
) -> None:
    make_person("Arta Hoxha", organisation=cast.fier).municipality = make_municipality("Fier")
    db.session.commit()
    ident = checked(arta, f"Emri;Bashkia;Telefon\n{name};Fier;\nQytetar 00421;Fier;069 212 3456\n")
    row = rows_of(ident)[0]
    assert (row.match_reason, row.decision.value) == (reason, decision if decision != "same" else "skip")
    arta.post(f"/people/import/{ident}/rows", data={f"row-{row.id}": "new", "do": "run"})
    assert count(Person) == 3

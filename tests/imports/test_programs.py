"""Files of common programs come in right: address books, form tools, several values in a cell."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.core.db import db
from tests.imports.scene import brought_in, checked, rows_of, uploaded
from tests.imports.test_guessing import GOOGLE


@pytest.fixture
def arta(cast: SimpleNamespace, sign_in: Any) -> FlaskClient:
    return sign_in(cast.arta)


def persons() -> dict[str, Person]:
    db.session.rollback()
    return {person.name: person for person in db.session.scalars(select(Person))}


def test_an_address_book_comes_in_whole_and_what_is_dropped_is_named(arta: FlaskClient) -> None:
    page = arta.get(f"/people/import/{uploaded(arta, GOOGLE)}/columns").text
    told = page[page.index("will-happen") : page.index("import-columns")]
    for name in ("Birthday", "Notes", "E-mail 1 - Label", "Phone 2 - Label", "Address 1 - Street"):
        assert f"<strong>{name}</strong>" in told
    assert "Value" not in told and "Phone 1 - Value" in page
    ident = checked(arta, GOOGLE)
    assert [row.errors for row in rows_of(ident)] == [[], []]
    assert "04 221 1001, 04 221 1000" in arta.get(f"/people/import/{ident}").text
    brought_in(arta, GOOGLE)
    arta_maria, genc = persons()["Arta Maria Prifti"], persons()["Genc Leka"]
    assert [address.email for address in arta_maria.addresses] == [
        "arta@seman.example",
        "arta.p@post.example",
    ]
    assert (arta_maria.phone, genc.phone) == ("+355692110001", "+355682110002")
    assert arta_maria.post_address == "Rruga 1\nFier"


@pytest.mark.parametrize(
    ("cell", "emails"),
    [
        ("ana@x.example ::: ana.p@y.example", 2),
        ("ana@x.example;ana.p@y.example", 2),
        ("Ana Prifti <ana@x.example>, <ana.p@y.example>", 2),
        ("ana@x.example / ana.p@y.example", 2),
        ("ana@x.example (punë)", 1),
        ("-", 0),
        ("nuk ka", 0),
    ],
)
def test_several_addresses_in_a_cell_are_no_error(arta: FlaskClient, cell: str, emails: int) -> None:
    ident = checked(arta, f'Emri,E-mail\nAna Prifti,"{cell}"\nGenc Leka,genc@x.example\n')
    assert [(row.errors, row.decision.value) for row in rows_of(ident)] == [([], "new")] * 2
    brought_in(arta, f'Emri,E-mail\nAna Prifti,"{cell}"\nGenc Leka,genc@x.example\n')
    assert len(persons()["Ana Prifti"].addresses) == emails


@pytest.mark.parametrize(
    ("cell", "error"),
    [
        ("069 212 3456 ::: 042 211 000", ""),
        ("069 212 3456 / 042 211 000", ""),
        ("Mob: 069 212 3456; Tel: 042 211 000", ""),
        ("069 212 3456, 042 211 000 ext. 12", ""),
        ("069 212 345O", "phone"),
        ("069 212 34 5l", "phone"),
        ("034 222 1Z3", "phone"),
        ("069 212 3456 (Ana)", "phone"),
        ("042 211 001/002", "phone"),
        ("069 212 3456 ::: 042 2l1 000", "phone"),
    ],
)
def test_several_numbers_in_a_cell_and_letters_in_none(arta: FlaskClient, cell: str, error: str) -> None:
    ident = checked(arta, f'Emri,Telefon\nAna Prifti,"{cell}"\nGenc Leka,069 212 0000\n')
    codes = [error_code.partition("|")[0] for error_code in rows_of(ident)[0].errors]
    assert codes == ([error] if error else [])
    page = arta.get(f"/people/import/{ident}?show=all").text
    assert ("04 221 1000" in page) or error


def test_who_stands_only_before_an_address_has_that_name(arta: FlaskClient) -> None:
    brought_in(arta, "Kontakti\nAna Prifti <ana@x.example>\n<genc@x.example>\n")
    assert set(persons()) == {"Ana Prifti", "genc@x.example"}


def test_a_broken_address_beside_a_good_one_is_said(arta: FlaskClient) -> None:
    ident = checked(arta, "Emri,E-mail\nAna,ana@x.example beni.x.example\n")
    assert rows_of(ident)[0].errors == ["email|no_at|beni.x.example"]

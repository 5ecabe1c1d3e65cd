"""Files of common programs come in right: address books, form tools, several values in a cell."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from pop_campaigns.contacts.models.addresses import ContactDetail
from pop_campaigns.contacts.models.institutions import Office
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.words.labels import DETAIL_USES
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.history import History
from pop_campaigns.core.i18n import LANGUAGES, speaking
from pop_campaigns.core.salutations import FormOfAddress
from pop_campaigns.imports.models import ImportChange, ImportRow
from pop_campaigns.imports.rules.cells import part_use
from pop_campaigns.privacy.services.erasure import erase_person
from tests.factories import make_institution, make_office, make_person
from tests.imports.scene import brought_in, checked, rows_of, tables, undone, uploaded
from tests.imports.test_guessing import GOOGLE


@pytest.fixture
def arta(cast: SimpleNamespace, sign_in: Any) -> FlaskClient:
    return sign_in(cast.arta)


def persons() -> dict[str, Person]:
    db.session.rollback()
    return {person.name: person for person in db.session.scalars(select(Person))}


def further(owner: Any) -> list[tuple[str, str]]:
    return [(row.value, row.use.value) for row in owner.details]


def test_an_address_book_comes_in_whole_and_what_is_dropped_is_named(arta: FlaskClient) -> None:
    page = arta.get(f"/people/import/{uploaded(arta, GOOGLE)}/columns").text
    told = page[page.index("will-happen") : page.index("import-columns")]
    for name in ("Birthday", "Notes", "E-mail 1 - Label", "Address 1 - Street"):
        assert f"<strong>{name}</strong>" in told
    assert "Value" not in told and "Phone 1 - Value" in page
    assert "Phone 2 - Label" not in told, "it says where the number rings"
    assert page.count("Tregon ku bie numri pranë tij.") == 2
    ident = checked(arta, GOOGLE)
    assert [row.errors for row in rows_of(ident)] == [[], []]
    shown = " ".join(arta.get(f"/people/import/{ident}").text.split())
    assert "069 211 0001, 04 221 1000 (Në punë), 04 221 1001 (Celular)" in shown
    brought_in(arta, GOOGLE)
    arta_maria, genc = persons()["Arta Maria Prifti"], persons()["Genc Leka"]
    assert [address.email for address in arta_maria.addresses] == [
        "arta@seman.example",
        "arta.p@post.example",
    ]
    assert (arta_maria.phone, genc.phone) == ("+355692110001", "+355682110002")
    assert further(arta_maria) == [("+35542211000", "work"), ("+35542211001", "mobile")] and not further(genc)
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


@pytest.mark.parametrize(
    ("heads", "cells", "phone", "others"),
    [
        ("Telefoni,Celular", "034 222 123,069 212 3456", "+35534222123", [("+355692123456", "mobile")]),
        ("Home Phone,Mobile Phone,Business Phone", "034 222 124,069 212 3456,034 222 123", "+355692123456",
         [("+35534222123", "work"), ("+35534222124", "home")]),
        ("Telefoni", "034 222 123; 042 211 000 (Sekretaria)", "+35534222123", [("+35542211000", "secretary")]),
        ("Telefoni", "Tel: 034 222 123; Faks: 042 211 000", "+35534222123", [("+35542211000", "fax")]),
        ("Telefoni", "042 211 000 (fax); 034 222 123 / 034 222 124", "+35534222123",
         [("+35534222124", "other"), ("+35542211000", "fax")]),
        ("Telefoni", "042 211 000 (faks)", "", [("+35542211000", "fax")]),
        ("Phone 1 - Type,Phone 1 - Value,Phone 2 - Type,Phone 2 - Value", "* Work Fax,042 211 000,Kushëriri,034 222 123",
         "+35534222123", [("+35542211000", "fax")]),
    ],
)  # fmt: skip
def test_every_number_of_a_row_is_kept_with_its_use(
    arta: FlaskClient, heads: str, cells: str, phone: str, others: list[tuple[str, str]]
) -> None:
    """And taken back with the import; brought in once more it adds nothing."""
    before = tables()
    ident = brought_in(arta, f"Emri,{heads}\nQytetar Tre,{cells}\n")
    person = persons()["Qytetar Tre"]
    assert (person.phone, further(person)) == (phone, others)
    again = checked(arta, f"Emri,{heads}\nQytetar Tre,{cells}\n")
    assert [row.match_reason for row in rows_of(again)] == ["same"]
    undone(arta, ident)
    assert {name: rows for name, rows in tables().items() if name != "contact_imports"} == {
        name: rows for name, rows in before.items() if name != "contact_imports"
    }


@pytest.mark.parametrize("cell", ["052 22 55 (Ana)", "Ana: 052 22 55 11", "034 222 123 (celular i vajzës)"])
def test_other_words_beside_a_number_are_refused_as_before(arta: FlaskClient, cell: str) -> None:
    ident = checked(arta, f"Emri,Telefoni\nQytetar Tre,{cell}\n")
    assert [row.errors[0].partition("|")[0] for row in rows_of(ident)] == ["phone"]


def test_who_is_here_already_gets_the_further_numbers(arta: FlaskClient, cast: SimpleNamespace) -> None:
    """Recognised by a further number, too; another first number alone is said to differ and stays."""
    known = make_person("Qytetar Tre", organisation=cast.fier, phone="+35534222123")
    known.details.append(
        ContactDetail(kind="phone", value="+355692123456", use="mobile", organisation_id=cast.fier.id)
    )
    office = make_office("Kryetar", make_institution("Bashkia Fier", phone="+35534222000"))
    db.session.commit()
    file = (
        "Emri,Telefoni,Institucioni,Posti,Lloji\n"
        "Qytetar Tre,069 212 3456; 042 211 000 (faks),,,\n"
        ",034 222 000; 034 222 111 (Sekretaria),Bashkia Fier,Kryetar,Bashki\n"
    )
    brought_in(arta, file)
    assert further(persons()["Qytetar Tre"])[1:] == [("+35542211000", "fax")]
    assert further(db.session.get(Office, office.id)) == [("+35534222111", "secretary")]
    page = arta.get(f"/people/persons/{known.id}").text
    assert "U shtua numri i telefonit: 04 221 1000 (Faks)" in page


def test_the_words_of_our_own_files_are_understood_in_both_languages(app: Any) -> None:
    for language in LANGUAGES:
        with app.test_request_context(), speaking(language):
            for use, words in DETAIL_USES.items():
                assert part_use(f"034 222 123 ({words})") == ("034 222 123", use)


@pytest.mark.parametrize(
    ("head", "cells", "forms"),
    [
        ("Titulli", ("Z.", "Znj."), ["zoti", "zonja"]),
        ("Title", ("Mr", "Mrs."), ["zoti", "zonja"]),
        ("Name Prefix", ("zonja", "zt."), ["zonja", "zoti"]),
        ("Titulli", ("Zoti", "Dr."), ["zoti", None]),
        ("Title", ("Dr.", "Prof."), [None, None]),
    ],
)
def test_a_form_of_address_is_taken_from_a_title_and_never_from_a_name(
    arta: FlaskClient, head: str, cells: tuple[str, str], forms: list[str | None]
) -> None:
    heads, rows = (
        f"{head},Emri",
        [f"{cell},{name}" for cell, name in zip(cells, ("Zoti Leka", "Ana P"), strict=True)],
    )
    ident = checked(arta, "\n".join([heads, *rows]) + "\n")
    page = arta.get(f"/people/import/{ident}").text
    assert ("nuk është mënyrë drejtimi" in page) is (cells == ("Zoti", "Dr."))
    brought_in(arta, "\n".join([heads, *rows]) + "\n")
    people = persons()
    told = [people[name].form_of_address for name in ("Zoti Leka", "Ana P")]
    assert [form.value if form else None for form in told] == (
        forms if "Drejtor" not in cells else [None, None]
    )


def test_a_form_of_address_fills_and_never_overwrites(arta: FlaskClient, cast: SimpleNamespace) -> None:
    for name, form in (("Qytetar Një", None), ("Qytetar Dy", FormOfAddress.ZONJA)):
        make_person(name, organisation=cast.fier, form_of_address=form)
    db.session.commit()
    ident = brought_in(arta, "Titulli,Emri\nZ.,Qytetar Një\nZ.,Qytetar Dy\n")
    assert {name: person.form_of_address for name, person in persons().items()} == {
        "Qytetar Një": FormOfAddress.ZOTI,
        "Qytetar Dy": FormOfAddress.ZONJA,
    }
    undone(arta, ident)
    assert persons()["Qytetar Një"].form_of_address is None


def test_what_an_import_kept_of_somebody_is_erased_with_them(
    arta: FlaskClient, cast: SimpleNamespace
) -> None:
    brought_in(arta, "Emri,Telefoni\nQytetar Tre,034 222 123; 042 211 000 (faks)\n")
    kept = select(ImportChange.table, ImportChange.after)
    assert "+35542211000" in str(db.session.execute(kept).all())
    done = erase_person(persons()["Qytetar Tre"], by=cast.arta, now=now())
    db.session.commit()
    assert done is not None
    for rows in (db.session.execute(kept).all(), db.session.scalars(select(ContactDetail)).all()):
        assert "42211000" not in str(rows) and not rows
    for model in (ImportRow, History):
        for row in db.session.scalars(select(model)):
            assert "2211000" not in str(vars(row))


def test_every_post_address_of_a_card_is_kept_with_its_use(arta: FlaskClient) -> None:
    card = (
        "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Qytetar Tre\r\nADR;TYPE=WORK:;;Rr. 1;Fier;;9301;\r\n"
        "ADR;TYPE=HOME:;;Lagjja 2;Patos;;;\r\nADR;TYPE=HOME:;;Rr. 1;Fier;;9301;\r\nADR:;;Rr. 3;;;;\r\nEND:VCARD\r\n"
    )
    brought_in(arta, card)
    person = persons()["Qytetar Tre"]
    assert person.post_address == "Rr. 1, Fier, 9301"
    assert further(person) == [("Lagjja 2, Patos", "home"), ("Rr. 3", "other")]
    ident = checked(arta, card)
    assert [row.match_reason for row in rows_of(ident)] == ["same"]
    brought_in(arta, 'Emri,Adresa,Adresa 2\nQytetar Tre,"RR. 1, Fier, 9301 ::: Rr. 4 (punë)",\n')
    assert further(persons()["Qytetar Tre"])[2:] == [("Rr. 4", "work")]

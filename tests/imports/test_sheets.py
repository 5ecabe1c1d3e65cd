"""Workbooks as people have them: covers, hidden lists, several sheets, merged cells, letters by number, other formats."""

from __future__ import annotations

import io
import zipfile
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.core.db import db
from pop_campaigns.imports.models import ImportRow
from pop_campaigns.imports.rules.tables import BadFile, read_tables
from pop_campaigns.imports.services import imports
from pop_campaigns.imports.words import FILE_PROBLEMS
from tests.imports.files import part_of, with_part, workbook, xlsx_file
from tests.imports.scene import (
    brought_in,
    checked,
    columns_of,
    rows_of,
    run,
    the_import,
    undone,
    upload,
    uploaded,
)
from tests.opened import opened

CONTACTS = [["Emri", "E-mail"], ["Ana Prifti", "ana@x.example"]]
VALUES = [["Vlera", "Kodi"], ["Po", 1], ["Jo", 0]]


@pytest.fixture
def arta(cast: SimpleNamespace, sign_in: Any) -> FlaskClient:
    return sign_in(cast.arta)


def persons() -> dict[str, Person]:
    db.session.rollback()
    return {person.name: person for person in db.session.scalars(select(Person))}


@pytest.mark.parametrize(
    ("sheets", "hidden"),
    [
        ({"Udhëzime": [["Plotësoni fletën “Kontaktet”."]], "Kontaktet": CONTACTS}, ()),
        ({"Lista": VALUES, "Kontaktet": CONTACTS}, ("Lista",)),
        ({"Lista": VALUES, "Kontaktet": CONTACTS}, ()),
        ({"Kontaktet": CONTACTS, "Fusha": [["Kolona", "Shpjegim"], ["X", "Y"]]}, ()),
        ({"Bosh": [], "Kontaktet": CONTACTS, "Vjetër": CONTACTS}, ("Vjetër",)),
        (
            {"Kopertina": [["Rrjeti"], [None], ["Kontaktet 2026"]], "Kontaktet": [["Lista"], [], *CONTACTS]},
            (),
        ),
    ],
)
def test_the_sheet_with_the_contacts_is_read(
    arta: FlaskClient, sheets: dict[str, Any], hidden: tuple[str]
) -> None:
    ident = brought_in(arta, workbook(sheets, hidden))
    assert set(persons()) == {"Ana Prifti"}
    assert len(rows_of(ident)) == 1


def test_of_several_sheets_one_is_asked_for(arta: FlaskClient) -> None:
    more = [["Name", "Phone"], ["Ben", "069 212 3456"], ["Cen", "069 212 3457"]]
    ident = uploaded(arta, workbook({"Media": CONTACTS, "Zyrtarë": more, "Lista": VALUES}))
    path = f"/people/import/{ident}"
    assert arta.get(f"{path}/columns").location.endswith("/sheet")
    page = arta.get(f"{path}/sheet").text
    assert "Media: 1 rresht" in page and "Zyrtarë: 2 rreshta (Name, Phone)" in page and "Vlera" not in page
    for hostile in ({}, {"sheet": "2"}, {"sheet": "x"}, {"sheet": "9" * 30}):
        assert arta.post(f"{path}/sheet", data=hostile).status_code == 422
    assert arta.post(f"{path}/sheet", data={"sheet": "0"}).location.endswith("/columns")
    assert list(columns_of(arta, ident).values()) == ["name", "email"]
    arta.post(f"{path}/sheet", data={"sheet": "1"})
    page = arta.get(f"{path}/columns").text
    assert "Zyrtarë" in page and f"{path}/sheet" in page
    data = {"kind": "other", "municipality": "", "language": "sq"} | columns_of(arta, ident)
    arta.post(f"{path}/columns", data=data | opened(arta, f"{path}/columns"))
    run(arta, ident)
    assert set(persons()) == {"Ben", "Cen"}
    assert the_import(ident).sheets == []
    assert {row.sheet for row in db.session.scalars(select(ImportRow))} == {1}
    assert arta.get(f"{path}/sheet").status_code == 302
    undone(arta, ident)
    assert not persons()


def test_a_file_of_several_sheets_is_put_away_whole(arta: FlaskClient) -> None:
    ident = uploaded(arta, workbook({"Një": CONTACTS, "Dy": CONTACTS}))
    arta.post(f"/people/import/{ident}/discard")
    assert db.session.scalars(select(ImportRow)).all() == []


def test_letters_by_number_are_letters(arta: FlaskClient) -> None:
    brought_in(
        arta,
        xlsx_file(
            ["Emri_x000D_\n", "E-mail", "Adresa", "Tema"],
            ["Ana_x000D_\nPrifti", "ana@x.example_x000D_", "Rr. 1_x000D_\nTiranë", "a_x005F_b _x00EB_"],
        ),
    )
    one = persons()["Ana Prifti"]
    assert (one.post_address, one.topics) == ("Rr. 1\nTiranë", "a_b ë")
    brought_in(arta, "Emri;Adresa\nBen_x000D_;Rr. 2_x000d_ Fier\n")
    assert persons()["Ben"].post_address == "Rr. 2\n Fier"


def test_cells_merged_downwards_hold_for_each_row(arta: FlaskClient) -> None:
    rows = [
        ["Lista 2026", None, None],
        ["Institucioni", "Kontakti", None],
        [None, "Emri", "E-mail"],
        ["Radio Seman", "Ana", "ana@x.example"],
        [None, "Ben", "ben@x.example"],
        [None, None, None],
        [None, "Cen", "cen@x.example"],
    ]
    brought_in(arta, workbook({"K": rows}, merged=["A1:C1", "A2:A3", "B2:C2", "A4:A6"]))
    at = {name: one.works_for.name_sq if one.works_for else "" for name, one in persons().items()}
    assert at == {"Ana": "Radio Seman", "Ben": "Radio Seman", "Cen": ""}


def refusal(file: io.BytesIO) -> str:
    with pytest.raises(BadFile) as refused:
        for table in read_tables(file):
            list(table.rows)
    return refused.value.reason


def archive(*parts: str) -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for part in parts:
            made.writestr(part, "x")
    return out


def test_other_formats_are_refused_each_with_its_own_words() -> None:
    file = xlsx_file(["Emri"], ["A B"])
    strict = part_of(file, "xl/workbook.xml").replace(
        b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        b"http://purl.oclc.org/ooxml/spreadsheetml/main",
    )
    assert refusal(with_part(file, "xl/workbook.xml", strict)) == "strict"
    assert refusal(archive("mimetype", "content.xml")) == "opendocument"
    assert refusal(archive("xl/workbook.bin")) == "binary_excel"
    assert refusal(archive("Index/Document.iwa")) == "numbers"
    assert refusal(archive("word/document.xml")) == "kind"
    assert refusal(io.BytesIO(b"<html><body><table><tr><td>Emri</td></tr></table>")) == "markup"
    assert refusal(io.BytesIO(b'\xef\xbb\xbf<?xml version="1.0"?><Workbook>')) == "markup"


@pytest.mark.parametrize("refused", ["opendocument", "strict", "old_excel"])
def test_a_refusal_says_how_to_save_it(refused: str) -> None:
    assert "XLSX" in str(FILE_PROBLEMS[refused]) or ".xlsx" in str(FILE_PROBLEMS[refused])


def test_many_sheets_together_are_no_more_than_one_file(
    monkeypatch: pytest.MonkeyPatch, arta: FlaskClient
) -> None:
    monkeypatch.setattr(imports, "MOST_ROWS", 3)
    sheets = {f"F{number}": CONTACTS for number in range(4)}
    assert upload(arta, workbook(sheets)).status_code == 422
    assert checked(arta, workbook({"K": CONTACTS}))

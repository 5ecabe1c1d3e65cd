"""Contacts as files: safe in spreadsheets, readable by address books, and never another organisation's."""

from __future__ import annotations

import csv
import io
import zipfile
from types import SimpleNamespace
from typing import Any

import pytest
from openpyxl import load_workbook

from pop_campaigns.contacts.views.listing import CHUNK
from pop_campaigns.contacts.words.files import ContactLine, safe_cell, write_csv, write_vcards, write_xlsx
from pop_campaigns.core.db import db
from tests.factories import make_institution, make_office, make_person


def line(**values: Any) -> ContactLine:
    whole = {
        "uid": "office-1", "kind": "Bashki", "name": "", "office": "Kryetar", "institution": "Bashkia Fier",
        "municipality": "Fier", "emails": ("kryetar@bashkia.al",), "language": "sq",
    }  # fmt: skip
    return ContactLine(**(whole | values))


def table(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))


def workbook(content: bytes) -> list[list[Any]]:
    return [[cell.value for cell in row] for row in load_workbook(io.BytesIO(content)).worksheets[0].rows]


def cards(content: bytes) -> list[list[str]]:
    unfolded = content.decode().replace("\r\n ", "").split("BEGIN:VCARD\r\n")[1:]
    return [card.splitlines() for card in unfolded]


@pytest.mark.parametrize("typed", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1", "\u00a0=1"])
def test_no_cell_is_a_formula(typed: str) -> None:
    assert safe_cell(typed) == f"'{typed}"
    row = table(write_csv(["Lloji"], [line(name=typed)]))[1]
    assert row[3] == f"'{typed}"


@pytest.mark.parametrize("typed", ["Ëngjëll Çela", 'tha "po", pastaj; jo', "dy\nrreshta", "3-5"])
def test_what_is_no_formula_comes_back_as_typed(typed: str) -> None:
    assert table(write_csv(["Lloji"], [line(name=typed)]))[1][3] == typed


def test_a_card_escapes_and_folds_within_75_octets() -> None:
    name = "Këshilltarja, për çështjet; e mjedisit\\ujërave " * 4
    content = write_vcards([line(office=name)], "pop.example")
    assert max(len(part) for part in content.split(b"\r\n")) <= 75
    card = cards(content)[0]
    title = next(one for one in card if one.startswith("TITLE:")).removeprefix("TITLE:")
    plain = title.replace("\\,", ",").replace("\\;", ";").replace("\\\\", "\\")
    assert plain == name and "VERSION:4.0" in card and "UID;VALUE=text:office-1@pop.example" in card


def test_a_card_needs_an_address() -> None:
    assert write_vcards([line(emails=())], "pop.example") == b""


@pytest.fixture
def book(cast: SimpleNamespace) -> None:
    make_office("Kryetar", make_institution("Bashkia Fier"), email="k@fier.al", holder="Emri i kryetarit")
    secret = make_institution("Radio e fshehtë", kind="medium", organisation=cast.fier)
    make_office("Drejtor", secret, email="drejtor@fshehte.al", organisation=cast.fier)
    make_person("Gazetare e fshehtë", email="g@fshehte.al", organisation=cast.fier)
    db.session.commit()


@pytest.mark.parametrize("listed", ["institutions", "persons"])
@pytest.mark.parametrize("ending", ["csv", "vcf", "xlsx"])
def test_each_gets_what_they_see(
    book: None, cast: SimpleNamespace, sign_in: Any, listed: str, ending: str
) -> None:
    address = f"/people/{listed}.{ending}"
    ours, theirs = sign_in(cast.arta).post(address), sign_in(cast.clirim).post(address)
    if ending == "xlsx":
        assert "fshehte.al" in str(workbook(ours.data)) and "fshehte.al" not in str(workbook(theirs.data))
    else:
        assert "fshehte.al" in ours.text and "fshehte.al" not in theirs.text
    assert f"attachment; filename={listed}-" in ours.headers["Content-Disposition"]
    assert ours.headers["Cache-Control"] == "private, no-store"


def test_the_file_holds_what_the_list_shows(book: None, cast: SimpleNamespace, sign_in: Any) -> None:
    browser = sign_in(cast.arta)
    assert "/people/institutions.csv?q=fier&amp;kind=municipality" in (
        browser.get("/people?q=fier&kind=municipality").text
    )
    rows = table(browser.post("/people/institutions.csv?q=fier&kind=municipality").data)
    assert [row[1:5] for row in rows[1:]] == [["Bashkia Fier", "Kryetar", "Emri i kryetarit", "k@fier.al"]]
    assert browser.post("/people/institutions.exe").status_code == 404


def test_a_long_list_is_whole(cast: SimpleNamespace, sign_in: Any) -> None:
    for number in range(CHUNK + 3):
        make_person(f"Person {number}", email=f"p{number}@media.al")
    db.session.commit()
    rows = table(sign_in(cast.arta).post("/people/persons.csv").data)[1:]
    assert len({row[4] for row in rows}) == len(rows) == CHUNK + 3


def test_without_addresses_a_sentence_says_so(cast: SimpleNamespace, sign_in: Any) -> None:
    make_person("Pa adresë")
    db.session.commit()
    page = sign_in(cast.arta).post("/people/persons.vcf?q=pa", follow_redirects=True)
    assert page.request.path == "/people/persons" and page.request.args["q"] == "pa"
    assert "nuk ka ende adresë" in page.text


def test_the_way_back_stays_here(cast: SimpleNamespace, sign_in: Any) -> None:
    answer = sign_in(cast.arta).post("/people/persons.vcf?_external=1&_scheme=ftp&_anchor=x&q=pa")
    assert answer.location == "/people/persons?q=pa"


def test_sample_addresses_stay_out(cast: SimpleNamespace, sign_in: Any) -> None:
    make_person("Me shembull", email="me@shembull.example")
    make_person("Me adresë", email="me@adrese.al")
    db.session.commit()
    rows = table(sign_in(cast.arta).post("/people/persons.csv").data)[1:]
    assert [(row[3], row[4]) for row in rows] == [("Me adresë", "me@adrese.al"), ("Me shembull", "")]


def test_a_card_says_whether_it_is_a_person(cast: SimpleNamespace) -> None:
    person, office = cards(write_vcards([line(name="Emri"), line()], "pop.example"))
    assert {"KIND:individual", "FN:Emri"} <= set(person)
    assert {"KIND:org", "FN:Kryetar\\, Bashkia Fier"} <= set(office)


HOSTILE = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://x")',
    "\t=1",
    "1e5",
    "007",
    "TRUE",
    "3-5",
]


@pytest.mark.parametrize("typed", [*HOSTILE, "Ëngjëll Çela", "dy\nrreshta", "  hapësira  ", "🙂"])
def test_every_cell_of_a_workbook_is_text(typed: str) -> None:
    content = write_xlsx("Persona", ["Emri"] * 8, [line(name=typed)])
    cell = load_workbook(io.BytesIO(content)).worksheets[0].cell(2, 4)
    assert (cell.value, cell.data_type, cell.number_format) == (typed, "s", "@")
    assert b"<f>" not in zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml")


def test_what_no_workbook_can_hold_is_left_out() -> None:
    assert workbook(write_xlsx("P", ["Emri"] * 8, [line(name="a\x00b\x0bc")]))[1][3] == "abc"


def test_a_workbook_keeps_its_headings_in_sight() -> None:
    heads = [f"Titulli {number}" for number in range(10)]
    sheet = load_workbook(io.BytesIO(write_xlsx("Institucione", heads, [line(), line()]))).worksheets[0]
    assert (sheet.title, sheet.freeze_panes, sheet.auto_filter.ref) == ("Institucione", "A2", "A1:J3")
    assert [cell.value for cell in sheet[1]] == heads
    assert all(cell.font.bold for cell in sheet[1]) and not sheet["A2"].font.bold
    assert sheet.column_dimensions["B"].width > sheet.column_dimensions["H"].width > 8


def test_an_empty_list_is_a_workbook_with_headings() -> None:
    assert workbook(write_xlsx("P", ["A", "B"], [])) == [["A", "B"]]


def test_phones_stand_in_every_file(cast: SimpleNamespace, sign_in: Any) -> None:
    bashkia = make_institution("Bashkia Patos", phone="+35534222123")
    make_office("Kryetar", bashkia, email="k@patos.al")
    make_office("Sekretar", bashkia, email=None, phone="+35534222124;ext=7")
    make_person("Gazetare").phone = "+390612345678"
    db.session.commit()
    browser = sign_in(cast.arta)
    rows = table(browser.post("/people/institutions.csv").data)
    assert rows[0][5] == "Telefoni"
    assert [(row[2], row[5]) for row in rows[1:]] == [
        ("", "034 222 123"),
        ("Kryetar", "034 222 123"),
        ("Sekretar", "034 222 124 ext. 7"),
    ]
    assert workbook(browser.post("/people/persons.xlsx").data)[1][5] == "+39 06 1234 5678"
    assert table(browser.post("/people/persons.csv").data)[1][5] == "'+39 06 1234 5678"
    result = cards(browser.post("/people/institutions.vcf").data)
    assert [one for card in result for one in card if one.startswith("TEL")] == [
        "TEL;VALUE=uri:tel:+35534222123",
        "TEL;VALUE=uri:tel:+35534222123",
        "TEL;VALUE=uri:tel:+35534222124;ext=7",
    ]
    (person,) = cards(browser.post("/people/persons.vcf").data)
    assert "TEL;VALUE=uri:tel:+390612345678" in person


def test_the_workbook_is_offered_with_the_filters_of_the_list(
    book: None, cast: SimpleNamespace, sign_in: Any
) -> None:
    browser = sign_in(cast.arta)
    assert "/people/institutions.xlsx?q=fier&amp;kind=municipality" in (
        browser.get("/people?q=fier&kind=municipality").text
    )
    answer = browser.post("/people/institutions.xlsx?q=fier&kind=municipality")
    assert answer.mimetype.endswith("spreadsheetml.sheet")
    assert [row[1:5] for row in workbook(answer.data)[1:]] == [
        ["Bashkia Fier", "Kryetar", "Emri i kryetarit", "k@fier.al"]
    ]

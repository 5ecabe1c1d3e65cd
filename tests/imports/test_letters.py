"""Old encodings are guessed by their letters or chosen by people; a bad byte spoils one cell."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.core.db import db
from pop_campaigns.imports.rules.encodings import readings
from pop_campaigns.imports.rules.tables import read_tables
from tests.imports.scene import checked, columns_of, rows_of, run, the_import, upload, uploaded
from tests.opened import opened

ALBANIAN = "Emri;Bashkia;E-mail\r\nFjollë Çela;Tiranë;f@x.example\r\nKëngë Xhaçka;Durrës;k@x.example\r\n"


def encoding_of(content: bytes) -> tuple[str, list[list[str]]]:
    table = next(read_tables(io.BytesIO(content)))
    return table.encoding, [row.cells for row in table.rows]


@pytest.mark.parametrize(
    "codec", ["cp437", "cp850", "cp852", "mac_roman", "cp1250", "cp1252", "iso-8859-1", "cp1254"]
)
@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_albanian_letters_are_right_in_every_code_page(codec: str, end: str) -> None:
    _name, rows = encoding_of(ALBANIAN.replace("\r\n", end).encode(codec))
    assert [cells[:2] for cells in rows] == [["Fjollë Çela", "Tiranë"], ["Këngë Xhaçka", "Durrës"]]


@pytest.mark.parametrize(
    ("codec", "text"),
    [
        ("cp1252", "Emri;Media\nAna;Radio ‘Seman’\nBen;“Gazeta” – e re\n"),
        ("cp1252", "Emri;Media\nD’Angelo;Çlirim\n"),
        ("cp1252", "Emri;Media\nELËZ ÇELA;KËSHILLI\n"),
        ("cp852", "Emri;Media\nELËZ ÇELA;KËSHILLI\nMilan Đorđević;Zë\n"),
        ("mac_roman", "Emri;Media\nELËZ ÇELA;“Zëri”\n"),
        ("cp1250", "Emri;Media\nMilan Đorđević;Zëri – Šabac\n"),
    ],
)
def test_the_likeliest_letters_win(codec: str, text: str) -> None:
    _name, rows = encoding_of(text.encode(codec))
    assert rows == [line.split(";") for line in text.split("\n")[1:-1]]


def test_a_bad_byte_among_good_letters_spoils_one_cell() -> None:
    lines = "".join(f"Gëzim {number};çelë\n" for number in range(20)).encode()
    name, rows = encoding_of(b"Emri;Tema\nG\xebzim;mir\xc3\xab\n" + lines)
    assert (name, rows[0], rows[1]) == ("UTF-8", ["G\ufffdzim", "mirë"], ["Gëzim 0", "çelë"])


def test_the_ways_to_read_some_letters_are_shown_once_each() -> None:
    ways = readings(["Fjoll\x89 \x80ela"])
    by_letters = {letters[0]: names for names, letters in ways}
    assert by_letters["Fjollë Çela"] == ["MS-DOS 852", "MS-DOS 850", "MS-DOS 437"]
    assert len(by_letters) == len(ways) > 2


@pytest.fixture
def arta(cast: SimpleNamespace, sign_in: Any) -> FlaskClient:
    return sign_in(cast.arta)


def names() -> set[str]:
    db.session.rollback()
    return set(db.session.scalars(select(Person.name)))


def test_who_knows_the_names_chooses_the_letters(arta: FlaskClient) -> None:
    """*š* of one code page is a letter in each other: only people know."""
    content = "Emri;Tema;E-mail\nAleš Hoxha;ujë;a@x.example\nBen;;b@x.example\n".encode("cp852")
    ident = uploaded(arta, io.BytesIO(content))
    path = f"/people/import/{ident}/columns"
    page = arta.get(path).text
    assert "Aleš Hoxha" in page and "Aleç Hoxha" in page and "ujë" in page
    assert the_import(ident).encoding == "MS-DOS 852"
    arta.post(f"/people/import/{ident}/letters", data={"letters": "MS-DOS 437"})
    assert the_import(ident).encoding == "MS-DOS 437"
    assert "Aleτ" in arta.get(path).text
    for hostile in ({}, {"letters": "utf-7"}, {"letters": "\x00"}):
        assert arta.post(f"/people/import/{ident}/letters", data=hostile).status_code == 302
    arta.post(f"/people/import/{ident}/letters", data={"letters": "MS-DOS 852"})
    data = {"kind": "other", "municipality": "", "language": "sq"} | columns_of(arta, ident)
    arta.post(path, data=data | opened(arta, path))
    assert run(arta, ident).status_code == 302
    assert names() == {"Aleš Hoxha", "Ben"}
    assert [row.raw for row in rows_of(ident)] == [None, None]
    assert arta.post(f"/people/import/{ident}/letters", data={"letters": "MS-DOS 437"}).status_code == 302
    assert the_import(ident).state == "done"


def test_letters_chosen_after_the_check_are_those_brought_in(arta: FlaskClient) -> None:
    content = "Emri;Mërgimi;E-mail\nAleš Hoxha;x;a@x.example\n".encode("cp852")
    ident = checked(arta, io.BytesIO(content))
    arta.post(f"/people/import/{ident}/letters", data={"letters": "MS-DOS 437"})
    state = the_import(ident)
    assert (state.state, state.columns[1]) == ("uploaded", "Mërgimi")
    path = f"/people/import/{ident}/columns"
    data = {"kind": "other", "municipality": "", "language": "sq"} | columns_of(arta, ident)
    arta.post(path, data=data | opened(arta, path))
    run(arta, ident)
    assert names() == {"Aleτ Hoxha"}


def test_a_spoiled_cell_is_said_and_only_it_is_lost(arta: FlaskClient) -> None:
    lines = "".join(f"Gëzim {number};g{number}@x.example;çelë\n" for number in range(9)).encode()
    ident = checked(arta, io.BytesIO(b"Emri;E-mail;Tema\nAna;ana@x.example;mir\xebsi\n" + lines))
    first, *others = rows_of(ident)
    assert first.errors == ["letters|topics|mir\ufffdsi"] and first.decision == "skip"
    assert not any(row.errors for row in others)
    arta.post(f"/people/import/{ident}/rows", data={f"row-{first.id}": "new", "do": "run"})
    db.session.rollback()
    assert db.session.scalars(select(Person.topics).where(Person.name == "Ana")).one() == ""


def test_a_file_that_says_what_it_is_is_not_asked_about(arta: FlaskClient) -> None:
    for codec in ("utf-8", "utf-8-sig", "utf-16"):
        ident = uploaded(arta, io.BytesIO(ALBANIAN.encode(codec)))
        assert f"{ident}/letters" not in arta.get(f"/people/import/{ident}/columns").text
        assert rows_of(ident)[0].raw is None
    assert upload(arta, io.BytesIO(b"\xff\xfe\x00")).status_code == 422

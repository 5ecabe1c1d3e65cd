"""Files of every program and of people who mean harm are read as tables, or refused for a reason."""

from __future__ import annotations

import codecs
import io
import tracemalloc
from datetime import date, datetime

import pytest

from pop_campaigns.imports.rules import tables as reading
from pop_campaigns.imports.rules.tables import (
    LARGEST_UPLOAD,
    MOST_COLUMNS,
    MOST_ROWS,
    BadFile,
    Table,
    read_tables,
)
from tests.imports.files import PLAIN, csv_file, part_of, with_part, xlsx_file

SHEET = "xl/worksheets/sheet1.xml"
ROWS = [
    (2, ["Gëzim Çela", "gezim@media.example", "069 212 3456", "Fier"]),
    (3, ["Drenusha Ymeri", "", "034 222 123", "Vlorë"]),
]


def read(file: io.BytesIO) -> tuple[Table, list[tuple[int, list[str]]]]:
    """The last table of a file."""
    tables = [(table, [(row.number, row.cells) for row in table.rows]) for table in read_tables(file)]
    if not tables:
        raise BadFile("empty")
    return tables[-1]


def refusal(file: io.BytesIO) -> str:
    with pytest.raises(BadFile) as refused:
        read(file)
    return refused.value.reason


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
        ("utf-32", "UTF-32"),
        ("cp1252", "Windows-1252"),
    ],
)
def test_every_encoding_gives_the_same_letters(encoding: str, name: str) -> None:
    table, rows = read(csv_file(PLAIN, encoding))
    assert (table.headings.cells, rows) == (["Emri", "E-mail", "Telefon", "Bashkia"], ROWS)
    assert table.encoding == name


@pytest.mark.parametrize("mark", [codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
def test_utf_16_with_its_mark(mark: bytes) -> None:
    order = "utf-16-le" if mark == codecs.BOM_UTF16_LE else "utf-16-be"
    assert read(io.BytesIO(mark + PLAIN.encode(order)))[1] == ROWS


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("Emri\nGëzim Çela\nMilan Đorđević\n", "cp1250"),
        ("Emri\nGëzim Çela\nNicolò Viganò è là\n", "cp1252"),
    ],
)
def test_the_code_page_is_chosen_by_the_letters_it_gives(text: str, page: str) -> None:
    table, rows = read(csv_file(text, page))
    assert [cells[0] for _number, cells in rows] == text.split("\n")[1:-1]
    assert table.encoding == f"Windows-{page[2:]}"


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_delimiters(delimiter: str) -> None:
    table, rows = read(csv_file(PLAIN.replace(";", delimiter)))
    assert rows == ROWS
    assert table.delimiter == delimiter


def test_a_comma_in_words_is_no_delimiter() -> None:
    table, rows = read(csv_file("Emri;Shënim\nA B;një, dy, tre\nC D;x, y\n"))
    assert table.delimiter == ";"
    assert rows[0][1] == ["A B", "një, dy, tre"]


def test_the_delimiter_excel_names_itself() -> None:
    table, rows = read(csv_file("sep=,\nEmri,E-mail\nA B,a@b.example\n"))
    assert (table.headings.cells, rows) == (["Emri", "E-mail"], [(3, ["A B", "a@b.example"])])


def test_quoted_line_breaks_and_quotes_stay() -> None:
    _table, rows = read(csv_file('Emri;Adresa\r\n"A ""Beni"" B";"Rruga 1\r\nFier"\r\nC D;x\r\n'))
    assert rows == [(2, ['A "Beni" B', "Rruga 1\nFier"]), (3, ["C D", "x"])]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(end: str) -> None:
    assert read(csv_file(PLAIN.replace("\n", end)))[1] == ROWS


def test_ragged_rows_empty_columns_and_blank_rows() -> None:
    text = "Emri;;E-mail;\n\n;;;\nA B\nC D;;c@d.example;;;x\n"
    table, rows = read(csv_file(text))
    assert table.headings.cells == ["Emri", "", "E-mail"]
    assert rows == [(4, ["A B"]), (5, ["C D", "", "c@d.example", "", "", "x"])]


def test_a_hundred_columns_are_read_and_ten_thousand_refused() -> None:
    wide = ";".join(f"Kolona {n}" for n in range(100))
    table, rows = read(csv_file(f"{wide}\n{wide}\n"))
    assert len(table.headings.cells) == len(rows[0][1]) == 100
    assert refusal(csv_file(";".join(["x"] * 10_000))) == "columns"
    assert MOST_COLUMNS >= 100


def test_nul_bytes_are_dirt() -> None:
    _table, rows = read(csv_file("Emri;E-mail\nA\0 B;a@b\0.example\n"))
    assert rows == [(2, ["A B", "a@b.example"])]


def test_hostile_cells_are_text() -> None:
    hostile = "=cmd|' /C calc'!A0;\u202egnp.exe\u202c;\"a\r\nBcc: x@y.example\";@SUM(1);" + "x" * 10_000
    _table, rows = read(csv_file(f"Emri;b;c;d;e\n{hostile}\n"))
    cells = rows[0][1]
    assert cells[0] == "=cmd|' /C calc'!A0"
    assert cells[1] == "gnp.exe"
    assert cells[2] == "a\nBcc: x@y.example"
    assert len(cells[4]) == 10_000


def test_a_title_above_the_headings_is_no_heading() -> None:
    table, rows = read(csv_file("Lista e gazetarëve 2026;;\n;;\nEmri;E-mail\nA B;a@b.example\n"))
    assert (table.headings.cells, rows) == (["Emri", "E-mail"], [(4, ["A B", "a@b.example"])])


def test_a_file_without_headings_keeps_its_first_row() -> None:
    table, rows = read(csv_file("A B;a@b.example\nC D;c@d.example\n"))
    assert table.headings.cells == []
    assert [number for number, _cells in rows] == [1, 2]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\n\n;;\n", "empty"),
        (b"%PDF-1.7", "kind"),
        (b"\x89PNG\r\n\x1a\n", "kind"),
        (bytes(range(32)) * 500, "kind"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old_excel"),
        (b"PK\x03\x04 broken", "damaged"),
        (b'Emri;x\n"A;' + b"x" * 200_000, "quotes"),
        (b"Emri;x\nA;" + b"x" * 21_000, "cell"),
        (b"x" * 2_100_000, "line"),
    ],
)
def test_what_is_no_table_is_refused(content: bytes, reason: str) -> None:
    assert refusal(io.BytesIO(content)) == reason


def test_too_many_rows_and_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_ROWS", 1000)
    assert refusal(csv_file("Emri\n" + "A B\n" * 1005)) == "rows"
    assert len(read(csv_file("Emri\n" + "A B\n" * 1000))[1]) == 1000
    big = io.BytesIO(b"Emri\n" + b"x\n" * (LARGEST_UPLOAD // 2))
    assert refusal(big) == "size"
    assert MOST_ROWS >= 100_000


# What is held at once does not grow with the file; that it is so up to the largest, a full run sees.
@pytest.mark.parametrize("megabytes", [12, pytest.param(50, marks=pytest.mark.full)])
def test_a_large_file_takes_little_memory(megabytes: int) -> None:
    row = ("Emri Mbiemri;emri@media.example;" + "x" * 2000 + "\n").encode()
    file = io.BytesIO(b"Emri;E-mail;Tema\n" + row * (megabytes * 1024 * 1024 // len(row)))
    tracemalloc.start()
    count = sum(1 for table in read_tables(file) for _row in table.rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count > 500 * megabytes
    assert peak < 8 * 1024 * 1024


def test_spreadsheets_give_text() -> None:
    file = xlsx_file(
        ["Emri", "Telefon", "Data", "Po"],
        ["Gëzim Çela", 692123456.0, datetime(2026, 11, 2), True],
        [None, None, None, None],
        ["Drenusha", 35542222222, date(2026, 1, 5), 1.5],
        ["'=cmd|x", "#N/A", None, "=cmd"],
        sheets=2,
    )
    table, rows = read(file)
    assert table.encoding == "XLSX"
    assert [cells for _number, cells in rows][:2] == [
        ["Gëzim Çela", "692123456", "2026-11-02", "1"],
        ["Drenusha", "35542222222", "2026-01-05", "1.5"],
    ]


def test_a_formula_gives_the_value_it_had_and_typed_text_stays_text() -> None:
    file = xlsx_file(["Emri", "E-mail"], ["x", "y"])
    cells = (
        b'<row r="2"><c r="A2" t="str"><f>"A"&amp;" B"</f><v>A B</v></c>'
        b'<c r="B2" t="inlineStr"><is><t>=cmd|calc</t></is></c></row>'
    )
    sheet = part_of(file, SHEET)
    start, end = sheet.index(b'<row r="2"'), sheet.index(b"</sheetData>")
    assert read(with_part(file, SHEET, sheet[:start] + cells + sheet[end:]))[1] == [(2, ["A B", "=cmd|calc"])]


def test_declared_dimensions_are_not_believed() -> None:
    file = xlsx_file(["Emri", "E-mail"], ["A B", "a@b.example"])
    sheet = part_of(file, SHEET).replace(b'ref="A1:B2"', b'ref="A1:XFD1048576"')
    assert b"XFD1048576" in sheet
    tracemalloc.start()
    _table, rows = read(with_part(file, SHEET, sheet))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rows == [(2, ["A B", "a@b.example"])]
    assert peak < 20 * 1024 * 1024


def test_a_cell_in_the_last_corner_is_refused() -> None:
    file = xlsx_file(["Emri"], ["A B"])
    sheet = part_of(file, SHEET).replace(
        b"</sheetData>",
        b'<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c></row></sheetData>',
    )
    assert refusal(with_part(file, SHEET, sheet)) == "columns"


def test_bombs_are_not_unpacked() -> None:
    file = xlsx_file(["Emri"], ["A B"])
    zeros = with_part(file, "xl/sharedStrings.xml", b" " * (70 * 1024 * 1024))
    assert refusal(zeros) == "bomb"
    laughs = b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">]><worksheet>&lol;</worksheet>'
    assert refusal(with_part(file, SHEET, laughs)) == "bomb"


def test_a_torn_workbook_is_damaged_and_a_document_is_of_another_kind() -> None:
    file = xlsx_file(["Emri"], ["A B"])
    assert refusal(with_part(file, SHEET, b"<worksheet><sheetData><row>")) == "damaged"
    assert refusal(io.BytesIO(file.getvalue()[:-200])) == "damaged"
    out = with_part(xlsx_file(["x"]), "xl/workbook.xml", b"not xml")
    assert refusal(out) == "damaged"

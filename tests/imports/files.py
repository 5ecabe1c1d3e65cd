"""Files as people and attackers have them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import Any

from openpyxl import Workbook

PLAIN = "Emri;E-mail;Telefon;Bashkia\nGëzim Çela;gezim@media.example;069 212 3456;Fier\nDrenusha Ymeri;;034 222 123;Vlorë\n"


def csv_file(text: str, encoding: str = "utf-8") -> io.BytesIO:
    return io.BytesIO(text.encode(encoding))


def xlsx_file(*rows: list[Any], sheets: int = 1) -> io.BytesIO:
    """A workbook with the rows on its last sheet."""
    book = Workbook()
    sheet = book.active
    for _number in range(sheets - 1):
        sheet = book.create_sheet()
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    out.seek(0)
    return out


def with_part(file: io.BytesIO, name: str, content: bytes) -> io.BytesIO:
    """The same archive with one part replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            new.writestr(part, content if part == name else old.read(part))
        if name not in old.namelist():
            new.writestr(name, content)
    out.seek(0)
    return out


def part_of(file: io.BytesIO, name: str) -> bytes:
    with zipfile.ZipFile(file) as archive:
        return archive.read(name)


def workbook(
    sheets: dict[str, list[list[Any]]], hidden: Sequence[str] = (), merged: Sequence[str] = ()
) -> io.BytesIO:
    """A workbook with named sheets, some of them hidden; ranges are merged on the last."""
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        sheet.sheet_state = "hidden" if name in hidden else "visible"
    for cells in merged:
        sheet.merge_cells(cells)
    out = io.BytesIO()
    book.save(out)
    out.seek(0)
    return out

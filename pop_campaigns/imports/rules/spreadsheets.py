"""XLSX files, row by row; pure. An archive that would unpack to more than it should is not opened."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import IO, Any, Final
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from pop_campaigns.imports.rules.tables import MOST_COLUMNS, BadFile

# Unpacked: a sheet of 100,000 rows has about 100 MB; everything else is read into memory at once.
_LARGEST_SHEET: Final = 300 * 1024 * 1024
_LARGEST_STRINGS: Final = 64 * 1024 * 1024
_LARGEST_PART: Final = 16 * 1024 * 1024
_MOST_PARTS: Final = 5_000
_ERRORS: Final = frozenset({"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"})
_WHAT_OPENPYXL_RAISES: Final = (
    InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError, IndexError,
    OverflowError, EOFError, NotImplementedError, RuntimeError, OSError, ParseError, zipfile.LargeZipFile,
)  # fmt: skip


def sheet_rows(file: IO[bytes]) -> Iterator[list[str]]:
    """Return the rows of the first sheet that holds anything, as text; formulas as the value they had.

    :raises BadFile: for what is no XLSX, is damaged, or would not fit.
    """
    _refuse_bombs(file)
    try:
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        for sheet in book.worksheets:
            sheet.reset_dimensions()  # the declared size may be anything
            has_cells = False
            for row in sheet.iter_rows(values_only=True):
                cells = _texts(row)
                has_cells = has_cells or bool(cells)
                yield cells
            if has_cells:
                return
    except BadFile:
        raise
    except _WHAT_OPENPYXL_RAISES as problem:
        raise BadFile("damaged") from problem


def _refuse_bombs(file: IO[bytes]) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            if len(parts) > _MOST_PARTS:
                raise BadFile("bomb")
            names = {part.filename for part in parts}
            if "xl/workbook.xml" not in names:
                raise BadFile("kind")
            for part in parts:
                _refuse_part(archive, part)
    except BadFile:
        raise
    except _WHAT_OPENPYXL_RAISES as problem:
        raise BadFile("damaged") from problem
    file.seek(0)


def _refuse_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Refuse a part that is too large, or that declares entities, with which few words become gigabytes."""
    if part.flag_bits & 0x1:
        raise BadFile("old_excel")
    name = part.filename.lower()
    is_picture = name.startswith("xl/media/")
    limit = _LARGEST_PART
    if re.fullmatch(r"xl/worksheets/[^/]+\.xml", name):
        limit = _LARGEST_SHEET
    elif name == "xl/sharedstrings.xml" or is_picture:
        limit = _LARGEST_STRINGS
    if part.file_size > limit:
        raise BadFile("bomb")
    if name.endswith((".xml", ".rels")):
        with archive.open(part) as content:
            start = content.read(65536)
        if b"<!DOCTYPE" in start or b"<!ENTITY" in start or b"<\0!\0D\0O\0C" in start:
            raise BadFile("bomb")


def _texts(row: tuple[Any, ...]) -> list[str]:
    end = len(row)
    while end and row[end - 1] is None:
        end -= 1
    if end > MOST_COLUMNS and any(value not in (None, "") for value in row[MOST_COLUMNS:end]):
        raise BadFile("columns")
    return [_text(value) for value in row[: min(end, MOST_COLUMNS)]]


def _text(value: Any) -> str:
    """Return a cell as people read it: whole numbers without ``.0``, days as ISO writes them."""
    if value is None:
        return ""
    if isinstance(value, str):
        return "" if value in _ERRORS else value
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time(0) else value.isoformat(" ", "minutes")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)

"""XLSX files, sheet by sheet and row by row; pure. An archive that would unpack to more than it should is not opened."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import IO, Any, Final
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.cell import column_index_from_string
from openpyxl.utils.exceptions import InvalidFileException

from pop_campaigns.imports.rules.tables import MOST_COLUMNS, BadFile

# Unpacked: a sheet of 100,000 rows has about 100 MB; everything else is read into memory at once.
_LARGEST_SHEET: Final = 300 * 1024 * 1024
_LARGEST_STRINGS: Final = 64 * 1024 * 1024
_LARGEST_PART: Final = 16 * 1024 * 1024
_MOST_PARTS: Final = 5_000
_MOST_SHEETS: Final = 200
_MOST_MERGED: Final = 20_000
_ERRORS: Final = frozenset({"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"})
_WHAT_OPENPYXL_RAISES: Final = (
    InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError, IndexError,
    OverflowError, EOFError, NotImplementedError, RuntimeError, OSError, ParseError, zipfile.LargeZipFile,
)  # fmt: skip
_MERGED: Final = re.compile(
    rb"<(?:\w+:)?mergeCell\s[^>]{0,80}?ref=\"([A-Z]{1,3})(\d{1,7}):[A-Z]{1,3}(\d{1,7})\""
)
# A letter that XML or the program cannot hold, by its number (ISO/IEC 29500-1, ST_Xstring).
_ESCAPED: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")
_STRICT: Final = b"purl.oclc.org/ooxml"
# Other archives, by a part that only they have.
_OTHER_ARCHIVES: Final = {
    "content.xml": "opendocument",
    "xl/workbook.bin": "binary_excel",
    "Index/Document.iwa": "numbers",
}


def sheets_of(file: IO[bytes]) -> Iterator[tuple[str, Iterator[list[str]]]]:
    """Return the sheets that are shown, each with its name and rows as text; formulas as the value they had.

    The rows of one sheet are read before those of the next. Cells merged downwards all hold what the first of them does.

    :raises BadFile: for what is no XLSX, is damaged, or would not fit; also while rows are read.
    """
    _refuse_bombs(file)
    try:
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        shown = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    except _WHAT_OPENPYXL_RAISES as problem:
        raise BadFile("damaged") from problem
    for sheet in shown[:_MOST_SHEETS]:
        yield " ".join(_unescaped(sheet.title).split())[:100], _rows_of(sheet)


def _rows_of(sheet: Any) -> Iterator[list[str]]:
    try:
        merged = _merged_downwards(sheet)
        sheet.reset_dimensions()  # the declared size may be anything
        lasting: dict[int, tuple[int, str]] = {}
        for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
            cells = _texts(row)
            if any(cells):  # a row that is empty but for a merged cell is none
                for column, (end, text) in list(lasting.items()):
                    if number > end:
                        del lasting[column]
                    else:
                        cells += [""] * (column + 1 - len(cells))
                        cells[column] = cells[column] or text
            for column, end in merged.get(number, ()):
                if column < len(cells) and cells[column]:
                    lasting[column] = (end, cells[column])
            yield cells
    except BadFile:
        raise
    except _WHAT_OPENPYXL_RAISES as problem:
        raise BadFile("damaged") from problem


def _merged_downwards(sheet: Any) -> dict[int, list[tuple[int, int]]]:
    """Return by row the columns (from 0) at which merged cells begin that reach further down, and their last row.

    They stand behind the cells, and the library passes over them where it reads row by row.
    """
    begins: dict[int, list[tuple[int, int]]] = {}
    count, rest = 0, b""
    with sheet._get_source() as part:
        while (block := part.read(1024 * 1024)) and count < _MOST_MERGED:
            text = rest + block
            end = 0
            for merge in _MERGED.finditer(text):
                end, count = merge.end(), count + 1
                column, top, bottom = (
                    column_index_from_string(merge[1].decode()),
                    int(merge[2]),
                    int(merge[3]),
                )
                if bottom > top and column <= MOST_COLUMNS:
                    begins.setdefault(top, []).append((column - 1, bottom))
            rest = text[max(end, len(text) - 200) :]
    return begins


def _refuse_bombs(file: IO[bytes]) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            if len(parts) > _MOST_PARTS:
                raise BadFile("bomb")
            names = {part.filename for part in parts}
            if "xl/workbook.xml" not in names:
                raise BadFile(next((why for part, why in _OTHER_ARCHIVES.items() if part in names), "kind"))
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
        if name == "xl/workbook.xml" and _STRICT in start:
            raise BadFile("strict")


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
        return "" if value in _ERRORS else _unescaped(value)
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time(0) else value.isoformat(" ", "minutes")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


def _unescaped(text: str) -> str:
    if "_x" not in text:
        return text
    units = _ESCAPED.sub(lambda number: chr(int(number[1], 16)), text)
    return units.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

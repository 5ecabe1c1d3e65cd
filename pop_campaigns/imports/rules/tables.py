"""Tables out of files as people have them: CSV of any program, XLSX and vCards; pure, row by row, in bounded memory.

Nothing a file claims about itself is believed: not its name, not its declared size, not its encoding.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from typing import IO, Final, NamedTuple

from pop_campaigns.core.text import clean_text
from pop_campaigns.imports.rules.encodings import RAW, as_read, guess_encoding
from pop_campaigns.imports.rules.headings import fields_of, is_beside
from pop_campaigns.imports.rules.vcards import HEADINGS, card_rows, is_address_book

LARGEST_UPLOAD: Final = 60 * 1024 * 1024
MOST_ROWS: Final = 100_000
MOST_COLUMNS: Final = 200
MOST_CELLS: Final = 3_000_000
LONGEST_CELL: Final = 20_000
_LONGEST_LINE: Final = 2_000_000
_SAMPLE: Final = 256 * 1024
_DELIMITERS: Final = (";", ",", "\t")
_LOOK_FOR_HEADINGS: Final = 10
# What is no table, by its first bytes: the old Excel and everything with a password, PDF, pictures, other archives.
_OTHER_KINDS: Final = {
    b"\xd0\xcf\x11\xe0": "old_excel",
    b"%PDF": "kind",
    b"\x89PNG": "kind",
    b"\xff\xd8\xff": "kind",
    b"GIF8": "kind",
    b"\x1f\x8b": "kind",
    b"Rar!": "kind",
    b"7z\xbc\xaf": "kind",
}
# The apostrophe before what a spreadsheet would run, which our own files have and others as well.
_PROTECTED: Final = re.compile(r"'[\s\u00a0]*[=+\-@\uff1d\t\r]")
_MARKS: Final = "\ufeff\u00ef\u00bb\u00bf"  # of UTF-8, also where its bytes are kept one by one
# Some programs name so what is a page or a document.
_MARKUP: Final = re.compile(rb"(?is)(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|head|body|table|meta|\?xml)\b")
_ESCAPED_BREAK: Final = re.compile(r"_x000[Dd]_(?:\r?\n)?")
_ADDRESS_OR_PHONE = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+|\+?[\d\s/().-]{7,}")


class BadFile(ValueError):
    """The file cannot be read as a table; ``reason`` is a key of ``labels.FILE_PROBLEMS``, ``row`` where it was seen."""

    def __init__(self, reason: str, row: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.row = row


class Row(NamedTuple):
    """A row that holds anything, with the number it has in the file; ``raw`` as it is kept where its encoding is not sure."""

    number: int
    cells: list[str]
    raw: list[str] | None = None


@dataclass(frozen=True)
class Table:
    """A table on its way in: its headings, then its rows; one of a workbook has the name of its sheet."""

    headings: Row
    rows: Iterator[Row]
    encoding: str
    delimiter: str = ""
    sheet: str = ""


def read_tables(file: IO[bytes]) -> Iterator[Table]:
    """Start to read the tables of a file, each to its end before the next; rows are read while they are asked for.

    :raises BadFile: also while rows are read.
    """
    file.seek(0, io.SEEK_END)
    size = file.tell()
    file.seek(0)
    head = file.read(512)
    file.seek(0)
    if not head:
        raise BadFile("empty")
    if size > LARGEST_UPLOAD:
        raise BadFile("size")
    for magic, reason in _OTHER_KINDS.items():
        if head.startswith(magic):
            raise BadFile(reason)
    if _MARKUP.match(head):
        raise BadFile("markup")
    if head.startswith(b"PK"):
        from pop_campaigns.imports.rules.spreadsheets import sheets_of  # openpyxl takes long to load

        for name, rows in sheets_of(file):
            yield from _with_headings(_checked(enumerate(rows, 1)), "XLSX", sheet=name)
    else:
        yield from _read_csv(file)


def _read_csv(file: IO[bytes]) -> Iterator[Table]:
    encoding = guess_encoding(file)
    if encoding is None:
        raise BadFile("kind")
    file.seek(0)
    codec = encoding.codec if encoding.is_sure else RAW
    text = io.TextIOWrapper(file, encoding=codec, errors="replace", newline="")
    sample = text.read(_SAMPLE)
    text.seek(0)
    if is_address_book(sample.lstrip(_MARKS)):
        text.detach()
        yield Table(Row(0, HEADINGS), _checked(_cards(file, encoding.codec)), encoding.name)
        return
    first_line = sample.lstrip(_MARKS).split("\n", 1)[0].strip('\r "')
    named = first_line[4:] if re.fullmatch(r"(?i)sep=[;,\t]", first_line) else ""
    delimiter = named or _guess_delimiter(sample)
    # Excel's own first line that names the delimiter is no row of the table.
    records = _records(text, delimiter)
    if named:
        next(records, None)
    rows = _checked(records, "" if encoding.is_sure else encoding.name)
    yield from _with_headings(rows, encoding.name, delimiter)


def _records(text: io.TextIOWrapper, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(_lines(text), delimiter=delimiter)
    number = 0
    try:
        for number, record in enumerate(reader, 1):
            yield number, [cell[1:] if _PROTECTED.match(cell) else cell for cell in record]
    except csv.Error as problem:
        raise BadFile("quotes", number + 1) from problem
    finally:
        with suppress(ValueError):  # already closed
            text.detach()  # the file is its owner's to close


def _cards(file: IO[bytes], codec: str) -> Iterator[tuple[int, list[str]]]:
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=codec, errors="replace", newline="")
    try:
        yield from card_rows(_lines(text))
    finally:
        with suppress(ValueError):  # already closed
            text.detach()


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    is_first = True
    while line := text.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE and not line.endswith(("\n", "\r")):
            raise BadFile("line")
        line = line.lstrip(_MARKS) if is_first else line
        is_first = False
        yield line.replace("\0", "").replace("\ufeff", "")


def _guess_delimiter(sample: str) -> str:
    """Return the delimiter by which the first rows have most columns, and most alike."""

    def score(delimiter: str) -> tuple[float, int]:
        lines = io.StringIO(sample.replace("\0", ""), newline="")
        widths: list[int] = []
        try:
            for record in csv.reader(lines, delimiter=delimiter):
                if record:
                    widths.append(len(record))
                if len(widths) == 50:
                    break
        except csv.Error:
            return (0.0, 0)
        if not widths:
            return (0.0, 0)
        usual = max(set(widths), key=lambda width: (widths.count(width), width))
        return (widths.count(usual) / len(widths), usual) if usual > 1 else (0.0, max(widths))

    return max(_DELIMITERS, key=score)


def _checked(records: Iterable[tuple[int, list[str]]], unsure: str = "") -> Iterator[Row]:
    """Return the rows that hold anything, cleaned, within what we can carry; ``unsure`` names the encoding guessed."""
    count = total = 0
    for number, record in records:
        raw = _without_empty_end(record)
        cells = _without_empty_end(
            [_clean(as_read(cell, unsure) if unsure else cell, number) for cell in raw]
        )
        if not cells:
            continue
        count, total = count + 1, total + len(cells)
        if len(cells) > MOST_COLUMNS:
            raise BadFile("columns", number)
        if count > MOST_ROWS + 1 or total > MOST_CELLS:
            raise BadFile("rows", number)
        keeps_raw = unsure and not all(cell.isascii() for cell in raw)
        yield Row(number, cells, raw[:MOST_COLUMNS] if keeps_raw else None)


def _clean(cell: str, number: int) -> str:
    if len(cell) > LONGEST_CELL:
        raise BadFile("cell", number)
    return clean_cell(cell)


def clean_cell(cell: str) -> str:
    """Return a cell as it is kept: without what nobody types, trimmed, its line breaks ``\\n``."""
    if "_x00" in cell:
        cell = _ESCAPED_BREAK.sub("\n", cell)
    return cell.strip() if cell.isascii() and cell.isprintable() else clean_text(cell).strip()


def _without_empty_end(row: list[str]) -> list[str]:
    end = len(row)
    while end and not row[end - 1]:
        end -= 1
    return row[:end]


def _with_headings(
    rows: Iterator[Row], encoding: str, delimiter: str = "", sheet: str = ""
) -> Iterator[Table]:
    """Give the table with its headings, if there is any row.

    The headings are the first row that is as wide as a table, or a later one above the first address that says more of what its
    columns are: a title, a cover text or a heading over several columns is none. A file without headings has an address or a
    phone number in its first row; its columns are then numbered.
    """
    first = list(islice(rows, _LOOK_FOR_HEADINGS))
    if not first:
        return
    widest = max(_filled(row.cells) for row in first)
    at = 0
    while at < len(first) - 1 and widest > 1 and _filled(first[at].cells) == 1:
        at += 1
    above = next((n for n in range(at, len(first)) if _has_address(first[n].cells)), len(first))
    at = max(range(at, max(above, at + 1)), key=lambda n: (_understood(first[n].cells), -n))
    headless = _has_address(first[at].cells)
    headings = Row(0, []) if headless else first[at]
    yield Table(
        headings, chain(first[at:] if headless else first[at + 1 :], rows), encoding, delimiter, sheet
    )


def heading_of(cell: str) -> str:
    """Return a heading as it is kept: one line, no longer than one can read."""
    return " ".join(clean_cell(cell).split())[:200]


def _filled(row: list[str]) -> int:
    return sum(1 for cell in row if cell)


def _has_address(row: list[str]) -> bool:
    return any(_ADDRESS_OR_PHONE.fullmatch(cell) for cell in row)


def _understood(row: list[str]) -> int:
    """Return how many cells of a row would be headings that say what their column is."""
    return sum(1 for cell in row if len(cell) <= 80 and (fields_of(cell) or is_beside(cell)))

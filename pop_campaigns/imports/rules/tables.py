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
from typing import IO, Final

from pop_campaigns.core.text import clean_text
from pop_campaigns.imports.rules.encodings import guess_encoding
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
_ADDRESS_OR_PHONE = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+|\+?[\d\s/().-]{7,}")


class BadFile(ValueError):
    """The file cannot be read as a table; ``reason`` is a key of ``labels.FILE_PROBLEMS``, ``row`` where it was seen."""

    def __init__(self, reason: str, row: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.row = row


@dataclass(frozen=True)
class Table:
    """A table on its way in: its headings, then each row that holds anything, with the number it has in the file."""

    headings: list[str]
    rows: Iterator[tuple[int, list[str]]]
    encoding: str
    delimiter: str


def read_table(file: IO[bytes]) -> Table:
    """Start to read a table; its rows are read while they are asked for.

    :raises BadFile: also while rows are read.
    """
    file.seek(0, io.SEEK_END)
    size = file.tell()
    file.seek(0)
    head = file.read(8)
    file.seek(0)
    if not head:
        raise BadFile("empty")
    if size > LARGEST_UPLOAD:
        raise BadFile("size")
    for magic, reason in _OTHER_KINDS.items():
        if head.startswith(magic):
            raise BadFile(reason)
    if head.startswith(b"PK"):
        from pop_campaigns.imports.rules.spreadsheets import sheet_rows  # openpyxl takes long to load

        return _with_headings(_checked(enumerate(sheet_rows(file), 1)), "XLSX", "")
    return _read_csv(file)


def _read_csv(file: IO[bytes]) -> Table:
    encoding = guess_encoding(file)
    if encoding is None:
        raise BadFile("kind")
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding.codec, errors="replace", newline="")
    sample = text.read(_SAMPLE)
    text.seek(0)
    if is_address_book(sample):
        return Table(HEADINGS, _checked(_cards(text)), encoding.name, "")
    first_line = sample.lstrip("\ufeff").split("\n", 1)[0].strip('\r "')
    named = first_line[4:] if re.fullmatch(r"(?i)sep=[;,\t]", first_line) else ""
    delimiter = named or _guess_delimiter(sample)
    # Excel's own first line that names the delimiter is no row of the table.
    records = _records(text, delimiter)
    if named:
        next(records, None)
    return _with_headings(_checked(records), encoding.name, delimiter)


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


def _cards(text: io.TextIOWrapper) -> Iterator[tuple[int, list[str]]]:
    try:
        yield from card_rows(_lines(text))
    finally:
        with suppress(ValueError):  # already closed
            text.detach()


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE and not line.endswith(("\n", "\r")):
            raise BadFile("line")
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


def _checked(records: Iterable[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    """Return the rows that hold anything, cleaned, within what we can carry."""
    count = cells = 0
    for number, record in records:
        row = [_clean(cell, number) for cell in _without_empty_end(record)]
        row = _without_empty_end(row)
        if not row:
            continue
        count, cells = count + 1, cells + len(row)
        if len(row) > MOST_COLUMNS:
            raise BadFile("columns", number)
        if count > MOST_ROWS + 1 or cells > MOST_CELLS:
            raise BadFile("rows", number)
        yield number, row


def _clean(cell: str, number: int) -> str:
    if len(cell) > LONGEST_CELL:
        raise BadFile("cell", number)
    return cell.strip() if cell.isascii() and cell.isprintable() else clean_text(cell).strip()


def _without_empty_end(row: list[str]) -> list[str]:
    end = len(row)
    while end and not row[end - 1]:
        end -= 1
    return row[:end]


def _with_headings(rows: Iterator[tuple[int, list[str]]], encoding: str, delimiter: str) -> Table:
    """Find the headings: the first row that is as wide as a table; a title above it is no heading.

    A file without headings has an address or a phone number in its first row; its columns are then numbered.
    """
    first: list[tuple[int, list[str]]] = []
    for row in rows:
        first.append(row)
        if len(first) == _LOOK_FOR_HEADINGS:
            break
    if not first:
        raise BadFile("empty")
    widest = max(_filled(row) for _number, row in first)
    at = 0
    while at < len(first) - 1 and widest > 1 and _filled(first[at][1]) == 1:
        at += 1
    headless = any(_ADDRESS_OR_PHONE.fullmatch(cell) for cell in first[at][1])
    headings = [] if headless else [" ".join(cell.split())[:200] for cell in first[at][1]]
    body = _chained(first[at:] if headless else first[at + 1 :], rows)
    return Table(headings, body, encoding, delimiter)


def _filled(row: list[str]) -> int:
    return sum(1 for cell in row if cell)


def _chained(
    first: list[tuple[int, list[str]]], rows: Iterator[tuple[int, list[str]]]
) -> Iterator[tuple[int, list[str]]]:
    yield from first
    yield from rows

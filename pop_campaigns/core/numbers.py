"""Numbers that people and programs send: only those that the database can hold are numbers."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import Any, Final

from flask import Flask
from werkzeug.routing import IntegerConverter, ValidationError
from wtforms import IntegerField

LARGEST: Final = 2**31 - 1
"""The largest INTEGER of PostgreSQL; SQLite holds more, and both must answer alike."""
LONGEST_TICKS: Final = 3000
"""Characters; a whole address may have some 4,000."""
_DIGITS: Final = re.compile(r"[0-9]{1,10}")
_RUN: Final = re.compile(r"([1-9][0-9]{0,9})(?:-([1-9][0-9]{0,9}))?")


def row_number(typed: str | None) -> int | None:
    """Return the number of a row as typed; None for everything that cannot be one: empty, signed, ٣, 1e3, 2^31."""
    if typed is None or not _DIGITS.fullmatch(typed):
        return None
    number = int(typed)
    return number if number <= LARGEST else None


class RowNumber(IntegerConverter):
    """``<int:…>`` in an address. What the database cannot hold is no page: 404."""

    # Up to LARGEST: a number that is none must not even belong to the address, or a rule for another method answers 405.
    regex = (
        r"(?:[0-9]{1,9}|[01][0-9]{9}|20[0-9]{8}|21[0-3][0-9]{7}|214[0-6][0-9]{6}|2147[0-3][0-9]{5}"
        r"|21474[0-7][0-9]{4}|214748[0-2][0-9]{3}|2147483[0-5][0-9]{2}|21474836[0-3][0-9]|214748364[0-7])"
    )

    def to_python(self, value: str) -> Any:
        """Raise ``ValidationError`` (no such address) for a number beyond the database's."""
        if row_number(value) is None:
            raise ValidationError
        return super().to_python(value)


class NumberField(IntegerField):
    """A whole number in a form, written with plain digits; its range is the form's to say."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed. Raise ``ValueError`` in words for what is no number or beyond the database's."""
        if valuelist:
            typed = valuelist[0].strip()
            number = row_number(typed.removeprefix("-"))
            if number is None:
                self.data = None
                raise ValueError(self.gettext("Not a valid integer value."))
            self.data = -number if typed.startswith("-") else number


def init_numbers(app: Flask) -> None:
    """Put our converter in the place of the library's, so that no address can forget it."""
    app.url_map.converters["int"] = RowNumber


def write_ticks(ticked: Iterable[int], rows: Sequence[int]) -> str:
    """Return the ticked among ``rows`` (ascending), short enough for an address: ``12-40.57`` are 12 to 40, and 57.

    Runs are of neighbours among the rows, whatever numbers lie between them.
    """
    chosen = set(ticked)
    runs: list[list[int]] = []
    before = None
    for place, number in enumerate(rows):
        if number not in chosen:
            continue
        if runs and before == place - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
        before = place
    return ".".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def read_ticks(text: str, rows: Sequence[int]) -> set[int]:
    """Return which of ``rows`` (ascending) a text ticks; what is no number, or no row, ticks nothing."""
    ticked: set[int] = set()
    for part in text[:LONGEST_TICKS].split("."):
        if run := _RUN.fullmatch(part):
            first, last = int(run[1]), int(run[2] or run[1])
            ticked.update(rows[bisect_left(rows, first) : bisect_right(rows, last)])
    return ticked

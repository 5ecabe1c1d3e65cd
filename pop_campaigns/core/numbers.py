"""Numbers that people and programs send: only those that the database can hold are numbers."""

from __future__ import annotations

import re
from typing import Any, Final

from flask import Flask
from werkzeug.routing import IntegerConverter, ValidationError
from wtforms import IntegerField

LARGEST: Final = 2**31 - 1
"""The largest INTEGER of PostgreSQL; SQLite holds more, and both must answer alike."""
_DIGITS: Final = re.compile(r"[0-9]{1,10}")


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

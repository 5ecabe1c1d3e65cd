"""What a field of a form holds: as a browser would send it, and as people read it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from enum import Enum
from typing import Any

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from wtforms import Field, Form

from pop_campaigns.core.dates import short_day_words
from pop_campaigns.core.i18n import current_language
from pop_campaigns.core.phones import BadPhone, parse_phone
from pop_campaigns.core.text import clean_text

# What nobody types, and files, which no comparison could show.
_NOT_TYPED = frozenset({"HiddenField", "CSRFTokenField", "SubmitField", "FileField", "MultipleFileField"})


def typed_fields(form: Form) -> Iterator[Field]:
    """Return the fields a person fills in, in the order of the page; files are not among them."""
    return (field for field in form if field.type not in _NOT_TYPED)


def file_fields(form: Form) -> list[Field]:
    """Return the fields that take a file."""
    return [field for field in form if field.type in ("FileField", "MultipleFileField")]


def as_stored(field: Field) -> Field:
    """Return a copy of the field as the form would show it of the record, whatever was typed."""
    # Not copy.copy: making a field anew gives one that waits for its form.
    stored: Field = object.__new__(type(field))
    stored.__dict__.update(field.__dict__)
    stored.process(None, field.object_data)
    return stored


def take(field: Field, values: Sequence[str]) -> None:
    """Let a field hold what a browser would have sent."""
    field.process(MultiDict([(field.name, value) for value in values]), field.object_data)


def values_of(field: Field) -> tuple[str, ...]:
    """Return what a field holds as a browser would send it: equal for equal contents, however they were written.

    What could not be read (a date of letters) is given as typed.
    """
    if field.process_errors:
        return tuple(str(value) for value in field.raw_data or ())
    data = field.data
    if field.type == "BooleanField":
        return ("y",) if data else ()
    if isinstance(data, list | tuple | set | frozenset):
        return tuple(sorted(_plain(item) for item in data))
    if isinstance(data, date | time):
        return (data.strftime(_format_of(field)),)
    plain = _plain(data)
    if field.type == "TelField" and plain:
        try:
            return (parse_phone(plain),)
        except BadPhone:
            return (plain,)
    return (plain,)


def _plain(value: Any) -> str:
    if value is None:
        return ""
    return str(value.value) if isinstance(value, Enum) else clean_text(str(value))


def _format_of(field: Field) -> str:
    """Return how the field writes a day or an hour: what it does not show (seconds) nobody has changed."""
    formats = field.format
    return str(formats[0] if isinstance(formats, list | tuple) else formats)


def words_of(field: Field) -> str:
    """Return what a field holds in the reader's words: labels, not keys; dates as one writes them. Empty: nothing."""
    if field.process_errors:
        return " ".join(str(value) for value in field.raw_data or ())
    if field.type == "BooleanField":
        return _("Yes") if field.data else _("No")
    if hasattr(field, "iter_choices"):
        return "; ".join(str(choice.label) for choice in field.iter_choices() if choice.selected)
    data = field.data
    if isinstance(data, datetime):
        return f"{short_day_words(data.date(), current_language())}, {data:%H:%M}"
    if isinstance(data, date):
        return short_day_words(data, current_language())
    return f"{data:%H:%M}" if isinstance(data, time) else "" if data is None else str(data)

"""The base of every form: messages in the reader's language, choices in sensible order, text cleaned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import get_translations
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_ngettext as _ln
from flask_wtf import FlaskForm
from flask_wtf.csrf import CSRFProtect
from wtforms import DateField, Field, PasswordField, StringField, TimeField
from wtforms.validators import DataRequired, Length, StopValidation

from pop_campaigns.core.text import clean_line

csrf = CSRFProtect()

# What WTForms itself says; named here so that the catalogues hold it (it ships no Albanian).
WTFORMS_SAYS = (
    _l("This field is required."),
    _l("Not a valid choice."),
    _l("Not a valid integer value."),
    _l("Not a valid date value."),
    _l("Not a valid datetime value."),
    _l("Not a valid time value."),
    _l("Not a valid choice."),
    _l("Invalid input."),
    _l("Invalid Choice: could not coerce."),
    _ln(
        "'%(value)s' is not a valid choice for this field.",
        "'%(value)s' are not valid choices for this field.",
        1,
    ),
)


class _OurCatalogue:
    """Hands WTForms's messages to our catalogues."""

    def gettext(self, text: str) -> str:
        return _(text)

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        # Unfilled: WTForms puts its own values in, and ours would miss them.
        return str(get_translations().ungettext(singular, plural, number))


class Form(FlaskForm):
    """Base of all forms. CSRF is checked for the whole application, before any view runs.

    ``shown_version`` is what the form was opened with (:func:`core.meanwhile.meet_changes`); the page carries it beside
    the CSRF token. ``only_shown`` lets a form that was sent be looked at once more instead of saved.
    """

    shown_version = ""
    only_shown = False

    def is_submitted(self) -> bool:
        """Return whether the form was sent to be saved."""
        return not self.only_shown and bool(super().is_submitted())

    class Meta(FlaskForm.Meta):
        csrf = False  # CSRFProtect has checked already; the token field is rendered by the macro

        def get_translations(self, _form: Any) -> _OurCatalogue:
            return _OurCatalogue()

        def bind_field(self, form: Any, unbound_field: Any, options: Any) -> Field:
            field = super().bind_field(form, unbound_field, options)
            if isinstance(field, StringField) and not isinstance(field, PasswordField):
                field.filters = [_nothing_if_blank, *field.filters]
            return field


def _nothing_if_blank(typed: Any) -> Any:
    """Return "" for text that shows nothing (spaces of all kinds, zero-width characters), anything else as it is.

    What is stored is cleaned, so a check that such text is there would pass and the database refuse it.
    """
    return "" if isinstance(typed, str) and typed and not clean_line(typed) else typed


class Needed(DataRequired):
    """A value must be there; said in words that name what to do."""

    def __init__(self, message: Any = None) -> None:
        super().__init__(message or _l("This field is required."))


class Marked:
    """Marks a field as required that another check than :class:`Needed` asks for: what one reads says it beforehand."""

    field_flags = {"required": True}

    def __call__(self, _form: Any, _field: Field) -> None:
        """Refuse nothing by itself."""


class DayField(DateField):
    """A day. Browsers send it as ISO 8601; who has no calendar to choose from types it as one writes it here."""

    def __init__(self, label: Any = None, validators: Any = None, **options: Any) -> None:
        options.setdefault("format", ["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y"])
        options.setdefault("invalid_value_message", _l("We cannot read this date. Write it like 16.12.2026."))
        super().__init__(label, validators, **options)


class HourField(TimeField):
    """An hour of the day, sent or typed."""

    def __init__(self, label: Any = None, validators: Any = None, **options: Any) -> None:
        options.setdefault("format", ["%H:%M", "%H.%M", "%H:%M:%S"])
        options.setdefault("invalid_value_message", _l("We cannot read this hour. Write it like 14:30."))
        super().__init__(label, validators, **options)


class AtMost(Length):
    """At most so many characters; the message says how many there are.

    No ``maxlength`` for the browser: it would cut pasted text without a word.
    """

    def __init__(self, limit: int) -> None:
        super().__init__(max=limit)
        self.field_flags: dict[str, object] = {}

    def __call__(self, form: Any, field: Field) -> None:
        length = len(field.data or "")
        if length > self.max:
            raise StopValidation(
                _(
                    "At most %(limit)d characters fit here; this has %(length)d. Please shorten it.",
                    limit=self.max,
                    length=length,
                )
            )


def errors_of(form: FlaskForm) -> Sequence[tuple[Field, str]]:
    """Return (field, message) for every error, in the order of the page."""
    return [(field, str(message)) for field in form for message in field.errors]

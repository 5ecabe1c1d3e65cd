"""What is asked about a file: which one, what its columns mean, what holds for all rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_wtf.file import FileField
from wtforms import RadioField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional
from wtforms.widgets import CheckboxInput, ListWidget

from pop_campaigns.contacts.rules import Purpose
from pop_campaigns.contacts.words.labels import PERSON_KINDS, PURPOSES
from pop_campaigns.core.dates import day_words
from pop_campaigns.core.forms import AtMost, DayField, Form, Marked
from pop_campaigns.core.i18n import current_language
from pop_campaigns.core.once import once_field
from pop_campaigns.core.places import all_municipalities
from pop_campaigns.core.text import clean_line
from pop_campaigns.imports.rules.days import DayOrder, read_day
from pop_campaigns.imports.rules.encodings import UNSURE
from pop_campaigns.imports.rules.fields import CONSENTS, OF_SEVERAL_COLUMNS, REACHES, Field
from pop_campaigns.imports.services.imports import Options
from pop_campaigns.imports.words import DAY_ORDERS, FIELDS, reading_words

_LANGUAGES = [SelectChoice("sq", _l("Albanian")), SelectChoice("en", _l("English"))]
FIELD_NAMES = frozenset(field.value for field in Field)


class UploadForm(Form):
    """A file; ``once`` tells the same form sent twice from another file."""

    file = FileField(
        _l("File"), [Marked()], description=_l("CSV, XLSX or vCard, at most 60 MB and 100,000 rows.")
    )
    once = once_field()


class SheetForm(Form):
    """Which sheet of a workbook holds the contacts."""

    sheet = RadioField(_l("Sheet"), validate_choice=False)

    def offer(self, sheets: Sequence[Mapping[str, Any]]) -> None:
        """Offer the sheets of a workbook, each with how many rows it has and what its columns are called."""
        self.sheet.choices = [SelectChoice(str(sheet["number"]), _sheet_words(sheet)) for sheet in sheets]

    def validate(self, extra_validators: Any = None) -> bool:
        """Check that one is chosen."""
        is_valid = super().validate(extra_validators)
        if self.sheet.data not in [choice.value for choice in self.sheet.choices]:
            self.sheet.errors = [_("Choose the sheet with the contacts.")]
            return False
        return is_valid


def _sheet_words(sheet: Mapping[str, Any]) -> str:
    rows = ngettext("%(num)s row", "%(num)s rows", sheet["total"])
    headings = ", ".join([heading for heading in sheet["columns"] if heading][:6])
    return f"{sheet['name']}: {rows}" + (f" ({headings})" if headings else "")


class LettersForm(Form):
    """In which encoding a file is read, told by the letters it gives."""

    letters = RadioField(_l("How are these letters right?"), validate_choice=False)

    def offer(self, ways: Sequence[tuple[list[str], list[str]]], current: str) -> None:
        """Offer each way to read some cells once; chosen is the one that is ``current``."""
        self.letters.choices = [SelectChoice(names[0], reading_words(names, cells)) for names, cells in ways]
        if not self.letters.raw_data:
            self.letters.data = next((names[0] for names, _cells in ways if current in names), None)

    def validate(self, extra_validators: Any = None) -> bool:
        """Check that one is chosen."""
        is_valid = super().validate(extra_validators)
        if self.letters.data not in UNSURE:
            self.letters.errors = [_("Choose how the letters are right.")]
            return False
        return is_valid


class ColumnsForm(Form):
    """What the columns mean (``columns``), and what holds for all rows; :func:`columns_form` adds a field per column."""

    kind = SelectField(_l("Kind of person"), description=_l("Where the row does not say it."))
    municipality = SelectField(_l("Municipality"), description=_l("Where the row does not say it."))
    language = RadioField(_l("Language of the mails"), choices=_LANGUAGES, default="sq")
    consents = SelectMultipleField(
        _l("Everybody in this file agreed to"),
        description=_l(
            "Tick only what each of these persons agreed to; leave it empty where nobody was asked."
        ),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    text_version = StringField(
        _l("Text they agreed to"),
        validators=[AtMost(40)],
        filters=[clean_line],
        description=_l("Its number or day, as in: list of 2026-03"),
    )
    proof = StringField(
        _l("Where the proof is"),
        validators=[AtMost(300)],
        filters=[clean_line],
        description=_l("As in: signed lists of the round table, folder 12"),
    )
    given_on = DayField(_l("Agreed on"), validators=[Optional()])
    day_order = RadioField(_l("Which number is the month?"), validate_choice=False)

    today: date
    asks_order = False
    day_orders: Mapping[int, DayOrder] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = [SelectChoice(kind.value, words) for kind, words in PERSON_KINDS.items()]
        places = [SelectChoice(str(place.id), place.name) for place in all_municipalities()]
        self.municipality.choices = [SelectChoice("", _("None in particular")), *places]
        self.consents.choices = [SelectChoice(purpose.value, words) for purpose, words in PURPOSES.items()]
        self.columns: dict[int, Field] = {}
        self.day_order.choices = []

    def read_columns(self, count: int) -> None:
        """Take over what is chosen for each column; what is no field is none."""
        chosen = {number: self[f"column-{number}"].data for number in range(count)}
        self.columns = {number: Field(value) for number, value in chosen.items() if value in FIELD_NAMES}

    def read_days(self, orders: Mapping[int, Collection[DayOrder]], example: str) -> None:
        """Take over in which order each column has its days; where a column does not tell, ``example`` is asked about."""
        unclear = {number for number, fits in orders.items() if len(fits) != 1}
        self.asks_order = bool(unclear)
        self.day_order.choices = [
            SelectChoice(order.value, _day_as(example, order, self.today) or words)
            for order, words in DAY_ORDERS.items()
        ]
        self.day_order.description = _("In dates like %(example)s.", example=example) if example else ""
        chosen = next((order for order in DayOrder if order == self.day_order.data), None)
        told = {number: next(iter(fits)) for number, fits in orders.items() if number not in unclear}
        self.day_orders = told | (dict.fromkeys(unclear, chosen) if chosen else {})

    def validate(self, extra_validators: Any = None) -> bool:
        """Check each field, that the columns say who is meant, and that consent can be shown."""
        is_valid = super().validate(extra_validators)
        problems = [*self._column_problems()]
        self.form_errors: list[str] = problems
        asked = bool(self.consents.data) or not set(CONSENTS).isdisjoint(self.columns.values())
        for field, words in self._consent_problems() if asked else ():
            field.errors = [*field.errors, words]
            is_valid = False
        if self.asks_order and self.day_order.data not in set(DayOrder):
            self.day_order.errors = [_("Choose one: the dates of this file may be read either way.")]
            is_valid = False
        return is_valid and not problems

    def _column_problems(self) -> list[str]:
        chosen = list(self.columns.values())
        problems = [
            _("Two columns are “%(field)s”. Choose one of them.", field=FIELDS[field])
            for field in Field
            if field not in OF_SEVERAL_COLUMNS and chosen.count(field) > 1
        ]
        if REACHES.isdisjoint(chosen):
            problems.append(_("Say which column holds the name, the e-mail address or the phone number."))
        return problems

    def _consent_problems(self) -> list[tuple[Any, str]]:
        problems = []
        if not self.text_version.data:
            problems.append(
                (self.text_version, _("Say which text they agreed to; without it no consent counts."))
            )
        if not self.proof.data:
            problems.append((self.proof, _("Say where the proof of the consent is kept.")))
        day = self.given_on.data
        if day and day > self.today:
            problems.append((self.given_on, _("This day is still to come.")))
        if not day and not self.given_on.errors and Field.CONSENT_DATE not in self.columns.values():
            problems.append((self.given_on, _("On which day did they agree?")))
        return problems

    def options(self) -> Options:
        """Return what holds for all rows, once it is valid."""
        return Options(
            kind=self.kind.data,
            municipality_id=int(self.municipality.data) if self.municipality.data else None,
            language=self.language.data,
            consents=tuple(Purpose(purpose) for purpose in self.consents.data or ()),
            text_version=self.text_version.data or "",
            proof=self.proof.data or "",
            given_on=self.given_on.data,
            day_orders=self.day_orders,
        )


def _day_as(example: str, order: DayOrder, today: date) -> str:
    day = read_day(example, order, today)
    return day_words(day, current_language(), weekday=False) if day else ""


def columns_form(headings: Sequence[str]) -> type[ColumnsForm]:
    """Return the form for one file: with a choice for each of its columns, called by its heading."""
    offered = [
        SelectChoice("", _l("Not used")),
        *(SelectChoice(value, words) for value, words in FIELDS.items()),
    ]
    fields = {
        f"column-{number}": SelectField(
            heading or _l("Column %(number)s", number=number + 1), choices=offered, validate_choice=False
        )
        for number, heading in enumerate(headings)
    }
    return type("ColumnsOfOneFile", (ColumnsForm,), fields)

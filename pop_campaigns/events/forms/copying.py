"""Forms of what is made from something else: the days of copies, a template, a series and its nine dates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    Field,
    FieldList,
    FormField,
    HiddenField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional, StopValidation
from wtforms.widgets import CheckboxInput, ListWidget

from pop_campaigns.core.clock import TIRANE
from pop_campaigns.core.dates import DatePrecision
from pop_campaigns.core.forms import AtMost, DayField, Form, HourField, Marked, Needed
from pop_campaigns.core.numbers import row_number
from pop_campaigns.core.once import once_field
from pop_campaigns.core.text import clean_line, clean_text
from pop_campaigns.events.forms.typed_times import TypedTimes, When, WrongTime, read_times

_USUAL_HOUR: Final = time(10)
_SATURDAY: Final = 5


def _prose(label: Any) -> TextAreaField:
    return TextAreaField(label, [AtMost(10_000)], filters=[clean_text], render_kw={"rows": 4})


def _say(wrong: WrongTime, day: Field, begins: Field, ends: Field) -> None:
    """Put what is wrong with a time to the field it is about."""
    field: Field = day if wrong.field == "start_date" else ends if wrong.field == "end_time" else begins
    field.errors = [*field.errors, wrong.message]


class DayRow(Form):
    """One day with its hours; :attr:`when` is what it comes to, None for an empty row."""

    day = DayField(_l("Date"), [Optional()])
    begins = HourField(_l("Starts"), [Optional()])
    ends = HourField(_l("Ends"), [Optional()])

    when: When | None = None

    def read(self, zone: str) -> None:
        """Read the day; what is wrong with it stands at its field."""
        if self.day.data is None or any(field.errors for field in self):
            return
        if self.begins.data is None:
            self.begins.errors = [_("Give the hour it starts.")]
            return
        typed = TypedTimes(
            precision=DatePrecision.MOMENT, start_date=self.day.data, start_time=self.begins.data,
            end_date=None, end_time=self.ends.data, month=None, year=None, zone=zone,
        )  # fmt: skip
        try:
            self.when = read_times(typed)
        except WrongTime as wrong:
            _say(wrong, self.day, self.begins, self.ends)


class CopyForm(Form):
    """On which days an event takes place again, and what goes along."""

    once = once_field()
    days = FieldList(FormField(DayRow), min_entries=6, max_entries=12)
    guests = BooleanField(_l("The offices on its list: whoever holds them today"), default=True)
    persons = BooleanField(_l("The persons on its list who are no office’s guests"))
    note = BooleanField(_l("The note in the invitation"), default=True)
    files = BooleanField(_l("The files"), default=True)
    agenda = BooleanField(_l("The agenda, without what became of it"), default=True)

    def __init__(self, zone: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.zone = zone

    def validate(self, extra_validators: Any = None) -> bool:
        """Check each day; at least one is needed."""
        super().validate(extra_validators)
        rows = [entry.form for entry in self.days]
        for row in rows:
            row.read(self.zone)
        if not any(field.errors for row in rows for field in row) and not any(row.when for row in rows):
            rows[0].day.errors = [_("Give at least one day.")]
        return not any(field.errors for row in rows for field in row) and not self.once.errors

    def times(self) -> list[When]:
        """Return the days that were typed, each once; only after :meth:`validate` said yes."""
        return list(dict.fromkeys(entry.form.when for entry in self.days if entry.form.when))


class TemplateForm(Form):
    """A template: its name and words, its usual hour, and which of its offices stay."""

    name = StringField(
        _l("Name of the template"),
        [Needed(_l("Give the template a name.")), AtMost(120)],
        filters=[clean_line],
    )
    title_sq = StringField(
        _l("Title in Albanian"),
        [Needed(_l("Give the event a title in Albanian.")), AtMost(200)],
        filters=[clean_line],
    )
    title_en = StringField(_l("Title in English"), [AtMost(200)], filters=[clean_line])
    begins = HourField(_l("Usual hour of the start"), [Optional()])
    description_sq = _prose(_l("Description in Albanian"))
    description_en = _prose(_l("Description in English"))
    note_sq = _prose(_l("Note in the invitation, in Albanian"))
    note_en = _prose(_l("Note in the invitation, in English"))


class PlaceForm(Form):
    """When and where an event takes place that is made from a template."""

    once = once_field()
    day = DayField(_l("Date"), [Needed(_l("Give the date."))])
    begins = HourField(_l("Starts"), [Needed(_l("Give the hour it starts."))])
    ends = HourField(_l("Ends"), [Optional()])
    venue = StringField(_l("Place"), [AtMost(300)], filters=[clean_line])

    when = When()

    def validate(self, extra_validators: Any = None) -> bool:
        """Check the fields, then what they come to."""
        if not super().validate(extra_validators):
            return False
        typed = TypedTimes(
            precision=DatePrecision.MOMENT, start_date=self.day.data, start_time=self.begins.data,
            end_date=None, end_time=self.ends.data, month=None, year=None, zone=TIRANE,
        )  # fmt: skip
        try:
            self.when = read_times(typed)
        except WrongTime as wrong:
            _say(wrong, self.day, self.begins, self.ends)
        return not self.errors


class SeriesForm(Form):
    """A template proposed to chapters for a period."""

    once = once_field()
    name = StringField(
        _l("Name of the series"), [Needed(_l("Give the series a name.")), AtMost(120)], filters=[clean_line]
    )
    first_day = DayField(_l("From"), [Needed(_l("Give the first day of the period."))])
    last_day = DayField(_l("Until"), [Needed(_l("Give the last day of the period."))])
    chapters = SelectMultipleField(
        _l("Proposed to"),
        [Marked()],
        coerce=lambda value: row_number(str(value)) or 0,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    message = TextAreaField(
        _l("A word to the other chapters"), [AtMost(2_000)], filters=[clean_text], render_kw={"rows": 3}
    )

    def __init__(self, choices: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.chapters.choices = [SelectChoice(ident, name) for ident, name in choices]

    def validate_last_day(self, field: Field) -> None:
        """Refuse a period that ends before it begins."""
        if self.first_day.data and field.data and field.data < self.first_day.data:
            raise StopValidation(_("The last day comes before the first. Please check both dates."))

    def validate_chapters(self, field: Field) -> None:
        """Ask for at least one."""
        if not field.data:
            raise StopValidation(_("Choose at least one chapter."))


class PlacingRow(DayRow):
    """One city: whether it gets its event with this press, when and where."""

    organisation = HiddenField()
    venue = StringField(_l("Place"), [AtMost(300)], filters=[clean_line])


class PlacingForm(Form):
    """The table of dates: one row for each chapter that has no event yet; a row without a date stays as it is."""

    rows = FieldList(FormField(PlacingRow))

    def validate(self, extra_validators: Any = None) -> bool:
        """Check each row; at least one needs a date."""
        super().validate(extra_validators)
        rows = [entry.form for entry in self.rows]
        for row in rows:
            row.read(TIRANE)
        wrong = any(field.errors for row in rows for field in row)
        if rows and not wrong and not any(row.when for row in rows):
            rows[0].day.errors = [_("Give at least one date.")]
            wrong = True
        return not wrong


class DeclineForm(Form):
    """No, and why."""

    words = TextAreaField(
        _l("A word why"),
        [Needed(_l("Write a word why, so that the others know.")), AtMost(1_000)],
        filters=[clean_text],
        render_kw={"rows": 3},
    )


def working_day_after(day: date) -> date:
    """Return a day, or the Monday after it where it is a Saturday or Sunday."""
    while day.weekday() >= _SATURDAY:
        day += timedelta(days=1)
    return day


def hours_of(begins: time | None, minutes: int | None) -> dict[str, time | None]:
    """Return the hours a row begins with: the usual ones; an end on another day is left open."""
    starts = begins or _USUAL_HOUR
    if minutes is None:
        return {"begins": starts, "ends": None}
    first = datetime.combine(date(2000, 1, 1), starts)
    last = first + timedelta(minutes=minutes)
    return {"begins": starts, "ends": last.time() if last.date() == first.date() else None}

"""What one types to answer a delivered message as its receiver would."""

from __future__ import annotations

from datetime import date, datetime

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from wtforms import Field, HiddenField, StringField, TextAreaField
from wtforms.validators import InputRequired, ValidationError

from pop_campaigns.core.clock import TIRANE, local_date, now
from pop_campaigns.core.dates import DatePrecision
from pop_campaigns.core.forms import AtMost, DayField, Form, HourField, Needed
from pop_campaigns.core.text import clean_line, clean_text
from pop_campaigns.events.forms.typed_times import TypedTimes, WrongTime, read_times


class PressForm(Form):
    """A press without words; ``press`` tells a second one of the same button from the first."""

    press = HiddenField(filters=[lambda typed: (typed or "")[:64]])


class CalendarAnswerForm(PressForm):
    """Accept, maybe, decline: which of them says the button."""

    comment = StringField(_l("Comment"), [AtMost(500)], filters=[clean_line], description=_l("If you like."))


class ProposeForm(PressForm):
    """Another day and hour."""

    day = DayField(_l("Day"), [InputRequired(_l("Give the day."))])
    starts = HourField(_lp("hour", "From"), [InputRequired(_l("Give the hour."))])
    ends = HourField(_lp("hour", "Until"), [InputRequired(_l("Give the hour."))])
    why = StringField(_l("Comment"), [AtMost(500)], filters=[clean_line], description=_l("If you like."))

    def validate_ends(self, field: Field) -> None:
        """Refuse an end that is not after the start; a proposal is for one day, so its end needs no date."""
        if field.data and self.starts.data and field.data <= self.starts.data:
            raise ValidationError(_("The end has to come after the start."))

    def moments(self, zone: str) -> tuple[datetime, datetime] | None:
        """Return the instants the typed hours mean in ``zone``; None, with an error at its field, where they mean none."""
        typed = TypedTimes(
            precision=DatePrecision.MOMENT, zone=zone or TIRANE, start_date=self.day.data, end_date=None,
            start_time=self.starts.data, end_time=self.ends.data, month=None, year=None, start_fold=0, end_fold=0,
        )  # fmt: skip
        try:
            when = read_times(typed)
        except WrongTime as wrong:
            field = {"start_time": self.starts, "end_time": self.ends}.get(wrong.field, self.day)
            field.errors = [*field.errors, str(wrong)]
            return None
        return (when.starts_at, when.ends_at) if when.starts_at and when.ends_at else None


class WordsForm(PressForm):
    """A reply."""

    words = TextAreaField(
        _l("What is answered"),
        [Needed(_l("Write what is answered.")), AtMost(5000)],
        filters=[clean_text],
        render_kw={"rows": 4},
    )


class AwayForm(PressForm):
    """An automatic reply."""

    back_on = DayField(_l("Away until"), [InputRequired(_l("Give the day."))])

    def validate_back_on(self, field: Field) -> None:
        """Refuse a day that has passed, and one years ahead."""
        today = local_date(now())
        if field.data and not today <= field.data <= date(today.year + 2, 1, 1):
            raise ValidationError(_("Give a day from today on, within two years."))

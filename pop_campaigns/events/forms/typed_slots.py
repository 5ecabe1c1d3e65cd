"""One span of time as a line of a form: a day, an hour from, an hour to; read by the clocks of the event's zone."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from flask_babel.speaklater import LazyString
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional

from pop_campaigns.core.dates import DatePrecision
from pop_campaigns.core.forms import DayField, Form, HourField
from pop_campaigns.events.forms.typed_times import TypedTimes, When, WrongTime, equal_hours, read_times

PARTS: Final = ("day", "start", "end", "fold")
_FIELDS: Final = {"start_date": "day", "start_time": "start", "end_time": "end"}
_SAID_SHORTER: Final[dict[str, LazyString]] = {
    "day": _l("Give the day."),
    "start": _l("Give the hour it starts."),
    "end": _l("The end has to come after the start."),
}


def slot_fields(ending: str = "") -> dict[str, Any]:
    """Return the fields of one line; ``ending`` tells the lines of a form apart."""
    return {
        f"day{ending}": DayField(_l("Day"), [Optional()]),
        f"start{ending}": HourField(_lp("hour", "From"), [Optional()]),
        f"end{ending}": HourField(_lp("hour", "To (if known)"), [Optional()]),
        f"fold{ending}": RadioField(_l("Which of the two?"), validate_choice=False, coerce=_fold, choices=[]),
    }


def offer_equal_hours(form: Form, zone: str, ending: str = "") -> None:
    """Ask which of two equal hours is meant, on the one night a year that has them."""
    both = equal_hours(form[f"day{ending}"].data, form[f"start{ending}"].data, zone)
    if both:
        words = (
            _("The first, before the clocks go back (%(offset)s)", offset=_offset(both[0])),
            _("The second, an hour later (%(offset)s)", offset=_offset(both[1])),
        )
        form[f"fold{ending}"].choices = [SelectChoice(str(fold), words[fold]) for fold in (0, 1)]


def is_blank(form: Form, ending: str = "") -> bool:
    """Return whether nothing was typed in a line."""
    return not any("".join(form[f"{part}{ending}"].raw_data or ()) for part in PARTS[:3])


def read_slot(form: Form, zone: str, ending: str = "") -> When | None:
    """Return what a line comes to; None where something is wrong, which is said at its field then."""
    day, start, end, fold = (form[f"{part}{ending}"] for part in PARTS)
    if any(field.errors for field in (day, start, end)):
        return None
    try:
        return _read(day.data, start.data, end.data, zone, fold.data)
    except WrongTime as wrong:
        part = _FIELDS.get(wrong.field, "fold")
        shorter = _SAID_SHORTER.get(part) if _is_missing(part, day.data, start.data) else None
        form[f"{part}{ending}"].errors = [str(shorter or wrong.message)]
    return None


def _is_missing(part: str, day: date | None, start: time | None) -> bool:
    return {"day": day is None, "start": start is None, "end": True}.get(part, False)


def _read(day: date | None, start: time | None, end: time | None, zone: str, fold: int | None) -> When:
    # Both hours of the night that has some twice are meant to be of the same half.
    typed = TypedTimes(DatePrecision.MOMENT, day, start, None, end, None, None, zone, fold, fold)
    return read_times(typed)


def _fold(value: Any) -> int | None:
    return int(value) if str(value) in ("0", "1") else None


def _offset(moment: datetime) -> str:
    hours = f"{moment:%z}"
    return f"UTC{hours[:3]}:{hours[3:]}"

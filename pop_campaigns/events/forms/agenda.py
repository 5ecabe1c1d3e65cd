"""The forms of an agenda: one point, or several pasted at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import NumberRange, Optional, ValidationError

from pop_campaigns.core.forms import AtMost, Form, HourField, Needed
from pop_campaigns.core.numbers import NumberField, row_number
from pop_campaigns.core.once import once_field
from pop_campaigns.core.text import clean_line, clean_text
from pop_campaigns.events.models.agenda import AgendaPoint
from pop_campaigns.events.rules.agenda import (
    LONGEST_POINT,
    LONGEST_SPEAKER,
    LONGEST_TITLE,
    MOST_POINTS,
    PastedPoint,
    PointState,
    read_pasted,
)
from pop_campaigns.events.services.agenda import PointDraft
from pop_campaigns.events.words.agenda import POINT_STATES

_LONGEST_WORDS: Final = 10_000
_LONGEST_PASTE: Final = 60_000
_PASTE_PROBLEMS: Final = {
    "empty": _l("Only a time or a number: the title is missing."),
    "long": _l("The title is longer than %(limit)d characters.", limit=LONGEST_TITLE),
    "speaker": _l("The speaker is longer than %(limit)d characters.", limit=LONGEST_SPEAKER),
}


def _office_number(value: Any) -> int | None:
    return None if value in (None, "", "None") else row_number(str(value))


def _line(label: Any, limit: int, *checks: Any) -> StringField:
    return StringField(label, [*checks, AtMost(limit)], filters=[clean_line])


def _prose(label: Any, rows: int = 3) -> TextAreaField:
    return TextAreaField(label, [AtMost(_LONGEST_WORDS)], filters=[clean_text], render_kw={"rows": rows})


class PointForm(Form):
    """One point. What became of it is asked only of one that is there (:meth:`of_new` takes it off)."""

    once = once_field()
    title_sq = _line(
        _l("Title in Albanian"), LONGEST_TITLE, Needed(_l("Give the point a title in Albanian."))
    )
    clock = HourField(_l("Begins at"), [Optional()])
    minutes = NumberField(
        _l("Minutes"),
        [
            Optional(),
            NumberRange(
                1,
                LONGEST_POINT,
                _l("Give a number of minutes between 1 and %(most)d.", most=LONGEST_POINT),
            ),
        ],
    )
    speaker = _line(_l("Who speaks"), LONGEST_SPEAKER)
    speaker_office_id = SelectField(_l("Speaks for the office"), coerce=_office_number)
    put_to_id = SelectField(_l("Office it is put to"), coerce=_office_number)
    title_en = _line(_l("Title in English"), LONGEST_TITLE)
    words_sq = _prose(_l("What it is about, in Albanian"))
    words_en = _prose(_l("What it is about, in English"))
    state = RadioField(_l("What became of it"), default=PointState.PLANNED.value)
    office_answer = _prose(_l("The office’s answer"), 5)

    def __init__(self, offices: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        choices = [SelectChoice("", _("None")), *(SelectChoice(str(ident), name) for ident, name in offices)]
        for field in (self.speaker_office_id, self.put_to_id):
            field.choices = choices
        self.state.choices = [SelectChoice(state.value, words) for state, words in POINT_STATES.items()]

    def without_names(self) -> PointForm:
        """Take off what names a person: the event stores no names."""
        del self.speaker
        return self

    def of_new(self) -> PointForm:
        """Take off what only a point that is there can have."""
        del self.state, self.office_answer
        return self

    def validate_office_answer(self, field: Field) -> None:
        """Refuse an answer of no office."""
        if field.data and self.put_to_id.data is None:
            raise ValidationError(_("Say first to which office the point is put."))

    def draft(self) -> PointDraft:
        """Return the point that was typed; only after it was validated."""
        values = {name: field.data for name, field in self._fields.items() if name != "once"}
        if "state" in values:
            values["state"] = PointState(values["state"])
        texts = {name: "" for name, value in values.items() if value is None and name not in _MAY_BE_NONE}
        return PointDraft(**(values | texts))


_MAY_BE_NONE: Final = ("clock", "minutes", "speaker_office_id", "put_to_id")


def values_of(point: AgendaPoint) -> dict[str, Any]:
    """Return what the form of a point that is there holds."""
    names = (*_MAY_BE_NONE, "title_sq", "title_en", "words_sq", "words_en", "speaker", "office_answer")
    return {name: getattr(point, name) for name in names} | {"state": point.state.value}


class SeveralForm(Form):
    """Points pasted one a line; :attr:`read` is how they are understood, once it was validated."""

    lines = TextAreaField(
        _l("Points, one a line"),
        [Needed(_l("Paste or type the points, one a line.")), AtMost(_LONGEST_PASTE)],
        render_kw={"rows": 10},
    )

    no_names = False
    """Whether the event stores no names: then no line may say who speaks."""

    @property
    def read(self) -> list[PastedPoint]:
        """How the lines are understood."""
        return read_pasted(self.lines.data or "")

    def validate_lines(self, field: Field) -> None:
        """Refuse lines that are no points, and too many of them."""
        read = self.read
        if not read:
            raise ValidationError(_("Paste or type the points, one a line."))
        if len(read) > MOST_POINTS:
            raise ValidationError(_("An agenda has at most %(most)d points.", most=MOST_POINTS))
        if self.no_names and any(pasted.speaker for pasted in read):
            raise ValidationError(_("This action stores no names: leave out who speaks."))
        wrong = [
            _("Line %(number)d: %(why)s", number=number, why=problem_words(pasted))
            for number, pasted in enumerate(read, start=1)
            if pasted.problem
        ]
        if wrong:
            raise ValidationError(" ".join(wrong[:5]))


def problem_words(pasted: PastedPoint) -> str:
    """Return why a pasted line is no point; "" where it is one."""
    return str(_PASTE_PROBLEMS[pasted.problem]) if pasted.problem else ""

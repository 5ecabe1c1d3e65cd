"""The fields of an event that only some kinds have; the page shows those of the chosen kind, all are sent and kept."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import NumberRange, Optional, StopValidation, ValidationError

from pop_campaigns.calendars.text import UnusableLink, clean_link
from pop_campaigns.calendars.zones import TimeDoesNotExist, known_zones, resolve_wall_time, to_wall
from pop_campaigns.contacts.models.institutions import Institution
from pop_campaigns.core.clock import TIRANE
from pop_campaigns.core.forms import AtMost, DayField, Form, HourField
from pop_campaigns.core.i18n import current_language, in_language
from pop_campaigns.core.numbers import NumberField, row_number
from pop_campaigns.core.text import clean_line, clean_text
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.details import LONGEST_SIDE, MOST_PEOPLE, MOST_SIDES, read_sides
from pop_campaigns.events.services.details import DetailsDraft, details_draft

_PLAIN: Final = (
    *("institution_id", "moderator", "sides", "testimony_sq", "testimony_en", "deputies", "council_number"),
    *("agenda_url", "took_part", "took_part_roughly"),
)
_MOMENTS: Final = ("embargo", "testimony")


def _institution_number(value: Any) -> int | None:
    return None if value in (None, "", "None") else row_number(str(value))


def _check_link(_form: Form, field: Field) -> None:
    try:
        field.data = clean_link(field.data) if field.data else ""
    except UnusableLink as error:
        words = _("This is no web address. It starts with https:// – copy it from the address line.")
        raise StopValidation(words) from error


def _line(label: Any, limit: int, *checks: Any) -> StringField:
    return StringField(label, [*checks, AtMost(limit)], filters=[clean_line])


def _prose(label: Any, limit: int = 10_000, rows: int = 3) -> TextAreaField:
    return TextAreaField(label, [AtMost(limit)], filters=[clean_text], render_kw={"rows": rows})


class DetailFields(Form):
    """Fields of single kinds; ``zone`` of the form that has them says whose clocks the moments are read by."""

    institution_id = SelectField(_l("Institution"), coerce=_institution_number)
    moderator = _line(_l("Moderator"), 160)
    sides = _prose(_l("Sides, one a line"), 1000)
    embargo_day = DayField(_l("Embargo until"), [Optional()])
    embargo_hour = HourField(_l("Hour of the embargo"), [Optional()])
    testimony_day = DayField(_l("Written testimony until"), [Optional()])
    testimony_hour = HourField(_l("Hour until which it is taken"), [Optional()])
    testimony_sq = _prose(_l("How testimony is handed in, in Albanian"))
    testimony_en = _prose(_l("How testimony is handed in, in English"))
    deputies = _prose(_l("Deputies present, one a line"), 4000)
    council_number = _line(_l("Number of the session"), 40)
    agenda_url = _line(_l("Link to the council’s agenda"), 500, _check_link)
    no_names = BooleanField(_l("No names: who takes part is counted, never named"))
    took_part = NumberField(
        _l("How many took part"),
        [Optional(), NumberRange(0, MOST_PEOPLE, _l("Give a number of people, or leave it empty."))],
    )
    took_part_roughly = BooleanField(_l("The number is an estimate"))

    def offer_institutions(self, institutions: Iterable[Institution]) -> None:
        """Fill the choice of institutions."""
        lang = current_language()
        rows = ((str(institution.id), in_language(institution, "name", lang)) for institution in institutions)
        self.institution_id.choices = [SelectChoice("", _("None")), *(SelectChoice(*row) for row in rows)]

    def validate_sides(self, field: Field) -> None:
        """Refuse a side that no table could show, and too many."""
        sides = read_sides(field.data or "")
        if len(sides) > MOST_SIDES:
            raise ValidationError(_("At most %(most)d sides.", most=MOST_SIDES))
        if any(len(side) > LONGEST_SIDE for side in sides):
            raise ValidationError(_("A side has at most %(most)d characters.", most=LONGEST_SIDE))

    def validate_embargo_day(self, _field: Field) -> None:
        """Refuse half a moment, and one that the clocks skip."""
        self._check_moment("embargo")

    def validate_testimony_day(self, _field: Field) -> None:
        """Refuse a moment that the clocks skip."""
        self._check_moment("testimony")

    def _check_moment(self, name: str) -> None:
        day, hour = self[f"{name}_day"].data, self[f"{name}_hour"].data
        if day is None and hour is not None:
            raise ValidationError(_("The day is missing."))
        if day is not None and hour is None and name == "embargo":
            raise ValidationError(_("An embargo ends at an hour: give it, too."))
        try:
            self._moment(name)
        except TimeDoesNotExist as skipped:
            hour_words = f"{skipped.suggestion:%H:%M}"
            raise ValidationError(
                _("The clocks skip this hour on that night. The next one is %(hour)s.", hour=hour_words)
            ) from skipped

    def _moment(self, name: str) -> datetime | None:
        day: date | None = self[f"{name}_day"].data
        if day is None:
            return None
        hour: time = self[f"{name}_hour"].data or time(23, 59)
        zone = str(self["zone"].data) if "zone" in self else TIRANE
        wall = datetime.combine(day, hour)
        return resolve_wall_time(wall, zone if zone in known_zones() else TIRANE, fold=0)

    def details(self) -> DetailsDraft:
        """Return the details that were typed; only after they were validated."""
        values: dict[str, Any] = {name: self[name].data for name in _PLAIN}
        texts = {name: "" for name, value in values.items() if value is None and name not in _MAY_BE_NONE}
        if values["took_part"] is None:
            values["took_part_roughly"] = True
        values |= texts | {"sides": "\n".join(read_sides(values["sides"] or ""))}
        values |= {f"{name}_until": self._moment(name) for name in _MOMENTS}
        return DetailsDraft(**values, no_names=self.no_names.data if self.no_names is not None else None)


_MAY_BE_NONE: Final = ("institution_id", "took_part")


def detail_values(event: Event) -> dict[str, Any]:
    """Return what the fields of an event that is there hold."""
    draft = details_draft(event)
    values: dict[str, Any] = {name: getattr(draft, name) for name in (*_PLAIN, "no_names")}
    for name in _MOMENTS:
        until = getattr(draft, f"{name}_until")
        wall = to_wall(until, event.zone) if until else None
        values |= {f"{name}_day": wall and wall.date(), f"{name}_hour": wall and wall.time()}
    return values


class JoinForm(Form):
    """A chapter's message to another one's action."""

    message_sq = _prose(_l("Message in Albanian"), 2000, 4)
    message_en = _prose(_l("Message in English"), 2000, 4)

    def message(self) -> tuple[str, str]:
        """Return what was typed, Albanian and English."""
        return self.message_sq.data or "", self.message_en.data or ""

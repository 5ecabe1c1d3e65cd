"""The shape of input about the registers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateTimeLocalField, Field, StringField, TextAreaField
from wtforms.validators import NumberRange, Optional, StopValidation

from pop_campaigns.core.clock import TIRANE
from pop_campaigns.core.forms import AtMost, Form, Needed
from pop_campaigns.core.numbers import NumberField
from pop_campaigns.core.text import clean_line, clean_text

LONGEST: Final = 10_000
_FORMATS: Final = [
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%dT%H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y, %H:%M",
    "%d/%m/%Y %H:%M",
]
_NO_MOMENT: Final = _l("We cannot read this date and hour. Write them like 16.12.2026 14:30.")
MOMENTS: Final = ("happened_at", "noticed_at", "authority_told_at", "persons_told_at")


def _prose(label: Any, *, needed: bool = False, **options: Any) -> TextAreaField:
    checks: list[Any] = [Needed(), AtMost(LONGEST)] if needed else [AtMost(LONGEST)]
    options["render_kw"] = {"data-private": True} | options.get(
        "render_kw", {}
    )  # no draft stays in a browser
    return TextAreaField(label, checks, filters=[clean_text], **options)


def _moment(label: Any, *, needed: bool = False, **options: Any) -> DateTimeLocalField:
    checks: list[Any] = [Needed() if needed else Optional(), NotLater()]
    return DateTimeLocalField(label, checks, format=_FORMATS, invalid_value_message=_NO_MOMENT, **options)


class NotLater:
    """A moment that has been, in this century: what is to come cannot be recorded."""

    def __call__(self, form: BreachForm, field: Field) -> None:
        if field.data is None:
            return
        if field.data.year < 2000:
            raise StopValidation(_("Check the year."))
        if to_utc(field.data) > form.now:
            raise StopValidation(_("This moment has not come yet."))


def to_utc(wall: datetime) -> datetime:
    """Return the instant of an hour on the clocks of Tirana; the first of two equal hours, the later side of a gap."""
    return wall.replace(tzinfo=ZoneInfo(TIRANE)).astimezone(UTC)


def to_wall(instant: datetime | None) -> datetime | None:
    """Return what the clocks of Tirana showed."""
    return instant.astimezone(ZoneInfo(TIRANE)).replace(tzinfo=None) if instant else None


class PurposeForm(Form):
    """One entry of the register of purposes."""

    name = StringField(_l("Purpose"), [Needed(), AtMost(200)], filters=[clean_line])
    legal_basis = StringField(_l("Legal basis"), [AtMost(300)], filters=[clean_line])
    data_subjects = _prose(_l("Whose data"))
    data_categories = _prose(_l("Which data"))
    recipients = _prose(_l("Who gets them"))
    retention = _prose(_l("How long"))
    safeguards = _prose(_l("How they are protected"))

    def values(self) -> dict[str, Any]:
        """Return the values by the names of the columns."""
        return {name: field.data or "" for name, field in self._fields.items() if name != "csrf_token"}


class BreachForm(Form):
    """One entry of the register of breaches."""

    what = _prose(_l("What happened"), needed=True)
    noticed_at = _moment(
        _l("Noticed"), needed=True, description=_l("From here the 72 hours run. Hours of Tirana.")
    )
    happened_at = _moment(_l("Happened"), description=_l("As far as it is known."))
    data_categories = _prose(_l("Which data"))
    affected = NumberField(
        _l("How many persons"),
        [Optional(), NumberRange(0, 10_000_000, _l("Give a number from 0 to 10,000,000."))],
    )
    consequences = _prose(_l("What may follow from it"))
    measures = _prose(_l("What was done"))
    authority_told_at = _moment(_l("Commissioner told"))
    persons_told_at = _moment(_l("Persons told"))

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now

    def validate_happened_at(self, field: Field) -> None:
        """Refuse a breach noticed before it happened."""
        if field.data and self.noticed_at.data and field.data > self.noticed_at.data:
            raise StopValidation(_("It cannot have happened after it was noticed."))

    def validate_authority_told_at(self, field: Field) -> None:
        """Refuse an authority told before the breach was noticed."""
        if field.data and self.noticed_at.data and field.data < self.noticed_at.data:
            raise StopValidation(_("Nobody can be told before it was noticed."))

    def validate_persons_told_at(self, field: Field) -> None:
        """Refuse persons told before the breach was noticed."""
        self.validate_authority_told_at(field)

    def values(self) -> dict[str, Any]:
        """Return the values by the names of the columns, instants in UTC."""
        values: dict[str, Any] = {}
        for name, field in self._fields.items():
            if name in MOMENTS:
                values[name] = to_utc(field.data) if field.data else None
            elif name != "csrf_token":
                values[name] = field.data if name == "affected" else field.data or ""
        return values

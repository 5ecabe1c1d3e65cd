"""The form of an event: what is typed, and what it comes to."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    Field,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional, StopValidation

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.rules.roles import RoleName
from pop_campaigns.calendars.text import UnusableLink, clean_link
from pop_campaigns.calendars.zones import known_zones, to_wall
from pop_campaigns.campaigns.models import Campaign
from pop_campaigns.campaigns.queries import visible_campaigns
from pop_campaigns.core.clock import TIRANE, local_date
from pop_campaigns.core.dates import DatePrecision, month_names
from pop_campaigns.core.forms import AtMost, DayField, Form, HourField, Needed
from pop_campaigns.core.i18n import current_language, in_language
from pop_campaigns.core.numbers import NumberField, row_number
from pop_campaigns.core.once import once_field
from pop_campaigns.core.places import municipality_choices
from pop_campaigns.core.text import clean_line, clean_text
from pop_campaigns.events.forms.details import DetailFields, detail_values
from pop_campaigns.events.forms.typed_times import TypedTimes, When, WrongTime, equal_hours, read_times
from pop_campaigns.events.models.events import LONGEST_NUMBER, Event
from pop_campaigns.events.queries.details import is_named
from pop_campaigns.events.queries.events import all_organisations, institutions_to_choose
from pop_campaigns.events.rules.events import EventFormat, EventKind, EventState, format_from
from pop_campaigns.events.services.events import EventDraft
from pop_campaigns.events.words.labels import DATE_PRECISIONS, EVENT_KINDS, ZONES, zone_words

_USUAL_HOUR: Final = time(10)
_SATURDAY: Final = 5
_KEPT_AS_TYPED = (
    *("title_sq", "title_en", "description_sq", "description_en", "venue", "join_url", "more_url"),
    *("zone", "municipality_id", "campaign_id", "organisation_id"),
)
_TIME_FIELDS = ("start_date", "start_time", "end_date", "end_time", "month", "year", "zone")


def _number_or_none(value: Any) -> int | None:
    if value in (None, "", "None"):
        return None
    number = row_number(str(value))
    if number is None:
        raise ValueError(value)
    return number


def _fold(value: Any) -> int | None:
    return int(value) if str(value) in ("0", "1") else None


def _check_link(_form: Form, field: Field) -> None:
    """Take a web address only; it is kept as calendars and mails can carry it."""
    try:
        field.data = clean_link(field.data) if field.data else ""
    except UnusableLink as error:
        words = _("This is no web address. It starts with https:// – copy it from the address line.")
        raise StopValidation(words) from error


def _line(label: Any, limit: int, *validators: Any, **more: Any) -> StringField:
    return StringField(label, [*validators, AtMost(limit)], filters=[clean_line], **more)


def _link(label: Any) -> StringField:
    return StringField(
        label, [_check_link, AtMost(500)], filters=[clean_line], render_kw={"inputmode": "url"}
    )


def _prose(label: Any) -> TextAreaField:
    return TextAreaField(label, [AtMost(10_000)], filters=[clean_text], render_kw={"rows": 5})


def _choices(empty: Any, rows: Any) -> list[SelectChoice]:
    return [SelectChoice("", empty), *(SelectChoice(str(value), label) for value, label in rows)]


class EventForm(DetailFields):
    """What one types to plan an event or to put one on record.

    How people come together follows from place and link. After :meth:`validate`, :meth:`draft` says it all.
    """

    once = once_field()
    kind = SelectField(
        _l("Kind"),
        [Needed(_l("Choose what kind of event it is."))],
        choices=_choices(_l("Choose"), EVENT_KINDS.items()),
    )
    title_sq = _line(_l("Title in Albanian"), 200, Needed(_l("Give the event a title in Albanian.")))
    title_en = _line(_l("Title in English"), 200)
    precision = RadioField(_l("How exactly is the date known?"))
    start_date = DayField(_l("Starts"), [Optional()])
    start_time = HourField(_l("Hour of the start"), [Optional()])
    start_fold = RadioField(
        _l("Which of the two at the start?"), validate_choice=False, coerce=_fold, choices=[]
    )
    end_date = DayField(_l("Ends"), [Optional()])
    end_time = HourField(_l("Hour of the end"), [Optional()])
    end_fold = RadioField(_l("Which of the two at the end?"), validate_choice=False, coerce=_fold, choices=[])
    month = SelectField(_l("Month"), coerce=_number_or_none)
    year = NumberField(_l("Year"), [Optional()])
    zone = SelectField(_l("Time zone"), validate_choice=False)
    held = BooleanField(_l("It has already taken place"))
    venue = _line(_l("Place"), 300)
    join_url = _link(_l("Link to join online"))
    link_later = BooleanField(_l("One can join online; the link comes later"))
    municipality_id = SelectField(_l("Municipality"), coerce=_number_or_none)
    organisation_id = SelectField(_l("Organisation"), coerce=_number_or_none)
    campaign_id = SelectField(_l("Campaign"), coerce=_number_or_none)
    description_sq = _prose(_l("Description in Albanian"))
    description_en = _prose(_l("Description in English"))
    more_url = _link(_l("Link to more information"))

    def __init__(self, user: User, now: datetime, event: Event | None = None, **kwargs: Any) -> None:
        start = values_of(event) | detail_values(event) if event else starting_values(user, local_date(now))
        super().__init__(data=start, **kwargs)
        self.user, self.now, self.event, self.when = user, now, event, When()
        if user.role is not RoleName.ADMINISTRATOR:
            # Not a field that is checked, but no field at all: whose event it is, is never asked of a browser.
            del self.organisation_id
        self.offer_institutions(institutions_to_choose(user, event))
        if event and (event.published_at is not None or is_named(event)):
            del self.no_names
        # Said on the page, checked only where the precision asks for a day.
        self.start_date.flags.required = True
        self._fill_choices()
        self._offer_equal_hours()

    def _fill_choices(self) -> None:
        event, locale = self.event, current_language()
        precisions: list[DatePrecision] = [
            kind for kind in DATE_PRECISIONS if kind is not DatePrecision.PERIOD
        ]
        if event and event.precision is DatePrecision.PERIOD:
            precisions.insert(-1, DatePrecision.PERIOD)
        self.precision.choices = [SelectChoice(kind.value, DATE_PRECISIONS[kind]) for kind in precisions]
        self.month.choices = _choices(_l("Choose"), month_names(locale).items())
        zones = list(dict.fromkeys([*ZONES, event.zone if event else TIRANE, self.zone.data]))
        self.zone.choices = [SelectChoice(zone, zone_words(zone)) for zone in zones if zone in known_zones()]
        nowhere = SelectChoice("", _l("None in particular"))
        self.municipality_id.choices = [nowhere, *municipality_choices()]
        campaigns = {row.id: _campaign_words(row) for row in visible_campaigns(self.user)}
        if event and event.campaign:
            # Chosen by an administrator, perhaps: it is kept, though one could not choose it oneself.
            campaigns.setdefault(event.campaign.id, _campaign_words(event.campaign))
        self.campaign_id.choices = _choices(_l("None"), campaigns.items())
        if self.organisation_id is not None:
            organisations = [(row.id, in_language(row, "name", locale)) for row in all_organisations()]
            self.organisation_id.choices = _choices(_l("The whole network"), organisations)

    def _offer_equal_hours(self) -> None:
        """Ask which of two equal hours is meant, on the one night a year that has them."""
        for which in ("start", "end"):
            day = self[f"{which}_date"].data or self.start_date.data
            both = equal_hours(day, self[f"{which}_time"].data, str(self.zone.data))
            if both and self.precision.data == DatePrecision.MOMENT:
                self[f"{which}_fold"].choices = [
                    SelectChoice(
                        "0", _("The first, before the clocks go back (%(offset)s)", offset=_offset(both[0]))
                    ),
                    SelectChoice("1", _("The second, an hour later (%(offset)s)", offset=_offset(both[1]))),
                ]

    def validate_kind(self, field: Field) -> None:
        """Refuse another kind for an action that stores no names, and *no names* for what is no action."""
        if field.data == EventKind.PROTEST:
            return
        if self.event and self.event.no_names:
            raise StopValidation(_("This action stores no names, so it stays a public action."))
        if self.no_names is not None:
            self.no_names.data = False

    def validate(self, extra_validators: Any = None) -> bool:
        """Check every field, then the time, the place and whether it is past."""
        super().validate(extra_validators)
        if self.zone.data not in known_zones():
            self.zone.errors.append(_("We do not know this time zone. Choose one from the list."))
        if not any(self[name].errors for name in (*_TIME_FIELDS, "precision")):
            try:
                self.when = read_times(self._typed_times())
            except WrongTime as wrong:
                self[wrong.field].errors.append(wrong.message)
            else:
                self._check_held()
        self._check_place()
        return not self.errors

    def _typed_times(self) -> TypedTimes:
        values = {name: self[name].data for name in (*_TIME_FIELDS, "start_fold", "end_fold")}
        return TypedTimes(precision=DatePrecision(self.precision.data), **values)

    def _check_held(self) -> None:
        """Ask rather than guess: nobody plans for yesterday, and nothing of tomorrow was held."""
        if self.event and self.event.state is EventState.CANCELLED:
            return
        begins = self.when.starts_at or self.when.day_from
        known = (self.event.starts_at or self.event.day_from) if self.event else None
        if self.held.data and begins and self._lies_ahead():
            words = _(
                "This lies in the future, so it cannot have taken place yet. Untick it, or correct the date."
            )
            self.held.errors.append(words)
        elif self.is_past and not self.held.data and begins != known:
            words = _("This date is past. Correct it, or say here that the event has already taken place.")
            self.held.errors.append(words)

    def _lies_ahead(self) -> bool:
        if self.when.starts_at:
            return self.when.starts_at > self.now
        return self.when.day_from is not None and self.when.day_from > local_date(self.now)

    @property
    def is_past(self) -> bool:
        """Whether the event has begun, or its last day is over: then nobody can be invited any more."""
        if self.when.starts_at:
            return self.when.starts_at <= self.now
        last = self.when.day_to or self.when.day_from
        return last is not None and last < local_date(self.now)

    def _check_place(self) -> None:
        # A record may not know the place; what is still to come has one, or people cannot go there.
        to_come = not self.held.data and not (self.event and self.event.state is EventState.CANCELLED)
        day_known = self.precision.data in (DatePrecision.MOMENT, DatePrecision.DAY)
        if to_come and day_known and not (self.venue.data or self.join_url.data or self.link_later.data):
            words = _("Say where it takes place, or give a link, or say that the link comes later.")
            self.venue.errors.append(words)

    def draft(self) -> EventDraft:
        """Return the event that was typed; only after :meth:`validate` said yes."""
        known = self.event.format if self.event else None
        lines = ("title_sq", "title_en", "description_sq", "description_en", "venue", "join_url", "more_url")
        return EventDraft(
            kind=EventKind(self.kind.data),
            format=format_from(self.venue.data, self.join_url.data, self.link_later.data, known),
            precision=DatePrecision(self.precision.data),
            starts_at=self.when.starts_at,
            ends_at=self.when.ends_at,
            day_from=self.when.day_from,
            day_to=self.when.day_to,
            zone=self.zone.data,
            municipality_id=self.municipality_id.data,
            campaign_id=self.campaign_id.data,
            organisation_id=self.organisation_id.data if self.organisation_id is not None else None,
            held=self.held.data,
            **{name: self[name].data or "" for name in lines},
        )


def starting_values(user: User, today: date) -> dict[str, Any]:
    """Return what a new form holds: a working day in two weeks at ten, the user's organisation and its municipality."""
    day = today + timedelta(days=14)
    while day.weekday() >= _SATURDAY:
        day += timedelta(days=1)
    return {
        "start_date": day,
        "start_time": _USUAL_HOUR,
        "precision": DatePrecision.MOMENT.value,
        "zone": TIRANE,
        "organisation_id": user.organisation_id,
        "municipality_id": user.organisation.municipality_id if user.organisation else None,
    }


def values_of(event: Event) -> dict[str, Any]:
    """Return what the form of an existing event holds."""
    values: dict[str, Any] = {name: getattr(event, name) for name in _KEPT_AS_TYPED}
    online = event.format in (EventFormat.ONLINE, EventFormat.HYBRID)
    values |= {
        "kind": event.kind.value,
        "precision": event.precision.value,
        "held": event.state is EventState.HELD,
        "link_later": online and not event.join_url,
    }
    for which, instant in (("start", event.starts_at), ("end", event.ends_at)):
        if instant is not None:
            wall = to_wall(instant, event.zone)
            values |= {f"{which}_date": wall.date(), f"{which}_time": wall.time(), f"{which}_fold": wall.fold}
    if event.precision is DatePrecision.MONTH and event.day_from:
        values |= {"month": event.day_from.month, "year": event.day_from.year}
    elif event.starts_at is None and event.day_from:
        values |= {"start_date": event.day_from, "end_date": event.day_to}
    if values.get("end_date") == values.get("start_date"):
        values["end_date"] = None
    return values


def _offset(moment: datetime) -> str:
    hours = f"{moment:%z}"
    return f"UTC{hours[:3]}:{hours[3:]}"


def _campaign_words(campaign: Campaign) -> str:
    english = current_language() == "en"
    return (english and campaign.title_en) or campaign.title_sq


class NoticeForm(Form):
    """On which day notice of a protest was given to the police, and under which number they took it."""

    given_on = DayField(_l("Notice given on"), [Needed(_l("Write the day on which notice was given."))])
    number = _line(_l("Their number"), LONGEST_NUMBER)

    today: date

    def validate_given_on(self, field: DayField) -> None:
        """Require a day that has come."""
        if field.data and field.data > self.today:
            raise StopValidation(_("This day has not come yet."))

"""From typed dates and hours to when an event takes place, or to what is wrong with them, in words.

Typed hours are those of the clocks in the chosen zone; what is given back are instants (UTC) and local days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

from flask_babel import gettext as _

from pop_campaigns.calendars.zones import TimeDoesNotExist, TimeHappensTwice, UnknownZone, resolve_wall_time
from pop_campaigns.core.dates import DatePrecision, day_words, last_day_of_month
from pop_campaigns.core.i18n import current_language
from pop_campaigns.events.rules.events import FIRST_YEAR, LAST_YEAR, in_calendar


class WrongTime(ValueError):
    """What was typed is no time an event can have; ``field`` names where, the message says why."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field, self.message = field, message


@dataclass(frozen=True)
class TypedTimes:
    """What the form's fields hold; ``start_fold`` and ``end_fold`` say which of two equal hours is meant."""

    precision: DatePrecision
    start_date: date | None
    start_time: time | None
    end_date: date | None
    end_time: time | None
    month: int | None
    year: int | None
    zone: str
    start_fold: int | None = None
    end_fold: int | None = None


@dataclass(frozen=True)
class When:
    """When an event takes place, as :class:`pop_campaigns.events.services.events.EventDraft` wants it."""

    starts_at: datetime | None = None
    ends_at: datetime | None = None
    day_from: date | None = None
    day_to: date | None = None


def read_times(typed: TypedTimes) -> When:
    """Return when the event takes place.

    :raises WrongTime: something is missing, in the wrong order, outside 1990–2100, skipped by the clocks in
        spring or shown by them twice in autumn without saying which.
    """
    if typed.precision is DatePrecision.UNKNOWN:
        return When()
    if typed.precision is DatePrecision.MONTH:
        return _read_month(typed)
    if typed.start_date is None:
        raise WrongTime("start_date", _("Give the date, or choose “Not known yet” above."))
    _check_year("start_date", typed.start_date)
    if typed.end_date is not None:
        _check_year("end_date", typed.end_date)
        if typed.end_date < typed.start_date:
            raise WrongTime("end_date", _("The last day comes before the first. Please check both dates."))
    if typed.precision is DatePrecision.MOMENT:
        return _read_moment(typed, typed.start_date)
    return When(day_from=typed.start_date, day_to=typed.end_date)


def equal_hours(day: date | None, hour: time | None, zone: str) -> tuple[datetime, datetime] | None:
    """Return the two moments that the clocks show alike, local and aware, or None where there is only one."""
    if day is None or hour is None:
        return None
    try:
        resolve_wall_time(datetime.combine(day, hour), zone)
    except TimeHappensTwice as twice:
        return twice.first, twice.second
    except ValueError:
        return None
    return None


def _read_month(typed: TypedTimes) -> When:
    if typed.month is None:
        raise WrongTime("month", _("Choose the month."))
    if typed.year is None:
        raise WrongTime("year", _("Give the year, for example 2026."))
    if not FIRST_YEAR <= typed.year <= LAST_YEAR:
        raise WrongTime("year", _year_words())
    first = date(typed.year, typed.month, 1)
    return When(day_from=first, day_to=last_day_of_month(first))


def _read_moment(typed: TypedTimes, start_date: date) -> When:
    if typed.start_time is None:
        raise WrongTime("start_time", _("Give the hour it starts, or choose “The day only” above."))
    starts_at = _instant(
        "start", datetime.combine(start_date, typed.start_time), typed.zone, typed.start_fold
    )
    if typed.end_time is None:
        if typed.end_date is not None:
            raise WrongTime("end_time", _("Give the hour it ends, or leave the last day empty."))
        return When(starts_at=starts_at)
    end_wall = datetime.combine(typed.end_date or start_date, typed.end_time)
    ends_at = _instant("end", end_wall, typed.zone, typed.end_fold)
    if ends_at <= starts_at:
        raise WrongTime(
            "end_time",
            _("The end has to come after the start. If it ends after midnight, give the next day as well."),
        )
    return When(starts_at=starts_at, ends_at=ends_at)


def _instant(which: str, wall: datetime, zone: str, fold: int | None) -> datetime:
    try:
        return resolve_wall_time(wall, zone, fold)
    except UnknownZone as error:
        raise WrongTime("zone", _("We do not know this time zone. Choose one from the list.")) from error
    except TimeDoesNotExist as error:
        words = _(
            "On %(day)s the clocks jump over %(typed)s. Did you mean %(suggestion)s?",
            day=_day(wall.date()),
            typed=f"{wall:%H:%M}",
            suggestion=f"{error.suggestion:%H:%M}",
        )
        raise WrongTime(f"{which}_time", words) from error
    except TimeHappensTwice as error:
        words = _(
            "On %(day)s the clocks show %(typed)s twice. Say below which one you mean.",
            day=_day(wall.date()),
            typed=f"{wall:%H:%M}",
        )
        raise WrongTime(f"{which}_fold", words) from error


def _check_year(field: str, day: date) -> None:
    if not in_calendar(day):
        raise WrongTime(field, _year_words())


def _year_words() -> str:
    return _("The year has to lie between %(first)d and %(last)d.", first=FIRST_YEAR, last=LAST_YEAR)


def _day(day: date) -> str:
    return day_words(day, current_language(), weekday=False)

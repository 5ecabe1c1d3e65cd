"""Dates that say how exactly they are known, and dates in words."""

from __future__ import annotations

import enum
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from babel.dates import DateTimePattern, parse_pattern
from flask_babel import gettext as _
from flask_babel import ngettext

from pop_campaigns.core.clock import TIRANE, local_date


class DatePrecision(enum.StrEnum):
    """How exactly a date is known. Nothing is ever guessed to look more exact than its source."""

    MOMENT = "moment"
    DAY = "day"
    MONTH = "month"
    PERIOD = "period"
    UNKNOWN = "unknown"


@cache
def _pattern(pattern: str) -> DateTimePattern:
    # Looking a pattern up costs ten times what applying it costs.
    return parse_pattern(pattern)


def _put(day: date, pattern: str, lang: str) -> str:
    return _pattern(pattern).apply(datetime(day.year, day.month, day.day, tzinfo=UTC), lang)


def day_words(day: date, lang: str, weekday: bool = True) -> str:
    """Return *e martë, 16 qershor 2020* / *Tuesday, 16 June 2020*."""
    return _put(day, "EEEE, d MMMM y" if weekday else "d MMMM y", lang)


def short_day_words(day: date, lang: str) -> str:
    """Return *16 qershor 2020* / *16 Jun 2020* for dense tables.

    Albanian months are never cut short: what CLDR makes of them are other words (*nën* under, *pri* lead, *mar* I take).
    """
    return _put(day, "d MMMM y" if lang == "sq" else "d MMM y", lang)


def near_day_words(day: date, today: date, lang: str) -> str:
    """Return *16 qershor* / *16 June*, with the year where it is another than today's: for subjects of mails."""
    return _put(day, "d MMMM y" if day.year != today.year else "d MMMM", lang)


def month_names(lang: str) -> dict[int, str]:
    """Return the months by number, as they stand alone: *nëntor* / *November*."""
    return {month: _put(date(2020, month, 1), "LLLL", lang) for month in range(1, 13)}


def weekday_words(day: date, lang: str, short: bool = False) -> str:
    """Return the name of a weekday as it stands over a column: *e martë* or *mar* / *Tuesday* or *Tue*."""
    return _put(day, "ccc" if short else "cccc", lang)


def month_words(day: date, lang: str) -> str:
    """Return *prill 2020* / *April 2020*."""
    return _put(day, "MMMM y", lang)


def machine_time(when: date | datetime | None) -> str:
    """Return a day or an instant as HTML's ``datetime`` takes it (no parts of a second); "" where none is known."""
    if isinstance(when, datetime):
        return when.isoformat(timespec="seconds")
    return when.isoformat() if when else ""


def clock_words(instant: datetime, zone: str = TIRANE) -> str:
    """Return HH:mm in ``zone`` (CLDR's Albanian clock has 12 hours; nobody in Albania writes it)."""
    return instant.astimezone(ZoneInfo(zone)).strftime("%H:%M")


def short_moment_words(instant: datetime, lang: str) -> str:
    """Return *16 qershor 2020, 10:00* in Tirana's time, for dense tables and time lines."""
    return f"{short_day_words(local_date(instant), lang)}, {clock_words(instant)}"


def moment_words(instant: datetime, lang: str, zone: str = TIRANE) -> str:
    """Return *e martë, 16 qershor 2020, ora 10:00* / *Tuesday, 16 June 2020, 10:00*."""
    local = instant.astimezone(ZoneInfo(zone))
    hour = f"ora {local:%H:%M}" if lang == "sq" else f"{local:%H:%M}"
    return f"{day_words(local.date(), lang)}, {hour}"


def span_words(starts: datetime, ends: datetime | None, lang: str, zone: str = TIRANE) -> str:
    """Return a start and an end in words, the day said once when both fall on it."""
    words = moment_words(starts, lang, zone)
    if ends is None:
        return words
    zoned = ZoneInfo(zone)
    if starts.astimezone(zoned).date() == ends.astimezone(zoned).date():
        return f"{words}–{clock_words(ends, zone)}"
    return f"{words} – {moment_words(ends, lang, zone)}"


def date_words(precision: DatePrecision, day_from: date | None, day_to: date | None, lang: str) -> str:
    """Return a date of any precision but *moment* in words; an unknown one says so."""
    if precision is DatePrecision.UNKNOWN or day_from is None:
        return "pa datë të njohur" if lang == "sq" else "date not known"
    if precision is DatePrecision.DAY:
        if day_to and day_to != day_from:
            return f"{day_words(day_from, lang)} – {day_words(day_to, lang)}"
        return day_words(day_from, lang)
    if precision is DatePrecision.MONTH:
        return month_words(day_from, lang)
    return period_words(day_from, day_to, lang)


def period_words(day_from: date, day_to: date | None, lang: str) -> str:
    """Return *janar – shkurt 2020*, *mars 2020 – maj 2021*, *2019*; an open end: *që nga prilli 2020*."""
    if day_to is None:
        return (
            f"që nga {_definite_month(day_from)}" if lang == "sq" else f"since {month_words(day_from, lang)}"
        )
    if (day_from.month, day_from.day, day_to.month, day_to.day) == (1, 1, 12, 31):
        if day_from.year == day_to.year:
            return str(day_from.year)
        return f"{day_from.year} – {day_to.year}"
    if (day_from.year, day_from.month) == (day_to.year, day_to.month):
        return month_words(day_from, lang)
    if day_from.year == day_to.year:
        return f"{_put(day_from, 'LLLL', lang)} – {month_words(day_to, lang)}"
    return f"{month_words(day_from, lang)} – {month_words(day_to, lang)}"


def _definite_month(day: date) -> str:
    # A noun after "nga" is definite: prilli, korriku.
    month = _put(day, "LLLL", "sq")
    return f"{month}{'u' if month.endswith('k') else 'i'} {day.year}"


def relative_day_words(day: date, today: date) -> str:
    """Return *today*, *tomorrow*, *in 3 days*, *2 days ago* in the reader's language."""
    days = (day - today).days
    if days == 0:
        return _("today")
    if days == 1:
        return _("tomorrow")
    if days == -1:
        return _("yesterday")
    if days > 0:
        return ngettext("in %(num)d day", "in %(num)d days", days)
    return ngettext("%(num)d day ago", "%(num)d days ago", -days)


def last_day_of_month(day: date) -> date:
    """Return the last day of the month of ``day``."""
    first_of_next = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return first_of_next - timedelta(days=1)

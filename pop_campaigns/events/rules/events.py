"""What events are and when they may change; pure."""

from __future__ import annotations

import calendar
import enum
import re
from datetime import date, datetime, timedelta
from typing import Protocol


class EventKind(enum.StrEnum):
    """Kinds of event of the network."""

    CONFRONTATION = "confrontation"
    HEARING = "hearing"
    PRESS_CONFERENCE = "press_conference"
    ROUND_TABLE = "round_table"
    MEETING = "meeting"
    PUBLIC_FORUM = "public_forum"
    COUNCIL_SESSION = "council_session"
    PROTEST = "protest"


class EventFormat(enum.StrEnum):
    """How people come together."""

    IN_PERSON = "in_person"
    ONLINE = "online"
    HYBRID = "hybrid"


class EventState(enum.StrEnum):
    """Where an event stands. An event in the past is *held* only when a source or a coordinator says so."""

    PLANNED = "planned"
    HELD = "held"
    CANCELLED = "cancelled"


# Dates beyond these are slips of the hand, not events.
FIRST_YEAR, LAST_YEAR = 1990, 2100
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")


class EventWhose(enum.StrEnum):
    """Whose events a list shows: those one reads whole, the published ones of other organisations, or both."""

    ALL = "all"
    OURS = "ours"
    NETWORK = "network"


class EventWhen(enum.StrEnum):
    """Which events a list shows."""

    ALL = "all"
    UPCOMING = "upcoming"
    PAST = "past"
    UNDATED = "undated"


# How long an event without an end is taken to last.
UNKNOWN_LENGTH = timedelta(hours=2)


class Dated(Protocol):
    """When something takes place, as exactly as it is known: with a moment, with days alone, or with neither."""

    @property
    def starts_at(self) -> datetime | None:
        """Return the moment it begins."""

    @property
    def ends_at(self) -> datetime | None:
        """Return the moment it ends; None where only its beginning is known."""

    @property
    def day_from(self) -> date | None:
        """Return its first local day."""

    @property
    def day_to(self) -> date | None:
        """Return its last local day; None where it is the first."""


# The three questions below have twins of the same names for the database in queries.py.


def is_over(event: Dated, now: datetime, today: date) -> bool:
    """Return whether an event lies behind us; what has no date never does. ``today`` is the day in Tirana.

    Of an event without an end two hours are waited for, of one without an hour its last day, of a month its last one.
    """
    if event.starts_at is not None:
        return (event.ends_at or event.starts_at + UNKNOWN_LENGTH) <= now
    last = event.day_to or event.day_from
    return last is not None and last < today


def has_begun(event: Dated, now: datetime, today: date) -> bool:
    """Return whether an event has begun; one without an hour has when its last day has passed, before nobody knows."""
    if event.starts_at is not None:
        return event.starts_at <= now
    return is_over(event, now, today)


def is_coming(starts_at: datetime | None, now: datetime) -> bool:
    """Return whether an event is known to begin later: only then guests can be invited, reminded or told."""
    return starts_at is not None and starts_at > now


def may_cancel(state: EventState) -> bool:
    """Return whether an event can (still, or again) be called off: what was held cannot."""
    return state is not EventState.HELD


def format_from(
    venue: str, join_url: str, link_later: bool, known: EventFormat | None = None
) -> EventFormat | None:
    """Return how people come together, as place and link say; None when neither is known.

    ``link_later``: people can join online, only the link is not there yet. ``known`` is what a record says
    already: it stays where place and link say nothing.
    """
    online = bool(join_url) or link_later
    if venue:
        return EventFormat.HYBRID if online else EventFormat.IN_PERSON
    if known is EventFormat.HYBRID and link_later and not join_url:
        return known
    if online:
        return EventFormat.ONLINE
    return known if known is EventFormat.IN_PERSON else None


def in_calendar(day: date) -> bool:
    """Return whether a day lies in the years that events can have."""
    return FIRST_YEAR <= day.year <= LAST_YEAR


def read_month(typed: str, today: date) -> date:
    """Return the first day of the month an address asks for (``2026-12``), else of the month of ``today``."""
    match = _MONTH.fullmatch(typed)
    if match and 1 <= int(match[2]) <= 12 and FIRST_YEAR <= int(match[1]) <= LAST_YEAR:
        return date(int(match[1]), int(match[2]), 1)
    return today.replace(day=1)


def month_weeks(first: date) -> list[list[date]]:
    """Return the weeks, from Monday to Sunday, that a month touches; its edges belong to its neighbours."""
    return calendar.Calendar(calendar.MONDAY).monthdatescalendar(first.year, first.month)


def month_beside(first: date, step: int) -> date | None:
    """Return the first day of the next (1) or the previous (-1) month, None beyond the years of events."""
    year, month = divmod(first.year * 12 + first.month - 1 + step, 12)
    return date(year, month + 1, 1) if FIRST_YEAR <= year <= LAST_YEAR else None


def days_between(day_from: date, day_to: date | None, first: date, last: date) -> list[date]:
    """Return each day of an event that lies within ``first`` … ``last``, both included."""
    begin, end = max(day_from, first), min(day_to or day_from, last)
    return [begin + timedelta(days=number) for number in range((end - begin).days + 1)]

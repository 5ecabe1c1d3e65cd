"""What events are and when they may change; pure."""

from __future__ import annotations

import calendar
import enum
import re
from datetime import date, datetime, timedelta


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


class EventWhen(enum.StrEnum):
    """Which events a list shows."""

    ALL = "all"
    UPCOMING = "upcoming"
    PAST = "past"
    UNDATED = "undated"


def is_over(starts_at: datetime | None, ends_at: datetime | None, now: datetime) -> bool:
    """Tell whether an event with a known moment has ended (without an end: two hours after its start)."""
    if starts_at is None:
        return False
    return (ends_at or starts_at + timedelta(hours=2)) <= now


def may_cancel(state: EventState) -> bool:
    """Tell whether an event can (still, or again) be called off: what was held cannot."""
    return state is not EventState.HELD


def format_from(
    venue: str, join_url: str, link_later: bool, known: EventFormat | None = None
) -> EventFormat | None:
    """Give how people come together, as place and link say; None when neither is known.

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
    """Tell whether a day lies in the years that events can have."""
    return FIRST_YEAR <= day.year <= LAST_YEAR


def read_month(typed: str, today: date) -> date:
    """Give the first day of the month an address asks for (``2026-12``), else of the month of ``today``."""
    match = _MONTH.fullmatch(typed)
    if match and 1 <= int(match[2]) <= 12 and FIRST_YEAR <= int(match[1]) <= LAST_YEAR:
        return date(int(match[1]), int(match[2]), 1)
    return today.replace(day=1)


def month_weeks(first: date) -> list[list[date]]:
    """Give the weeks, from Monday to Sunday, that a month touches; its edges belong to its neighbours."""
    return calendar.Calendar(calendar.MONDAY).monthdatescalendar(first.year, first.month)


def month_beside(first: date, step: int) -> date | None:
    """Give the first day of the next (1) or the previous (-1) month, None beyond the years of events."""
    year, month = divmod(first.year * 12 + first.month - 1 + step, 12)
    return date(year, month + 1, 1) if FIRST_YEAR <= year <= LAST_YEAR else None


def days_between(day_from: date, day_to: date | None, first: date, last: date) -> list[date]:
    """Give each day of an event that lies within ``first`` … ``last``, both included."""
    begin, end = max(day_from, first), min(day_to or day_from, last)
    return [begin + timedelta(days=number) for number in range((end - begin).days + 1)]

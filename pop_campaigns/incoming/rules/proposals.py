"""Decisions about another time that a guest proposes (RFC 5546 sections 3.2.7, 3.2.8); pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from pop_campaigns.calendars.answer import CalendarAnswer
from pop_campaigns.calendars.zones import TimeDoesNotExist, resolve_wall_time
from pop_campaigns.events.rules.events import in_calendar
from pop_campaigns.mail.rules import Review


class Standing(StrEnum):
    """Where a proposal stands. Only an open one can be accepted or declined."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    OVERTAKEN = "overtaken"
    ERASED = "erased"
    CANCELLED = "cancelled"
    OVER = "over"
    WITHDRAWN = "withdrawn"
    SAME_TIME = "same_time"


@dataclass(frozen=True)
class Times:
    """A start and an end (aware, UTC); ``ends`` is None where nobody said it."""

    starts: datetime
    ends: datetime | None


@dataclass(frozen=True)
class Facts:
    """What decides where a proposal stands. ``accepted`` is None until it is answered."""

    accepted: bool | None
    newest: bool
    erased: bool
    cancelled: bool
    over: bool
    withdrawn: bool
    same_time: bool


def standing_of(facts: Facts) -> Standing:
    """Decide where a proposal stands."""
    if facts.accepted is not None:
        return Standing.ACCEPTED if facts.accepted else Standing.DECLINED
    reasons = (
        (not facts.newest, Standing.OVERTAKEN),
        (facts.erased, Standing.ERASED),
        (facts.cancelled, Standing.CANCELLED),
        (facts.over, Standing.OVER),
        (facts.withdrawn, Standing.WITHDRAWN),
        (facts.same_time, Standing.SAME_TIME),
    )
    return next((standing for holds, standing in reasons if holds), Standing.OPEN)


def read_times(counter: CalendarAnswer, zone: str) -> Times | Review:
    """Return the time a calendar object proposes for an event in ``zone``, or why a person has to read it.

    A time in no zone is one on the event's own clocks: that is what the guest saw beside it. A day without an hour is
    not filled up with a guess. An end that is the start itself says nothing; one before it makes the whole unreadable.
    """
    if counter.all_day:
        return Review.DAY_ONLY
    try:
        starts, ends = (_instant(counter, name, zone) for name in ("dtstart", "dtend"))
    except (OverflowError, ValueError):  # at the ends of the calendar
        return Review.NO_TIME
    if starts is None or not in_calendar(starts.date()):
        return Review.NO_TIME
    if ends is not None and (ends < starts or not in_calendar(ends.date())):
        return Review.NO_TIME
    return Times(starts, ends if ends != starts else None)


def with_length(times: Times, before: Times | None) -> Times:
    """Return a proposed time with its end; where none was proposed the event keeps its length."""
    if times.ends is not None or before is None or before.ends is None:
        return times
    return Times(times.starts, times.starts + (before.ends - before.starts))


def moved_by(before: datetime, after: datetime, zone: str) -> timedelta:
    """Return by how much the clock moves from one instant to another: days and hours as people count them.

    From 10:00 to 10:00 a week later is seven days, also when the clocks were changed in between.
    """
    return _wall(after, zone) - _wall(before, zone)


def _instant(counter: CalendarAnswer, name: str, zone: str) -> datetime | None:
    instant: datetime | None = getattr(counter, name)
    if instant is None or name not in counter.floating:
        return instant
    wall = instant.replace(tzinfo=None)
    try:
        return resolve_wall_time(wall, zone, fold=0)
    except TimeDoesNotExist as skipped:
        return resolve_wall_time(skipped.suggestion, zone, fold=0)


def _wall(instant: datetime, zone: str) -> datetime:
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)

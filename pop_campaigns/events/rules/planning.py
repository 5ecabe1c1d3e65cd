"""What speaks against a time and a place, and by when the police must know of a protest; pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from pop_campaigns.events.rules.events import UNKNOWN_LENGTH, EventKind

NOTICE_DAYS: Final = 3
"""By so many days before a protest the police have its notice (law 8773/2001; urgent: shorter, spontaneous: none)."""
_SATURDAY: Final = 5
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Slot:
    """When something takes place: by moments, else by local days."""

    starts_at: datetime | None
    ends_at: datetime | None
    day_from: date | None
    day_to: date | None = None

    @property
    def days(self) -> list[date]:
        """Its local days, at most ten."""
        if self.day_from is None:
            return []
        last = min(self.day_to or self.day_from, self.day_from + 9 * _DAY)
        return [self.day_from + number * _DAY for number in range((last - self.day_from).days + 1)]


@dataclass(frozen=True)
class Plan:
    """An event as it is typed: all that speaks for or against its time and place."""

    kind: EventKind
    slot: Slot
    venue: str
    municipality_id: int | None


def slots_meet(first: Slot, other: Slot) -> bool:
    """Return whether two things take place at the same time; an hour that is not known may be any hour of the day.

    Who has no end is taken to last two hours. What ends when the other begins does not meet it.
    """
    if first.starts_at and other.starts_at:
        ends = (slot.ends_at or slot.starts_at + UNKNOWN_LENGTH for slot in (first, other) if slot.starts_at)
        first_ends, other_ends = ends
        return first.starts_at < other_ends and other.starts_at < first_ends
    return bool(set(first.days) & set(other.days))


def is_same_hall(first: str, other: str) -> bool:
    """Return whether two places, folded as for search, are one: the same words, or one of them says less.

    *salla e këshillit* and *Bashkia Fier, salla e këshillit*; a single word (*teatri*) says too little.
    """
    words, others = (set(re.findall(r"[a-z0-9]+", place)) for place in (first, other))
    fewer, more = sorted((words, others), key=len)
    return bool(fewer) and (fewer == more or (len(fewer) > 1 and fewer <= more))


def needs_notice(kind: EventKind) -> bool:
    """Return whether the police must have notice of an event."""
    return kind is EventKind.PROTEST


def notice_day(day: date, is_off: Callable[[date], bool]) -> date:
    """Return the last day on which notice of a gathering on ``day`` is safely given.

    It is our deadline, so the earliest defensible day counts: three whole days before, and where the offices are closed then
    (``is_off``), the last day before on which they are open.
    """
    last = day - NOTICE_DAYS * _DAY
    while is_off(last):
        last -= _DAY
    return last


def is_weekend(day: date) -> bool:
    """Return whether a day is a Saturday or a Sunday."""
    return day.weekday() >= _SATURDAY

"""The agenda of an event: when each point begins, and how a pasted list is read; pure."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from pop_campaigns.core.text import clean_line

MOST_POINTS: Final = 60
"""How many points one agenda may have."""
LONGEST_POINT: Final = 12 * 60
"""The most minutes one point may take."""
LONGEST_TITLE: Final = 200
LONGEST_SPEAKER: Final = 160
# An agenda of an event without an hour has clock times alone; they are counted from any day.
_NO_DAY: Final = datetime(2000, 1, 1, tzinfo=UTC)
_NUMBER: Final = re.compile(r"^(?:[-–•*]\s+|\(?[0-9]{1,2}[.)]\s+)")
_CLOCK: Final = re.compile(
    r"^(?:ora\s+)?(?P<hour>[0-9]{1,2})[:.](?P<minute>[0-9]{2})"
    r"(?:\s*[-–—]\s*(?P<to_hour>[0-9]{1,2})[:.](?P<to_minute>[0-9]{2}))?(?=\s|$|[-–—:,])[\s\-–—:,]*",
    re.IGNORECASE,
)
_LENGTH: Final = re.compile(
    r"[\s,\-–—]*[(\[]?\s*(?P<minutes>[0-9]{1,3})\s*(?:min(?:\.|uta|utë|utes?)?|['′’])\s*[)\]]?$",
    re.IGNORECASE,
)


class PointState(enum.StrEnum):
    """What became of a point."""

    PLANNED = "planned"
    DISCUSSED = "discussed"
    LEFT_OUT = "left_out"


class Timed(Protocol):
    """A point as far as its time goes: a clock time of its own, a length in minutes, both or neither."""

    @property
    def clock(self) -> time | None:
        """Return the clock time at which it begins, by the clocks of the event's zone."""

    @property
    def minutes(self) -> int | None:
        """Return how long it takes."""


@dataclass(frozen=True)
class Slot:
    """When a point begins and ends (aware; None where nobody knows). ``early``: before the one above it has ended."""

    begins: datetime | None
    ends: datetime | None
    early: bool = False


@dataclass(frozen=True)
class PastedPoint:
    """One pasted line as it was read; ``problem`` is why it is none: ``empty``, ``long`` or ``speaker``."""

    title: str
    speaker: str = ""
    clock: time | None = None
    minutes: int | None = None
    problem: str = ""


def lay_out(points: Sequence[Timed], starts_at: datetime | None, zone: str) -> list[Slot]:
    """Return when each point begins: at its own clock time, else when the one above it ends; the first with the event.

    A point whose forerunner has no length begins at a time nobody knows. Without a single length or clock time none has
    one. Clock times are those of ``zone``; one before the event's start is that of the next day.
    """
    if not any(point.clock or point.minutes for point in points):
        return [Slot(None, None) for _point in points]
    clocks: tzinfo = ZoneInfo(zone) if starts_at else UTC
    running, latest = starts_at, starts_at
    slots = []
    for point in points:
        begins = _at(point.clock, starts_at, clocks) if point.clock else running
        ends = begins + timedelta(minutes=point.minutes) if begins and point.minutes else None
        slots.append(Slot(begins, ends, early=bool(begins and latest and begins < latest)))
        running = ends
        latest = max(filter(None, (latest, begins, ends)), default=None)
    return slots


def _at(clock: time, starts_at: datetime | None, zone: tzinfo) -> datetime:
    """Return the instant of a clock time: on the event's first day, on the next where that would be before it begins."""
    first = (starts_at or _NO_DAY).astimezone(zone)
    instant = datetime.combine(first.date(), clock, tzinfo=zone).astimezone(UTC)
    if starts_at and instant < starts_at:
        instant = datetime.combine(first.date() + timedelta(days=1), clock, tzinfo=zone).astimezone(UTC)
    # 8:45 of an event that begins at 9:00 is a slip, not tomorrow.
    if starts_at and instant - starts_at > timedelta(hours=18):
        instant -= timedelta(days=1)
    return instant


def minutes_over(slots: Iterable[Slot], ends_at: datetime | None) -> int:
    """Return by how many minutes the points last longer than the event; 0 where they do not, or nobody knows."""
    last = max((slot.ends or slot.begins for slot in slots if slot.begins), default=None)
    if ends_at is None or last is None or last <= ends_at:
        return 0
    return int((last - ends_at).total_seconds() // 60)


def read_pasted(text: str) -> list[PastedPoint]:
    """Return the points of a pasted text, one a line; empty lines are none.

    A line is ``10:00 Title (20 min) | speaker``: numbering and bullets before it are dropped, time, length and speaker may
    be missing; ``10:00–10:20`` gives both, a tab parts as the bar does.
    """
    lines = (re.sub(r"\t+", " | ", line) for line in text.splitlines())
    return [_read_line(line) for line in map(clean_line, lines) if line][: MOST_POINTS + 1]


def _read_line(line: str) -> PastedPoint:
    rest, _bar, speaker = (part.strip(" |") for part in line.partition(" | "))
    rest = _NUMBER.sub("", rest)
    clock, minutes = None, None
    hours = _CLOCK.match(rest)
    if hours is not None and (clock := _clock(hours["hour"], hours["minute"])) is not None:
        rest = rest[hours.end() :]
        minutes = _between(clock, _clock(hours["to_hour"], hours["to_minute"]))
        if not rest and speaker:  # a table: hour, title, speaker
            rest, _bar, speaker = (part.strip(" |") for part in speaker.partition(" | "))
    length = _LENGTH.search(rest)
    if length is not None and 0 < int(length["minutes"]) <= LONGEST_POINT and length.start():
        minutes, rest = int(length["minutes"]), rest[: length.start()]
    title = _NUMBER.sub("", rest).strip()
    return PastedPoint(title, speaker, clock, minutes, _problem(title, speaker))


def _problem(title: str, speaker: str) -> str:
    if not title:
        return "empty"
    if len(title) > LONGEST_TITLE:
        return "long"
    return "speaker" if len(speaker) > LONGEST_SPEAKER else ""


def _clock(hour: str | None, minute: str | None) -> time | None:
    if hour is None or minute is None or int(hour) > 23 or int(minute) > 59:
        return None
    return time(int(hour), int(minute))


def _between(first: time, last: time | None) -> int | None:
    if last is None:
        return None
    minutes = (last.hour * 60 + last.minute - first.hour * 60 - first.minute) % (24 * 60)
    return minutes if 0 < minutes <= LONGEST_POINT else None

"""Time zones: from a typed local time to an instant and back, and the VTIMEZONE that a calendar carries.

Zones are named as in the IANA database, in the edition the `tzdata` package ships: the same on every machine.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib import resources
from io import BytesIO
from zoneinfo import ZoneInfo

from .posix_rule import UnreadableRule, YearlyChange, ZoneRule, read_posix_rule

UTC_ZONES = frozenset({"UTC", "UCT", "Universal", "Zulu", "Etc/UTC", "Etc/UCT", "Etc/Universal", "Etc/Zulu"})

# Rules start here so that every date that can occur lies after both onsets.
_FIRST_YEAR = 1970


class UnknownZone(ValueError):
    """No such time zone in the IANA database."""

    def __init__(self, zone: str) -> None:
        super().__init__(f"unknown time zone: {zone!r}")
        self.zone = zone


class TimeDoesNotExist(ValueError):
    """The clocks jump over this local time in spring.

    `suggestion` is the naive local time that the skipped one becomes when the clocks have moved:
    02:30 becomes 03:30.
    """

    def __init__(self, wall: datetime, zone: str, suggestion: datetime) -> None:
        super().__init__(f"{wall} does not exist in {zone}")
        self.wall, self.zone, self.suggestion = wall, zone, suggestion


class TimeHappensTwice(ValueError):
    """The clocks show this local time twice in autumn, and nobody said which is meant.

    `first` (fold 0, still summer time) and `second` (fold 1) are the two candidates, aware and local.
    """

    def __init__(self, wall: datetime, zone: str, first: datetime, second: datetime) -> None:
        super().__init__(f"{wall} happens twice in {zone}")
        self.wall, self.zone, self.first, self.second = wall, zone, first, second


@lru_cache(maxsize=1)
def known_zones() -> frozenset[str]:
    """Return all names that can be used as a zone, links such as ``Europe/Skopje`` included."""
    return frozenset((resources.files("tzdata") / "zones").read_text(encoding="ascii").split())


def check_zone(zone: str) -> str:
    """Return `zone` if it is a name of the IANA database, else raise UnknownZone."""
    if zone not in known_zones():
        raise UnknownZone(zone)
    return zone


def resolve_wall_time(wall: datetime, zone: str, fold: int | None = None) -> datetime:
    """Return the instant (aware, UTC) at which the clocks of `zone` show the naive time `wall`.

    `fold` says which of two is meant when the clocks go back: 0 the first, 1 the second (PEP 495); it is
    ignored at all other times. Raise TimeDoesNotExist, TimeHappensTwice (only while `fold` is None),
    UnknownZone, and ValueError for an aware `wall`, another `fold`, or a date at the ends of the calendar.
    """
    if wall.tzinfo is not None:
        raise ValueError("a typed time has no offset yet")
    if fold not in (None, 0, 1):
        raise ValueError(f"fold is 0, 1 or unknown, not {fold!r}")
    tz = _clocks(zone)
    first, second = (wall.replace(tzinfo=tz, fold=number) for number in (0, 1))
    try:
        instants = first.astimezone(UTC), second.astimezone(UTC)
        suggestion = instants[0].astimezone(tz).replace(tzinfo=None, fold=0)
    except OverflowError as error:
        raise ValueError(f"{wall} is outside the calendar") from error
    if suggestion != wall.replace(fold=0):
        raise TimeDoesNotExist(wall, zone, suggestion)
    if instants[0] != instants[1] and fold is None:
        raise TimeHappensTwice(wall, zone, first, second)
    return instants[fold or 0]


def to_wall(utc: datetime, zone: str) -> datetime:
    """Return the aware local time in `zone` at an instant; `fold` is 1 in the second of two equal hours.

    Raise UnknownZone, and ValueError for a naive `utc`.
    """
    if utc.tzinfo is None:
        raise ValueError("an instant needs an offset")
    return utc.astimezone(_clocks(zone))


def can_write_local(instant: datetime, zone: str) -> bool:
    """Return whether a local time with TZID says exactly this instant to every calendar program.

    It does not in the hour that happens twice, since iCalendar cannot say which one, nor while a zone departs
    from its yearly rule: Casablanca in Ramadan, or years before the rule was made. Then only UTC is exact.
    """
    local = to_wall(instant, zone)
    if zone in UTC_ZONES or local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset():
        return False
    return local.utcoffset() == zone_rule(zone).offset_at(instant.astimezone(UTC).replace(tzinfo=None))


@lru_cache(maxsize=64)
def zone_rule(zone: str) -> ZoneRule:
    """Return the yearly rule of a zone, from the footer of its TZif file (RFC 8536); raise UnknownZone."""
    footer = _tzif(zone).rsplit(b"\n", 2)[-2].decode("ascii")
    try:
        return read_posix_rule(footer)
    except UnreadableRule as error:
        raise UnknownZone(zone) from error


@lru_cache(maxsize=64)
def _clocks(zone: str) -> ZoneInfo:
    # Not ZoneInfo(zone): that prefers the machine's own files, whose edition may be years older.
    return ZoneInfo.from_file(BytesIO(_tzif(zone)), key=zone)


def _tzif(zone: str) -> bytes:
    return resources.files("tzdata").joinpath("zoneinfo", *check_zone(zone).split("/")).read_bytes()


@lru_cache(maxsize=64)
def vtimezone(tzid: str) -> str:
    """Return the VTIMEZONE of a zone (RFC 5545, section 3.6.5) as CRLF lines; empty for UTC, which needs none.

    Changes are rules (RRULE) from 1970 on, never lists of dates: calendar programs disagree about lists, and
    events in summer then move by an hour. Raise UnknownZone.
    """
    rule = zone_rule(tzid)
    if tzid in UTC_ZONES:
        return ""
    lines = ["BEGIN:VTIMEZONE", f"TZID:{tzid}"]
    if rule.summer is None:
        lines += _observance(rule.name, rule.offset, rule.offset, None)
    else:
        summer = rule.summer
        lines += _observance(summer.name, rule.offset, summer.offset, summer.begins)
        lines += _observance(rule.name, summer.offset, rule.offset, summer.ends)
    lines.append("END:VTIMEZONE")
    return "".join(f"{line}\r\n" for line in lines)


def _observance(name: str, before: timedelta, after: timedelta, change: YearlyChange | None) -> list[str]:
    # By the direction of the change and not by the name: Ireland's law calls its winter clock the exception.
    kind = "DAYLIGHT" if after > before else "STANDARD"
    onset = change.onset(_FIRST_YEAR) if change else datetime(_FIRST_YEAR, 1, 1)  # noqa: DTZ001 - local
    lines = [f"BEGIN:{kind}", f"DTSTART:{onset:%Y%m%dT%H%M%S}"]
    if change:
        lines.append(f"RRULE:{change.rrule()}")
    lines += [f"TZOFFSETFROM:{_offset(before)}", f"TZOFFSETTO:{_offset(after)}", f"TZNAME:{name}"]
    return [*lines, f"END:{kind}"]


def _offset(offset: timedelta) -> str:
    sign, size = ("-", -offset) if offset < timedelta() else ("+", offset)
    minutes, seconds = divmod(int(size.total_seconds()), 60)
    return f"{sign}{minutes // 60:02}{minutes % 60:02}" + (f"{seconds:02}" if seconds else "")

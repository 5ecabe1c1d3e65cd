"""Time zones as strangers name them: of the IANA database, of Windows, or described in the calendar itself."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo

from icalendar import Calendar, Timezone
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from .zones import UTC_ZONES, known_zones, resolve_wall_time

_ZONES_LIMIT = 20
_WINDOWS = {name.casefold(): zone for name, zone in WINDOWS_TO_OLSON.items()}
# "(UTC+01:00) Sarajevo, Skopje, Warsaw, Zagreb", as Outlook names zones that it shows.
_SPOKEN_OFFSET = re.compile(r"\((?:UTC|GMT)(?:([+-])(\d{1,2}):?(\d{2}))?\)")


class ZoneBook:
    """The zones one calendar object uses. Its own descriptions count only for names nobody else knows."""

    def __init__(self, blocks: Iterable[str]) -> None:
        self.default = ""
        self._blocks: dict[str, str] = {}
        self._own: dict[str, tzinfo | None] = {}
        for block in list(blocks)[:_ZONES_LIMIT]:
            if named := re.search(r"(?im)^TZID[^:\n]*:(.*)$", block):
                self._blocks[named[1].strip()] = block

    def to_utc(self, value: datetime, tzid: str) -> datetime | None:
        """Return the instant; a time without any zone is taken as the calendar's zone, else as UTC."""
        try:
            if value.tzinfo is not None and value.utcoffset() is not None:
                return value.astimezone(UTC)
            naive = value.replace(tzinfo=None)
            return self._place(naive, tzid.strip().strip('"') or self.default)
        except Exception:  # a zone of somebody's own making can raise anything; the hour is not known then
            return None

    def is_floating(self, value: datetime, tzid: str) -> bool:
        """Return whether a time is an hour on the clock without any zone that could be found."""
        if value.tzinfo is not None and value.utcoffset() is not None:
            return False
        named = tzid.strip().strip('"') or self.default
        return not (named and (iana_name(named) or self._own_zone(named) or _SPOKEN_OFFSET.search(named)))

    def _place(self, wall: datetime, tzid: str) -> datetime:
        zone = iana_name(tzid)
        if zone in UTC_ZONES or not tzid:
            return wall.replace(tzinfo=UTC)
        if zone:
            return self._in_zone(wall, zone)
        if own := self._own_zone(tzid):
            return wall.replace(tzinfo=own).astimezone(UTC)
        return wall.replace(tzinfo=UTC) - _spoken_offset(tzid)

    @staticmethod
    def _in_zone(wall: datetime, zone: str) -> datetime:
        try:
            return resolve_wall_time(wall, zone, fold=0)
        except ValueError as skipped:
            # The hour that spring leaves out: what the clocks show instead.
            suggestion = getattr(skipped, "suggestion", None)
            if suggestion is None:
                raise
            return resolve_wall_time(suggestion, zone, fold=0)

    def _own_zone(self, tzid: str) -> tzinfo | None:
        if tzid not in self._own:
            self._own[tzid] = _build(self._blocks.get(tzid, ""))
        return self._own[tzid]


def iana_name(tzid: str) -> str:
    """Return the IANA name for what a program calls a zone, "" if there is none."""
    if tzid in known_zones():
        return tzid
    if name := _WINDOWS.get(tzid.casefold()):
        return name
    # "/freeassociation.sourceforge.net/Europe/Tirane", "America-Chicago", "/mozilla.org/20070129_1/Europe/Paris"
    parts = tzid.strip("/").split("/")
    for start in range(1, len(parts)):
        if (name := "/".join(parts[start:])) in known_zones():
            return name
    dashed = tzid.replace("-", "/", 1).replace(" ", "_")
    return dashed if dashed in known_zones() else ""


def _build(block: str) -> tzinfo | None:
    # A rule that changes the clocks more than yearly would be spelled out for decades, second by second.
    rules = re.findall(r"(?im)^RRULE[^:\n]*:(.*)$", block)
    too_often = [rule for rule in rules if "FREQ=YEARLY" not in rule.upper() or "BYHOUR" in rule.upper()]
    if not block or too_often or len(rules) > 20 or block.count("\n") > 1000:
        return None
    try:
        calendar = Calendar.from_ical("BEGIN:VCALENDAR\n" + block.strip() + "\nEND:VCALENDAR\n")
        zone = calendar.walk("VTIMEZONE")[0]
        return zone.to_tz(lookup_tzid=False) if isinstance(zone, Timezone) else None
    except Exception:  # whatever the library stumbles over, the offset in the name is all there is then
        return None


def _spoken_offset(tzid: str) -> timedelta:
    match = _SPOKEN_OFFSET.search(tzid)
    if not match or not match[1]:
        return timedelta()
    size = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return -size if match[1] == "-" else size

"""What a guest's calendar program sends back to an invitation (RFC 5546, sections 3.2.3 and 3.2.7).

Written from the invitation alone, as a program at the other end would: it echoes what it was sent, line by line, and
changes what it answers. The shape is Outlook's: the zone comes along, STATUS and TRANSP are said, and a proposal of
another time is tentative. The service itself never answers an invitation; this is for trying out and for tests.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pop_campaigns.calendars.reply import CalendarPerson, UnreadableCalendar, read_calendar
from pop_campaigns.calendars.text import (
    clean_line,
    clean_name,
    clean_paragraphs,
    escape_text,
    mailto,
    write_lines,
)
from pop_campaigns.calendars.zones import can_write_local, known_zones, to_wall

ANSWERS = ("ACCEPTED", "TENTATIVE", "DECLINED")
PRODID = "-//pop_campaigns//a guest's calendar//EN"
_FOLD = re.compile(r"\r?\n[ \t]")
_ZONES = re.compile(r"(?ms)^BEGIN:VTIMEZONE\r?$.*?^END:VTIMEZONE\r?$")
_EVENT = re.compile(r"(?ms)^BEGIN:VEVENT\r?$(.*?)^END:VEVENT\r?$")
_ECHOED = ("UID", "RECURRENCE-ID", "SUMMARY", "DTSTART", "DTEND", "LOCATION", "SEQUENCE", "ORGANIZER")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a program reads in an invitation. ``lines`` are its property lines by name, ``zones`` its VTIMEZONEs.

    ``zone`` is the zone its hours hang in, "" where they are given in UTC; times are UTC.
    """

    guest: CalendarPerson
    organizer: CalendarPerson
    summary: str
    starts: datetime
    ends: datetime | None
    all_day: bool
    zone: str
    lines: dict[str, str]
    zones: tuple[str, ...]


def read_request(text: str) -> Asked:
    """Read an invitation (METHOD:REQUEST) that asks one guest. Raise UnreadableCalendar for anything else."""
    message = read_calendar(text.encode("utf-8", "replace"))
    item = message.item
    if message.method != "REQUEST" or not item.attendees or item.organizer is None or item.dtstart is None:
        raise UnreadableCalendar("not an invitation that asks somebody")
    plain = _FOLD.sub("", text)
    block = _EVENT.search(plain)
    lines = _lines_by_name(block[1] if block else "")
    named = re.match(r"DTSTART;(?:[^:]*;)?TZID=\"?([^\";:]+)", lines.get("DTSTART", ""))
    return Asked(
        guest=item.attendees[0],
        organizer=item.organizer,
        summary=item.summary,
        starts=item.dtstart,
        ends=item.dtend,
        all_day=item.all_day,
        zone=named[1] if named and named[1] in known_zones() else "",
        lines=lines,
        zones=tuple(match[0].replace("\r", "") for match in _ZONES.finditer(plain)),
    )


def write_reply(asked: Asked, partstat: str, comment: str, *, stamp: datetime) -> str:
    """Return the answer (METHOD:REPLY) of the guest who was asked, with a comment or "". Raise ValueError for no answer."""
    if partstat not in ANSWERS:
        raise ValueError(f"not an answer: {partstat!r}")
    return _write(asked, "REPLY", partstat, asked.lines, comment, stamp)


def write_counter(asked: Asked, starts: datetime, ends: datetime, comment: str, *, stamp: datetime) -> str:
    """Return the proposal of another time (METHOD:COUNTER); ``starts`` and ``ends`` are instants. Raise ValueError."""
    if asked.all_day or ends <= starts:
        raise ValueError("no hours that could be proposed")
    lines = dict(asked.lines)
    for name, moment in (("DTSTART", starts), ("DTEND", ends)):
        lines[name] = _moment(name, moment, asked.zone)
    # What Outlook shows as the present time beside the proposed one.
    last = asked.ends or asked.starts + timedelta(hours=1)
    lines["X-MS-OLK-ORIGINALSTART"] = _moment("X-MS-OLK-ORIGINALSTART", asked.starts, asked.zone)
    lines["X-MS-OLK-ORIGINALEND"] = _moment("X-MS-OLK-ORIGINALEND", last, asked.zone)
    return _write(asked, "COUNTER", "TENTATIVE", lines, comment, stamp)


def _write(
    asked: Asked, method: str, partstat: str, lines: dict[str, str], comment: str, stamp: datetime
) -> str:
    name = clean_name(asked.guest.name)
    common_name = f';CN="{name}"' if name else ""
    body = [lines[echoed] for echoed in (*_ECHOED, *sorted(set(lines) - set(_ECHOED))) if echoed in lines]
    text = clean_paragraphs(comment)
    content = [
        "BEGIN:VCALENDAR", f"METHOD:{method}", f"PRODID:{PRODID}", "VERSION:2.0",
        *(line for zone in asked.zones for line in zone.split("\n")),
        "BEGIN:VEVENT",
        f"ATTENDEE;PARTSTAT={partstat}{common_name}:{mailto(asked.guest.address)}",
        *([f"COMMENT:{escape_text(text)}"] if text else []),
        *body,
        f"DTSTAMP:{stamp.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        "CLASS:PUBLIC", "PRIORITY:5", "TRANSP:OPAQUE", "STATUS:CONFIRMED",
        "END:VEVENT", "END:VCALENDAR",
    ]  # fmt: skip
    return write_lines(content)


def _lines_by_name(block: str) -> dict[str, str]:
    """Return the first line of each echoed property; what a line must not hold is dropped, as programs do."""
    lines: dict[str, str] = {}
    for line in block.replace("\r", "").split("\n"):
        name = re.match(r"[A-Za-z-]+(?=[:;])", line)
        if name and name[0].upper() in _ECHOED:
            lines.setdefault(name[0].upper(), name[0].upper() + clean_line(line[len(name[0]) :]))
    return lines


def _moment(name: str, moment: datetime, zone: str) -> str:
    if zone and can_write_local(moment, zone):
        return f"{name};TZID={zone}:{to_wall(moment, zone):%Y%m%dT%H%M%S}"
    return f"{name}:{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"

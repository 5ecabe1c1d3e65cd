"""What the public reads: a feed to subscribe to and the file of one event (RFC 5545; RFC 7986 for the feed).

No guest, no mailbox: blocks made here may be stored, joined and shown to anybody. Hence no METHOD either: PUBLISH asks for an
ORGANIZER (RFC 5546, section 3.2.1), whom everybody could then write to; a calendar object without a method is plainly a file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import timedelta

from .event import CalendarEvent, calendar_head, event_lines
from .text import clean_line, escape_text, write_lines
from .zones import vtimezone

# Typed text cannot start a line, so this finds only what was written as a time; an event has one zone.
_ZONED_START = "\r\nDTSTART;TZID="


def write_event_block(event: CalendarEvent, alarm: timedelta | None = None) -> str:
    """Return the VEVENT of an event for publication, without guests and organiser's mailbox: a part, not a file.

    Cancelled events are written too, as STATUS:CANCELLED: left out, they would stay in every subscriber's
    calendar as if nothing had happened. `alarm`: see `event_lines`; what everybody reads has none.
    """
    return write_lines(event_lines(event, alarm=alarm))


def write_event_file(event: CalendarEvent) -> str:
    """Return the `.ics` of one event, to be downloaded by anybody."""
    block = write_event_block(event)
    return write_lines(calendar_head()) + _zones([], block) + block + "END:VCALENDAR\r\n"


def write_feed(blocks: Iterable[str], zones: Iterable[str], name: str, refresh_minutes: int = 60) -> str:
    """Return a calendar to subscribe to, made of the blocks of `write_event_block`.

    `zones` are time zones to define even if no event needs them (a feed without events must hold something);
    those that the blocks use are added. `name` is what subscribers see in their list: ours, never typed by a
    user, because it goes into an X- property. `refresh_minutes` asks programs how often to come back.
    Raise UnknownZone, and ValueError for a block that is no event or a refresh below one minute.
    """
    if refresh_minutes < 1:
        raise ValueError(f"not a refresh interval: {refresh_minutes!r} minutes")
    events = list(blocks)
    for block in events:
        if not (block.startswith("BEGIN:VEVENT\r\n") and block.endswith("\r\nEND:VEVENT\r\n")):
            raise ValueError(f"not an event's block: {block[:40]!r}")
    body = "".join(events)
    shown = escape_text(clean_line(name))
    head = [
        *calendar_head(),
        f"NAME:{shown}",
        f"X-WR-CALNAME:{shown}",
        f"REFRESH-INTERVAL;VALUE=DURATION:PT{refresh_minutes}M",
        f"X-PUBLISHED-TTL:PT{refresh_minutes}M",
    ]
    return write_lines(head) + _zones(zones, body) + body + "END:VCALENDAR\r\n"


def feed_etag(text: str) -> str:
    """Return an entity tag for these exact bytes, without the quotes of the header (RFC 9110, section 8.8.3)."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]


def _zones(named: Iterable[str], body: str) -> str:
    # Split and not a pattern: a feed of 10,000 events is read on each request.
    used = {part[: part.index(":")] for part in body.split(_ZONED_START)[1:]}
    return "".join(vtimezone(zone) for zone in sorted({*named, *used}))

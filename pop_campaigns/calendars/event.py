"""An event as a calendar knows it, and its lines (RFC 5545, section 3.6.1; RFC 7986)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from .text import clean_line, clean_link, clean_paragraphs, escape_text, mailto
from .zones import can_write_local, check_zone, to_wall

PRODID = "-//POP network//pop_campaigns//SQ"
STATUSES = frozenset({"CONFIRMED", "TENTATIVE", "CANCELLED"})
PARTSTATS = frozenset({"NEEDS-ACTION", "ACCEPTED", "DECLINED", "TENTATIVE", "DELEGATED"})
ROLES = frozenset({"CHAIR", "REQ-PARTICIPANT", "OPT-PARTICIPANT", "NON-PARTICIPANT"})

# The written zones begin in 1970; four digits of year must remain after adding a day.
_FIRST_YEAR, _LAST_YEAR = 1971, 9000
_UID = re.compile(r"[A-Za-z0-9._@:+/=~-]{1,255}")


@dataclass(frozen=True)
class CalendarEvent:
    """What a calendar entry says. Typed text may come as it was typed: it is cleaned when it is written.

    `starts` and `ends` are both instants (aware, UTC) or both dates; an ending date is exclusive: the day
    after the last one. `ends` may be None: an instant without a known end, or a single day. `zone` is where
    the event's clocks hang (IANA name). `join_url` and `url` (the public page) are http(s) addresses.
    `organizer_address` is only written into invitations and may be empty for what is merely published.
    `uid` never changes; `sequence` counts changes that matter to a guest. Raises ValueError, for an unknown
    zone UnknownZone and for an unusable address UnusableLink.
    """

    uid: str
    sequence: int
    dtstamp: datetime
    starts: datetime | date
    ends: datetime | date | None
    zone: str
    summary: str
    description: str
    location: str
    join_url: str | None
    url: str | None
    status: str
    categories: tuple[str, ...]
    organizer_name: str
    organizer_address: str
    recurrence_id: datetime | date | None = None
    last_modified: datetime | None = None

    def __post_init__(self) -> None:
        if not _UID.fullmatch(self.uid):
            raise ValueError(f"not a UID: {self.uid!r}")
        if self.sequence < 0:
            raise ValueError(f"not a sequence: {self.sequence!r}")
        if self.status not in STATUSES:
            raise ValueError(f"not a status: {self.status!r}")
        if not clean_line(self.summary):
            raise ValueError("an event needs a title")
        check_zone(self.zone)
        _check_moments(self)
        for link in (self.join_url, self.url):
            if link:
                clean_link(link)

    @property
    def all_day(self) -> bool:
        """Whether the event is a matter of days and not of hours."""
        return not isinstance(self.starts, datetime)

    @property
    def written_zone(self) -> str | None:
        """The zone whose VTIMEZONE the written event needs; None for days and for times written in UTC."""
        moments = (self.starts, self.ends, self.recurrence_id)
        instants = [moment for moment in moments if isinstance(moment, datetime)]
        # All in one form: RFC 5545 wants DTEND and RECURRENCE-ID to agree with DTSTART.
        local = instants and all(can_write_local(instant, self.zone) for instant in instants)
        return self.zone if local else None


@dataclass(frozen=True)
class Attendee:
    """A guest: name as it shall be shown, one plain address, their last answer and how much they are needed.

    Raises UnusableAddress (a ValueError) and ValueError.
    """

    name: str
    address: str
    partstat: str = "NEEDS-ACTION"
    role: str = "REQ-PARTICIPANT"

    def __post_init__(self) -> None:
        mailto(self.address)
        if self.partstat not in PARTSTATS:
            raise ValueError(f"not an answer: {self.partstat!r}")
        if self.role not in ROLES:
            raise ValueError(f"not a role: {self.role!r}")


def event_lines(
    event: CalendarEvent,
    people: Iterable[str] = (),
    status: str | None = None,
    alarm: timedelta | None = None,
) -> list[str]:
    """Return the VEVENT as content lines, not yet folded.

    `people` are the ORGANIZER and ATTENDEE lines of an invitation, none of what is published; `status` overrides the event's
    own. `alarm` says how long after the start (before it: negative) a program shows the entry by itself.
    """
    named = list(people)
    zone = event.written_zone
    lines = ["BEGIN:VEVENT", f"UID:{escape_text(event.uid)}", f"SEQUENCE:{event.sequence}"]
    lines.append(_moment("DTSTAMP", event.dtstamp, None))
    if event.last_modified:
        lines.append(_moment("LAST-MODIFIED", event.last_modified, None))
    if event.recurrence_id:
        lines.append(_moment("RECURRENCE-ID", event.recurrence_id, zone))
    lines.append(_moment("DTSTART", event.starts, zone))
    # An unknown end is not written: nobody said when. A day without an end is that one day.
    ends = event.ends or (event.starts + timedelta(days=1) if event.all_day else None)
    if ends:
        lines.append(_moment("DTEND", ends, zone))
    lines += _text_lines(event)
    shown = status or event.status
    lines.append(f"STATUS:{shown}")
    if not named and (event.all_day or shown == "CANCELLED"):
        # Whoever subscribes is not busy because something goes on for days somewhere (RFC 5545, section 3.8.2.7), nor by
        # what does not take place.
        lines.append("TRANSP:TRANSPARENT")
    return [*lines, *named, *_alarm_lines(event, shown, alarm), "END:VEVENT"]


def _alarm_lines(event: CalendarEvent, status: str, alarm: timedelta | None) -> list[str]:
    """Return the VALARM (RFC 5545, section 3.6.6); of what is cancelled nobody is reminded."""
    if alarm is None or status == "CANCELLED":
        return []
    minutes = int(alarm.total_seconds() // 60)
    trigger = f"{'-' if minutes < 0 else ''}PT{abs(minutes)}M"
    words = escape_text(clean_line(event.summary))
    return ["BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{words}", f"TRIGGER:{trigger}", "END:VALARM"]


def _text_lines(event: CalendarEvent) -> list[str]:
    join_link = clean_link(event.join_url) if event.join_url else ""
    lines = [f"SUMMARY:{escape_text(clean_line(event.summary))}"]
    description = clean_paragraphs(event.description)
    if join_link and join_link not in description.split():
        # Many programs show no CONFERENCE; the link must be found where people look.
        description = f"{description}\n\n{join_link}".strip("\n")
    # At a venue, the venue alone: programs look it up on a map. Online, the link is the place.
    location = clean_line(event.location) or join_link
    for name, text in (("DESCRIPTION", description), ("LOCATION", location)):
        if text:
            lines.append(f"{name}:{escape_text(text)}")
    if join_link:
        lines.append(f"CONFERENCE;VALUE=URI;FEATURE=AUDIO,VIDEO:{join_link}")
    if event.url:
        lines.append(f"URL:{clean_link(event.url)}")
    categories = [escape_text(category) for category in map(clean_line, event.categories) if category]
    if categories:
        lines.append("CATEGORIES:" + ",".join(categories))
    return lines


def calendar_head(method: str = "") -> list[str]:
    """Return the opening lines of a calendar object; without a method it is no message to anybody (RFC 5545, 3.7.2)."""
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODID}", "CALSCALE:GREGORIAN"]
    return [*head, f"METHOD:{method}"] if method else head


def decline_lines(event: CalendarEvent, organizer: str, comment: str) -> list[str]:
    """Return the VEVENT that declines another time, with what RFC 5546 section 3.2.8 allows and nothing more.

    No time, no text and no attendee: the guest's own entry stays as it is. `comment` is a COMMENT line or "". An instant of a
    series is written in UTC, so that no zone has to be described.
    """
    lines = ["BEGIN:VEVENT", f"UID:{escape_text(event.uid)}", f"SEQUENCE:{event.sequence}"]
    lines.append(_moment("DTSTAMP", event.dtstamp, None))
    if event.recurrence_id:
        lines.append(_moment("RECURRENCE-ID", event.recurrence_id, None))
    return [*lines, organizer, *([comment] if comment else []), "END:VEVENT"]


def _moment(name: str, moment: datetime | date, zone: str | None) -> str:
    if not isinstance(moment, datetime):
        return f"{name};VALUE=DATE:{moment:%Y%m%d}"
    shown = to_wall(moment, zone) if zone else moment
    text = f"{shown:%Y%m%dT%H%M%S}"
    return f"{name};TZID={zone}:{text}" if zone else f"{name}:{text}Z"


def _check_moments(event: CalendarEvent) -> None:
    for name in ("starts", "ends", "recurrence_id"):
        moment = getattr(event, name)
        if moment is not None and isinstance(moment, datetime) == event.all_day:
            raise ValueError(f"{name} must be a {'date' if event.all_day else 'time'}, like the start")
    for name in ("dtstamp", "last_modified", "starts", "ends", "recurrence_id"):
        moment = getattr(event, name)
        if isinstance(moment, datetime) and (moment.tzinfo is None or moment.utcoffset() != timedelta()):
            raise ValueError(f"{name} must be in UTC: {moment!r}")
        if moment is not None and not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
            raise ValueError(f"{name} is outside the calendar: {moment!r}")
    if event.ends is not None and event.ends <= event.starts:
        raise ValueError("an event ends after it starts")


def to_utc(instant: datetime) -> datetime:
    """Return an aware instant in UTC; raise ValueError for a naive one."""
    if instant.tzinfo is None:
        raise ValueError(f"an instant needs an offset: {instant!r}")
    return instant.astimezone(UTC)

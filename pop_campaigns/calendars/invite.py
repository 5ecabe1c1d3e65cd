"""An invitation for one guest, its cancellation, or the refusal of another time the guest proposed, as iTIP (RFC 5546).

`write_invitation` for callers that hold the objects, `invitation_from_json` for a row of the outbox: what was
stored is written again with the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, fields
from datetime import date, datetime

from .event import Attendee, CalendarEvent, calendar_head, decline_lines, event_lines, to_utc
from .text import clean_name, clean_paragraphs, escape_text, mailto, write_lines
from .zones import vtimezone

_INSTANTS = frozenset({"dtstamp", "last_modified"})
_MOMENTS = frozenset({"starts", "ends", "recurrence_id"})
_GUEST = frozenset({"attendee_name", "attendee_address", "attendee_partstat", "attendee_role"})
_METHODS = frozenset({"REQUEST", "CANCEL", "DECLINECOUNTER"})
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def write_invitation(
    event: CalendarEvent, attendee: Attendee, method: str = "REQUEST", comment: str = ""
) -> str:
    """Return the calendar object that asks `attendee` to come (REQUEST), tells them it is off (CANCEL), or that the event
    stays as it is although they proposed another time (DECLINECOUNTER, RFC 5546 section 3.2.8: it names neither time nor guest).

    CRLF lines of at most 75 octets. A CANCEL is always STATUS:CANCELLED, also for a guest who alone is
    withdrawn: for that guest the event is off, and some programs act on nothing else. `comment` is typed text, said
    to this guest alone. Raise ValueError for another method, or for a cancelled event that is not cancelled with it;
    UnusableAddress for the organiser's address.
    """
    if method not in _METHODS:
        raise ValueError(f"not an invitation's method: {method!r}")
    if method != "CANCEL" and event.status == "CANCELLED":
        raise ValueError("nobody is asked to a cancelled event")
    text = escape_text(clean_paragraphs(comment))
    words = f"COMMENT:{text}" if text else ""
    if method == "DECLINECOUNTER":
        lines = [*calendar_head(method), *decline_lines(event, _organizer(event), words), "END:VCALENDAR"]
        return write_lines(lines)
    people = [
        _organizer(event),
        _attendee(attendee, wants_answer=method == "REQUEST"),
        *filter(None, [words]),
    ]
    status = "CANCELLED" if method == "CANCEL" else None
    zone = vtimezone(event.written_zone) if event.written_zone else ""
    body = write_lines([*event_lines(event, people, status), "END:VCALENDAR"])
    return write_lines(calendar_head(method)) + zone + body


def invitation_to_json(
    event: CalendarEvent, attendee: Attendee, method: str = "REQUEST"
) -> dict[str, object]:
    """Return the invitation as plain JSON values: what `invitation_from_json` reads."""
    data: dict[str, object] = {}
    for field in fields(event):
        value = getattr(event, field.name)
        if isinstance(value, date):
            value = value.isoformat()
        data[field.name] = list(value) if isinstance(value, tuple) else value
    for field in fields(attendee):
        data[f"attendee_{field.name}"] = getattr(attendee, field.name)
    return {**data, "method": method}


def invitation_from_json(data: Mapping[str, object]) -> str:
    """Write the invitation that a stored row describes.

    Keys are the fields of CalendarEvent, ``method``, ``comment``, and ``attendee_name``, ``attendee_address``,
    ``attendee_role``, ``attendee_partstat``. Instants are ISO 8601 with an offset, dates YYYY-MM-DD. What has
    a default may be left out. Raise ValueError for a missing, unknown or malformed value.
    """
    names = {field.name for field in fields(CalendarEvent)}
    unknown = set(data) - names - _GUEST - {"method", "comment"}
    required = {field.name for field in fields(CalendarEvent) if field.default is MISSING}
    missing = (required | {"attendee_name", "attendee_address"}) - set(data)
    if unknown or missing:
        raise ValueError(f"invitation: unknown {sorted(unknown)}, missing {sorted(missing)}")
    values = {name: _read_value(name, data[name]) for name in names & set(data)}
    guest = {name.removeprefix("attendee_"): _read_value(name, data[name]) for name in _GUEST & set(data)}
    method = _read_value("method", data.get("method", "REQUEST"))
    comment = _read_value("comment", data.get("comment", ""))
    # Each value has been checked against its field above, which the type checker cannot see.
    return write_invitation(CalendarEvent(**values), Attendee(**guest), method, comment)  # type: ignore[arg-type]


def _read_value(name: str, value: object) -> object:
    if value is None and name in {"ends", "join_url", "url", "recurrence_id", "last_modified"}:
        return None
    if name == "sequence" and isinstance(value, int) and not isinstance(value, bool):
        return value
    if name == "categories" and isinstance(value, list | tuple) and all(isinstance(v, str) for v in value):
        return tuple(value)
    if isinstance(value, str) and name not in {"sequence", "categories"}:
        if name in _MOMENTS and _DATE.fullmatch(value):
            return date.fromisoformat(value)
        if name in _MOMENTS | _INSTANTS:
            return to_utc(datetime.fromisoformat(value))
        return value
    raise ValueError(f"invitation: {name} cannot be {value!r}")


def _organizer(event: CalendarEvent) -> str:
    return f"ORGANIZER{_common_name(event.organizer_name)}:{mailto(event.organizer_address)}"


def _attendee(attendee: Attendee, *, wants_answer: bool) -> str:
    parameters = f";CUTYPE=INDIVIDUAL;ROLE={attendee.role};PARTSTAT={attendee.partstat}"
    if wants_answer:
        parameters += ";RSVP=TRUE"
    return f"ATTENDEE{parameters}{_common_name(attendee.name)}:{mailto(attendee.address)}"


def _common_name(name: str) -> str:
    cleaned = clean_name(name)
    return f';CN="{cleaned}"' if cleaned else ""

"""Calendar objects that came in by mail (iTIP, RFC 5545 and 5546): what they say, or why they cannot be read.

`icalendar` takes the lines apart. What it makes of zones, broken values and single or repeated properties stays
in here: everybody else gets plain frozen values, times in UTC, addresses without ``mailto:``.
"""

from __future__ import annotations

import contextlib
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import unquote

from icalendar import Calendar, Component
from icalendar.error import GloballyUniqueTZIDGuessed
from icalendar.prop import vCalAddress

from .answer import METHODS, CalendarAnswer
from .event import PARTSTATS
from .foreign_lines import (
    COMPONENTS,
    ORIGINAL_START,
    PRIVATE_COMMENTS,
    PROPOSED_PARAMETER,
    ZONE_PARAMETER,
    first_object,
    sift,
)
from .foreign_zones import ZoneBook
from .text import clean_line, clean_paragraphs

# "/vendor.example/Europe/Tirane" is guessed to be Tirana's zone, which is what we want too.
warnings.filterwarnings("ignore", category=GloballyUniqueTZIDGuessed)

# Of tasks, too, which programs answer alike.
_ANY_PARTSTAT = PARTSTATS | {"COMPLETED", "IN-PROCESS"}

SIZE_LIMIT = 1024 * 1024
COMPONENT_LIMIT = 200
ATTENDEE_LIMIT = 1000
_COMMENT_LIMIT, _LINE_LIMIT, _UID_LIMIT, _NAMED = 5000, 500, 1000, 100
_FOLD = re.compile(r"\r?\n[ \t]")
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff]")
_PROPOSED_TIME = re.compile(r"(?i)(DTSTART|DTEND)(?:;TZID=([^:;]{1,80}))?:(\d{8}T\d{6})(Z?)")


class UnreadableCalendar(ValueError):
    """The object cannot be read; ``reason`` says why, in words for people who look after the service."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class CalendarPerson:
    """An attendee or organiser. ``address`` in lower case; ``partstat`` is "" where none is given.

    ``proposed`` is another time that an attendee names beside the answer, in UTC; ``proposed_floating``: in no known zone.
    """

    address: str
    name: str = ""
    partstat: str = ""
    delegated_to: tuple[str, ...] = ()
    delegated_from: tuple[str, ...] = ()
    sent_by: str = ""
    comment: str = ""
    proposed: tuple[datetime | None, datetime | None] = (None, None)
    proposed_floating: bool = False


@dataclass(frozen=True, slots=True)
class CalendarItem:
    """One component. Times are UTC; of an all-day event midnight UTC, with ``all_day`` set.

    ``sequence`` is None where it is missing, which some programs that answer do. ``floating`` names those of *dtstart*
    and *dtend* that are an hour on the clock in no known zone (RFC 5545 section 3.3.5): they stand here as if in UTC.
    ``moved_from`` is the start that was asked for, where the object itself carries another one (Outlook).
    ``nameless_partstat`` is what the only attendee answers whose address cannot be read, as *invalid:nomail*; else "".
    """

    component: str
    uid: str
    recurrence_id: datetime | None
    sequence: int | None
    dtstamp: datetime | None
    organizer: CalendarPerson | None
    attendees: tuple[CalendarPerson, ...]
    comment: str
    dtstart: datetime | None
    dtend: datetime | None
    all_day: bool
    summary: str
    status: str
    floating: tuple[str, ...] = ()
    nameless_partstat: str = ""
    private_comment: str = ""
    moved_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class CalendarMessage:
    """A whole object: its method ("" for a mere file) and its components, the series before its exceptions."""

    method: str
    items: tuple[CalendarItem, ...]

    @property
    def item(self) -> CalendarItem:
        """The component an answer is about."""
        return self.items[0]


def read_calendar(content: bytes, *, method: str = "", charset: str = "utf-8") -> CalendarMessage:
    """Read the first calendar object in ``content``; raise :class:`UnreadableCalendar`.

    ``method`` is the MIME parameter, which counts only where the body names none (RFC 6047 wants them equal).
    """
    text = _as_text(content, charset)
    if not (lines := first_object(text)):
        raise UnreadableCalendar("no complete calendar object in it")
    if sum(line[:6].upper() == "BEGIN:" for line in lines) > COMPONENT_LIMIT:
        raise UnreadableCalendar(f"more than {COMPONENT_LIMIT} components")
    sifted = sift(lines)
    if sifted.text.count("\nATTENDEE") > ATTENDEE_LIMIT:
        raise UnreadableCalendar(f"more than {ATTENDEE_LIMIT} attendees")
    zones, calendar = ZoneBook(sifted.zones), _parse(sifted.text)
    stated_method = _line(calendar, "METHOD").upper() or method.strip().upper()
    if stated_method and stated_method not in METHODS:
        raise UnreadableCalendar(f"unknown method {stated_method[:40]}")
    zones.default = _line(calendar, "X-WR-TIMEZONE")
    items, troubles = [], []
    for part in calendar.subcomponents:
        if part.name in COMPONENTS:
            try:
                items.append(_item(part, zones))
            except UnreadableCalendar as problem:
                troubles.append(problem.reason)
    if not items:
        raise UnreadableCalendar(troubles[0] if troubles else "no event in it")
    return CalendarMessage(
        stated_method, tuple(sorted(items, key=lambda item: item.recurrence_id is not None))
    )


def answer_in(message: CalendarMessage, sender: str) -> CalendarAnswer:
    """Return what a calendar object says of the attendee it speaks of; ``sender`` is who sent the mail."""
    item = message.item
    attendee = _answering(item, sender) or CalendarPerson("", partstat=item.nameless_partstat)
    words = (item.comment or attendee.comment, item.private_comment)
    (begins, ends), floats = attendee.proposed, attendee.proposed_floating
    if begins is None and item.moved_from not in (None, item.dtstart):
        begins, ends, floats = item.dtstart, item.dtend, "dtstart" in item.floating
    return CalendarAnswer(
        method=message.method,
        uid=item.uid,
        attendee=attendee.address,
        partstat=attendee.partstat,
        sequence=item.sequence,
        comment="\n".join(dict.fromkeys(filter(None, words))),
        dtstamp=item.dtstamp,
        dtstart=item.dtstart,
        dtend=item.dtend,
        recurrence_id=item.recurrence_id,
        all_day=item.all_day,
        floating=item.floating,
        delegated_to=attendee.delegated_to,
        delegated_from=attendee.delegated_from,
        organizer=item.organizer.address if item.organizer else "",
        attendees=tuple(person.address for person in item.attendees[:_NAMED]),
        summary=item.summary,
        component=item.component,
        items=len(message.items),
        private_comment=item.private_comment,
        proposed_start=begins if message.method == "REPLY" else None,
        proposed_end=ends if message.method == "REPLY" else None,
        proposed_floating=floats and message.method == "REPLY",
    )


def _answering(item: CalendarItem, sender: str) -> CalendarPerson | None:
    """Return the attendee that the object speaks of: the only one, else the one who sent it, else the first with an answer."""
    chair = item.organizer.address if item.organizer else ""
    people = tuple(person for person in item.attendees if person.address != chair) or item.attendees
    own = [person for person in people if sender and sender in (person.address, person.sent_by)]
    answered = [person for person in people if person.partstat not in ("", "NEEDS-ACTION")]
    # With both sides of a delegation in one answer, it is the one who delegates that speaks.
    return next(iter(people[:1] if len(people) == 1 else [*own, *answered, *people]), None)


def _as_text(content: bytes, charset: str) -> str:
    if len(content) > SIZE_LIMIT:
        raise UnreadableCalendar(f"larger than {SIZE_LIMIT} bytes")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        charset = "utf-16"
    text = _decoded(content, charset)
    text = _FOLD.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return _UNSEEN.sub("", text)


def _decoded(content: bytes, charset: str) -> str:
    """Return text; what is UTF-8 is taken for it whatever its label says, since calendars are by default (RFC 5545)."""
    wide = charset.lower().startswith(("utf-16", "utf-32", "ucs"))
    if not wide and not content.isascii():
        with contextlib.suppress(UnicodeDecodeError):
            return content.decode("utf-8")
    try:
        return content.decode(charset or "utf-8", "replace")
    except (LookupError, ValueError):
        return content.decode("utf-8", "replace")


def _parse(lines: str) -> Component:
    try:
        return Calendar.from_ical(lines)
    except UnreadableCalendar:
        raise
    except (
        Exception
    ) as problem:  # the library raises what it happens upon: ValueError, KeyError, IndexError …
        raise UnreadableCalendar(f"not a calendar object: {clean_line(str(problem))[:120]}") from problem


def _item(part: Component, zones: ZoneBook) -> CalendarItem:
    uid = _UNSEEN.sub("", _raw(part, "UID")).strip()
    if not uid:
        raise UnreadableCalendar("the event has no UID")
    if len(uid) > _UID_LIMIT:
        raise UnreadableCalendar("the UID is too long")
    attendees = tuple(filter(None, (_person(value, zones) for value in _values(part, "ATTENDEE"))))
    if len(attendees) > ATTENDEE_LIMIT:
        raise UnreadableCalendar(f"more than {ATTENDEE_LIMIT} attendees")
    organizers = [person for value in _values(part, "ORGANIZER") if (person := _person(value, zones))]
    starts = _when(part, "DTSTART", zones)
    return CalendarItem(
        component=str(part.name),
        uid=uid,
        recurrence_id=_when(part, "RECURRENCE-ID", zones),
        sequence=_number(_raw(part, "SEQUENCE")),
        dtstamp=_when(part, "DTSTAMP", zones),
        organizer=organizers[0] if organizers else None,
        attendees=attendees,
        comment=_words(part, "COMMENT"),
        dtstart=starts,
        dtend=_ending(part, starts, zones),
        all_day=_is_date(part, "DTSTART"),
        summary=_line(part, "SUMMARY"),
        status=_line(part, "STATUS").upper(),
        floating=_floating(part, zones),
        nameless_partstat="" if attendees else _nameless_partstat(part),
        private_comment=_words(part, *PRIVATE_COMMENTS),
        moved_from=_when(part, ORIGINAL_START, zones),
    )


def _words(part: Component, *names: str) -> str:
    texts = [clean_paragraphs(str(value)) for name in names for value in _values(part, name)]
    return "\n".join(dict.fromkeys(filter(None, texts)))[:_COMMENT_LIMIT]


def _nameless_partstat(part: Component) -> str:
    attendees = list(_values(part, "ATTENDEE"))
    return _partstat(getattr(attendees[0], "params", {})) if len(attendees) == 1 else ""


def _floating(part: Component, zones: ZoneBook) -> tuple[str, ...]:
    names = [name for name in ("DTSTART", "DTEND") if _is_floating(_first(part, name), zones)]
    if names == ["DTSTART"] and part.get("DTEND") is None:
        names.append("DTEND")  # it is counted from the start
    return tuple(name.lower() for name in names)


def _is_floating(prop: Any, zones: ZoneBook) -> bool:
    value = _python_value(prop)
    if not isinstance(value, datetime):
        return False
    return zones.is_floating(value, str(getattr(prop, "params", {}).get(ZONE_PARAMETER) or ""))


def _ending(part: Component, starts: datetime | None, zones: ZoneBook) -> datetime | None:
    ending = _when(part, "DTEND", zones) or _when(part, "DUE", zones)
    if ending is None and starts is not None:
        duration = _python_value(_first(part, "DURATION"))
        if isinstance(duration, timedelta):
            with contextlib.suppress(OverflowError):
                return starts + duration
    return ending


def _values(part: Component, name: str) -> Iterator[Any]:
    """Return each value of a property; the library has one, a list, or nothing."""
    values = part.get(name)
    if values is None:
        return
    yield from values if isinstance(values, list) else (values,)


def _first(part: Component, name: str) -> Any:
    return next(_values(part, name), None)


def _raw(part: Component, name: str) -> str:
    value = _first(part, name)
    return "" if value is None else str(value)


def _line(part: Component, name: str) -> str:
    return clean_line(_raw(part, name))[:_LINE_LIMIT]


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text.strip()) else None


def _is_date(part: Component, name: str) -> bool:
    value = _python_value(_first(part, name))
    return isinstance(value, date) and not isinstance(value, datetime)


def _python_value(prop: Any) -> Any:
    try:
        return getattr(prop, "dt", None)
    except ValueError:  # the library keeps a broken value and raises only when asked for it
        return None


def _when(part: Component, name: str, zones: ZoneBook) -> datetime | None:
    """Return a date or time property in UTC; None where it is missing or broken."""
    prop = _first(part, name)
    value = _python_value(prop)
    if isinstance(value, datetime):
        params = getattr(prop, "params", {})
        return zones.to_utc(value, str(params.get(ZONE_PARAMETER) or ""))
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return None


def _person(value: Any, zones: ZoneBook) -> CalendarPerson | None:
    params = value.params if isinstance(value, vCalAddress) else getattr(value, "params", {})
    address = _address(str(value)) or _address(str(params.get("EMAIL") or ""))
    if not address:
        return None
    begins, ends, floats = _proposed(_joined(params.get(PROPOSED_PARAMETER)), zones)
    return CalendarPerson(
        address=address,
        name=clean_line(_joined(params.get("CN")))[:200],
        partstat=_partstat(params),
        delegated_to=_addresses(params.get("DELEGATED-TO")),
        delegated_from=_addresses(params.get("DELEGATED-FROM")),
        sent_by=_address(str(params.get("SENT-BY") or "")),
        comment=clean_paragraphs(str(params.get("X-RESPONSE-COMMENT") or ""))[:_COMMENT_LIMIT],
        proposed=(begins, ends),
        proposed_floating=floats,
    )


def _proposed(told: str, zones: ZoneBook) -> tuple[datetime | None, datetime | None, bool]:
    """Return the time in *DTSTART:20270619T083000Z;STATUS:;*, as an iPhone writes it; an end before its start is none."""
    begins = ends = None
    floats = False
    for name, tzid, written, is_utc in _PROPOSED_TIME.findall(told):
        with contextlib.suppress(ValueError):
            wall = datetime.strptime(written, "%Y%m%dT%H%M%S")  # noqa: DTZ007 - its zone stands beside it
            value = wall.replace(tzinfo=UTC) if is_utc else wall
            if name.upper() == "DTSTART":
                begins, floats = zones.to_utc(value, tzid), zones.is_floating(value, tzid)
            else:
                ends = zones.to_utc(value, tzid)
    return begins, ends if begins and ends and ends > begins else None, floats and begins is not None


def _partstat(params: Any) -> str:
    partstat = clean_line(str(params.get("PARTSTAT") or "")).upper()
    return partstat if partstat in _ANY_PARTSTAT else ""


def _joined(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value or "")


def _addresses(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    uris = value if isinstance(value, list | tuple) else str(value).split(",")
    return tuple(filter(None, (_address(str(uri)) for uri in uris)))


def _address(uri: str) -> str:
    bare = uri.strip(" \t\"'<>")
    address = re.sub(r"(?i)^mailto:\s*", "", bare).partition("?")[0].strip(" <>")
    if address != bare:
        address = unquote(address)  # a URI (RFC 6068): what is odd in an address travels percent-encoded
    address = address.lower()
    return address if "@" in address and not re.search(r"[\s<>,;]", address) and len(address) <= 320 else ""

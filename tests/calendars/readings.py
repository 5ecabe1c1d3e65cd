"""What the tests of this folder share: events to write, and a reading of calendars without a library."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import NamedTuple

from pop_campaigns.calendars.event import Attendee, CalendarEvent

MEETING = CalendarEvent(
    uid="7f1c9a52@pop.example",
    sequence=0,
    dtstamp=datetime(2027, 5, 20, 7, 30, tzinfo=UTC),
    starts=datetime(2027, 6, 16, 8, 0, tzinfo=UTC),
    ends=datetime(2027, 6, 16, 10, 30, tzinfo=UTC),
    zone="Europe/Tirane",
    summary="Tryezë e rrumbullakët: lumi Gjanica",
    description="Bashkia, prefektura dhe ministria për ndotjen e lumit.\n\nRendi i ditës; fjala.",
    location="Salla e Këshillit Bashkiak, Fier",
    join_url=None,
    url="https://pop.example/sq/veprimtari/12",
    status="CONFIRMED",
    categories=("Tryezë e rrumbullakët", "Fier"),
    organizer_name="Koordinator Fier",
    organizer_address="r-k3v9x2@rsvp.pop.example",
)
ONLINE = replace(MEETING, location="", join_url="https://meet.example/j/829?pwd=a,b;c", sequence=1)
HYBRID = replace(MEETING, join_url="https://meet.example/j/829", status="TENTATIVE")
ALL_DAY = replace(MEETING, starts=date(2027, 6, 16), ends=date(2027, 6, 18))
ENGLISH = replace(
    MEETING,
    summary="Round table: the Gjanica river",
    description="Municipality, prefecture and ministry on the pollution of the river.\n\nAgenda; statements.",
    location="Hall of the Municipal Council, Fier",
    url="https://pop.example/en/events/12",
    categories=("Round table", "Fier"),
    organizer_name="Coordinator Fier",
)
GUEST = Attendee("Ministria e Turizmit dhe Mjedisit", "kabineti@mjedisi.example")


class Property(NamedTuple):
    """One unfolded content line."""

    name: str
    parameters: str
    value: str

    @property
    def text(self) -> str:
        """The value unescaped, as RFC 5545 section 3.3.11 says."""
        out, signs = [], iter(self.value)
        for sign in signs:
            follower = next(signs) if sign == "\\" else sign
            out.append("\n" if sign == "\\" and follower in "nN" else follower)
        return "".join(out)


def read_properties(calendar: str, component: str | None = None) -> list[Property]:
    """The content lines of a calendar in order, or those directly inside a component; strict."""
    raw = calendar.encode("utf-8")
    assert raw.endswith(b"\r\n")
    lines = raw.removesuffix(b"\r\n").split(b"\r\n")
    for line in lines:
        assert b"\r" not in line and b"\n" not in line, line
        assert len(line) <= 75, line
        line.decode("utf-8")  # a character cut in two fails here
    properties, inside = [], []
    for line in raw.removesuffix(b"\r\n").replace(b"\r\n ", b"").decode("utf-8").split("\r\n"):
        read = _split(line)
        if read.name == "END":
            assert inside.pop() == read.value
        elif read.name == "BEGIN":
            inside.append(read.value)
        elif component is None or inside[-1] == component:
            properties.append(read)
    assert not inside
    return properties


def read_one(calendar: str, name: str, component: str = "VEVENT") -> Property:
    """The only property of this name in the component."""
    (row,) = [read for read in read_properties(calendar, component) if read.name == name]
    return row


def names_of(calendar: str, component: str = "VEVENT") -> list[str]:
    """The property names of a component, in order."""
    return [read.name for read in read_properties(calendar, component)]


def _split(line: str) -> Property:
    quoted = False
    for position, sign in enumerate(line):
        quoted ^= sign == '"'
        if sign == ":" and not quoted:
            name, _, parameters = line[:position].partition(";")
            return Property(name, parameters, line[position + 1 :])
    raise AssertionError(f"no value: {line!r}")

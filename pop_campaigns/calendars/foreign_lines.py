"""The lines of a calendar object that came in: only what is read reaches the library, mended where programs break it.

An answer is a method, a UID, an attendee and what they answer. Alarms, rules, attachments and whatever else stands
around must not spoil it, however broken; nor must the name of a zone, which the library would look up as a file.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from icalendar.parser import Contentline

COMPONENTS = ("VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY")
ZONE_PARAMETER = "X-TZID"
"""Where the name of a zone travels past the library, which has its own idea of zones."""
PROPOSED_PARAMETER = "TO-ALL-PROPOSED-NEW-TIME"
PRIVATE_COMMENTS = ("X-CALENDARSERVER-PRIVATE-COMMENT", "X-CALENDARSERVER-ATTENDEE-COMMENT")
ORIGINAL_START = "X-MS-OLK-ORIGINALSTART"

_TIMES = frozenset({"DTSTART", "DTEND", "DUE", "RECURRENCE-ID", "DTSTAMP", ORIGINAL_START})
_TEXTS = frozenset({"COMMENT", "SUMMARY", *PRIVATE_COMMENTS})
_PEOPLE = frozenset({"ATTENDEE", "ORGANIZER"})
_OTHERS = frozenset({"UID", "SEQUENCE", "DURATION", "STATUS", "METHOD", "X-WR-TIMEZONE"})
_NAME = re.compile(r"[A-Za-z0-9-]{1,60}")
_TIME_LINE = re.compile(r"[^:;]{1,60}(;.{0,1000})?:([^:]{0,100})", re.DOTALL)
_TZID = re.compile(r'(?i);[ \t]*TZID=("[^"]*"|.*?)(?=;[A-Z-]{1,40}=|$)')
_DATE_ALONE = re.compile(r"(?i);[ \t]*VALUE=\"?DATE\"?(?=;|$)")
# One text each, however many commas: programs forget to escape them, and the library then makes a list of it.
_TEXT_LINE = re.compile(r'([A-Z0-9-]{1,60}(?:;[^:"]{0,500}(?:"[^"]{0,500}"[^:"]{0,500}){0,5})?:)(.*)', re.I)
_BARE_COMMA = re.compile(r"(?<!\\)([,;])")
# Who answers stands in lines that programs fill with what people call themselves, quotes and colons included.
_PERSON_LINE = re.compile(r"(?i)(ATTENDEE|ORGANIZER)[ \t]*(;.{0,3000}?)?:[ \t]*((?:mailto:)?[^:]{1,400})")
_PROPOSED = re.compile(
    rf'(?i);{PROPOSED_PARAMETER}="?((?:(?:DTSTART|DTEND|STATUS|DURATION)(?:;TZID=[^:;"]{{1,80}})?:[^";:]{{0,40}};?){{1,6}})"?'
)
_KEPT_PARAMETERS = re.compile(
    r'(?i);(PARTSTAT|DELEGATED-TO|DELEGATED-FROM|SENT-BY|EMAIL|TO-ALL-PROPOSED-NEW-TIME)=("[^"]{1,400}"|[^";:,]{1,60}(?=[;:]|$))'
)


class Sifted(NamedTuple):
    """What is read of an object: its lines with CRLF for the library, and the zones it describes, as they stand."""

    text: str
    zones: list[str]


def first_object(text: str) -> list[str]:
    """Return the unfolded lines of the first calendar object that has an end, [] if there is none."""
    lines, begin = text.split("\n"), -1
    for number, line in enumerate(lines):
        word = line.rstrip().upper()
        if word == "BEGIN:VCALENDAR" and begin < 0:
            begin = number
        elif word == "END:VCALENDAR" and begin >= 0:
            return lines[begin : number + 1]
    return []


def sift(lines: list[str]) -> Sifted:
    """Return what is read of an object. What stands inside an event as a part of its own (an alarm) is left out."""
    kept: list[str] = []
    zones: list[str] = []
    number = 0
    while number < len(lines):
        line = lines[number].rstrip()
        word, _, name = line.upper().partition(":")
        name = name.strip()
        number += 1
        if word == "BEGIN" and name not in ("VCALENDAR", *COMPONENTS):
            end = _end_of(lines, number, name)
            if end is not None:
                if name == "VTIMEZONE":
                    zones.append("\n".join(lines[number - 1 : end + 1]))
                number = end + 1
        elif word in ("BEGIN", "END"):
            if name in ("VCALENDAR", *COMPONENTS):
                kept.append(f"{word}:{name}")
        else:
            kept.append(_mended(line))
    return Sifted("\r\n".join(filter(None, kept)) + "\r\n", zones)


def _end_of(lines: list[str], start: int, name: str) -> int | None:
    """Return the line that ends a part; None where it never ends before what holds it does."""
    for number in range(start, len(lines)):
        word = lines[number].rstrip().upper()
        if word == f"END:{name}":
            return number
        if word.partition(":")[0] in ("BEGIN", "END") and word.endswith(("VCALENDAR", *COMPONENTS)):
            return None
    return None


def _mended(line: str) -> str:
    """Return a property as the library can read it, "" for one that nobody here asks for."""
    named = _NAME.match(line)
    name = named[0].upper() if named else ""
    if name in _PEOPLE:
        return _mend_person(line)
    if name in _TIMES:
        return _mend_time(name, line)
    if name in _TEXTS:
        text = _TEXT_LINE.fullmatch(line)
        # Of a name it does not know the library takes a value as it stands, unless it is told what it is.
        head = f"{name};VALUE=TEXT:" if name in PRIVATE_COMMENTS else text[1] if text else ""
        return head + _BARE_COMMA.sub(r"\\\1", text[2]) if text else ""
    return line if name in _OTHERS else ""


def _mend_time(name: str, line: str) -> str:
    """Return a time without its zone for the library, and the zone's name beside it."""
    split = _TIME_LINE.fullmatch(line)
    if not split:
        return ""
    parameters, value = split[1] or "", split[2].partition(",")[0].strip().upper()
    zone = _TZID.search(parameters)
    tzid = re.sub(r'["^\x00-\x1f]', "", zone[1]).strip() if zone else ""
    kind = "DATE" if _DATE_ALONE.search(parameters) else "DATE-TIME" if name == ORIGINAL_START else ""
    kept = (f";VALUE={kind}" if kind else "") + (f';{ZONE_PARAMETER}="{tzid}"' if tzid else "")
    return f"{name}{kept}:{value}"


def _mend_person(line: str) -> str:
    """Return the line as it is if the library can read it, else without the parameters that nobody can."""
    line = _PROPOSED.sub(lambda told: f';{PROPOSED_PARAMETER}="{told[1]}"', line)
    person = _PERSON_LINE.fullmatch(line)
    if not person:
        return line
    try:
        _, _, value = Contentline(line).parts()
        if value.strip() == person[3].strip():
            return line
    except ValueError:
        pass
    parameters = "".join(f";{name}={value}" for name, value in _KEPT_PARAMETERS.findall(person[2] or ""))
    return f"{person[1]}{parameters}:{person[3].strip()}"

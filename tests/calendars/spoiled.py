"""Answers with something around them that must not spoil them, and answers that propose another time beside."""

from __future__ import annotations

from typing import Any

from tests.calendars.programs import (
    ASKED,
    CORE,
    GUEST,
    LATER,
    LATER_ENDS,
    NAME,
    OTHER,
    STARTS,
    UID,
    YES,
    Written,
    calendar,
    times,
    windows_zone,
)

_SAID = {"method": "REPLY", "uid": UID, "attendee": GUEST, "partstat": "ACCEPTED"}


def _around(*lines: str, **facts: Any) -> Written:
    """Give an answer with something around it that must not spoil it."""
    return Written(calendar("REPLY", "x", *CORE, ASKED[0], YES, *lines), _SAID | facts)


# Names of zones that a library would look up as files, or not find.
NO_ZONES = (
    "Pacific",
    "Europe",
    "Etc",
    "../../etc/passwd",
    "/etc/localtime",
    "/",
    ".",
    "x" * 900,
    "US/",
    "Ora e re",
)
SPOILED: dict[str, Written] = {
    f"a zone called {tzid[:30]}": _around(
        f"DTSTART;TZID={tzid}:20270616T100000", dtstart="2027-06-16T10:00:00Z", floating=["dtstart", "dtend"],
    )
    for tzid in NO_ZONES
} | {
    "a zone without a name": _around("DTSTART;TZID=:20270616T100000", dtstart="2027-06-16T10:00:00Z"),
    "a zone whose name has colons and no quotes": _around(
        "DTSTART;TZID=(UTC+01:00) Sarajevo, Shkup:20270616T100000", dtstart="2027-06-16T09:00:00Z",
    ),
    "a zone in single quotes and small letters": _around(
        "dtstart;value=date-time;tzid=Europe/Tirane:20270616t100000", dtstart=STARTS,
    ),
    "a folder described as a zone": Written(
        calendar("REPLY", "x", *CORE, YES, "DTSTART;TZID=Pacific:20270616T100000", zone=windows_zone("Pacific")),
        _SAID | {"dtstart": STARTS, "floating": []},
    ),
    "a zone described by nonsense": Written(
        calendar("REPLY", "x", *CORE, YES, "DTSTART;TZID=Diku:20270616T100000",
                 zone="BEGIN:VTIMEZONE\nTZID:Diku\nBEGIN:STANDARD\nTZOFFSETTO:mot\nEND:STANDARD\nEND:VTIMEZONE\n"),
        _SAID | {"dtstart": "2027-06-16T10:00:00Z"},
    ),
    "a zone that never ends": Written(
        calendar("REPLY", "x", *CORE, YES, zone="BEGIN:VTIMEZONE\nTZID:Diku\nBEGIN:STANDARD\n"), _SAID,
    ),
    "hours with a colon": _around("DTSTART:2027-06-16T08:00:00Z", dtstart=None),
    "a year of five digits": _around("DTSTART;TZID=Europe/Tirane:120270616T100000", dtstart=None),
    "the last hour there is": _around("DTSTART;TZID=America/Adak:99991231T235959", dtstart=None),
    "two starts in one": _around("DTSTART:20270616T080000Z,20270617T080000Z", dtstart=STARTS),
    "an alarm without a trigger": _around("BEGIN:VALARM", "ACTION:NONE", "END:VALARM"),
    "an alarm with an empty trigger": _around("BEGIN:VALARM", "ACTION:NONE", "TRIGGER:", "END:VALARM"),
    "an alarm at no time": _around("BEGIN:VALARM", "TRIGGER;RELATED=START:pesë minuta", "ACTION:", "END:VALARM"),
    "an alarm at a date": _around("BEGIN:VALARM", "TRIGGER;VALUE=DATE-TIME:19760401", "DURATION:P", "REPEAT:x", "END:VALARM"),
    "an alarm to somebody else": _around(
        "BEGIN:VALARM", "ACTION:EMAIL", f"ATTENDEE;PARTSTAT=DECLINED:mailto:{OTHER}", "TRIGGER:-PT5M", "END:VALARM",
        attendees=[GUEST],
    ),
    "an alarm that never ends": _around("BEGIN:VALARM", "TRIGGER:"),
    "an end of an alarm that never began": _around("END:VALARM"),
    "an alarm in an alarm": _around("BEGIN:VALARM", "BEGIN:X-VALARM", "TRIGGER:", "END:X-VALARM", "END:VALARM"),
    "a place as a part of its own": _around("BEGIN:VLOCATION", "UID", "GEO:x", "END:VLOCATION", uid=UID),
    "a rule that is none": _around("RRULE:FREQ=KURRË", "EXDATE;TZID=Pacific:20270616T100000", "RDATE;VALUE=PERIOD:x/y"),
    "a length that is none": _around(*ASKED[1:2], "DURATION:dy orë", dtstart=STARTS, dtend=None),
    "a file that is cut off": _around("ATTACH;ENCODING=BASE64;VALUE=BINARY:!!!", "GEO:41", "PRIORITY:larg", "X-NOKIA:"),
    "quotes that never close": _around('LOCATION;ALTREP="x:Salla', 'DESCRIPTION;X="y'),
}  # fmt: skip


def _proposes(told: str, *lines: str, partstat: str = "TENTATIVE", name: str = NAME, **facts: Any) -> Written:
    """Give an answer as an iPhone writes it, with another time as a parameter of whoever answers."""
    who = f"ATTENDEE;CN={name};PARTSTAT={partstat};TO-ALL-PROPOSED-NEW-TIME={told}:mailto:{GUEST}"
    said = {
        "method": "REPLY",
        "attendee": GUEST,
        "partstat": partstat,
        "dtstart": STARTS,
        "proposed_start": LATER,
    }
    return Written(calendar("REPLY", "-//Apple Inc.//iOS 18.4//EN", *CORE, *ASKED, who, *lines), said | facts)


_START = "DTSTART:20270618T073000Z"
_ASKS = "A mund ta shtyjmë, të lutem?"
PROPOSED_BESIDE: dict[str, Written] = {
    "an iPhone proposes beside its answer": _proposes(
        f'"{_START};STATUS:;"', f"X-CALENDARSERVER-PRIVATE-COMMENT:{_ASKS}",
        proposed_end=None, proposed_floating=False, comment=_ASKS, private_comment=_ASKS,
    ),
    "an iPhone proposes a start and an end": _proposes(
        '"DTSTART;TZID=Europe/Tirane:20270618T093000;DTEND;TZID=Europe/Tirane:20270618T103000;STATUS:"', partstat="DECLINED",
        proposed_end=LATER_ENDS, proposed_floating=False,
    ),
    "a proposal without quotes": _proposes(f"{_START};STATUS:;"),
    "a proposal on no known clock": _proposes(
        '"DTSTART:20270618T093000"', proposed_start="2027-06-18T09:30:00Z", proposed_floating=True
    ),
    "a proposal that ends before it begins": _proposes(f'"{_START};DTEND:20270617T073000Z"', proposed_end=None),
    "a proposal of no day": _proposes('"DTSTART:20271399T993000Z"', partstat="ACCEPTED", proposed_start=None),
    "a name that breaks a line with a proposal": _proposes(f'"{_START};STATUS:;"', name='Zyra: "421'),
    "Outlook proposes in an answer": Written(
        calendar("REPLY", "Microsoft Exchange Server 2010", *CORE, *times("COUNTER"), YES,
                 "X-MS-OLK-ORIGINALSTART:20270616T080000Z", "X-MS-OLK-ORIGINALEND:20270616T100000Z"),
        {"partstat": "ACCEPTED", "proposed_start": LATER, "proposed_end": LATER_ENDS},
    ),
    "Outlook proposes nothing": Written(
        calendar("REPLY", "x", *CORE, *ASKED[1:], YES, "X-MS-OLK-ORIGINALSTART:20270616T080000Z"), {"proposed_start": None},
    ),
    "words for all and for the chair alone": Written(
        calendar("REPLY", "x", *CORE, YES, "COMMENT:Vij", "X-CALENDARSERVER-PRIVATE-COMMENT:Por, vonë"),
        {"comment": "Vij\nPor, vonë", "private_comment": "Por, vonë"},
    ),
    "what servers make of words for the chair": Written(
        calendar("REPLY", "x", *CORE, YES, f'X-CALENDARSERVER-ATTENDEE-COMMENT;X-CALENDARSERVER-REF="{GUEST}":Vonë'),
        {"comment": "Vonë", "private_comment": "Vonë"},
    ),
}  # fmt: skip

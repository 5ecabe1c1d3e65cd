"""Calendar objects as programs write them, by program: answers, questions, and what is broken; all of our own making."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

UID = "tryeze-421@rsvp.example"
CHAIR = "r-abc@rsvp.example"
GUEST = "q00421@zyra.example"
OTHER = "q00777@zyra.example"
NAME = "Qytetar 00421"
STAMP = "20270301T091112Z"
STARTS, ENDS = "2027-06-16T08:00:00Z", "2027-06-16T10:00:00Z"
LATER, LATER_ENDS = "2027-06-18T07:30:00Z", "2027-06-18T08:30:00Z"


class Written(NamedTuple):
    """An object, and what must be found in it, by the names of ``mail explain``."""

    text: str
    facts: dict[str, Any]


def windows_zone(tzid: str) -> str:
    """Give the description of a zone as Windows writes it, of the zone of Tirana."""
    return (
        f"BEGIN:VTIMEZONE\nTZID:{tzid}\n"
        "BEGIN:STANDARD\nDTSTART:16010101T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\n"
        "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10\nEND:STANDARD\n"
        "BEGIN:DAYLIGHT\nDTSTART:16010101T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\n"
        "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3\nEND:DAYLIGHT\nEND:VTIMEZONE\n"
    )


def calendar(
    method: str, product: str, *lines: str, zone: str = "", kind: str = "VEVENT", end: str = "\r\n"
) -> str:
    """Give a whole object, its long lines folded as most programs do, after 74 characters."""
    head = [
        "BEGIN:VCALENDAR",
        f"PRODID:{product}",
        "VERSION:2.0",
        *([f"METHOD:{method}"] if method else []),
    ]
    body = [f"BEGIN:{kind}", *lines, f"END:{kind}", "END:VCALENDAR"]
    flat = "\n".join((*head, *zone.splitlines(), *body)) + "\n"
    return re.sub(r"(?m)^(.{74})(?=.)", r"\1\n ", flat).replace("\n", end)


def answer(program: str, partstat: str, *, method: str = "REPLY", comment: str = "", **facts: Any) -> Written:
    """Give what a program answers for the guest."""
    moved = method == "COUNTER"
    said = {
        "method": method, "uid": UID, "attendee": GUEST, "partstat": partstat, "sequence": 3, "comment": comment or None,
        "dtstart": LATER if moved else STARTS, "dtend": LATER_ENDS if moved else ENDS, "organizer": CHAIR,
        "dtstamp": "2027-03-01T09:11:12Z", "floating": [],
    }  # fmt: skip
    return Written(PROGRAMS[program](method, partstat, comment), said | facts)


def times(method: str, form: str = "utc", tzid: str = "Europe/Tirane") -> list[str]:
    day, begin, end = ("18", "073000", "083000") if method == "COUNTER" else ("16", "080000", "100000")
    if form == "utc":
        return [f"DTSTART:202706{day}T{begin}Z", f"DTEND:202706{day}T{end}Z"]
    local = [f"{int(clock[:2]) + 2:02}{clock[2:]}" for clock in (begin, end)]
    return [f"DTSTART;TZID={tzid}:202706{day}T{local[0]}", f"DTEND;TZID={tzid}:202706{day}T{local[1]}"]


def _outlook(method: str, partstat: str, comment: str) -> str:
    tzid = "Central Europe Standard Time"
    return calendar(
        method, "Microsoft Exchange Server 2010",
        f"ATTENDEE;PARTSTAT={partstat};CN={NAME}:mailto:{GUEST}",
        f"ORGANIZER;CN=Rrjeti:mailto:{CHAIR}",
        *([f"COMMENT;LANGUAGE=sq-AL:{comment}\\n"] if comment else []),
        f"UID:{UID}", "SUMMARY;LANGUAGE=sq-AL:Pranuar: Tryezë: uji\\, rrugët", *times(method, "local", tzid),
        "CLASS:PUBLIC", "PRIORITY:5", f"DTSTAMP:{STAMP}", "TRANSP:OPAQUE", "STATUS:CONFIRMED", "SEQUENCE:3",
        "LOCATION;LANGUAGE=sq-AL:Salla e bashkisë", "X-MICROSOFT-CDO-APPT-SEQUENCE:3", "X-MICROSOFT-CDO-OWNERAPPTID:0",
        "X-MICROSOFT-CDO-BUSYSTATUS:BUSY", "X-MICROSOFT-CDO-IMPORTANCE:1",
        *(["X-MS-OLK-ORIGINALSTART:20270616T080000Z", "X-MS-OLK-ORIGINALEND:20270616T100000Z"] if method == "COUNTER" else []),
        zone=windows_zone(tzid),
    )  # fmt: skip


def _google(method: str, partstat: str, comment: str) -> str:
    told = f';X-RESPONSE-COMMENT="{comment}"' if comment else ""
    return calendar(
        method, "-//Google Inc//Google Calendar 70.9054//EN", *times(method), f"DTSTAMP:{STAMP}",
        f"ORGANIZER;CN=Rrjeti:mailto:{CHAIR}", f"UID:{UID}",
        f"ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT={partstat};CN={GUEST};X-NUM-GUESTS=0{told}:mailto:{GUEST}",
        "CREATED:20270220T080000Z", "DESCRIPTION:Përshkrim", "LAST-MODIFIED:20270301T091112Z", "LOCATION:Salla",
        "SEQUENCE:3", "STATUS:CONFIRMED", "SUMMARY:Tryezë", "TRANSP:OPAQUE",
    )  # fmt: skip


def _apple(method: str, partstat: str, comment: str) -> str:
    return calendar(
        method, "-//Apple Inc.//iOS 18.4//EN", f"UID:{UID}", *times(method, "local"), "SEQUENCE:3",
        f'ATTENDEE;CN="{NAME}";CUTYPE=INDIVIDUAL;EMAIL="{GUEST}";PARTSTAT={partstat}:mailto:{GUEST}',
        f"ORGANIZER;EMAIL={CHAIR}:MAILTO:{CHAIR}", f"DTSTAMP:{STAMP}", "SUMMARY:Tryezë",
        *([f"COMMENT:{comment}"] if comment else []), zone=windows_zone("Europe/Tirane"),
    )  # fmt: skip


def _thunderbird(method: str, partstat: str, comment: str) -> str:
    return calendar(
        method, "-//Mozilla.org/NONSGML Mozilla Calendar V1.1//EN", "CREATED:20270220T080000Z",
        "LAST-MODIFIED:20270301T091112Z", f"DTSTAMP:{STAMP}", f"UID:{UID}", "SUMMARY:Tryezë", "STATUS:CONFIRMED",
        f"ORGANIZER;CN=Rrjeti;SCHEDULE-STATUS=1.1:mailto:{CHAIR}",
        f"ATTENDEE;CN={NAME};RSVP=TRUE;PARTSTAT={partstat};ROLE=REQ-PARTICIPANT:mailto:{GUEST}",
        *times(method, "local"), "SEQUENCE:3", "X-MOZ-INVITED-ATTENDEE:mailto:" + GUEST,
        *([f"COMMENT:{comment}"] if comment else []), zone=windows_zone("Europe/Tirane"),
    )  # fmt: skip


def _evolution(method: str, partstat: str, comment: str) -> str:
    tzid = "/freeassociation.sourceforge.net/Europe/Tirane"
    return calendar(
        method, "-//Ximian//NONSGML Evolution Calendar//EN", f"UID:{UID}", f"DTSTAMP:{STAMP}",
        *times(method, "local", tzid), "TRANSP:OPAQUE", "SEQUENCE:3", "SUMMARY:Tryezë", "CLASS:PUBLIC",
        f"ORGANIZER;CN=Rrjeti:MAILTO:{CHAIR}",
        f"ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT={partstat};RSVP=TRUE;CN={NAME};LANGUAGE=sq:MAILTO:{GUEST}",
        *([f"COMMENT:{comment}"] if comment else []), zone=windows_zone(tzid), end="\n",
    )  # fmt: skip


def _domino(method: str, partstat: str, comment: str) -> str:
    tzid = '"(UTC+01:00) Tirana"'
    return calendar(
        method, "-//Lotus Development Corporation//NONSGML Notes 9.0//EN_C", *times(method, "local", tzid),
        "TRANSP:OPAQUE", f"DTSTAMP:{STAMP}", "SEQUENCE:3",
        f'ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT={partstat};CN="{NAME}/Zyra";RSVP=FALSE:mailto:{GUEST}',
        f'ORGANIZER;CN="Rrjeti/Zyra":mailto:{CHAIR}', f"UID:{UID}", "X-LOTUS-UPDATE-SEQ:3", "X-LOTUS-NOTICETYPE:A",
        *([f"COMMENT:{comment}"] if comment else []), zone=windows_zone("(UTC+01:00) Tirana"),
    )  # fmt: skip


def _zimbra(method: str, partstat: str, comment: str) -> str:
    return calendar(
        method, "Zimbra-Calendar-Provider", f"UID:{UID}", "SUMMARY:Accept: Tryezë",
        f"ATTENDEE;CN={NAME};ROLE=REQ-PARTICIPANT;PARTSTAT={partstat};RSVP=TRUE:mailto:{GUEST}",
        f"ORGANIZER;CN=Rrjeti:mailto:{CHAIR}", *times(method, "local"), "STATUS:CONFIRMED", "CLASS:PUBLIC",
        f"DTSTAMP:{STAMP}", "SEQUENCE:3", *([f"COMMENT:{comment}"] if comment else []), zone=windows_zone("Europe/Tirane"),
    )  # fmt: skip


def _nextcloud(method: str, partstat: str, comment: str) -> str:
    return calendar(
        method, "-//Sabre//Sabre VObject 4.5//EN", f"UID:{UID}", f"DTSTAMP:{STAMP}", "SEQUENCE:3", *times(method),
        "SUMMARY:Tryezë", f"ORGANIZER;CN=Rrjeti:mailto:{CHAIR}", f"ATTENDEE;PARTSTAT={partstat};CN={NAME}:mailto:{GUEST}",
        "REQUEST-STATUS:2.0;Success", *([f"COMMENT:{comment}"] if comment else []),
    )  # fmt: skip


PROGRAMS = {
    "Outlook": _outlook, "Google": _google, "Apple": _apple, "Thunderbird": _thunderbird, "Evolution": _evolution,
    "Domino": _domino, "Zimbra": _zimbra, "Nextcloud": _nextcloud,
}  # fmt: skip

ANSWERS: dict[str, Written] = {
    f"{program}, {partstat}": answer(program, partstat)
    for program in PROGRAMS
    for partstat in ("ACCEPTED", "TENTATIVE", "DECLINED")
}
ANSWERS |= {f"{program}, words": answer(program, "ACCEPTED", comment="Vij me koleg") for program in PROGRAMS}
PROPOSALS: dict[str, Written] = {
    f"{program} proposes": answer(
        program, "NEEDS-ACTION" if program == "Google" else "TENTATIVE", method="COUNTER", comment="Më vonë"
    )
    for program in PROGRAMS
}
CORE = (f"UID:{UID}", f"DTSTAMP:{STAMP}")
ASKED = (f"ORGANIZER;CN=Rrjeti:mailto:{CHAIR}", "DTSTART:20270616T080000Z", "DTEND:20270616T100000Z")
YES = f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{GUEST}"

# Answers that leave something out, or say more than one thing.
ODD_ANSWERS: dict[str, Written] = {
    "nothing that is not needed": Written(
        calendar("REPLY", "x", f"UID:{UID}", YES), {
            "method": "REPLY", "uid": UID, "attendee": GUEST, "partstat": "ACCEPTED", "sequence": None, "organizer": None,
            "dtstart": None, "dtstamp": None,
        },
    ),
    "no answer in it": Written(
        calendar("REPLY", "x", *CORE, f"ATTENDEE:mailto:{GUEST}"), {"attendee": GUEST, "partstat": None},
    ),
    "an address without mailto": Written(
        calendar("REPLY", "x", *CORE, f"ATTENDEE;PARTSTAT=DECLINED:{GUEST.upper()}"), {"attendee": GUEST, "partstat": "DECLINED"},
    ),
    "an address beside the value": Written(
        calendar("REPLY", "x", *CORE, f"ATTENDEE;PARTSTAT=ACCEPTED;EMAIL={GUEST}:invalid:nomail"), {"attendee": GUEST},
    ),
    "no address at all": Written(
        calendar("REPLY", "x", *CORE, "ATTENDEE;PARTSTAT=ACCEPTED:invalid:nomail"), {"attendee": None, "partstat": "ACCEPTED"},
    ),
    "a name that breaks the line": Written(
        calendar("REPLY", "x", *CORE, f'ATTENDEE;CN=Zyra: "421;PARTSTAT=DECLINED:mailto:{GUEST}'),
        {"attendee": GUEST, "partstat": "DECLINED"},
    ),
    "somebody else instead": Written(
        calendar("REPLY", "x", *CORE, f'ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:{OTHER}":mailto:{GUEST}',
                 f'ATTENDEE;PARTSTAT=ACCEPTED;DELEGATED-FROM="mailto:{GUEST}":mailto:{OTHER}'),
        {"attendee": GUEST, "partstat": "DELEGATED", "delegated_to": [OTHER], "attendees": [GUEST, OTHER]},
    ),
    "sent by a secretary": Written(
        calendar("REPLY", "x", *CORE, f'ATTENDEE;SENT-BY="mailto:{OTHER}";PARTSTAT=ACCEPTED:mailto:{GUEST}'), {"attendee": GUEST},
    ),
    "the chair among those who answer": Written(
        calendar("REPLY", "x", *CORE, *ASKED, f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{CHAIR}",
                 f"ATTENDEE;PARTSTAT=DECLINED:mailto:{GUEST}"), {"attendee": GUEST, "partstat": "DECLINED", "organizer": CHAIR},
    ),
    "the others as well": Written(
        calendar("REPLY", "x", *CORE, f"ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:{OTHER}", YES),
        {"attendee": GUEST, "partstat": "ACCEPTED"},
    ),
    "one date of a series": Written(
        calendar("REPLY", "x", *CORE, *ASKED, "RECURRENCE-ID:20270616T080000Z", YES), {"recurrence_id": "2027-06-16T08:00:00Z"},
    ),
    "a series and one of its dates": Written(
        calendar("REPLY", "x", *CORE, "RECURRENCE-ID:20270616T080000Z", f"ATTENDEE;PARTSTAT=DECLINED:mailto:{GUEST}",
                 "END:VEVENT", "BEGIN:VEVENT", *CORE, YES), {"recurrence_id": None, "partstat": "ACCEPTED", "items": 2},
    ),
    "a task": Written(
        calendar("REPLY", "x", *CORE, f"ATTENDEE;PARTSTAT=IN-PROCESS:mailto:{GUEST}", kind="VTODO"),
        {"component": "VTODO", "partstat": "IN-PROCESS"},
    ),
    "hours that are free": Written(
        calendar("REPLY", "x", *CORE, *ASKED, f"ATTENDEE:mailto:{GUEST}", "FREEBUSY:20270616T080000Z/PT2H", kind="VFREEBUSY"),
        {"component": "VFREEBUSY", "attendee": GUEST},
    ),
    "commas nobody escaped": Written(
        calendar("REPLY", "x", *CORE, YES, "COMMENT:Po, vij; por vonë"), {"comment": "Po, vij; por vonë"},
    ),
    "values that are broken": Written(
        calendar("REPLY", "x", f"UID:{UID}", "DTSTAMP:dje", "SEQUENCE:tri", "DTSTART:20271399T080000Z", YES),
        {"dtstamp": None, "sequence": None, "dtstart": None, "partstat": "ACCEPTED"},
    ),
    "a whole day": Written(
        calendar("REPLY", "x", *CORE, "DTSTART;VALUE=DATE:20270616", "DTEND;VALUE=DATE:20270617", YES),
        {"all_day": True, "dtstart": "2027-06-16T00:00:00Z", "dtend": "2027-06-17T00:00:00Z"},
    ),
    "hours of no zone": Written(
        calendar("COUNTER", "x", *CORE, "DTSTART:20270618T093000", "DURATION:PT1H", YES),
        {"method": "COUNTER", "floating": ["dtstart", "dtend"], "dtend": "2027-06-18T10:30:00Z"},
    ),
    "lines that end in CR": Written(calendar("REPLY", "x", *CORE, YES, end="\r"), {"uid": UID, "attendee": GUEST}),
    "small letters": Written(
        calendar("reply", "x", *CORE, f"attendee;partstat=accepted:mailto:{GUEST}"), {"method": "REPLY", "partstat": "ACCEPTED"},
    ),
    "two objects, the first counts": Written(
        calendar("REPLY", "x", *CORE, YES) + calendar("CANCEL", "x", "UID:tjeter"), {"method": "REPLY", "uid": UID},
    ),
}  # fmt: skip

ATTENDING = f"ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN={NAME}:mailto:{GUEST}"


def _question(
    method: str, *lines: str, product: str = "-//Zyra//EN", zone: str = "", **facts: Any
) -> Written:
    said = {"method": method, "uid": UID, "attendee": GUEST, "organizer": CHAIR}
    text = calendar(
        method, product, *CORE, f"ORGANIZER;CN=Rrjeti:mailto:{CHAIR}", ATTENDING, *lines, zone=zone
    )
    return Written(text, said | facts)


# What a program sends where it is the one who asks. Those with hours can be answered.
REQUESTS: dict[str, Written] = {
    "Outlook": _question(
        "REQUEST", *times("", "local", "Central Europe Standard Time"), "SEQUENCE:0", "X-MICROSOFT-DISALLOW-COUNTER:FALSE",
        "BEGIN:VALARM", "TRIGGER;RELATED=START:-PT15M", "ACTION:DISPLAY", "DESCRIPTION:REMINDER", "END:VALARM",
        product="Microsoft Exchange Server 2010", zone=windows_zone("Central Europe Standard Time"), dtstart=STARTS,
    ),
    "Teams": _question(
        "REQUEST", *times("", "local", '"Central European Standard Time"'), "SEQUENCE:0",
        "X-MICROSOFT-SKYPETEAMSMEETINGURL:https://takime.example/421", "X-MICROSOFT-ONLINEMEETINGCONFLINK:x",
        "DESCRIPTION:" + "Bashkohuni këtu https://takime.example/421\\n" * 6, dtstart=STARTS,
    ),
    "Meet": _question(
        "REQUEST", *times(""), "SEQUENCE:1", "X-GOOGLE-CONFERENCE:https://takime.example/abc", "LOCATION:", dtstart=STARTS,
        product="-//Google Inc//Google Calendar 70.9054//EN",
    ),
    "Apple": _question(
        "REQUEST", *times("", "local"), "SEQUENCE:0", "X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC",
        product="-//Apple Inc.//macOS 15.4//EN", zone=windows_zone("Europe/Tirane"), dtstart=STARTS, sequence=0,
    ),
    "Thunderbird": _question(
        "REQUEST", *times("", "local"), "X-MOZ-SEND-INVITATIONS:TRUE", zone=windows_zone("Europe/Tirane"), dtstart=STARTS,
    ),
    "Evolution": _question(
        "REQUEST", *times("", "local", "/freeassociation.sourceforge.net/Europe/Tirane"), "SEQUENCE:2",
        zone=windows_zone("/freeassociation.sourceforge.net/Europe/Tirane"), dtstart=STARTS, sequence=2,
    ),
    "a whole day": _question(
        "REQUEST", "DTSTART;VALUE=DATE:20270616", "DTEND;VALUE=DATE:20270618", all_day=True, dtend="2027-06-18T00:00:00Z",
    ),
    "a length": _question("REQUEST", "DTSTART:20270616T080000Z", "DURATION:PT2H", dtend=ENDS),
    "a series": _question("REQUEST", *times(""), "RRULE:FREQ=WEEKLY;COUNT=4", "EXDATE:20270623T080000Z", dtstart=STARTS),
}  # fmt: skip
QUESTIONS: dict[str, Written] = {
    **{f"{name} asks": written for name, written in REQUESTS.items()},
    "cancelled": _question("CANCEL", *times(""), "STATUS:CANCELLED", "SEQUENCE:4", sequence=4, dtstart=STARTS),
    "one date cancelled": _question("CANCEL", "RECURRENCE-ID:20270616T080000Z", recurrence_id="2027-06-16T08:00:00Z"),
    "one more date": _question("ADD", *times(""), dtstart=STARTS),
    "asked for again": _question("REFRESH"),
    "our time kept": _question("DECLINECOUNTER", "COMMENT:Koha mbetet", comment="Koha mbetet"),
    "a task to do": Written(
        calendar("REQUEST", "x", *CORE, ATTENDING, "DUE:20270616T080000Z", kind="VTODO"),
        {"method": "REQUEST", "component": "VTODO", "dtend": STARTS},
    ),
    "hours wanted": Written(
        calendar("REQUEST", "x", *CORE, *ASKED, ATTENDING, kind="VFREEBUSY"), {"method": "REQUEST", "component": "VFREEBUSY"},
    ),
}  # fmt: skip
SHOWN: dict[str, Written] = {
    "published": Written(
        calendar("PUBLISH", "x", *CORE, *ASKED, "SUMMARY:Tryezë"),
        {"method": "PUBLISH", "uid": UID, "summary": "Tryezë", "attendee": None},
    ),
    "a journal": Written(
        calendar("PUBLISH", "x", *CORE, kind="VJOURNAL"), {"method": "PUBLISH", "component": "VJOURNAL"}
    ),
}
# Not to be read, with the words that say why.
BROKEN: dict[str, tuple[str, str]] = {
    "no UID": (calendar("REPLY", "x", YES), "no UID"),
    "an empty UID": (calendar("REPLY", "x", "UID:", YES), "no UID"),
    "no end": (
        calendar("REPLY", "x", *CORE, YES).replace("END:VCALENDAR", ""),
        "no complete calendar object",
    ),
    "no such method": (calendar("BLOWUP", "x", *CORE, YES), "unknown method"),
    "no event": (calendar("REPLY", "x", *CORE, kind="VALARM"), "no event in it"),
    "an event that never ends": (
        calendar("REPLY", "x", *CORE, YES).replace("END:VEVENT\r\n", ""),
        "calendar part that cannot be read",
    ),
    "nothing of it": ("Po, vij.", "no complete calendar object"),
    "a picture": ("\x89PNG\x00\x01", "no complete calendar object"),
    "a line that is none": (
        calendar("REPLY", "x", *CORE, "pa dy pika", YES),
        "",  # the others are read
    ),
}

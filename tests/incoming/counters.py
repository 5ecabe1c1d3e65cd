"""Proposals of another time (COUNTER) as calendar programs write them, for guests of ``scene``."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from itertools import count
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from pop_campaigns.core.clock import TIRANE, now
from pop_campaigns.core.db import db
from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.models.invitations import Invitation, InvitationMail, TimeProposal
from pop_campaigns.invitations.rules.invitations import MailPurpose
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.rules import IncomingState
from tests.incoming.scene import STAMP, address_of, arrive, make_scene

HOUR = timedelta(hours=1)
_numbers = count(1)


def utc(name: str, moment: datetime) -> str:
    """A property with an instant in UTC."""
    return f"{name}:{moment:%Y%m%dT%H%M%SZ}"


def day(name: str, which: date) -> str:
    """A property with a day."""
    return f"{name};VALUE=DATE:{which:%Y%m%d}"


def local(name: str, wall: datetime, zone: str = "") -> str:
    """A property with an hour on the clock, of a zone or of none."""
    return f"{name};TZID={zone}:{wall:%Y%m%dT%H%M%S}" if zone else f"{name}:{wall:%Y%m%dT%H%M%S}"


def counter(guest: Invitation, times: list[str] | None = None, **changes: Any) -> bytes:
    """The mail in which a guest proposes another time; ``times`` are the lines that say which."""
    said = {
        "uid": guest.event.uid, "attendee": guest.address, "partstat": "TENTATIVE", "sequence": guest.event.sequence,
        "stamp": STAMP, "to": address_of(guest), "sender": guest.address, "comment": "", "more": [],
    } | changes  # fmt: skip
    if times is None:
        starts = guest.event.starts_at + timedelta(days=2)
        times = [utc("DTSTART", starts), utc("DTEND", starts + timedelta(hours=2))]
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Program//EN", "METHOD:COUNTER", "BEGIN:VEVENT",
        f"UID:{said['uid']}", f"DTSTAMP:{said['stamp']:%Y%m%dT%H%M%SZ}", f"ORGANIZER:mailto:{address_of(guest)}",
        *([f"ATTENDEE;PARTSTAT={said['partstat']}:mailto:{said['attendee']}"] if said["attendee"] else []),
        *([f"SEQUENCE:{said['sequence']}"] if said["sequence"] is not None else []),
        *([f"COMMENT:{said['comment']}"] if said["comment"] else []),
        *times, *said["more"], "END:VEVENT", "END:VCALENDAR",
    ]  # fmt: skip
    return mail_of(guest, "\r\n".join(lines) + "\r\n", to=said["to"], sender=said["sender"])


def mail_of(guest: Invitation, calendar: str, *, to: str = "", sender: str = "") -> bytes:
    """The mail that carries a calendar object."""
    mail = EmailMessage()
    mail["From"], mail["To"] = sender or guest.address, to or address_of(guest)
    mail["Subject"], mail["Message-ID"] = "Kohë tjetër: Tryezë", f"<c{next(_numbers)}@program.example>"
    mail.set_content("Propozoj një kohë tjetër")
    mail.add_alternative(calendar, subtype="calendar", params={"method": "COUNTER"})
    return mail.as_bytes()


def outlook(guest: Invitation, starts: datetime, ends: datetime) -> bytes:
    """In the manner of Exchange: a Windows zone, an empty comment, the old time beside, always *tentative*."""
    old = guest.event.starts_at
    calendar = f"""BEGIN:VCALENDAR
METHOD:COUNTER
PRODID:Microsoft Exchange Server 2010
VERSION:2.0
BEGIN:VTIMEZONE
TZID:Central European Standard Time
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
ATTENDEE;PARTSTAT=TENTATIVE;CN=Kryetar:MAILTO:{guest.address}
COMMENT;LANGUAGE=sq-AL:Atë ditë kemi mbledhje të këshillit.\\n
UID:{guest.event.uid}
SUMMARY;LANGUAGE=sq-AL:Kohë e re e propozuar: Tryezë
DTSTART;TZID=Central European Standard Time:{starts:%Y%m%dT%H%M%S}
DTEND;TZID=Central European Standard Time:{ends:%Y%m%dT%H%M%S}
CLASS:PUBLIC
PRIORITY:5
DTSTAMP:{STAMP:%Y%m%dT%H%M%SZ}
TRANSP:OPAQUE
STATUS:CONFIRMED
SEQUENCE:{guest.event.sequence}
LOCATION;LANGUAGE=sq-AL:
X-MICROSOFT-CDO-APPT-SEQUENCE:{guest.event.sequence}
X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE
X-MS-OLK-ORIGINALSTART:{old:%Y%m%dT%H%M%SZ}
X-MS-OLK-ORIGINALEND:{old + timedelta(hours=2):%Y%m%dT%H%M%SZ}
END:VEVENT
END:VCALENDAR
"""
    return mail_of(guest, calendar.replace("\n", "\r\n"))


def make_scene_at_ten(cast: SimpleNamespace) -> SimpleNamespace:
    """The scene, on the hour: at ten in Tirana, so that no test depends on when it runs."""
    simple_namespace = make_scene(cast)
    local_day = (now() + timedelta(days=20)).astimezone(ZoneInfo(TIRANE)).date()
    starts = datetime(local_day.year, local_day.month, local_day.day, 10, tzinfo=ZoneInfo(TIRANE))
    event = simple_namespace.event
    event.starts_at, event.ends_at = starts.astimezone(UTC), starts.astimezone(UTC) + 2 * HOUR
    event.day_from = event.day_to = local_day
    db.session.commit()
    return simple_namespace


def proposals() -> list[TimeProposal]:
    """Everything proposed, in order."""
    return list(db.session.scalars(select(TimeProposal).order_by(TimeProposal.id)))


def proposed(scene: SimpleNamespace, **changes: Any) -> TimeProposal:
    """The mayor proposes two days later, and a coordinator finds it."""
    mail = arrive(counter(scene.mayor, **changes))
    assert mail.state is IncomingState.MATCHED
    return proposals()[-1]


def seen(scene: SimpleNamespace) -> str:
    """The version of the event that a page shows now."""
    return str(db.session.get_one(Event, scene.event.id).version)


def declined_mail() -> OutgoingMail:
    """The one mail that says that the event stays."""
    return db.session.scalars(select(OutgoingMail).where(OutgoingMail.kind == "proposal.declined")).one()


def mails_of_changes() -> list[InvitationMail]:
    """The mails that tell of the new time."""
    rows = select(InvitationMail).where(InvitationMail.purpose == MailPurpose.CHANGE)
    return list(db.session.scalars(rows))

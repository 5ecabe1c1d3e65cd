"""Mails as programs and people send them, to the addresses of one event's guests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from types import SimpleNamespace
from typing import Any

from sqlalchemy import select

from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.incoming.services.filing import file_mail
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.rules.invitations import GuestChoice
from pop_campaigns.invitations.services.guests import add_guests
from pop_campaigns.invitations.services.sending import send_invitations
from pop_campaigns.mail.models import IncomingMail, OutgoingMail
from pop_campaigns.mail.reading.mails import read_mail
from pop_campaigns.mail.rules import IncomingWay, MailState
from tests import factories

DOMAIN = "rsvp.example"
STAMP = datetime(2026, 1, 20, 9, 0, tzinfo=UTC)


def make_scene(cast: SimpleNamespace) -> SimpleNamespace:
    """A round table of Fier, the mayor and the prefect invited by mail that was sent."""
    event = factories.make_event(cast.fier, starts_in=timedelta(days=20))
    mayor = factories.make_office("Kryetar", email="kryetari@bashkia.example", organisation=cast.fier)
    prefect = factories.make_office("Prefekt", email="prefekti@qark.example", organisation=cast.fier)
    choices = [GuestChoice("office", one.id, "sq") for one in (mayor, prefect)]
    add_guests(event, choices, by=cast.arta, now=now())
    send_invitations(event, by=cast.arta, now=now())
    for mail in db.session.scalars(select(OutgoingMail)):
        mail.state, mail.sent_at = MailState.SENT, now()
    guests = db.session.scalars(select(Invitation).order_by(Invitation.id)).all()
    for guest in guests:
        guest.invited_at = STAMP - timedelta(
            days=1
        )  # so that what programs stamp lies between our asking and now
    db.session.commit()
    return SimpleNamespace(event=event, mayor=guests[0], prefect=guests[1])


def address_of(guest: Invitation) -> str:
    """The address that one guest answers to."""
    return f"{guest.reply_local}@{DOMAIN}"


def calendar(guest: Invitation, **changes: Any) -> str:
    """What a calendar program answers for a guest."""
    said = {
        "method": "REPLY",
        "uid": guest.event.uid,
        "attendee": guest.address,
        "partstat": "ACCEPTED",
        "sequence": guest.event.sequence,
        "stamp": STAMP,
        "more": "",
    } | changes
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Program//EN",
        f"METHOD:{said['method']}",
        "BEGIN:VEVENT",
        f"UID:{said['uid']}",
        f"DTSTAMP:{said['stamp']:%Y%m%dT%H%M%SZ}",
        f"ORGANIZER:mailto:{address_of(guest)}",
        f"ATTENDEE;PARTSTAT={said['partstat']}{said['more']}:MAILTO:{said['attendee']}",
        f"DTSTART:{guest.event.starts_at:%Y%m%dT%H%M%SZ}",
        *([f"SEQUENCE:{said['sequence']}"] if said["sequence"] is not None else []),
        *([f"COMMENT:{said['comment']}"] if "comment" in said else []),
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "\r\n".join(lines) + "\r\n"


def reply(guest: Invitation, *, to: str = "", sender: str = "", **changes: Any) -> bytes:
    """The mail that carries it."""
    mail = EmailMessage()
    mail["From"], mail["To"] = sender or guest.address, to or address_of(guest)
    mail["Subject"], mail["Message-ID"] = "Pranuar: Tryezë", f"<{id(changes)}@program.example>"
    mail.set_content("Pranuar")
    method = changes.get("method", "REPLY")
    mail.add_alternative(calendar(guest, **changes), subtype="calendar", params={"method": method})
    return mail.as_bytes()


def words(text: str, *, sender: str, to: str, **headers: str) -> bytes:
    """A mail a person writes."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, headers.pop("subject", "Përgjigje")
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail.as_bytes()


def bounce(original: OutgoingMail, *, to: str = "", status: str = "5.1.1", action: str = "failed") -> bytes:
    """A delivery status notification (RFC 3464) as a mail server writes it."""
    text = (
        "From: MAILER-DAEMON@mx.example\r\n"
        f"To: {to or f'{original.bounce_local}@{DOMAIN}'}\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\n"
        "MIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nYour message could not be delivered.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; {original.to_address}\r\nAction: {action}\r\nStatus: {status}\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 No such user here\r\n"
        "--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        f"Message-ID: {original.message_id}\r\nSubject: Ftesë\r\n"
        "--b--\r\n"
    )
    return text.encode()


def arrive(raw: bytes, to: str = "", sender: str = "") -> IncomingMail:
    """Store a mail, read it and file it, as the worker does; give it afresh."""
    import hashlib

    row = IncomingMail(
        received_at=now(),
        way=IncomingWay.LISTENER,
        envelope_from=sender,
        envelope_to=to,
        sha256=hashlib.sha256(raw).hexdigest(),
        size=len(raw),
        raw=raw,
    )
    db.session.add(row)
    db.session.commit()
    file_mail(row, read_mail(raw, sender, to), now=now())
    db.session.commit()
    db.session.expire_all()
    return row

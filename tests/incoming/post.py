"""The way of mails between this service and others: our own bytes go out, what comes back is read and filed."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from sqlalchemy import select

from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.incoming.services.filing import file_mail
from pop_campaigns.mail.compose import compose
from pop_campaigns.mail.message import build_message
from pop_campaigns.mail.models import IncomingMail, OutgoingMail
from pop_campaigns.mail.outbox import record_sent
from pop_campaigns.mail.reading.mails import read_mail
from pop_campaigns.mail.rules import IncomingWay, MailState

# What says that a machine wrote, or in answer to what.
TELLING = (
    "Auto-Submitted",
    "In-Reply-To",
    "References",
    "Precedence",
    "List-Id",
    "Return-Path",
    "X-Auto-Response-Suppress",
)


@dataclass(frozen=True)
class Carried:
    """A mail on its way: its bytes and its envelope; ``sender`` is "<>" for the null sender, "" where it got lost."""

    raw: bytes
    sender: str
    to: str


def send_all() -> list[Carried]:
    """Let everything leave that waits in the outbox, as the worker does, and give it."""
    waiting = select(OutgoingMail).where(OutgoingMail.state == MailState.QUEUED).order_by(OutgoingMail.id)
    carried = []
    for mail in db.session.scalars(waiting).all():
        parts = compose(mail)
        carried.append(
            Carried(build_message(parts).as_bytes(), parts.envelope_from or "<>", parts.to_address)
        )
        record_sent(mail, code=250, words="ok", now=now())
    db.session.commit()
    return carried


def stripped(mail: Carried, *, envelope: bool = False) -> Carried:
    """A mail whose telling headers got lost on the way, with ``envelope`` its envelope sender as well."""
    head, _, body = mail.raw.partition(b"\r\n\r\n")
    for name in TELLING:
        head = re.sub(rb"(?im)^%s:.*(\r\n[ \t].*)*\r?\n?" % name.encode(), b"", head)
    return Carried(head.rstrip(b"\r\n") + b"\r\n\r\n" + body, "" if envelope else mail.sender, mail.to)


def take_in(mail: Carried) -> IncomingMail:
    """Store a mail, read it and file it, as the worker does; give its row afresh."""
    known = mail.sender != ""
    digest = hashlib.sha256(mail.raw + mail.sender.encode()).hexdigest()
    row = IncomingMail(
        received_at=now(),
        way=IncomingWay.LISTENER if known else IncomingWay.IMAP,
        envelope_from=mail.sender.strip("<>"),
        envelope_to=mail.to,
        sha256=digest,
        size=len(mail.raw),
        raw=mail.raw,
    )
    db.session.add(row)
    db.session.commit()
    file_mail(row, read_mail(mail.raw, mail.sender, mail.to), now=now())
    db.session.commit()
    db.session.expire_all()
    return row


def receipts() -> list[OutgoingMail]:
    """All receipts ever queued, oldest first."""
    wanted = select(OutgoingMail).where(OutgoingMail.kind == "incoming.receipt").order_by(OutgoingMail.id)
    return list(db.session.scalars(wanted))

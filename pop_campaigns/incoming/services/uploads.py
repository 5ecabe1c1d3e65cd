"""Messages that people bring: they came to somebody's own mailbox, and are stored like all others."""

from __future__ import annotations

import re
from datetime import datetime

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.incoming.rules.incoming import NoMail
from pop_campaigns.mail.intake.store import SIZE_LIMIT, Arrival, store_arrival
from pop_campaigns.mail.models import IncomingMail
from pop_campaigns.mail.rules import IncomingWay

_HEADER = re.compile(rb"\A(?:From [^\r\n]*\r?\n)?[!-9;-~]{1,60}[ \t]*:", re.ASCII)
_TELLING = re.compile(
    rb"(?im)^(?:from|to|date|subject|received|message-id|return-path|delivered-to|mime-version)[ \t]*:"
)
_OUTLOOK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # a compound file: what Outlook saves as .msg


class NotAMail(ValueError):
    """What was brought is no message; ``reason`` says why."""

    def __init__(self, reason: NoMail) -> None:
        super().__init__(reason.value)
        self.reason = reason


def check_message(raw: bytes) -> bytes:
    """Return the message as it is stored, without blank lines before it. Raise :class:`NotAMail`."""
    if len(raw) > SIZE_LIMIT:
        raise NotAMail(NoMail.SIZE)
    message = raw.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n \t")
    if not message:
        raise NotAMail(NoMail.EMPTY)
    if message.startswith(_OUTLOOK):
        raise NotAMail(NoMail.OUTLOOK)
    if not _HEADER.match(message) or len(set(map(bytes.lower, _TELLING.findall(message[:100_000])))) < 2:
        raise NotAMail(NoMail.NOT_A_MAIL)
    return message


def store_upload(raw: bytes, *, by: User, now: datetime) -> IncomingMail:
    """Store a message that ``by`` brought, and return its row: the one that is there already, if it came before.

    It is in a commit of its own, like all that comes in, with who brought it: the worker may take it up at once, and acts
    only where that person may. The line of history follows it. Raise :class:`NotAMail`.
    """
    arrival = Arrival(check_message(raw), "", "", IncomingWay.UPLOAD, by.id, by.organisation_id)
    mail = store_arrival(arrival, now)
    if mail.brought_by_id == by.id and mail.received_at == now:
        note("incoming.brought", mail, by=by, now=now, organisation_id=by.organisation_id)
    db.session.flush()
    return mail

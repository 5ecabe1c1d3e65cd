"""What was found out about a mail that came in: plain data, for showing, matching and sending between processes."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from pop_campaigns.calendars.answer import CalendarAnswer
from pop_campaigns.mail.authentication import SenderCheck
from pop_campaigns.mail.reading.parts import AttachmentNote
from pop_campaigns.mail.rules import IncomingKind

EXPLAINED = (
    "kind", "permanent", "failed_recipients", "calendar", "text", "attachments", "returns_on", "perhaps_absent", "written_to",
    "forwarded_to", "unreadable_calendar", "told_partstat", "signed",
)  # fmt: skip
"""What ``mail explain`` shows of a report, in this order; ``matches`` and ``reasons`` follow."""

_TUPLES = (
    "reasons",
    "failed_recipients",
    "recipients",
    "in_reply_to",
    "references",
    "written_to",
    "forwarded_to",
)

NEEDS_MEMORY = "needs more memory than a mail may take"
"""The reason of a mail at which memory ran out; the process that said so is not used again."""


@dataclass(frozen=True, slots=True)
class MailReport:
    """A mail that came in, as far as it could be read.

    ``permanent`` and ``failed_recipients`` are of a bounce, as are ``status`` (*5.1.1*), ``diagnostic`` (the server's
    words) and ``returned`` (headers of the mail that came back, by lower-case name; ``returned_id`` its Message-ID).
    ``written_to`` is whom that mail was for, as far as the report says; ``forwarded_to`` are the mailboxes among the failed ones
    to which somebody had it passed on: whom we wrote to may well have it.
    ``calendar`` is of any calendar object with a method; only a mail of the kind *calendar* may change anything.
    ``unreadable_calendar`` says why a calendar object, or what may hold one, cannot be read; ``told_partstat`` is what such a
    mail says of its answer elsewhere (*ACCEPTED*; of *winmail.dat*), which proves nothing. ``signed`` means that the content was
    taken out of a signature that nobody checked.
    ``text`` is the new words, ``body`` all of it. ``recipients`` are all addresses the mail was for, in lower case.
    ``returns_on`` is the day an auto-reply names; ``perhaps_absent`` marks what a person may have written or a machine.
    ``attached_text`` is what attached text files say. ``no_answer`` says why
    no machine may answer, "" if one may. ``sender_check`` is what the topmost Authentication-Results says, whoever wrote it.
    """

    kind: IncomingKind
    reasons: tuple[str, ...]
    permanent: bool | None = None
    failed_recipients: tuple[str, ...] = ()
    calendar: CalendarAnswer | None = None
    text: str = ""
    attachments: tuple[AttachmentNote, ...] = ()
    body: str = ""
    recipients: tuple[str, ...] = ()
    message_id: str = ""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    subject: str = ""
    from_address: str = ""
    from_name: str = ""
    date: dt.datetime | None = None
    status: str = ""
    diagnostic: str = ""
    returned_id: str = ""
    returned: dict[str, str] | None = None
    returns_on: dt.date | None = None
    attached_text: str = ""
    no_answer: str = ""
    sender_check: SenderCheck = field(default_factory=SenderCheck)
    written_to: tuple[str, ...] = ()
    forwarded_to: tuple[str, ...] = ()
    unreadable_calendar: str = ""
    told_partstat: str = ""
    signed: bool = False
    perhaps_absent: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON holds it."""
        plain = asdict(self)
        plain["kind"] = self.kind.value
        plain["calendar"] = self.calendar.to_json() if self.calendar else None
        plain["date"] = self.date.isoformat() if self.date else None
        plain["returns_on"] = self.returns_on.isoformat() if self.returns_on else None
        return {name: list(value) if isinstance(value, tuple) else value for name, value in plain.items()}

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Self:
        """Return the report that :meth:`to_json` wrote."""
        values = dict(plain)
        for name in _TUPLES:
            values[name] = tuple(values[name])
        values["attachments"] = tuple(AttachmentNote(**note) for note in values["attachments"])
        values["sender_check"] = SenderCheck(**values["sender_check"])
        values["kind"] = IncomingKind(values["kind"])
        values["calendar"] = CalendarAnswer.from_json(values["calendar"]) if values["calendar"] else None
        values["date"] = dt.datetime.fromisoformat(values["date"]) if values["date"] else None
        values["returns_on"] = dt.date.fromisoformat(values["returns_on"]) if values["returns_on"] else None
        return cls(**values)

    def explained(self) -> dict[str, Any]:
        """Return what ``mail explain`` prints, without the file's name: the database knows the ``matches``."""
        plain = self.to_json()
        return {name: plain[name] for name in EXPLAINED} | {"matches": [], "reasons": plain["reasons"]}


def unparsed(reason: str) -> MailReport:
    """Return the report of a mail that could not be read: it is kept, and a person opens it."""
    return MailReport(kind=IncomingKind.UNPARSED, reasons=(reason,))

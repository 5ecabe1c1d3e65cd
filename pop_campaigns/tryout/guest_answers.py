"""What a receiver's programs send back to a mail of ours: answers, an absence, a failed delivery. For trying out and tests.

Each is composed from the message as it was delivered, as their program would: it knows nothing of our database. Where
nobody's program would answer (to the null sender, to a mail a machine wrote) there is nothing to compose either.
"""

from __future__ import annotations

import hashlib
import re
import smtplib
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import format_datetime, parseaddr

from flask_babel import pgettext

from pop_campaigns.calendars.reply import UnreadableCalendar
from pop_campaigns.core.clock import TIRANE, local_date
from pop_campaigns.core.dates import clock_words, day_words, span_words
from pop_campaigns.core.i18n import LANGUAGES, speaking
from pop_campaigns.mail.domains import is_answered_to
from pop_campaigns.mail.message import MailParts, message_bytes
from pop_campaigns.tryout.guest_calendar import Asked, read_request, write_counter, write_reply
from pop_campaigns.tryout.local_mailbox import DeliveredMail

_MESSAGE_ID = re.compile(r"<[^<>\s]{1,900}>")
_QUOTED_LINES = 60


@dataclass(frozen=True, slots=True)
class Sent:
    """A message on its way to us, with its envelope; ``sender`` is empty for the null sender."""

    raw: bytes
    sender: str
    recipient: str


@dataclass(frozen=True, slots=True)
class Press:
    """One press of a button: ``nonce`` makes the Message-ID, so that the same press is the same message."""

    nonce: str
    at: datetime


class Receiver:
    """Who got a message, as their mail program shows them and it. ``asked`` is the invitation in it, None without one.

    ``replies`` tells whether a reply reaches us, ``away`` and ``bounces`` whether a server would answer by itself.
    """

    def __init__(self, mail: DeliveredMail, domain: str) -> None:
        headers = {name.lower(): value for name, value in reversed(mail.headers)}
        self.mail = mail
        self.address = mail.line.envelope_to[0]
        self.name = parseaddr(headers.get("to", ""))[0]
        self.language = _language(headers.get("content-language", ""))
        self.from_name, self.answer_to = parseaddr(headers.get("reply-to") or headers.get("from", ""))
        self.returns_to = mail.line.envelope_from
        self.message_id = _first_id(mail.line.message_id)
        ids = [*_MESSAGE_ID.findall(headers.get("references", ""))[-5:], self.message_id]
        self.thread = " ".join(ident for ident in ids if ident)
        self.asked = _read(mail.calendar)
        self.replies = is_answered_to(self.answer_to, domain)
        self.bounces = self.replies and is_answered_to(self.returns_to, domain)
        # Nobody's server answers what a machine wrote (RFC 3834 section 2).
        auto_submitted = headers.get("auto-submitted", "no").partition(";")[0].strip().lower()
        self.away = self.bounces and auto_submitted == "no"

    def answer(self, partstat: str, comment: str, press: Press) -> Sent:
        """Return what a calendar program sends when *Accept*, *Maybe* or *Decline* is pressed. Raise ValueError."""
        asked = self._asked()
        calendar = write_reply(asked, partstat, comment, stamp=press.at)
        with speaking(self.language):
            subject = {
                "ACCEPTED": pgettext("guest's mail", "Accepted: %(subject)s", subject=self.mail.line.subject),
                "TENTATIVE": pgettext(
                    "guest's mail", "Tentative: %(subject)s", subject=self.mail.line.subject
                ),
                "DECLINED": pgettext("guest's mail", "Declined: %(subject)s", subject=self.mail.line.subject),
            }[partstat]
        return self._calendar_mail(asked, "REPLY", calendar, subject, comment, press)

    def propose(self, starts: datetime, ends: datetime, comment: str, press: Press) -> Sent:
        """Return what a calendar program sends when another time is proposed. Raise ValueError."""
        asked = self._asked()
        calendar = write_counter(asked, starts, ends, comment, stamp=press.at)
        with speaking(self.language):
            subject = pgettext(
                "guest's mail", "New time proposed: %(subject)s", subject=self.mail.line.subject
            )
            if not comment:
                when = span_words(starts, ends, self.language, asked.zone or TIRANE)
                comment = pgettext("guest's mail", "Proposed time: %(when)s", when=when)
        return self._calendar_mail(asked, "COUNTER", calendar, subject, comment, press)

    def reply(self, words: str, press: Press) -> Sent:
        """Return a reply in words, the message quoted below as mail programs do."""
        mail, language = self.mail, self.language
        with speaking(language):
            day = day_words(local_date(mail.line.stored_at), language, weekday=False)
            wrote = pgettext(
                "guest's mail", "On %(day)s at %(hour)s, %(who)s wrote:",
                day=day, hour=f"{clock_words(mail.line.stored_at, TIRANE)}", who=f"{self.from_name} <{self.answer_to}>".strip(),
            )  # fmt: skip
        quoted = "\n".join(f"> {line}".rstrip() for line in mail.text.split("\n")[:_QUOTED_LINES])
        text = f"{words}\n\n{wrote}\n\n{quoted}\n"
        subject = mail.line.subject
        if not subject.lower().startswith("re:"):
            subject = f"Re: {subject}"
        return Sent(message_bytes(self._parts("words", subject, text, press)), self.address, self.answer_to)

    def absence(self, back_on: date, press: Press) -> Sent:
        """Return what a mail server answers for somebody who is away (RFC 3834): to the Return-Path, from the null sender."""
        if not self.away:
            raise ValueError("nobody's server answers this message")
        with speaking(self.language):
            day = day_words(back_on, self.language, weekday=False)
            subject = pgettext("guest's mail", "Automatic reply: %(subject)s", subject=self.mail.line.subject)
            text = pgettext(
                "guest's mail", "Thank you for your message. I am out of the office until %(day)s.", day=day
            )
        parts = self._parts("absence", subject, text + "\n", press, to=self.returns_to)
        marked = b"Auto-Submitted: auto-replied\r\nX-Auto-Response-Suppress: All\r\n" + message_bytes(parts)
        return Sent(marked, "", self.returns_to)

    def bounce(self, press: Press) -> Sent:
        """Return what a mail server returns when it knows no such mailbox (RFC 3464), in the form Postfix writes."""
        if not self.bounces:
            raise ValueError("nothing is returned to the null sender")
        return Sent(
            self._report(press).encode() + self.mail.raw + b"\r\n--" + _boundary(press) + b"--\r\n",
            "",
            self.returns_to,
        )

    def _asked(self) -> Asked:
        if self.asked is None:
            raise ValueError("no invitation in this message")
        return self.asked

    def _calendar_mail(
        self, asked: Asked, method: str, calendar: str, subject: str, comment: str, press: Press
    ) -> Sent:
        parts = self._parts(
            method, subject, (comment or subject) + "\n", press, to=asked.organizer.address, calendar=calendar
        )
        return Sent(message_bytes(parts), self.address, asked.organizer.address)

    def _parts(
        self, what: str, subject: str, text: str, press: Press, *, to: str = "", calendar: str | None = None
    ) -> MailParts:
        thread = (("In-Reply-To", self.message_id), ("References", self.thread))
        return MailParts(
            message_id=f"<{_digest(press, what)}@{self.address.rpartition('@')[2]}>",
            date=press.at,
            from_name=self.name,
            from_address=self.address,
            to_name=self.from_name,
            to_address=to or self.answer_to,
            envelope_from=self.address,
            subject=subject,
            text=text,
            language=self.language,
            calendar=calendar,
            calendar_method=what if calendar else None,
            headers=thread if self.message_id else (),
        )

    def _report(self, press: Press) -> str:
        server = f"mx.{self.address.rpartition('@')[2]}"
        boundary, at = _boundary(press).decode(), format_datetime(press.at)
        why = f"550 5.1.1 <{self.address}>: Recipient address rejected: User unknown in virtual mailbox table"
        head = (
            f"From: MAILER-DAEMON@{server} (Mail Delivery System)\nTo: {self.returns_to}\n"
            f"Subject: Undelivered Mail Returned to Sender\nDate: {at}\n"
            f"Message-ID: <{_digest(press, 'bounce')}@{server}>\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n"
            f'Content-Type: multipart/report; report-type=delivery-status;\n boundary="{boundary}"\n\n'
            "This is a MIME-encapsulated message.\n\n"
        )
        notification = (
            f"--{boundary}\nContent-Description: Notification\nContent-Type: text/plain; charset=us-ascii\n\n"
            f"This is the mail system at host {server}.\n\n"
            "I'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients. "
            "It's attached below.\n\n"
            f"                   The mail system\n\n"
            f"<{self.address}>: host {server} said:\n    {why} (in reply to RCPT TO command)\n\n"
        )
        status = (
            f"--{boundary}\nContent-Description: Delivery report\nContent-Type: message/delivery-status\n\n"
            f"Reporting-MTA: dns; {server}\nX-Postfix-Sender: rfc822; {self.returns_to}\nArrival-Date: {at}\n\n"
            f"Final-Recipient: rfc822; {self.address}\nOriginal-Recipient: rfc822;{self.address}\nAction: failed\n"
            f"Status: 5.1.1\nRemote-MTA: dns; {server}\nDiagnostic-Code: smtp; {why}\n\n"
            f"--{boundary}\nContent-Description: Undelivered Message\nContent-Type: message/rfc822\n"
            "Content-Transfer-Encoding: 8bit\n\n"
        )
        return (head + notification + status).replace("\n", "\r\n")


def hand_in(sent: Sent, host: str, port: int, *, timeout: float = 20.0) -> None:
    """Hand a message to the mail server at ``host``. Raise OSError, of which what the server refuses is one."""
    options = [] if (sent.sender + sent.recipient).isascii() else ["SMTPUTF8"]
    with smtplib.SMTP(host, port, "localhost", timeout=timeout) as client:
        client.sendmail(sent.sender, [sent.recipient], sent.raw, options)


def _read(calendar: str) -> Asked | None:
    try:
        return read_request(calendar) if calendar else None
    except UnreadableCalendar:
        return None


def _language(tag: str) -> str:
    return tag[:2].lower() if tag[:2].lower() in LANGUAGES else "sq"


def _first_id(value: str) -> str:
    match = _MESSAGE_ID.search(value)
    return match[0] if match and match[0].isascii() else ""


def _digest(press: Press, what: str) -> str:
    return hashlib.sha256(f"{what}:{press.nonce}".encode()).hexdigest()[:32]


def _boundary(press: Press) -> bytes:
    return b"=_" + _digest(press, "boundary").encode()

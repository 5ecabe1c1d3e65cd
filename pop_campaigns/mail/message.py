"""One outgoing mail, from its parts to its bytes.

The bytes depend on nothing but the parts: boundaries come from the Message-ID, the date is given. So a queued
mail can be made again exactly, and what a coordinator previews is what arrives.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser, Parser
from email.policy import EmailPolicy, compat32, default
from email.utils import format_datetime, parseaddr
from typing import TYPE_CHECKING

from flask_mail import Message

from pop_campaigns.calendars.answer import METHODS
from pop_campaigns.mail.addresses import clean_display_name, clean_subject, is_plain_address, needs_smtputf8
from pop_campaigns.mail.headers import (
    ascii_file_name,
    clean_file_name,
    read_words,
    wire_policy,
    write_address,
    write_file_parameter,
    write_text,
)

EXTRA_HEADERS = (
    "In-Reply-To", "References", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Help",
    "List-Archive", "List-Owner", "Precedence",
)  # fmt: skip
"""Headers a mail may carry beside its own, in the order they are written."""

# A subject is capped where it is typed; this only keeps a forgotten one from growing without end.
_SUBJECT_BACKSTOP = 250
_LONGEST_LINE = 998  # RFC 5322 section 2.1.1
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,120}@[A-Za-z0-9.-]{1,120}>")
_MEDIA_TYPE = re.compile(r"(application|audio|font|image|text|video)/[a-z0-9][a-z0-9.+-]{0,80}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_BARE_BREAK = re.compile(rb"\r(?!\n)|(?<!\r)\n")


if TYPE_CHECKING:
    _Policy = EmailPolicy[EmailMessage]


class UnsafeMessage(ValueError):
    """The mail must not leave: a part of it would say something else on the wire than was meant."""


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file that goes with a mail. ``name`` may be anything typed; it is cleaned before it is written."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class MailParts:
    """All that one mail to one recipient is made of.

    ``message_id`` with its angle brackets; ``date`` aware; addresses as :func:`addresses.parse_address` gives
    them; ``envelope_from`` is for the envelope alone ("" is the null sender); ``calendar`` is a whole
    VCALENDAR whose METHOD is ``calendar_method``; ``auto_submitted`` for notifications, reminders and
    receipts, not for letters, ``auto_replied`` where it answers a mail (RFC 3834 section 5); ``headers`` of EXTRA_HEADERS
    only; ``language`` a tag such as ``sq``.
    """

    message_id: str
    date: datetime
    from_name: str
    from_address: str
    to_name: str
    to_address: str
    envelope_from: str
    subject: str
    text: str
    language: str
    html: str | None = None
    reply_to: str | None = None
    calendar: str | None = None
    calendar_method: str | None = None
    attachments: tuple[AttachedFile, ...] = ()
    auto_submitted: bool = False
    auto_replied: bool = False
    headers: tuple[tuple[str, str], ...] = ()


class PostMessage(Message):
    """A Flask-Mail message whose bytes come from :class:`MailParts` and are read back before they leave."""

    def __init__(self, parts: MailParts) -> None:
        self.parts = parts
        self.from_name = clean_display_name(parts.from_name)
        self.to_name = clean_display_name(parts.to_name)
        super().__init__(
            subject=clean_subject(parts.subject, _SUBJECT_BACKSTOP),
            recipients=[parts.to_address],
            body=parts.text,
            html=parts.html,
            sender=write_address(self.from_name, parts.from_address),
            reply_to=parts.reply_to,
            date=parts.date.timestamp(),
        )
        self.msgId = parts.message_id

    def _message(self) -> EmailMessage:  # type: ignore[override]  # Flask-Mail builds on the older MIMEBase
        _refuse_bad_parts(self.parts)
        policy = wire_policy(utf8=needs_smtputf8(self.parts.to_address + self.parts.from_address))
        message = EmailMessage(policy)
        for name, value in self._own_headers():
            message[name] = value
        message["MIME-Version"] = "1.0"
        _fill(message, self.parts, policy)
        # Last, because filling clears every Content- header there is.
        message["Content-Language"] = self.parts.language
        return message

    def _own_headers(self) -> list[tuple[str, str]]:
        parts = self.parts
        headers = [
            ("Message-ID", parts.message_id),
            ("Date", format_datetime(parts.date)),
            ("From", write_address(self.from_name, parts.from_address)),
            ("To", write_address(self.to_name, parts.to_address)),
        ]
        if parts.reply_to:
            headers.append(("Reply-To", parts.reply_to))
        headers.append(("Subject", write_text(self.subject)))
        if parts.auto_submitted or parts.auto_replied:
            headers.append(("Auto-Submitted", "auto-replied" if parts.auto_replied else "auto-generated"))
        extra = dict(parts.headers)
        return headers + [(name, extra[name]) for name in EXTRA_HEADERS if name in extra]

    def as_bytes(self) -> bytes:
        """Return the mail as it travels. Raise :class:`UnsafeMessage`."""
        try:
            raw = self._message().as_bytes()
        except (UnicodeError, ValueError) as problem:
            raise UnsafeMessage(str(problem)) from problem
        self._check(raw)
        return raw

    def as_string(self) -> str:
        """Return the mail as text, for reading only."""
        return self.as_bytes().decode("utf-8")

    def _check(self, raw: bytes) -> None:
        """Read the bytes as a stranger would: the same headers, one From, one To, no odd line break."""
        if _BARE_BREAK.search(raw) or max(map(len, raw.split(b"\r\n"))) > _LONGEST_LINE:
            raise UnsafeMessage("a line is too long or ends in half a line break")
        head = raw.partition(b"\r\n\r\n")[0].decode("utf-8")
        names = [line.partition(":")[0] for line in head.split("\r\n") if line[:1] not in " \t"]
        meant = [name for name, _ in self._own_headers()] + list(self._content_headers())
        plain = BytesParser(policy=compat32).parsebytes(raw)
        modern = Parser(policy=default).parsestr(head + "\r\n\r\n", headersonly=True)
        if not names == meant == plain.keys() == modern.keys():
            raise UnsafeMessage("the header names are not the ones meant")
        sides = (
            ("From", self.from_name, self.parts.from_address),
            ("To", self.to_name, self.parts.to_address),
        )
        for field, name, address in sides:
            if _read_mailbox(_field(head, field)) != (name, address):
                raise UnsafeMessage(f"{field} does not read back as it was meant")
            if [a.addr_spec for a in modern[field].addresses] != [address]:
                raise UnsafeMessage(f"{field} holds other addresses than the one meant")
        if read_words(_field(head, "Subject")) != self.subject:
            raise UnsafeMessage("the subject does not read back as it was meant")

    def _content_headers(self) -> tuple[str, ...]:
        single = not (self.parts.html or self.parts.calendar or self.parts.attachments)
        encoding = ("Content-Transfer-Encoding",) if single else ()
        return ("MIME-Version", "Content-Type", *encoding, "Content-Language")


def build_message(parts: MailParts) -> PostMessage:
    """Return the Flask-Mail message of ``parts``; its bytes are made, and checked, by ``as_bytes``."""
    return PostMessage(parts)


def message_bytes(parts: MailParts) -> bytes:
    """Return the bytes of ``parts``, always the same for the same parts. Raise :class:`UnsafeMessage`."""
    return build_message(parts).as_bytes()


def new_message_id(domain: str) -> str:
    """Return an unused Message-ID on our domain; drawn once, when the mail is queued, and stored with it."""
    return f"<{secrets.token_hex(16)}@{domain}>"


def _fill(message: EmailMessage, parts: MailParts, policy: _Policy) -> None:
    calendar = _calendar_bytes(parts)
    file_name = "ftesa.ics" if parts.language == "sq" else "invite.ics"
    files = [AttachedFile(file_name, "application/ics", calendar)] if calendar else []
    files += parts.attachments
    if not files:
        _fill_body(message, parts, calendar, policy)
        return
    _make_multipart(message, "mixed", parts.message_id)
    body = MIMEPart(policy)
    _fill_body(body, parts, calendar, policy)
    for part in (body, *(_file_part(file, policy) for file in files)):
        message.attach(part)  # type: ignore[arg-type]  # parts carry no MIME-Version; typeshed wants messages


def _fill_body(part: MIMEPart, parts: MailParts, calendar: bytes | None, policy: _Policy) -> None:
    if not parts.html and calendar is None:
        _set_text(part, parts.text, "plain")
        return
    _make_multipart(part, "alternative", parts.message_id)
    for subtype, text in (("plain", parts.text), ("html", parts.html)):
        if text:
            leaf = MIMEPart(policy)
            _set_text(leaf, text, subtype)
            part.attach(leaf)
    if calendar is not None:
        part.attach(_calendar_part(calendar, parts.calendar_method, policy))


def _set_text(part: MIMEPart, text: str, subtype: str) -> None:
    kind = f"text/{subtype}; charset=utf-8"
    part.set_content(text, subtype=subtype, charset="utf-8", cte="quoted-printable")
    part.replace_header("Content-Type", kind)


def _calendar_part(calendar: bytes, method: str | None, policy: _Policy) -> MIMEPart:
    part = MIMEPart(policy)
    part.set_content(calendar, maintype="text", subtype="calendar")
    # No Content-Disposition: with one, Outlook and Gmail show a file instead of an invitation (RFC 6047).
    part.replace_header("Content-Type", f"text/calendar; charset=utf-8; method={method}")
    return part


def _file_part(file: AttachedFile, policy: _Policy) -> MIMEPart:
    part = MIMEPart(policy)
    name = clean_file_name(file.name)
    part.set_content(file.content, *file.media_type.split("/"))
    part.replace_header("Content-Type", file.media_type + write_file_parameter("name", ascii_file_name(name)))
    part["Content-Disposition"] = "attachment" + write_file_parameter("filename", name)
    return part


def _make_multipart(part: MIMEPart, subtype: str, message_id: str) -> None:
    # "=_" occurs in no quoted-printable or base64 line, so no content can contain a boundary.
    boundary = "=_" + hashlib.sha256(f"{subtype}:{message_id}".encode()).hexdigest()[:32]
    part["Content-Type"] = f'multipart/{subtype}; boundary="{boundary}"'


def _calendar_bytes(parts: MailParts) -> bytes | None:
    if parts.calendar is None:
        return None
    return parts.calendar.replace("\r\n", "\n").replace("\n", "\r\n").encode("utf-8")


def _refuse_bad_parts(parts: MailParts) -> None:
    if not _MESSAGE_ID.fullmatch(parts.message_id):
        raise UnsafeMessage("not a Message-ID")
    if parts.date.tzinfo is None:
        raise UnsafeMessage("the date has no time zone")
    for address in filter(None, (parts.from_address, parts.to_address, parts.reply_to)):
        if not is_plain_address(address):
            raise UnsafeMessage("an address is not one plain address")
    if not (parts.from_address and parts.to_address and parts.text.strip()):
        raise UnsafeMessage("sender, recipient or text is missing")
    for file in parts.attachments:
        if not _MEDIA_TYPE.fullmatch(file.media_type):
            raise UnsafeMessage("a file has no plain media type")
    _refuse_bad_headers(parts)
    _refuse_bad_calendar(parts)


def _refuse_bad_headers(parts: MailParts) -> None:
    if not _LANGUAGE.fullmatch(parts.language):
        raise UnsafeMessage("not a language tag")
    for name, value in parts.headers:
        if name not in EXTRA_HEADERS or not re.fullmatch(r"[\x21-\x7e]+( [\x21-\x7e]+)*", value):
            raise UnsafeMessage(f"the header {name[:40]!a} may not be added so")
    if len(dict(parts.headers)) != len(parts.headers):
        raise UnsafeMessage("a header is there twice")


def _refuse_bad_calendar(parts: MailParts) -> None:
    if parts.calendar is None:
        if parts.calendar_method is not None:
            raise UnsafeMessage("a calendar method without a calendar")
        return
    if re.search(r"\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", parts.calendar):
        raise UnsafeMessage("the calendar holds control characters")
    # Readers believe either of the two (RFC 6047 section 2.4); they must not differ.
    methods = re.findall(r"(?im)^METHOD:([A-Z]+)\r?$", parts.calendar)
    if methods != [parts.calendar_method] or parts.calendar_method not in METHODS:
        raise UnsafeMessage("the calendar's method is not the mail's")


def _field(head: str, name: str) -> str:
    match = re.search(rf"(?m)^{name}: ([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)", head)
    return match[1].replace("\r\n", "") if match else ""


def _read_mailbox(value: str) -> tuple[str, str]:
    name, address = parseaddr(value)
    return read_words(name), address

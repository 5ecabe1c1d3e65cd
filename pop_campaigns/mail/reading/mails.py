"""Reading a mail that came in: what it is, what it says, and all that finding its place needs.

Pure: bytes in, a :class:`MailReport` out, never an exception. The order in which kinds are asked matters: Gmail marks
calendar answers as sent by a machine, and a server's report of a failure may quote an answer.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import fields, replace
from email.message import Message
from typing import Any

from pop_campaigns.calendars.answer import CalendarAnswer
from pop_campaigns.calendars.reply import UnreadableCalendar, answer_in, read_calendar
from pop_campaigns.core.text import clean_line, clean_text
from pop_campaigns.mail.authentication import read_sender_check
from pop_campaigns.mail.reading.absence_days import returns_on
from pop_campaigns.mail.reading.auto_replies import is_perhaps_absent, read_auto_reply, why_no_answer
from pop_campaigns.mail.reading.bounces import read_bounce
from pop_campaigns.mail.reading.charsets import without_surrogates
from pop_campaigns.mail.reading.machine_reports import read_feedback, read_receipt
from pop_campaigns.mail.reading.opening import TooMuch, is_signed, parse_message, why_closed
from pop_campaigns.mail.reading.parts import (
    attached_text,
    attachment_bytes,
    attachment_notes,
    body_text,
    called,
    header,
    leaves,
    media_type,
    parameter,
    part_bytes,
    raw_header,
)
from pop_campaigns.mail.reading.reply_text import new_words
from pop_campaigns.mail.reading.report import NEEDS_MEMORY, MailReport, unparsed
from pop_campaigns.mail.reading.returned import returned_headers
from pop_campaigns.mail.reading.who_and_when import date_of, message_ids, own_id, recipients_of, sender_of
from pop_campaigns.mail.rules import IncomingKind

BODY_LIMIT = 200_000
_CALENDAR_TYPES = frozenset({"text/calendar", "application/ics", "application/calendar", "text/x-vcalendar"})
_NO_KIND = frozenset({"text/plain", "application/octet-stream"})
# Our own invitation, when a server returns it in the open, is one of these: a bounce then. A PUBLISH is a file that
# somebody shows; it asks and answers nothing.
_QUESTIONS = frozenset({"REQUEST", "CANCEL", "ADD", "REFRESH", "DECLINECOUNTER"})
# What a server reports quotes nobody; its words stay as they are.
_WRITTEN_BY_SOMEBODY = frozenset({IncomingKind.CALENDAR, IncomingKind.AUTO, IncomingKind.HUMAN})
_BARE_CALENDAR = re.compile(rb"\A(\xef\xbb\xbf)?\s*BEGIN:VCALENDAR\s", re.IGNORECASE)
_MAILBOX_LINE = re.compile(rb"\A(?:>?From [^\r\n]{0,500}\r?\n)+")
_HEADERS_KEPT = 60


def read_mail(raw: bytes, envelope_from: str = "", envelope_to: str = "") -> MailReport:
    """Return what a mail is and says. ``envelope_from`` is "<>" for the null sender, "" where it is not known."""
    try:
        return _read(raw, envelope_from, envelope_to)
    except TooMuch as problem:
        return unparsed(str(problem))
    except MemoryError:
        return unparsed(NEEDS_MEMORY)
    except (
        Exception
    ) as problem:  # 2 % of broken mails raise somewhere in the parser; they are kept and shown raw
        return unparsed(f"cannot be taken apart: {type(problem).__name__}")


def read_attachment(raw: bytes, number: int) -> bytes | None:
    """Return the file with this number among the report's attachments, from 0; None where there is none to be had."""
    try:
        return attachment_bytes(parse_message(_MAILBOX_LINE.sub(b"", raw)), number)
    except Exception:  # whatever is in it: the mail as it came can still be downloaded whole
        return None


def _read(raw: bytes, envelope_from: str, envelope_to: str) -> MailReport:
    raw = _MAILBOX_LINE.sub(b"", raw)
    if b"\r\r\n" in raw[:2000]:
        raw = raw.replace(b"\r\r\n", b"\r\n")  # line ends that were turned into line ends once more
    if _BARE_CALENDAR.match(raw):
        raw = (
            b"Content-Type: text/calendar; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
            + raw.lstrip()
        )
    if not raw.strip():
        return unparsed("the mail is empty")
    message = parse_message(raw)
    if not message.keys() and b"\x00" in raw[:10_000]:
        return unparsed("not a mail: there are no headers")
    report = replace(_plain_facts(message, envelope_to), no_answer=why_no_answer(message, envelope_from))
    report, calendar_reason = _with_calendar(message, report)
    report = _classify(message, report, calendar_reason, envelope_from)
    if report.kind in _WRITTEN_BY_SOMEBODY:
        report = replace(report, text=new_words(without_surrogates(body_text(message))[:BODY_LIMIT]))
    return _tidy(report)


def _plain_facts(message: Message, envelope_to: str) -> MailReport:
    address, name = sender_of(message)
    body = clean_text(without_surrogates(body_text(message)))[:BODY_LIMIT]
    return MailReport(
        kind=IncomingKind.HUMAN,
        reasons=(),
        text=body,
        attachments=attachment_notes(message),
        body=body,
        recipients=recipients_of(message, envelope_to),
        message_id=own_id(message),
        in_reply_to=message_ids(raw_header(message, "In-Reply-To")),
        references=message_ids(raw_header(message, "References")),
        subject=header(message, "Subject")[:1000],
        from_address=address,
        from_name=name,
        date=date_of(message),
        attached_text=clean_text(without_surrogates(attached_text(message))),
        sender_check=read_sender_check(message),
        signed=is_signed(message),
    )


def _classify(message: Message, report: MailReport, calendar_reason: str, envelope_from: str) -> MailReport:
    calendar = report.calendar or CalendarAnswer()
    if calendar.is_answer:
        return _as(report, IncomingKind.CALENDAR, calendar_reason)
    if bounce := read_bounce(message, envelope_from):
        returned = _returned(message)
        return replace(
            _as(report, IncomingKind.BOUNCE, *bounce.reasons),
            permanent=bounce.permanent,
            failed_recipients=bounce.failed,
            status=bounce.status,
            diagnostic=bounce.diagnostic,
            written_to=bounce.written_to,
            forwarded_to=bounce.forwarded_to,
            returned=returned,
            returned_id=next(iter(message_ids((returned or {}).get("message-id", ""))), ""),
        )
    if calendar.method in _QUESTIONS:
        return _as(report, IncomingKind.CALENDAR, calendar_reason)
    if why := read_feedback(message):
        return replace(_as(report, IncomingKind.FEEDBACK, why), returned=_returned(message))
    if why := read_receipt(message):
        return _as(report, IncomingKind.RECEIPT, why)
    if why := read_auto_reply(message, envelope_from):
        return replace(_as(report, IncomingKind.AUTO, why), returns_on=_back(report))
    perhaps = is_perhaps_absent(message, new_words(report.body))
    return replace(
        _as(report, IncomingKind.HUMAN, "nothing says that a machine wrote it"),
        perhaps_absent=perhaps,
        returns_on=_back(report) if perhaps else None,
    )


def _back(report: MailReport) -> dt.date | None:
    return returns_on(f"{report.subject}\n{new_words(report.body)}", report.date)


def _as(report: MailReport, kind: IncomingKind, *why: str) -> MailReport:
    return replace(report, kind=kind, reasons=(*filter(None, why), *report.reasons))


def _with_calendar(message: Message, report: MailReport) -> tuple[MailReport, str]:
    """Add the calendar object, and return what it is; one that cannot be read is named among the reasons."""
    if media_type(message) == "multipart/report":
        return report, ""
    notes: list[str] = []
    for part in filter(_may_be_calendar, leaves(message)):
        method, charset = parameter(part, "method"), parameter(part, "charset")
        try:
            calendar = read_calendar(part_bytes(part), method=method, charset=charset)
        except UnreadableCalendar as problem:
            notes.append(f"a calendar part that cannot be read: {problem.reason}")
            continue
        if not calendar.method:
            notes.append("a calendar file without a method")
            continue
        report = replace(report, calendar=answer_in(calendar, report.from_address), reasons=tuple(notes))
        return report, f"a calendar object with METHOD:{calendar.method}"
    if not notes and "BEGIN:VCALENDAR" in report.body:
        notes.append("a calendar object among the words, not as a part: it cannot be read")
    unread, told = next((note for note in notes if "cannot be read" in note), ""), ""
    if not unread:
        unread, told = why_closed(message, report.subject)
        notes += filter(None, (unread,))
    kept = tuple(dict.fromkeys(notes))
    return replace(report, reasons=kept, unreadable_calendar=unread, told_partstat=told), ""


def _may_be_calendar(part: Message) -> bool:
    """Return whether a part is a calendar object by its kind or name, or by what it holds where a server lost both."""
    if media_type(part) in _CALENDAR_TYPES:
        return True
    if called(part).lower().endswith((".ics", ".vcs", ".ical", ".icalendar")):
        return True
    return media_type(part) in _NO_KIND and bool(_BARE_CALENDAR.match(part_bytes(part)[:100]))


def _returned(message: Message) -> dict[str, str] | None:
    returned = returned_headers(message)
    headers = {
        name[:100]: value[:2000] for name, value in returned.items() if re.fullmatch(r"[!-9;-~]+", name)
    }
    return dict(list(headers.items())[:_HEADERS_KEPT]) or None


def _tidy(report: MailReport) -> MailReport:
    """Cap what a stranger chose, and keep out what no database takes: lone surrogates and NUL, wherever they stand."""
    clean = {name: _storable(getattr(report, name)) for name in _OF_STRANGERS}
    return replace(
        replace(report, **clean),
        reasons=tuple(clean_line(without_surrogates(reason))[:300] for reason in report.reasons),
        failed_recipients=tuple(
            clean_line(without_surrogates(recipient))[:320] for recipient in report.failed_recipients
        ),
    )


_OF_STRANGERS = (
    "calendar", "text", "body", "recipients", "message_id", "in_reply_to", "references", "subject", "from_address", "from_name",
    "status", "diagnostic", "returned_id", "returned", "attached_text", "no_answer", "written_to", "forwarded_to",
    "unreadable_calendar",
)  # fmt: skip


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return without_surrogates(value)
    if isinstance(value, dict):
        return {_storable(name): _storable(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_storable(item) for item in value)
    if isinstance(value, CalendarAnswer):
        return replace(
            value, **{field.name: _storable(getattr(value, field.name)) for field in fields(value)}
        )
    return value

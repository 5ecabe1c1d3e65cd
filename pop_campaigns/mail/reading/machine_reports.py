"""Reports that machines send about mail that did arrive: complaints (RFC 5965) and receipts (RFC 8098)."""

from __future__ import annotations

import re
from email.message import Message

from pop_campaigns.mail.reading.parts import (
    children,
    header,
    leaves,
    media_type,
    parameter,
    part_text,
    raw_header,
)
from pop_campaigns.mail.reading.who_and_when import sender_of

_READ_SUBJECTS = re.compile(
    r"(?i)^\s*(read|read receipt|return receipt( \(displayed\))?|lexuar|u lexua|gelesen|lesebestätigung|letto|lu|leído|not read|"
    r"nuk u lexua|ungelesen|përgjigje leximi|dëftesë leximi)\s*[:(-]"
)
_FEEDBACK_SENDERS = re.compile(
    r"(?i)^(staff@hotmail\.com|[\w.+-]*@email-abuse\.amazonses\.com|fbl[\w.-]*@|feedbackloop@)"
)


def read_feedback(message: Message) -> str:
    """Return why a mail is a complaint about one of ours, "" if it is not."""
    if parameter(message, "report-type").lower() == "feedback-report":
        return "marked as a feedback report (RFC 5965)"
    if any(media_type(part) == "message/feedback-report" for part in leaves(message)):
        return "holds a feedback report (RFC 5965)"
    if _FEEDBACK_SENDERS.match(sender_of(message)[0]) and re.search(
        r"(?i)complaint|abuse|feedback", header(message, "Subject")
    ):
        return "comes from where a provider sends complaints"
    if raw_header(message, "X-Apple-Unsubscribe"):
        return "a mail program asks by itself to be taken off"
    return ""


def read_receipt(message: Message) -> str:
    """Return why a mail is a receipt for one of ours, with what it says; "" if it is none."""
    for part in leaves(message):
        if media_type(part) in (
            "message/disposition-notification",
            "message/global-disposition-notification",
        ):
            return f"a receipt (RFC 8098): {_disposition(part)}"
    if parameter(message, "report-type").lower() == "disposition-notification":
        return "marked as a receipt (RFC 8098)"
    if (
        "ipnrn" in raw_header(message, "Content-Class").lower()
        or "ipnrn" in raw_header(message, "X-MS-Class").lower()
    ):
        return "Outlook marks it as a receipt"
    if _READ_SUBJECTS.match(header(message, "Subject")) and _is_bare(message):
        return "its subject is that of a receipt"
    return ""


def _is_bare(message: Message) -> bool:
    """Return whether nobody set out to write a mail: receipts are no replies and come from the null sender or by machine."""
    return raw_header(message, "Return-Path").strip() == "<>" or raw_header(
        message, "Auto-Submitted"
    ).lower() not in ("", "no")


def _disposition(part: Message) -> str:
    blocks = children(part)
    for block in blocks:
        if disposition := header(block, "Disposition"):
            return disposition[:100]
    match = re.search(r"(?im)^disposition:\s*(.{1,100})$", part_text(part)[:20_000])
    return match[1].strip() if match else "nothing further"

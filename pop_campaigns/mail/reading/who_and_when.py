"""From, to, identity and time of a mail that came in, read from headers that may hold anything."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime

from pop_campaigns.core.text import clean_line
from pop_campaigns.mail.reading.charsets import decode_header_value
from pop_campaigns.mail.reading.parts import raw_header, raw_headers

RECIPIENT_HEADERS = (
    "To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Forwarded-To", "Apparently-To",
    "X-RCPT-TO", "X-Delivered-To", "X-Real-To", "Resent-To", "Resent-Cc",
)  # fmt: skip
_ADDRESS = re.compile(r"[^\s<>\[\]()\",;:\\@\x00-\x20]{1,128}@[^\s<>()\",;:\\@\x00-\x20]{1,255}")
_QUOTED_LOCAL = re.compile(r'<("[^"\r\n<>]{1,100}"@[^\s<>]{1,255})>')
_FOR = re.compile(r"(?i)\bfor\s+<?([^\s<>;,]{1,320}@[^\s<>;,]{1,255})>?")
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,995}>")
_ADDRESSES_LIMIT = 200


def addresses_in(value: str) -> list[str]:
    """Return the addresses a header value holds, display names left out, in lower case."""
    value = decode_header_value(value)
    bare = re.sub(r'"(?:[^"\\]|\\.){0,500}"(?!@)', " ", value)
    angled = re.findall(r"<\s*([^<>]{0,400}?)\s*>", bare)
    wanted = [match[0] for text in angled if (match := _ADDRESS.search(text))] or _ADDRESS.findall(bare)
    if angled and "," in bare:
        wanted = _ADDRESS.findall(bare)
    return [address.lower().rstrip(".") for address in (wanted or _QUOTED_LOCAL.findall(value))]


def recipients_of(message: Message, envelope_to: str) -> tuple[str, ...]:
    """Return every address the mail was for, by envelope, headers and trace, each once."""
    addresses = addresses_in(envelope_to)
    for value in raw_headers(message, *RECIPIENT_HEADERS):
        addresses += addresses_in(value[:20_000])
    for value in raw_headers(message, "Received"):
        addresses += [address.lower() for address in _FOR.findall(value[:2000])]
    return tuple(dict.fromkeys(addresses))[:_ADDRESSES_LIMIT]


def sender_of(message: Message) -> tuple[str, str]:
    """Return address and name of the sender, both "" where there is none."""
    raw = raw_header(message, "From") or raw_header(message, "Sender")
    value = decode_header_value(raw)[:2000]
    match = re.search(r"<\s*([^<>]{0,400}?)\s*>\s*(?:\([^)]*\)\s*)?$", value)
    if match:
        inner = _ADDRESS.search(match[1])
        address = inner[0] if inner else (match[1] if "@" in match[1] else "")
        name = value[: match.start()].strip().strip("\"'")
    else:
        alone = _ADDRESS.search(value)
        address = alone[0] if alone else ""
        comment = re.search(r"\(([^()]*)\)", value)
        name = comment[1] if comment else value.replace(address, "").strip(" \"'<>") if address else value
    name = clean_line(name.replace('\\"', '"').replace('"', ""))
    return address.lower().rstrip(".")[:320], "" if name.lower() == address.lower() else name[:200]


def is_null_sender(message: Message, envelope_from: str) -> bool:
    """Return whether nobody wants to hear back (RFC 5321 section 4.5.5), by the envelope or what a server noted of it."""
    noted = (value.strip() == "<>" for value in raw_headers(message, "Return-Path"))
    return envelope_from.strip() == "<>" or any(noted)


def message_ids(value: str) -> tuple[str, ...]:
    """Return the Message-IDs in a header value, with their angle brackets, each once."""
    joined = re.sub(r"\s+", " ", value)[:50_000]
    idents = [re.sub(r"\s", "", message_id) for message_id in _MESSAGE_ID.findall(joined)]
    return tuple(dict.fromkeys(idents))[:100]


def own_id(message: Message) -> str:
    """Return the mail's Message-ID, also one without brackets."""
    value = raw_header(message, "Message-ID")
    idents = message_ids(value)
    bare = "".join(char for char in value if char.isprintable() and not char.isspace())
    text = idents[0] if idents else bare
    return text.encode("ascii", "replace").decode("ascii")[:998]


def date_of(message: Message) -> datetime | None:
    """Return the time in the Date header in UTC, None where it makes no sense."""
    value = raw_header(message, "Date")
    try:
        moment = parsedate_to_datetime(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        moment = moment.astimezone(UTC)
    except (IndexError, OverflowError, TypeError, ValueError):
        return None
    return moment if 1970 <= moment.year <= 2200 else None

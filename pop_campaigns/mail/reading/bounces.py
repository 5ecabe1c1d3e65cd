"""Mails that say that a mail did not arrive: what failed, for good or for now, and in the server's words.

First the form made for it (RFC 3464), then servers that write prose: their sender or subject must speak of delivery
before any pattern is asked, so that a person who quotes a failure is not taken for one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from email.message import Message
from email.policy import compat32
from itertools import islice

from flufl.bounce import all_failures

from pop_campaigns.core.text import clean_line
from pop_campaigns.mail.reading.charsets import decode_header_value
from pop_campaigns.mail.reading.parts import (
    body_text,
    children,
    header,
    leaves,
    media_type,
    parameter,
    part_bytes,
    part_text,
    raw_header,
    raw_headers,
)
from pop_campaigns.mail.reading.returned import (
    fields_in,
    fields_of,
    never_failed,
    not_ours,
    passed_on,
    returned_headers,
    told_to,
    written_to,
)
from pop_campaigns.mail.reading.who_and_when import addresses_in, is_null_sender, sender_of
from pop_campaigns.mail.words.bounces import speaks_of_failure, speaks_of_waiting

_DAEMONS = re.compile(
    r"(?i)^(mailer[._-]?daemon|mdaemon|post[._-]?master|mail[._-]?(delivery|daemon|admin|system)[\w.-]*|mailadm|e500_smtp\w*"
    r"|\w*smtp_gateways?|(non)?-?deliver[\w.-]*|undeliver[\w.-]*|dsn|daemon|ndr|bounces?|imss|listserv)(\\?@|$)"
)
_DAEMON_NAMES = re.compile(
    r"(?i)mail(er)?[ -]?(delivery|daemon|system)|delivery (sub)?system|system administrator|postmaster|jetmail|mail administrator"
)
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_REPLY_CODE = re.compile(r"(?<![\d.])([45]\d\d)[ -](?=\D|[45]\.)")
_IN_PROSE = re.compile(r"[^\s<>\[\]()\",;:'=]{1,64}@[a-zA-Z0-9][a-zA-Z0-9.-]{0,250}[a-zA-Z0-9]")
_DELIVERED = frozenset({"delivered", "relayed", "expanded", "deliverable"})
_RETURNED_START = re.compile(
    r"(?im)^(-+ ?(this is a copy of|original message|below this line|returned message|the following is|message header)"
    r"|received: |return-path: |message-id: |the (text|header)s? of (the|your) message"
    r"|bounced e-?mail|from \S+@\S+ +\w{3} \w{3} )"
)
_PASSED_ON = re.compile(
    r"(?i)^\s*(re|aw|sv|fwd?|wg|tr|rv|përgj|përc|pergj|ri)\s*(\[\d+\])?:(?!.*: non remis\b)"
)
_RECIPIENTS_LIMIT = 50
_DIAGNOSTIC_LIMIT = 500
_TEXT_FOR_PATTERNS, _HEADERS_FOR_PATTERNS, _DEPTH_FOR_PATTERNS = 20_000, 200, 6


# The words of a server's dialogue with another, which no person writes.
_DIALOGUE = re.compile(
    r"(?im)^[ \t>]*(?:RCPT TO|MAIL FROM|final-recipient|diagnostic-code|remote-mta)[ \t]*:"
)


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a delivery report says. ``permanent`` is None where nothing failed, or nobody can tell.

    ``written_to`` is whom the mail was for, ``forwarded_to`` are the failed mailboxes to which somebody had it passed on.
    """

    permanent: bool | None
    failed: tuple[str, ...]
    status: str
    diagnostic: str
    reasons: tuple[str, ...]
    written_to: tuple[str, ...] = ()
    forwarded_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _PerRecipient:
    address: str
    original: str
    action: str
    status: str
    diagnostic: str


def read_bounce(message: Message, envelope_from: str) -> Bounce | None:
    """Return what a bounce says, None for any other mail. ``envelope_from`` is "<>" for the null sender."""
    report = parameter(message, "report-type").lower()
    if report in ("feedback-report", "disposition-notification") and not _rejected(message):
        return None
    if structured := _by_structure(message):
        return structured
    why, certain = _says_who(message, envelope_from)
    bounce = _by_prose(message, why, certain) if why else None
    if bounce is None:
        return None
    returned, prose = returned_headers(message), _words_of(message)
    meant = written_to(returned, (), prose, never_failed(message, returned, prose))
    return replace(bounce, written_to=meant, forwarded_to=passed_on(bounce.failed, meant))


def _rejected(message: Message) -> bool:
    """Return whether a receipt is a refusal in disguise (RFC 3028 had ``reject`` send those)."""
    return "rejected" in raw_header(message, "Auto-Submitted").lower()


def _by_structure(message: Message) -> Bounce | None:
    per_recipients: list[_PerRecipient] = []
    forms = [part for part in leaves(message) if media_type(part) in _FORMS]
    for form in forms[:10]:
        per_recipients += _recipients(form)
    if not per_recipients:
        per_recipients = _recipients_in_text(message)
    if not per_recipients:
        named = [a for value in raw_headers(message, "X-Failed-Recipients") for a in addresses_in(value)]
        if not named:
            return None
        prose = _words_of(message)
        bounce = _from_words(prose, tuple(dict.fromkeys(named)), header(message, "Subject"))
        return replace(bounce, reasons=("a header names the recipients that failed", *bounce.reasons))
    return _with_names(message, per_recipients[:_RECIPIENTS_LIMIT])


def _with_names(message: Message, per_recipients: list[_PerRecipient]) -> Bounce:
    """Weigh a report, and say whose mailbox failed: whom we wrote to, or one to which that was passed on."""
    returned, prose = returned_headers(message), _words_of(message)
    bounce = _weigh(per_recipients, prose, header(message, "Subject"))
    never = never_failed(message, returned, prose)
    failed = tuple(not_ours(bounce.failed, never, told_to(message)))
    if bounce.failed and not failed:
        failed = tuple(not_ours(addresses_in(returned.get("to", "")), never)) or bounce.failed
    meant = written_to(returned, (per_recipient.original for per_recipient in per_recipients), prose, never)
    finals = [
        per_recipient.address
        for per_recipient in per_recipients
        if bounce.failed and (per_recipient.original or per_recipient.address) in bounce.failed
    ]
    return replace(
        bounce, failed=failed, written_to=meant, forwarded_to=passed_on(not_ours(finals, never), meant)
    )


_FORMS = frozenset({"message/delivery-status", "message/global-delivery-status"})


def _recipients(form: Message) -> list[_PerRecipient]:
    blocks = [dict(fields_of(block)) for block in children(form)]
    if not any("final-recipient" in block or "original-recipient" in block for block in blocks):
        blocks = _blocks_of(part_bytes(form).decode("utf-8", "replace"))
    return _from_blocks(blocks)


def _recipients_in_text(message: Message) -> list[_PerRecipient]:
    """Read the form where a server, or whoever passed it on, lost the parts: among the words of the report."""
    daemon = (
        _DAEMONS.match(sender_of(message)[0])
        or "delivery-status" in raw_header(message, "Content-Type").lower()
    )
    text = body_text(message)[:100_000] if daemon else ""
    if not text.strip() and daemon:
        text = part_bytes(message)[:100_000].decode("utf-8", "replace")
    if not re.search(r"(?im)^(final|original)-recipient:", text):
        return []
    return _from_blocks(_blocks_of(text))


def _blocks_of(text: str) -> list[dict[str, str]]:
    return [fields_in(block) for block in re.split(r"(?:\r?\n[ \t]*){2,}", text[:100_000])]


def _from_blocks(blocks: list[dict[str, str]]) -> list[_PerRecipient]:
    per_recipients = []
    for block in blocks:
        final, original = block.get("final-recipient", ""), block.get("original-recipient", "")
        if not (final or original):
            continue
        per_recipients.append(
            _PerRecipient(
                address=_typed_address(final),
                original=_typed_address(original) if "@" in original else "",
                action=block.get("action", "").split(" ")[0].strip("(;").lower(),
                status=(m[0] if (m := _STATUS.search(block.get("status", ""))) else ""),
                diagnostic=_shorten(
                    re.sub(r"(?i)^\s*(smtp|x-[\w-]+|dns)\s*;\s*", "", block.get("diagnostic-code", ""))
                ),
            )
        )
    return per_recipients


def _typed_address(value: str) -> str:
    """Return the address in ``rfc822; <kijitora@example.net>``, also one of X.400 that names a mailbox."""
    kind, _, rest = value.rpartition(";")
    if "x400" in kind.lower():
        inner = re.search(r"(?i)/rfc-?822=([^/]+?)/", rest + "/")
        rest = inner[1].replace("(a)", "@") if inner else ""
    addresses = addresses_in(rest or value)
    if addresses:
        return addresses[0]
    bare = clean_line(rest).strip(" <>\"'").lower()
    return bare if re.fullmatch(r"[\w.+-]{1,64}(@[\w.-]*)?", bare) else ""


def _weigh(per_recipients: list[_PerRecipient], prose: str, subject: str) -> Bounce:
    failed = [per_recipient for per_recipient in per_recipients if _is_failure(per_recipient) is True]
    waiting = [per_recipient for per_recipient in per_recipients if _is_failure(per_recipient) is False]
    unsaid = [
        per_recipient
        for per_recipient in per_recipients
        if _is_failure(per_recipient) is None and per_recipient.action not in _DELIVERED
    ]
    if not failed and not waiting and unsaid:
        failed = unsaid if not speaks_of_waiting(subject + "\n" + prose[:2000]) else []
        waiting = [] if failed else unsaid
    about = failed or waiting
    if not about:
        return Bounce(
            None,
            (),
            per_recipients[0].status,
            per_recipients[0].diagnostic,
            ("a delivery report that names no failure",),
        )
    addresses = list(
        dict.fromkeys(
            filter(None, (per_recipient.original or per_recipient.address for per_recipient in about))
        )
    )
    if not addresses or not all("@" in address for address in addresses):
        named = _addresses_in_prose(prose)
        addresses = [address for address in addresses if "@" in address] or named[:1] or addresses
    first = next((per_recipient for per_recipient in about if per_recipient.diagnostic), about[0])
    outcome = "failed" if failed else "delayed"
    status = specific_status(first.status, first.diagnostic)
    reason = f"a delivery report (RFC 3464) says {outcome}" + (f" {status}" if status else "")
    return Bounce(bool(failed), tuple(addresses), status, first.diagnostic, (reason,))


def _is_failure(per_recipient: _PerRecipient) -> bool | None:
    """Return whether a recipient failed for good (True) or for now (False). *failed* with 4.x.x: the server gave up, for good."""
    if per_recipient.action in ("failed", "failure", "error", "fail"):
        return True
    if per_recipient.action.startswith("delay"):
        return False
    if per_recipient.action in _DELIVERED:
        return None
    return {"5": True, "4": False}.get(per_recipient.status[:1])


def _says_who(message: Message, envelope_from: str) -> tuple[str, bool]:
    """Return why a mail without the form may be a bounce ("": it may not), and whether that alone is nearly proof."""
    address, name = sender_of(message)
    raw_from = decode_header_value(raw_header(message, "From"))
    subject = header(message, "Subject")
    if raw_header(message, "Precedence").lower() == "auto_reply":
        return "", False
    null = is_null_sender(message, envelope_from)
    named = _DAEMONS.match(address) or re.search(r"(?i)<\"?(postmaster|system admin)", raw_from)
    if named or _DAEMON_NAMES.search(name):
        # People sign as postmaster too; what they write has no such subject and no code, or passes a report on.
        certain = null or "daemon" in address or not address or _is_reported(message, subject)
        return f"the sender is a mail system ({address or name or 'unnamed'})", certain
    if parameter(message, "report-type").lower() == "delivery-status":
        return "the mail is marked as a delivery report", True
    if speaks_of_failure(subject) and not _PASSED_ON.match(subject):
        return "the subject speaks of a mail that did not arrive", null
    if null and speaks_of_failure(body_text(message)[:3000]):
        return "a mail without a sender that speaks of a mail that did not arrive", False
    return "", False


def _is_reported(message: Message, subject: str) -> bool:
    """Return whether a mail system's mail can only be its report: the failure, the code it got, and nobody passing it on."""
    prose = _words_of(message)
    if not (_STATUS.search(prose) or _REPLY_CODE.search(prose)):
        return False
    if _PASSED_ON.match(subject):
        return speaks_of_failure(prose[:300]) and len(_DIALOGUE.findall(prose)) >= 2
    return speaks_of_failure(subject) or (speaks_of_failure(prose[:300]) and bool(_DIALOGUE.search(prose)))


def _by_prose(message: Message, why: str, certain: bool) -> Bounce | None:
    subject, prose = header(message, "Subject"), _words_of(message)
    returned = returned_headers(message)
    sender = sender_of(message)[0]
    if not certain and not _DAEMONS.match(sender) and sender in addresses_in(returned.get("from", "")):
        return None  # somebody shows what came back to himself
    never, told = never_failed(message, returned, prose), told_to(message)
    later, forever = _patterns(message)
    failed = tuple(not_ours((*forever, *later), never, told))
    if failed:
        bounce = _from_words(prose, failed, subject)
        permanent = any(address in failed for address in forever) and not (
            speaks_of_waiting(subject) and not speaks_of_failure(subject)
        )
        how = "its wording is known, the address is in it"
        return replace(bounce, permanent=permanent, reasons=(why, how))
    proof = certain or (bool(returned) and not _PASSED_ON.match(subject))
    if not proof or not speaks_of_failure(f"{subject}\n{prose[:4000]}"):
        return None
    named = not_ours(_addresses_in_prose(prose), never | told)
    meant = not_ours(addresses_in(returned.get("to", "")), never)
    named = [address for address in named if address in meant] or named or meant
    bounce = _from_words(prose, tuple(named[:3]), subject)
    return replace(bounce, reasons=(why, "its words speak of a mail that did not arrive", *bounce.reasons))


def _patterns(message: Message) -> tuple[list[str], list[str]]:
    """Ask flufl.bounce. It raises on odd senders and broken parts; then it knows nothing."""
    try:
        later, forever = all_failures(_shortened(message))
    except Exception:  # IndexError, UnicodeError, AttributeError … as the mail has it
        return [], []
    return _as_addresses(later), _as_addresses(forever)


def _shortened(message: Message, depth: int = 0) -> Message:
    """Return a mail with so much of each part as a report takes: the library asks many patterns of every line."""
    short = Message(compat32)
    for name, value in islice(message.raw_items(), _HEADERS_FOR_PATTERNS):
        short[name] = value
    inner = children(message)[:_RECIPIENTS_LIMIT] if depth < _DEPTH_FOR_PATTERNS else []
    payload = message.get_payload() if not inner else ""
    short.set_payload(
        [_shortened(part, depth + 1) for part in inner]
        or (payload[:_TEXT_FOR_PATTERNS] if isinstance(payload, str) else "")
    )
    return short


def _as_addresses(addresses: object) -> list[str]:
    values = sorted(addresses) if isinstance(addresses, set | frozenset) else []
    texts = (value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for value in values)
    return [clean_line(text).strip(" <>\"'").lower()[:320] for text in texts][:_RECIPIENTS_LIMIT]


def _from_words(prose: str, failed: tuple[str, ...], subject: str) -> Bounce:
    """Judge by words alone: the enhanced code, then the reply code, then what the prose says."""
    near = _near(prose, failed)
    status = _specific(near) or _specific(prose)
    code = _REPLY_CODE.search(near) or _REPLY_CODE.search(prose)
    waits = speaks_of_waiting(subject) or (speaks_of_waiting(prose[:3000]) and not speaks_of_failure(subject))
    permanent = not waits
    if not waits and status and status[1] == "4" and speaks_of_waiting(prose):
        permanent = False
    line = next(
        (line for line in prose.splitlines() if (status and status[0] in line) or (code and code[0] in line)),
        "",
    )
    reasons = ("it will be tried again",) if waits else ()
    return Bounce(permanent, failed[:_RECIPIENTS_LIMIT], status[0] if status else "", _shorten(line), reasons)


def specific_status(status: str, words: str) -> str:
    """Return the code that says most: one in the server's words where the report's own only says *other* (x.y.0; RFC 3463)."""
    told = _specific(words)
    if not status or (status.endswith(".0") and told and not told[0].endswith(".0")):
        return told[0] if told else status
    return status


def _specific(words: str) -> re.Match[str] | None:
    codes = list(_STATUS.finditer(words[:5000]))
    return next((code for code in codes if code[3] != "0"), codes[0] if codes else None)


def _near(prose: str, failed: tuple[str, ...]) -> str:
    at = prose.lower().find(failed[0]) if failed else -1
    return prose[at : at + 600] if at >= 0 else ""


def _words_of(message: Message) -> str:
    """Return what the reporting server itself wrote: up to where the returned mail begins."""
    text = body_text(message)
    if not text.strip():
        text = next((part_text(part) for part in leaves(message) if media_type(part).startswith("text/")), "")
    start = _RETURNED_START.search(text)
    return text[: start.start() if start and start.start() > 40 else 10_000][:10_000]


def _addresses_in_prose(prose: str) -> list[str]:
    return list(dict.fromkeys(address.lower().rstrip(".") for address in _IN_PROSE.findall(prose)))


def _shorten(words: str) -> str:
    return clean_line(words)[:_DIAGNOSTIC_LIMIT]

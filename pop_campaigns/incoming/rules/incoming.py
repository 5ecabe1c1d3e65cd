"""Decisions about mail that came in; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from pop_campaigns.calendars.answer import CalendarAnswer
from pop_campaigns.invitations.rules.invitations import Answer
from pop_campaigns.mail.rules import Dmarc, Review

NOTIFIERS = frozenset({"calendar-notification@google.com"})
"""Addresses from which calendar services send the answers of their users. Anybody can write them into a From line: such a
sender proves nothing, the guest is only not troubled with a notice when it names them."""
_GMAIL = frozenset({"gmail.com", "googlemail.com"})
# Mailboxes that anybody can have say nothing about an office.
_ANYBODYS = frozenset(
    {
        "gmail.com",
        "googlemail.com",
        "yahoo.com",
        "yahoo.it",
        "hotmail.com",
        "outlook.com",
        "live.com",
        "msn.com",
    }
    | {"icloud.com", "aol.com", "gmx.com", "proton.me", "protonmail.com", "mail.com", "abv.bg", "libero.it"}
)
_HANDED_ON = re.compile(r"(?i)\b(?:forward|redirect|expanded from|p[eë]rcjell)")
_LOCAL = re.compile(r"[br]-[a-z2-7]{26}")
_ADDRESS = re.compile(r"[^\s<>,;()\"']+@[^\s<>,;()\"']+")


COUNTABLE = frozenset(
    {Review.UNPROVEN, Review.WRONG_ADDRESS, Review.OTHER_GUEST, Review.STRANGER, Review.TOO_LATE}
    | {Review.WINMAIL, Review.UNREADABLE}
)
"""Reasons that a person may look past: what it answers is known, only not who gave it, or it came late, or in another form."""


_ANSWERS = {
    "ACCEPTED": Answer.ACCEPTED,
    "TENTATIVE": Answer.TENTATIVE,
    "DECLINED": Answer.DECLINED,
    "DELEGATED": Answer.DECLINED,
}


# Of a machine, or of a list with many readers behind it; RFC 3834 section 2, and what programs call themselves.
_MACHINE = re.compile(
    r"""(?ix)
    (mailer[-_.]?)?daemon | postmaster | hostmaster | root | nobody | listserv | majordomo | newsletters? | alerts?
    | (auto|e?-?mail)?[-_.]?notif(y|ications?) | (mail)?robot | autoresponder | automail(er)? | (b|r)-[a-z2-7]{26}
    | .*(do|mos)[-_.]?(not|u)?[-_.]?(reply|respond|p[eë]rgjigj).* | .*no[-_.]?(reply|response|answer).*
    | bounces?([-_.+=].*)? | .*[-_.+]bounces?([-_.+=].*)? | owner-.* | .*-(owner|request|errors|admin|relay) | srs[01][-+=].*
    """
)
RECEIPT_GAP = timedelta(hours=24)
RECEIPTS_ABOUT_ONE = 3
"""Receipts a day about one guest or one letter's recipient, whoever wrote: a machine may change its address each time."""
_FRESH = timedelta(days=3)


def is_machine(local: str) -> bool:
    """Return whether the part of an address before the @, in lower case, is that of a machine or a list by its name."""
    return _MACHINE.fullmatch(local) is not None


def may_get_receipt(sender: str, envelope_sender: str, domain: str) -> bool:
    """Decide whether a receipt may go to the address a person's mail comes from.

    Not to machines and lists, not to addresses of ours (nor of another service of this kind, which would answer), and
    not where the envelope (empty: not known) was sent by somebody else than the header says: that may be forged.
    """
    local, at, host = sender.lower().rpartition("@")
    if not (local and at) or is_machine(local) or _same_house(host, domain.lower()):
        return False
    sent_by = envelope_sender.lower().rpartition("@")
    return not envelope_sender or (not is_machine(sent_by[0]) and _same_house(sent_by[2], host))


def _same_house(host: str, other: str) -> bool:
    return host == other or host.endswith(f".{other}") or other.endswith(f".{host}")


def is_fresh(written_at: datetime | None, received_at: datetime, now: datetime) -> bool:
    """Return whether a mail came just now: a mailbox that is emptied for the first time brings those of years."""
    return now - min(written_at or received_at, received_at) < _FRESH


def threaded(references: Iterable[str], in_reply_to: Iterable[str], message_id: str) -> list[str]:
    """Return the Message-IDs for the References of an answer (RFC 5322 section 3.6.4), fit to be written by us.

    Of a long thread the first and the last few; what a stranger made up to look like one is left out.
    """
    before = list(references) or list(in_reply_to)[:1]
    idents = [
        ident for ident in dict.fromkeys(before) if _MESSAGE_ID.fullmatch(ident) and ident != message_id
    ]
    shortened = idents if len(idents) <= _THREAD else [idents[0], *idents[1 - _THREAD :]]
    return [*shortened, message_id] if _MESSAGE_ID.fullmatch(message_id) else []


_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}>")
_THREAD = 10


def local_parts(addresses: Iterable[str], domain: str) -> list[str]:
    """Return the local parts of ours among addresses: ``r-…`` of an invitation or letter, ``b-…`` of a sent mail."""
    parts = []
    for address in addresses:
        local, _at, host = address.strip().lower().rpartition("@")
        if host == domain.lower() and _LOCAL.fullmatch(local):
            parts.append(local)
    return list(dict.fromkeys(parts))


def told_answer(calendar: CalendarAnswer, uid: str) -> CalendarAnswer:
    """Return what a mail answers: its calendar object, or of one that cannot be read the REPLY to ``uid`` it tells of."""
    told = not calendar.method and calendar.partstat
    return CalendarAnswer(method="REPLY", uid=uid, partstat=calendar.partstat) if told else calendar


def copies_failed(
    addressee: str, failed: Sequence[str], forwarded: Sequence[str], *, words: str = ""
) -> list[str]:
    """Return the mailboxes that a report of failure is about, where whom we wrote to is none of them: copies went there.

    Nothing where it is about the addressee: by name, because it names nobody, or by another name of the same house, behind
    which a mailbox may stand as well as a colleague's, unless its ``words`` speak of passing on. ``forwarded`` are those that
    the report itself tells from whom we wrote to, who is then among the ``failed`` only by what the server was told first.
    """
    told = bool(_HANDED_ON.search(words))
    direct = (
        [address for address in failed if address not in forwarded] if len(forwarded) < len(failed) else []
    )
    for address in [*forwarded, *direct]:
        near = is_same_office(address, addressee) and not (told and address in forwarded)
        if near or is_same_mailbox(address, addressee):
            return []
    return list(dict.fromkeys([*forwarded, *direct]))


def is_same_office(address: str, other: str) -> bool:
    """Return whether two addresses seem to be of one office: the same mailbox, or a domain that not everybody can have."""
    domain = address.casefold().rpartition("@")[2]
    same = (
        bool(domain) and domain not in _ANYBODYS and _same_house(domain, other.casefold().rpartition("@")[2])
    )
    return same or is_same_mailbox(address, other)


def nearly_the_same(typed: str, known: str) -> bool:
    """Return whether two tokens differ by one or two letters changed, lost or added: a copying mistake."""
    if typed == known or abs(len(typed) - len(known)) > 2:
        return False
    row = list(range(len(known) + 1))
    for number, sign in enumerate(typed, 1):
        before, row[0] = row[0], number
        for at, other in enumerate(known, 1):
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, before + (sign != other))
    return row[-1] <= 2


def answer_of(reply: CalendarAnswer) -> Answer | None:
    """Return what a REPLY answers (RFC 5545 PARTSTAT); None where nothing that counts, as in a COUNTER."""
    return _ANSWERS.get(reply.partstat) if reply.method == "REPLY" else None


def can_be_read(reply: CalendarAnswer) -> bool:
    """Return whether a calendar object says something that could count: of the whole event, an answer or another time."""
    return reply.recurrence_id is None and (reply.proposes or answer_of(reply) is not None)


def mailbox_of(address: str) -> str:
    """Return an address such that two of the same mailbox are equal.

    Case says nothing; at Gmail neither do dots, what follows a ``+``, nor which of its two domains is written.
    """
    bare = address.strip().strip("<>").casefold().removeprefix("mailto:").strip()
    local, at, domain = bare.rpartition("@")
    if domain in _GMAIL:
        return f"{local.partition('+')[0].replace('.', '')}@gmail.com"
    return f"{local}{at}{domain}"


def speaks_for(attendee: str, guest: str) -> Review | None:
    """Decide whether an answer that came to the guest's own address speaks for this guest; None means yes.

    Only the guest knows the address, but a forwarded invitation carries it too: whoever answers that names himself as
    attendee, and then has no seat. A missing attendee is the guest. Who sent it proves nothing and is not asked.
    """
    return Review.OTHER_GUEST if attendee and mailbox_of(attendee) != mailbox_of(guest) else None


def speaks_as_substitute(reply: CalendarAnswer, guest: str, standing: Answer, named: str) -> bool:
    """Decide whether an answer that came to the guest's own address is that of whom the guest sends, without asking a person.

    ``standing`` is what the guest said so far, ``named`` whom they named to come. It is where the guest named this very
    address; or where the answer names the guest as who delegates (DELEGATED-FROM, RFC 5545 section 3.2.4) and the guest has
    named nobody by address, nor said that they come themselves.
    """
    if not reply.attendee or is_same_mailbox(reply.attendee, guest):
        return False
    addresses = addresses_named(named)
    if addresses:
        return any(is_same_mailbox(reply.attendee, address) for address in addresses)
    free = standing in (Answer.NEEDS_ACTION, Answer.DELEGATED) or bool(named)
    return free and any(is_same_mailbox(delegator, guest) for delegator in reply.delegated_from)


def addresses_named(words: str) -> list[str]:
    """Return the addresses in what a guest typed, or a calendar wrote, about who comes in their place."""
    return _ADDRESS.findall(words)


def is_unexpected(sender: str, attendee: str, guest: str, dmarc: Dmarc | None) -> bool:
    """Return whether the guest has to hear that an answer was given in their name.

    Not when it was sent from their own address, or by a calendar service that names them; unless a trusted server says
    that the sender is forged.
    """
    if dmarc is Dmarc.FAILED:
        return True
    if sender.casefold() in NOTIFIERS and attendee and mailbox_of(attendee) == mailbox_of(guest):
        return False
    return not is_same_mailbox(sender, guest)


def is_same_mailbox(address: str, other: str) -> bool:
    """Return whether two addresses are the same mailbox; nothing is the same as none."""
    return bool(address and other) and mailbox_of(address) == mailbox_of(other)


def received_on(dated_at: datetime | None, received_at: datetime, *, was_brought: bool) -> datetime:
    """Return when a message came: its arrival here, of one that somebody brought by hand the time written in it."""
    return min(dated_at, received_at) if was_brought and dated_at else received_at


class NoMail(StrEnum):
    """Why something that was brought is no message."""

    EMPTY = "empty"
    SIZE = "size"
    OUTLOOK = "outlook"
    NOT_A_MAIL = "not_a_mail"

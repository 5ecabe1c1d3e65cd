"""Decisions about mail that came in; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

GOOGLE_SENDER = "calendar-notification@google.com"
_LOCAL = re.compile(r"[br]-[a-z2-7]{26}")


class Review(StrEnum):
    """Why a calendar answer changes nothing and waits for a person."""

    NOT_A_REPLY = "not_a_reply"
    PROPOSES_TIME = "proposes_time"  # of mail that came before proposals were taken up
    NO_TIME = "no_time"
    DAY_ONLY = "day_only"
    SAME_TIME = "same_time"
    NO_ANSWER = "no_answer"
    WRONG_ADDRESS = "wrong_address"
    OTHER_EVENT = "other_event"
    OTHER_GUEST = "other_guest"
    STRANGER = "stranger"
    OLDER = "older"
    TOO_LATE = "too_late"


@dataclass(frozen=True)
class SaidBefore:
    """The newest answer that came from a calendar: to which SEQUENCE, stamped when (DTSTAMP)."""

    sequence: int
    stamped_at: datetime | None


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


def may_get_receipt(sender: str, envelope_sender: str, domain: str) -> bool:
    """Decide whether a receipt may go to the address a person's mail comes from.

    Not to machines and lists, not to addresses of ours (nor of another service of this kind, which would answer), and
    not where the envelope (empty: not known) was sent by somebody else than the header says: that may be forged.
    """
    local, at, host = sender.lower().rpartition("@")
    if not (local and at) or _MACHINE.fullmatch(local) or _same_house(host, domain.lower()):
        return False
    sent_by = envelope_sender.lower().rpartition("@")
    return not envelope_sender or (not _MACHINE.fullmatch(sent_by[0]) and _same_house(sent_by[2], host))


def _same_house(one: str, other: str) -> bool:
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def is_fresh(written_at: datetime | None, received_at: datetime, now: datetime) -> bool:
    """Tell whether a mail came just now: a mailbox that is emptied for the first time brings those of years."""
    return now - min(written_at or received_at, received_at) < _FRESH


def threaded(references: Iterable[str], in_reply_to: Iterable[str], message_id: str) -> list[str]:
    """Give the Message-IDs for the References of an answer (RFC 5322 section 3.6.4), fit to be written by us.

    Of a long thread the first and the last few; what a stranger made up to look like one is left out.
    """
    before = list(references) or list(in_reply_to)[:1]
    found = [one for one in dict.fromkeys(before) if _MESSAGE_ID.fullmatch(one) and one != message_id]
    kept = found if len(found) <= _THREAD else [found[0], *found[1 - _THREAD :]]
    return [*kept, message_id] if _MESSAGE_ID.fullmatch(message_id) else []


_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}>")
_THREAD = 10


def local_parts(addresses: Iterable[str], domain: str) -> list[str]:
    """Give the local parts of ours among addresses: ``r-…`` of an invitation or letter, ``b-…`` of a sent mail."""
    found = []
    for address in addresses:
        local, _at, given = address.strip().lower().rpartition("@")
        if given == domain.lower() and _LOCAL.fullmatch(local):
            found.append(local)
    return list(dict.fromkeys(found))


def nearly_the_same(given: str, known: str) -> bool:
    """Tell whether two tokens differ by one or two letters changed, lost or added: a copying mistake."""
    if given == known or abs(len(given) - len(known)) > 2:
        return False
    row = list(range(len(known) + 1))
    for number, sign in enumerate(given, 1):
        before, row[0] = row[0], number
        for at, other in enumerate(known, 1):
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, before + (sign != other))
    return row[-1] <= 2


def is_older(sequence: int | None, stamped_at: datetime | None, before: SaidBefore | None) -> bool:
    """Tell whether an answer is older than one that counts already (RFC 5546 section 2.1.5).

    A missing SEQUENCE, which some programs leave out, is taken for the present one.
    """
    if before is None:
        return False
    if sequence is not None and sequence != before.sequence:
        return sequence < before.sequence
    if stamped_at is None or before.stamped_at is None:
        return False
    return stamped_at < before.stamped_at


def speaks_for(attendee: str, sender: str, guest: str) -> Review | None:
    """Decide whether an answer found by the guest's own address (token) speaks for this guest; None means yes.

    Only the guest knows the token, but a forwarded invitation carries it too: whoever answers it names himself as
    attendee, and then has no seat. A missing attendee is the guest.
    """
    if attendee and attendee.casefold() != guest.casefold():
        return Review.OTHER_GUEST
    if not attendee and sender.casefold() not in (guest.casefold(), GOOGLE_SENDER):
        return Review.STRANGER
    return None


def speaks_without_token(attendee: str, sender: str, guest: str) -> Review | None:
    """Decide the same about an answer that names event and guest but came to no address of the guest's."""
    if attendee.casefold() != guest.casefold():
        return Review.OTHER_GUEST
    return None if sender.casefold() in (guest.casefold(), GOOGLE_SENDER) else Review.STRANGER

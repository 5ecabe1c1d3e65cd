"""Decisions about mail that came in; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
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

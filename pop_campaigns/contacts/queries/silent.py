"""Addresses at which nobody may be reading: what went there, what calls found out, whom to call."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import own, visible
from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.models.contact_log import LogEntry
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.rules import CheckResult, asks_for_call
from pop_campaigns.core.clock import local_date
from pop_campaigns.core.db import db
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.rules import Silence
from pop_campaigns.mail.silence import silent_among

_AT_ONCE = 500
_WHOLE_LIST = 2000


@dataclass(frozen=True)
class Unread:
    """An address from which nothing ever came back, and what the last call about it found out (None: nobody called)."""

    silence: Silence
    check: LogEntry | None = None


@dataclass(frozen=True)
class ToCall:
    """Whom to ask by phone whether anybody reads at an address; ``phone`` is "" where no number is known."""

    address: Address
    owner: Institution | Office | Person
    phone: str
    unread: Unread


def unread_among(emails: Iterable[str], user: User, now: datetime) -> dict[str, Unread]:
    """Return those of the addresses at which nobody may be reading, in lower case, as far as the user sees mails and log."""
    asked = {email.lower() for email in emails if email}
    if not asked:
        return {}
    several = len(asked) > _WHOLE_LIST  # then the mails are read once from end to end
    unread = _unread(None if several else asked, visible(OutgoingMail, user, scanned=several), user, now)
    return {to: known for to, known in unread.items() if to in asked}


def to_call(user: User, now: datetime) -> list[ToCall]:
    """Return the addresses that a call should be made about, those with the longest silence first.

    Only what the user's own organisation sent (for the network's people: anybody), and contacts that they see. Each address
    stands once, however many have it.
    """
    unread, today = _unread(None, own(OutgoingMail, user), user, now), local_date(now)
    open_ones = {to: known for to, known in unread.items() if _is_open(known.check, today)}
    rows: dict[str, ToCall] = {}
    for address in _addresses(list(open_ones), user):
        to = address.email.lower()
        owner = address.office or address.person or address.institution
        if owner is not None and to not in rows:
            rows[to] = ToCall(address, owner, phone_of(owner), open_ones[to])
    return sorted(rows.values(), key=lambda row: (row.unread.silence.first, row.address.id))


def phone_of(owner: Institution | Office | Person) -> str:
    """Return the number (E.164) at which somebody is called; of an office without one its institution's."""
    return owner.phone or (owner.institution.phone if isinstance(owner, Office) else "")


def _is_open(check: LogEntry | None, today: date) -> bool:
    return asks_for_call(check.result if check else None, check.again_on if check else None, today)


def _unread(addresses: Collection[str] | None, whose: Any, user: User, now: datetime) -> dict[str, Unread]:
    last, heard = _checks(user)
    silent = silent_among(addresses, whose, now=now, heard=heard)
    return {to: Unread(silence, last.get(to)) for to, silence in silent.items()}


def _checks(user: User) -> tuple[dict[str, LogEntry], dict[str, datetime]]:
    """Return the last check of each address that the user may read of, and when one last said that somebody reads there."""
    rows = select(LogEntry).where(visible(LogEntry, user), LogEntry.checked_address.is_not(None))
    last: dict[str, LogEntry] = {}
    heard: dict[str, datetime] = {}
    for entry in db.session.scalars(rows.order_by(LogEntry.made_at, LogEntry.id)):
        to = str(entry.checked_address)
        last[to] = entry
        if entry.result is CheckResult.REACHED:
            heard[to] = entry.made_at
    return last, heard


def _addresses(emails: Collection[str], user: User) -> Iterable[Address]:
    """Yield the visible addresses of visible contacts, an office's before a person's before an institution's."""
    asked = sorted(emails)
    addresses: list[Address] = []
    for start in range(0, len(asked), _AT_ONCE):
        rows = (
            select(Address)
            .outerjoin(Address.office)
            .outerjoin(Address.person)
            .where(
                visible(Address, user),
                func.lower(Address.email).in_(asked[start : start + _AT_ONCE]),
                or_(Address.office_id.is_(None), visible(Office, user)),
                or_(Address.person_id.is_(None), visible(Person, user)),
            )
            .options(
                joinedload(Address.office).joinedload(Office.institution),
                joinedload(Address.person),
                joinedload(Address.institution),
            )
        )
        addresses += db.session.scalars(rows).unique()
    return sorted(addresses, key=lambda row: (row.office_id is None, row.person_id is None, row.id))

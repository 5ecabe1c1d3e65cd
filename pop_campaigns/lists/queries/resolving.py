"""Who of a list gets a mail, at which address, and who does not and why.

As many queries for a hundred thousand persons as for one, and plain rows instead of records.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import and_, false, literal, or_, select

from pop_campaigns.accounts.models import User
from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.queries.addresses import Reach, best_first_columns
from pop_campaigns.contacts.queries.mailable import Asked, asked_columns, read_asked, unmailed_among
from pop_campaigns.contacts.rules import Basis, Purpose, Unmailed
from pop_campaigns.core.db import db
from pop_campaigns.lists.models import ContactList
from pop_campaigns.lists.queries.lists import Source, offices_found, persons_found, reach_of


class Recipient(NamedTuple):
    """An office or a person with the address a mail takes ("" where there is none); a person has only a ``name``."""

    kind: str
    id: int
    name: str
    title_sq: str
    title_en: str
    institution_sq: str
    institution_en: str
    language: str
    email: str


class LeftOut(NamedTuple):
    """Who gets no mail and why; ``instead`` gets it at the same address."""

    recipient: Recipient
    reason: Unmailed
    instead: Recipient | None = None


@dataclass(frozen=True)
class Resolved:
    """A list as it is at this moment: who gets mail, offices first, and who does not."""

    recipients: list[Recipient]
    left_out: list[LeftOut]

    @property
    def found(self) -> int:
        """Number of offices and persons the list finds."""
        return len(self.recipients) + len(self.left_out)

    @property
    def counts(self) -> Counter[Unmailed]:
        """Number of those who get no mail, by reason."""
        return Counter(entry.reason for entry in self.left_out)


_Row = tuple[Recipient, Asked]


def resolve(
    source: Source, user: User, purpose: Purpose, on: date, *, reach: Reach | None = None
) -> Resolved:
    """Return who of a list or filter gets a mail for a purpose on a day, looked up anew.

    ``reach`` is the list's own unless it is used in somebody else's name (an event's organisation).

    :raises BadFilter: the filter cannot be read or answered here.
    """
    reach = reach or reach_of(source if isinstance(source, ContactList) else None, user)
    db.session.flush()
    recipients: list[Recipient] = []
    asked: dict[int, Asked] = {}
    with _collector_paused():
        for rows in (_offices(source, reach, on), _persons(source, reach, purpose, on)):
            for recipient, how in rows:
                asked[len(recipients)] = how
                recipients.append(recipient)
        return _parted(recipients, unmailed_among(asked, purpose, reach.sender))


def _parted(candidates: list[Recipient], reasons: Mapping[int, Unmailed]) -> Resolved:
    """Part who gets mail from who does not, so that each address gets one."""
    recipients: list[Recipient] = []
    left_out: list[LeftOut] = []
    at: dict[str, Recipient] = {}
    for number, recipient in enumerate(candidates):
        reason = reasons.get(number)
        if reason is not None:
            left_out.append(LeftOut(recipient, reason))
            continue
        first = at.setdefault(recipient.email.casefold(), recipient)
        if first is recipient:
            recipients.append(recipient)
        else:
            left_out.append(LeftOut(recipient, Unmailed.SAME_ADDRESS, first))
    return Resolved(recipients, left_out)


def _offices(source: Source, reach: Reach, on: date) -> Iterator[_Row]:
    """Return offices by institution, each with its own address, else its institution's."""
    near = or_(Address.office_id == Office.id, Address.institution_id == Office.institution_id)
    wanted: Any = (
        select(
            Office.id, literal(""), Office.title_sq, Office.title_en, Institution.name_sq, Institution.name_en,
            Office.language, Address.email, literal(Basis.OFFICE.value), false(), false(),
        )
        .join(Office.institution)
        .outerjoin(Address, and_(near, reach.sees(Address)))
        .where(offices_found(source, reach, on))
    )  # fmt: skip
    ordered = wanted.order_by(Institution.sort_key, Institution.id, Office.sort_key, Office.id)
    return _best_of_each("office", ordered.order_by(*best_first_columns(reach.sender)))


def _persons(source: Source, reach: Reach, purpose: Purpose, on: date) -> Iterator[_Row]:
    nothing = literal("")
    wanted: Any = (
        select(
            Person.id, Person.name, nothing, nothing, nothing, nothing, Person.language,
            Address.email, *asked_columns(purpose, reach, on),
        )
        .outerjoin(Address, and_(Address.person_id == Person.id, reach.sees(Address)))
        .where(persons_found(source, reach, on))
    )  # fmt: skip
    ordered = wanted.order_by(Person.sort_key, Person.id, *best_first_columns(reach.sender))
    return _best_of_each("person", ordered)


_PORTION = 1000


def _best_of_each(kind: str, rows: Any) -> Iterator[_Row]:
    last = 0
    for row in _in_portions(rows):
        ident, name, title_sq, title_en, inst_sq, inst_en, language, email, *how = row
        if ident != last:
            last = ident
            recipient = Recipient(
                kind, ident, name, title_sq, title_en, inst_sq, inst_en, language, email or ""
            )
            yield recipient, read_asked(recipient.email, *how)


def _in_portions(rows: Any) -> Iterator[Any]:
    """Yield plain rows, a portion at a time, so that not all of them are alive at once."""
    for portion in db.session.connection().execute(rows).partitions(_PORTION):
        yield from portion


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Let no search for circles run while many rows, none of them in a circle, are made: it takes as long again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()

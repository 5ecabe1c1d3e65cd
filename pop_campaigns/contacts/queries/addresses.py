"""At which address a mail reaches an office, an institution or a person: always asked in the name of an organisation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, case, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import of_network_or, visible
from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.rules import USE_ORDER, address_rank
from pop_campaigns.core.db import db

Contact = Office | Institution | Person


@dataclass(frozen=True)
class Reach:
    """Whose contacts and addresses may be used, and in whose name: an event's, a letter's or a list's organisation.

    Never more than ``user`` may see; ``sender`` None is the network. ``narrow``: also for those who see everybody's,
    only what is the network's or the sender's, because contacts stay with the organisation that collected them.
    """

    user: User
    sender: int | None
    narrow: bool = True

    def sees(self, model: Any) -> ColumnElement[bool]:
        """Return the condition that rows of ``model`` are within reach."""
        seen = visible(model, self.user)
        return seen & of_network_or(model, self.sender) if self.narrow else seen


def reach_to_read(user: User) -> Reach:
    """Return all that a user may see, in the name of the user's own organisation: for pages nothing is sent from."""
    return Reach(user, user.organisation_id, narrow=False)


def best_addresses(contacts: Iterable[Contact], reach: Reach) -> dict[Contact, Address]:
    """Return the address a mail takes to each contact, in one query; a contact without any is left out.

    An office without an address of its own is reached at its institution's; :func:`address_rank` decides.
    """
    places = {contact: _places(contact) for contact in contacts}
    wanted: defaultdict[str, set[int]] = defaultdict(set)
    for column, ident in (place for of_contact in places.values() for place in of_contact):
        wanted[column.key].add(ident)
    if not wanted:
        return {}
    near = or_(*(getattr(Address, name).in_(idents) for name, idents in wanted.items()))
    standing: defaultdict[tuple[str, int], list[Address]] = defaultdict(list)
    for row in db.session.scalars(select(Address).where(reach.sees(Address), near)):
        for name in wanted:
            standing[name, getattr(row, name)].append(row)
    best = {}
    for contact, of_contact in places.items():
        rows = [row for column, ident in of_contact for row in standing[column.key, ident]]
        if rows:
            best[contact] = best_first(rows, reach.sender)[0]
    return best


def best_first(addresses: Iterable[Address], sender: int | None) -> list[Address]:
    """Return addresses of one contact in the order in which a mail of ``sender`` would take them."""

    def rank(row: Address) -> tuple[Any, ...]:
        decided = address_rank(
            sample=row.is_sample,
            of_institution=row.institution_id is not None,
            shared=row.organisation_id != sender,
            use=row.use,
        )
        return (*decided, row.id)

    return sorted(addresses, key=rank)


def best_first_columns(sender: int | None) -> Sequence[ColumnElement[Any]]:
    """Return what a query orders addresses by: :func:`best_first` for the database."""
    shared = Address.organisation_id.is_distinct_from(sender)
    use = case({address_use: place for place, address_use in enumerate(USE_ORDER)}, value=Address.use)
    sample: Any = Address.is_sample
    return (sample, Address.institution_id.is_not(None), shared, use, Address.__table__.c.id)


def _places(contact: Contact) -> list[tuple[InstrumentedAttribute[int | None], int]]:
    """Return where the addresses stand at which a contact can be reached."""
    if isinstance(contact, Office):
        return [(Address.office_id, contact.id), (Address.institution_id, contact.institution_id)]
    if isinstance(contact, Institution):
        return [(Address.institution_id, contact.id)]
    return [(Address.person_id, contact.id)]

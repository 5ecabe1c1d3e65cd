"""Offices and persons that may be asked to an event, with the address each would be asked at."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import visible
from pop_campaigns.contacts.models import Address, Institution, Office, Person
from pop_campaigns.contacts.queries.reach import addresses_for, holders_of
from pop_campaigns.contacts.queries.refusals import suppressed_among
from pop_campaigns.contacts.rules import USE_ORDER, Purpose
from pop_campaigns.core.clock import local_date
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import LANGUAGES, in_language
from pop_campaigns.events.models import Event

GuestKey = tuple[str, int]


@dataclass(frozen=True)
class Contact:
    """An office with whoever holds it now, or a person; ``address`` is "" where none may be used."""

    office: Office | None
    person: Person | None
    holder: str
    address: str

    def words(self, lang: str) -> dict[str, str]:
        """Give what an invitation freezes: name, title and institution in the guest's language."""
        if self.office is None:
            return {"name": self.holder, "office_title": "", "institution_name": ""}
        return {
            "name": self.holder,
            "office_title": in_language(self.office, "title", lang),
            "institution_name": in_language(self.office.institution, "name", lang),
        }

    @property
    def language(self) -> str:
        """The language the contact is written to."""
        record = self.office or self.person
        return record.language if record else LANGUAGES[0]


def load_contacts(
    event: Event, keys: Collection[GuestKey], *, by: User, now: datetime
) -> dict[GuestKey, Contact]:
    """Give the offices and persons among ``keys`` that may be asked to this event; seven queries, however many.

    They are the event's organisation's own or the network's, and so are their addresses: what another
    organisation collected stays there, also when an administrator invites.
    """
    offices = _load_offices(event, [ident for kind, ident in keys if kind == "office"], by)
    persons = _load_persons(event, [ident for kind, ident in keys if kind == "person"], by)
    holders = holders_of([one.id for one in offices], local_date(now), by) if offices else {}
    addresses = addresses_for(offices, by) if offices else {}
    found: dict[GuestKey, Contact] = {}
    for office in offices:
        holder = holders[office.id].name if office.id in holders else ""
        address = addresses.get(office.id)
        usable = address is not None and _belongs(address.organisation_id, event)
        found["office", office.id] = Contact(
            office, None, holder, address.email if address and usable else ""
        )
    emails = _person_addresses(event, persons, by)
    for person in persons:
        found["person", person.id] = Contact(None, person, person.name, emails.get(person.id, ""))
    return found


def refusing_contacts(event: Event, contacts: Iterable[Contact]) -> set[str]:
    """Give the addresses of persons who want no more invitations from the event's organisation."""
    emails = {one.address for one in contacts if one.office is None and one.address}
    return suppressed_among(emails, Purpose.EVENTS, event.organisation_id) if emails else set()


def _load_offices(event: Event, ids: list[int], by: User) -> list[Office]:
    if not ids:
        return []
    wanted = select(Office).join(Office.institution).where(Office.id.in_(ids))
    wanted = wanted.where(visible(Office, by), visible(Institution, by))
    return [one for one in db.session.scalars(wanted) if _belongs(one.organisation_id, event)]


def _load_persons(event: Event, ids: list[int], by: User) -> list[Person]:
    if not ids:
        return []
    wanted = select(Person).where(Person.id.in_(ids), visible(Person, by))
    return [one for one in db.session.scalars(wanted) if _belongs(one.organisation_id, event)]


def _person_addresses(event: Event, persons: Sequence[Person], by: User) -> dict[int, str]:
    if not persons:
        return {}
    wanted = select(Address).where(
        Address.person_id.in_([one.id for one in persons]),
        visible(Address, by),
        or_(Address.organisation_id.is_(None), Address.organisation_id == event.organisation_id),
    )

    def rank(row: Address) -> tuple[bool, bool, int, int]:
        return (row.placeholder, row.organisation_id is None, USE_ORDER.index(row.use), row.id)

    worst_first = sorted(db.session.scalars(wanted), key=rank, reverse=True)
    return {row.person_id: row.email for row in worst_first if row.person_id is not None}


def _belongs(organisation_id: int | None, event: Event) -> bool:
    return organisation_id is None or organisation_id == event.organisation_id

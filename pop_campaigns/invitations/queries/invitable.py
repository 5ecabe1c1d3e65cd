"""Offices and persons that may be asked to an event, with the address each would be asked at."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import visible
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.queries.addresses import best_addresses
from pop_campaigns.contacts.queries.reach import holders_of
from pop_campaigns.contacts.queries.refusals import suppressed_among
from pop_campaigns.contacts.rules import Purpose
from pop_campaigns.core.clock import local_date
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import LANGUAGES, in_language
from pop_campaigns.core.salutations import FormOfAddress
from pop_campaigns.events.models import Event
from pop_campaigns.invitations.queries.guests import reach_of

GuestKey = tuple[str, int]


@dataclass(frozen=True)
class Contact:
    """An office with whoever holds it now, or a person; ``address`` is "" where none may be used."""

    office: Office | None
    person: Person | None
    holder: str
    address: str
    form: FormOfAddress | None = None

    def words(self, lang: str) -> dict[str, Any]:
        """Return what an invitation freezes: name, title and institution in the guest's language, and the dative."""
        named = {"name": self.holder, "form_of_address": self.form}
        if self.office is None:
            return named | {"office_title": "", "institution_name": "", "dative": ""}
        return named | {
            "dative": self.office.in_dative(self.form),
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
    """Return the offices and persons among ``keys`` that may be asked to this event; five queries, however many.

    They are the event's organisation's own or the network's, and so are their addresses: what another
    organisation collected stays there, also when an administrator invites.
    """
    offices = _load_offices(event, [ident for kind, ident in keys if kind == "office"], by)
    persons = _load_persons(event, [ident for kind, ident in keys if kind == "person"], by)
    reach = reach_of(event, by)
    holders = holders_of([office.id for office in offices], local_date(now), reach) if offices else {}
    addresses = best_addresses([*offices, *persons], reach)
    emails = {contact: address.email for contact, address in addresses.items()}
    contacts: dict[GuestKey, Contact] = {}
    for office in offices:
        holder = holders.get(office.id)
        name, form = (holder.name, holder.form_of_address) if holder else ("", None)
        contacts["office", office.id] = Contact(office, None, name, emails.get(office, ""), form)
    for person in persons:
        form = person.form_of_address
        contacts["person", person.id] = Contact(None, person, person.name, emails.get(person, ""), form)
    return contacts


def refusing_contacts(event: Event, contacts: Iterable[Contact]) -> set[str]:
    """Return the addresses of persons who want no more invitations from the event's organisation."""
    emails = {contact.address for contact in contacts if contact.office is None and contact.address}
    return suppressed_among(emails, Purpose.EVENTS, event.organisation_id) if emails else set()


def _load_offices(event: Event, ids: list[int], by: User) -> list[Office]:
    if not ids:
        return []
    wanted = select(Office).join(Office.institution).where(Office.id.in_(ids))
    wanted = wanted.where(reach_of(event, by).sees(Office), visible(Institution, by))
    return list(db.session.scalars(wanted))


def _load_persons(event: Event, ids: list[int], by: User) -> list[Person]:
    if not ids:
        return []
    return list(
        db.session.scalars(select(Person).where(Person.id.in_(ids), reach_of(event, by).sees(Person)))
    )

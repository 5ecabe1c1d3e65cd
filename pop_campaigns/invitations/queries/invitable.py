"""Offices and persons that may be asked to an event, with the address each would be asked at."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import visible
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.queries.addresses import best_addresses
from pop_campaigns.contacts.queries.mailable import Asked, asked_persons, unmailed_among
from pop_campaigns.contacts.queries.reach import holders_of
from pop_campaigns.contacts.queries.refusals import suppressed_among
from pop_campaigns.contacts.rules import Basis, Purpose, Unmailed
from pop_campaigns.core.clock import local_date
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import LANGUAGES, in_language
from pop_campaigns.core.salutations import FormOfAddress
from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.queries.guests import reach_of, refusing

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


def unmailed_contacts(
    event: Event, contacts: Mapping[GuestKey, Contact], *, by: User, now: datetime
) -> dict[GuestKey, Unmailed]:
    """Return who of those gets no invitation from the event's organisation, and why: the rule that lists follow.

    Who refuses is said to, consent or not: they are not put on a guest list.
    """
    emails = {ident: contacts[kind, ident].address for kind, ident in contacts if kind == "person"}
    persons = asked_persons(emails, Purpose.EVENTS, reach_of(event, by), local_date(now))
    asked = {
        key: persons[key[1]] if key[0] == "person" else Asked(contact.address)
        for key, contact in contacts.items()
    }
    reasons = unmailed_among(asked, Purpose.EVENTS, event.organisation_id)
    unasked = {asked[key].email for key, why in reasons.items() if why is Unmailed.NO_CONSENT}
    refused = suppressed_among(unasked, Purpose.EVENTS, event.organisation_id)
    return reasons | {
        key: Unmailed.REFUSES for key in reasons if key[0] == "person" and asked[key].email in refused
    }


def unmailed_guests(
    event: Event,
    guests: Sequence[Invitation],
    *,
    by: User,
    now: datetime,
    addresses: Mapping[int, str] | None = None,
) -> dict[int, Unmailed]:
    """Return who of the guests, by number, gets no invitation, and why.

    ``addresses``: where each would be asked, by number; None: as it stands at the guest. Who refused at the address that
    stands there is not asked at another one either.
    """
    at = addresses or {guest.id: guest.address for guest in guests}
    emails = {
        guest.person_id: at[guest.id] for guest in guests if guest.office_id is None and guest.person_id
    }
    persons = asked_persons(emails, Purpose.EVENTS, reach_of(event, by), local_date(now))
    nobody_known = Asked("", Basis.CONSENT)
    asked = {
        guest.id: Asked(at[guest.id]) if guest.office_id else persons.get(guest.person_id or 0, nobody_known)
        for guest in guests
    }
    reasons = unmailed_among(asked, Purpose.EVENTS, event.organisation_id)
    return reasons | dict.fromkeys(refusing(event, guests), Unmailed.REFUSES)


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

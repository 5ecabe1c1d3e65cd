"""Verbs that change persons: add, change, hand over to another organisation. The caller commits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, select

from pop_campaigns.accounts.models import Organisation, User
from pop_campaigns.accounts.scope import owner_of_new
from pop_campaigns.contacts.models.addresses import Address, ContactDetail
from pop_campaigns.contacts.models.consents import Consent, Tombstone
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.queries.reach import persons_named
from pop_campaigns.contacts.queries.refusals import erased_among
from pop_campaigns.contacts.queries.similar import persons_at, persons_like
from pop_campaigns.contacts.rules import AddressUse, DetailKind, DetailUse, PersonKind, Purpose, TombstoneKind
from pop_campaigns.contacts.services.details import DetailDraft, change_details
from pop_campaigns.contacts.services.institutions import add_address
from pop_campaigns.contacts.services.records import (
    AlreadyThere,
    add_person,
    ask_of_similar,
    change_values,
    note_contact,
    one_at_a_time,
)
from pop_campaigns.contacts.services.refusals import hash_of
from pop_campaigns.core.db import db
from pop_campaigns.core.salutations import FormOfAddress


class WasErased(ValueError):
    """Somebody with this address or phone number asked to be erased."""


class NotAgreed(ValueError):
    """The person did not agree to be handed over to that organisation (or took it back)."""


@dataclass(frozen=True)
class PersonDraft:
    """What a form says about a person; the phone number is in the form of E.164."""

    name: str
    language: str = "sq"
    kind: PersonKind = PersonKind.OTHER
    form_of_address: FormOfAddress | None = None
    municipality_id: int | None = None
    topics: str = ""
    phone: str = ""
    post_address: str = ""
    works_for_id: int | None = None
    press_card: str = ""
    press_card_until: date | None = None


def create_person(
    draft: PersonDraft,
    email: str = "",
    *,
    seen: Collection[int] = (),
    asked_again: bool = False,
    further: Sequence[DetailDraft] = (),
    by: User,
    now: datetime,
) -> Person:
    """Add a person, with an address and further phone numbers and post addresses if given.

    :raises Similar: there are persons of a like name or with one of the numbers, other than those ``seen`` before it
        was said to be another one.
    :raises WasErased: somebody with this address or phone asked to be erased, and it is not said that they
        ``asked_again`` to be kept.
    """
    owner = owner_of_new(by)
    one_at_a_time(by)
    phones = [row.value for row in further if row.kind is DetailKind.PHONE]
    voices = [row.value for row in further if row.use is not DetailUse.FAX]
    like = [*persons_like(draft.name, owner), *persons_at([draft.phone, *voices], owner)]
    ask_of_similar(dict.fromkeys(like), seen)
    _heed_tombstones(email, [draft.phone, *phones], owner, asked_again)
    details = {name: value for name, value in vars(draft).items() if name not in ("name", "language", "kind")}
    person = add_person(draft.name, draft.language, owner, by, now, draft.kind, **details)
    if email:
        add_address(person, email, AddressUse.MAIN, by=by, now=now)
    change_details(person, further, by=by, now=now)
    return person


def change_person(person: Person, draft: PersonDraft, *, by: User, now: datetime) -> None:
    """Change what is known about a person."""
    change_values(person, "person.changed", vars(draft), by, now, named="name")


def hand_over(person: Person, to: Organisation, *, by: User, now: datetime) -> Person:
    """Add for another organisation a copy of a person who agreed to it, with the addresses and the consent.

    Each organisation answers for its own copy (law 124/2024).

    :raises AlreadyThere: that organisation has the person already.
    :raises NotAgreed: there is no consent to sharing with that organisation, or with all, that still counts.
    """
    one_at_a_time(by)
    agreed = next((consent for consent in person.consents if _allows(consent, to)), None)
    if agreed is None:
        raise NotAgreed
    emails = [address.email for address in person.addresses]
    for same in persons_named(person.name, to.id):
        if same.organisation_id == to.id and any(_is_reached(same, email, person.phone) for email in emails):
            raise AlreadyThere(person)
    values = {name: getattr(person, name) for name in PersonDraft.__dataclass_fields__}
    copy = Person(organisation_id=to.id, **values)
    db.session.add(copy)
    db.session.flush()
    for email in emails:
        db.session.add(Address(email=email, use=AddressUse.MAIN, person=copy, organisation_id=to.id))
    for further in person.details:
        values = {name: getattr(further, name) for name in ("kind", "value", "use")}
        db.session.add(ContactDetail(person=copy, organisation_id=to.id, **values))
    db.session.add(_copied(agreed, copy, to, now))
    note_contact("person.handed_over", person, person, by, now, name=person.name, to=to.name)
    note_contact("person.received", copy, copy, by, now, name=person.name)
    return copy


def _allows(consent: Consent, to: Organisation) -> bool:
    return (
        consent.purpose is Purpose.SHARING
        and consent.withdrawn_at is None
        and consent.shared_with_id in (None, to.id)
    )


def _copied(agreed: Consent, copy: Person, to: Organisation, now: datetime) -> Consent:
    values = {name: getattr(agreed, name) for name in ("purpose", "text_version", "language", "channel")}
    return Consent(
        person=copy,
        organisation_id=to.id,
        proof=agreed.proof,
        shared_with_id=agreed.shared_with_id,
        given_at=agreed.given_at,
        recorded_at=now,
        **values,
    )


def _is_reached(person: Person, email: str, phone: str) -> bool:
    if phone and person.phone == phone:
        return True
    return bool(email) and any(address.email.casefold() == email.casefold() for address in person.addresses)


def _heed_tombstones(email: str, phones: Sequence[str], owner: int | None, asked_again: bool) -> None:
    for kind, value in ((TombstoneKind.EMAIL, email), *((TombstoneKind.PHONE, phone) for phone in phones)):
        if not value or not erased_among(kind, [value], owner):
            continue
        if not asked_again:
            raise WasErased
        stones = delete(Tombstone).where(Tombstone.kind == kind, Tombstone.hash == hash_of(kind, value))
        db.session.execute(stones.where(Tombstone.organisation_id.is_not_distinct_from(owner)))


def organisations_besides(own: int | None) -> list[Organisation]:
    """Return the members to whom a person may be handed over, in Albanian order."""
    rows = select(Organisation).order_by(Organisation.sort_key)
    return [organisation for organisation in db.session.scalars(rows) if organisation.id != own]

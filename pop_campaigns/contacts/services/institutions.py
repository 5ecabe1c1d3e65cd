"""Verbs that change contacts. The caller commits.

What a coordinator adds belongs to her organisation, even beside the network's institutions; what an
administrator adds belongs to whom the record beside it belongs to, else to the network. Nothing is doubled
unasked: of a like name one is shown what is there, and may add another all the same.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import may_change, of_network_or, owner_of_new
from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Mandate, Person
from pop_campaigns.contacts.queries.reach import in_force, possible_parents
from pop_campaigns.contacts.queries.similar import institutions_like, offices_like
from pop_campaigns.contacts.rules import AddressUse, InstitutionKind, MediumKind, PersonKind, overlap
from pop_campaigns.contacts.services.records import (
    AlreadyThere,
    Contact,
    add_person,
    ask_of_similar,
    change_values,
    note_contact,
    one_at_a_time,
)
from pop_campaigns.core.clock import local_date
from pop_campaigns.core.dative import dative
from pop_campaigns.core.db import db
from pop_campaigns.core.salutations import FormOfAddress
from pop_campaigns.core.text import fold


class FirstDayNeeded(ValueError):
    """The present mandate cannot end without the first day of the next; ``mandate`` is the present one."""

    def __init__(self, mandate: Mandate) -> None:
        super().__init__("first day needed")
        self.mandate = mandate


class BeginsTooEarly(FirstDayNeeded):
    """The next mandate would begin on or before the first day of the present one."""


class CannotBePartOf(ValueError):
    """An institution is part of the network's or of its owner's other ones, never of one of its own parts."""


@dataclass(frozen=True)
class InstitutionDraft:
    """What a form says about an institution; the phone number is in the form of E.164."""

    kind: InstitutionKind
    name_sq: str
    name_en: str = ""
    municipality_id: int | None = None
    parent_id: int | None = None
    county: str = ""
    language: str = "sq"
    phone: str = ""
    post_address: str = ""
    working_hours: str = ""
    medium_kind: MediumKind | None = None
    accreditation: str = ""
    accredited_until: date | None = None


@dataclass(frozen=True)
class OfficeDraft:
    """What a form says about an office; ``language`` is the one its mail is written in.

    ``dative`` is kept only where it is not what the rule proposes anyway, so that it follows a new name.
    """

    title_sq: str
    title_en: str = ""
    dative: str = ""
    language: str = "sq"
    phone: str = ""


def create_institution(
    draft: InstitutionDraft, *, seen: Collection[int] = (), by: User, now: datetime
) -> Institution:
    """Add an institution.

    :raises Similar: there are some of a like name other than those ``seen``.
    :raises CannotBePartOf: the institution above it is another organisation's.
    """
    owner = owner_of_new(by)
    one_at_a_time(by)
    _refuse_foreign_parent(draft.parent_id, owner, None)
    ask_of_similar(institutions_like(draft.name_sq, owner), seen)
    institution = Institution(organisation_id=owner, **vars(draft))
    db.session.add(institution)
    note_contact("institution.created", institution, institution, by, now, name=institution.name_sq)
    return institution


def change_institution(
    institution: Institution,
    draft: InstitutionDraft,
    *,
    seen: Collection[int] = (),
    by: User,
    now: datetime,
) -> None:
    """Change what an institution is called, is, where, and of what it is part.

    :raises Similar: its new name is like that of others than those ``seen``.
    :raises CannotBePartOf: the institution above it is another organisation's, itself or one of its parts.
    """
    one_at_a_time(by)
    if draft.parent_id != institution.parent_id:
        _refuse_foreign_parent(draft.parent_id, institution.organisation_id, institution)
    if fold(draft.name_sq) != fold(institution.name_sq):
        owner = institution.organisation_id
        ask_of_similar(institutions_like(draft.name_sq, owner, besides=institution.id), seen)
    change_values(institution, "institution.changed", vars(draft), by, now, named="name_sq")


def create_office(
    institution: Institution, draft: OfficeDraft, *, seen: Collection[int] = (), by: User, now: datetime
) -> Office:
    """Add an office to an institution; raise Similar if the title names some it has, other than those ``seen``."""
    owner = owner_of_new(by, institution.organisation_id)
    one_at_a_time(by)
    ask_of_similar(offices_like(institution, draft.title_sq, owner), seen)
    office = Office(institution=institution, organisation_id=owner, **vars(draft))
    office.dative = _written_by_hand(draft, institution)
    db.session.add(office)
    note_contact("office.created", office, office, by, now, name=office.title_sq)
    return office


def change_office(
    office: Office, draft: OfficeDraft, *, seen: Collection[int] = (), by: User, now: datetime
) -> None:
    """Change an office's title and language; raise Similar if the new title names others than those ``seen``."""
    one_at_a_time(by)
    if fold(draft.title_sq) != fold(office.title_sq):
        owner = office.organisation_id
        ask_of_similar(offices_like(office.institution, draft.title_sq, owner, besides=office.id), seen)
    kept = _written_by_hand(draft, office.institution, proposed_before=office.proposed_dative())
    change_values(office, "office.changed", vars(draft) | {"dative": kept}, by, now, named="title_sq")


def _written_by_hand(draft: OfficeDraft, institution: Institution, proposed_before: str = "") -> str:
    """Return the dative a person wrote; nothing where it is the rule's, for the title as it is or as it was."""
    by_rule = (dative(draft.title_sq, institution.name_sq), proposed_before)
    return "" if draft.dative in by_rule else draft.dative


def record_holder(
    office: Office,
    holder: str | Person,
    *,
    from_date: date | None,
    to_date: date | None,
    ends_present: bool,
    form_of_address: FormOfAddress | None = None,
    by: User,
    now: datetime,
) -> Mandate:
    """Record who holds an office: a person there is, or a new one by name. Dates are local, both included.

    ``form_of_address`` goes to the person's record where ``by`` may change that; None leaves it as it is. With ``ends_present``
    the mandates of the same owner that run today end the day before ``from_date``.

    :raises AlreadyThere: a person of that name holds the office in that time.
    :raises FirstDayNeeded, BeginsTooEarly: the present mandate cannot end.
    """
    owner = owner_of_new(by, office.organisation_id)
    one_at_a_time(by)
    name = holder if isinstance(holder, str) else holder.name
    _refuse_same_holder(office, name, from_date, to_date, owner)
    today = local_date(now)
    if ends_present and (to_date is None or to_date >= today):
        _end_present(office, from_date, today, owner, by, now)
    if isinstance(holder, str):
        facts: dict[str, Any] = {"kind": PersonKind.OFFICIAL, "form_of_address": form_of_address}
        person = add_person(holder, office.language, owner, by, now, **facts)
    else:
        person = holder
        if form_of_address and may_change(person, by):
            facts = {"form_of_address": form_of_address}
            change_values(person, "person.changed", facts, by, now, named="name")
    mandate = Mandate(
        person=person,
        office=office,
        from_date=from_date,
        to_date=to_date,
        known_on=today,
        organisation_id=owner,
    )
    db.session.add(mandate)
    _note_mandate("mandate.recorded", mandate, by, now)
    return mandate


def change_mandate(
    mandate: Mandate, from_date: date | None, to_date: date | None, *, by: User, now: datetime
) -> None:
    """Set the first and last day of a mandate, as far as known."""
    if (mandate.from_date, mandate.to_date) == (from_date, to_date):
        return
    mandate.from_date, mandate.to_date = from_date, to_date
    _note_mandate("mandate.changed", mandate, by, now)


def add_address(owner: Contact, email: str, use: AddressUse, *, by: User, now: datetime) -> Address:
    """Add an e-mail address (already parsed) to a contact; raise AlreadyThere if the contact has it."""
    organisation_id = owner_of_new(by, owner.organisation_id)
    one_at_a_time(by)
    _refuse_same_address(owner, email, organisation_id)
    address = Address(email=email, use=use, organisation_id=organisation_id, **_as_owner(owner))
    db.session.add(address)
    note_contact("address.added", owner, address, by, now, email=email)
    return address


def change_address(address: Address, email: str, use: AddressUse, *, by: User, now: datetime) -> None:
    """Change an address, or what it is for."""
    owner = owner_of_address(address)
    one_at_a_time(by)
    _refuse_same_address(owner, email, address.organisation_id, besides=address)
    if (address.email, address.use) == (email, use):
        return
    before = address.email
    address.email, address.use = email, use
    note_contact("address.changed", owner, address, by, now, before=before, email=email)


def remove_address(address: Address, *, by: User, now: datetime) -> None:
    """Remove an address. Mails, invitations and letters keep the text of the address they went to."""
    note_contact(
        "address.removed",
        owner_of_address(address),
        address,
        by,
        now,
        email=address.email,
        address_id=address.id,
    )
    db.session.delete(address)


def owner_of_address(address: Address) -> Contact:
    """Return the institution, office or person whose address it is (the table allows exactly one)."""
    owner = address.institution or address.office or address.person
    if owner is None:
        raise LookupError(f"address {address.id} has no owner")
    return owner


def _refuse_foreign_parent(parent_id: int | None, owner: int | None, institution: Institution | None) -> None:
    if parent_id is None:
        return
    if parent_id not in {row.id for row in possible_parents(owner, institution)}:
        raise CannotBePartOf(parent_id)


def _refuse_same_holder(
    office: Office, name: str, from_date: date | None, to_date: date | None, owner: int | None
) -> None:
    rows = select(Mandate).where(Mandate.office_id == office.id, of_network_or(Mandate, owner))
    for mandate in db.session.scalars(rows):
        same_time = overlap(mandate.from_date, mandate.to_date, from_date, to_date)
        if same_time and fold(mandate.person.name) == fold(name):
            raise AlreadyThere(mandate)


def _end_present(
    office: Office, from_date: date | None, today: date, owner: int | None, by: User, now: datetime
) -> None:
    rows = select(Mandate).where(
        Mandate.office_id == office.id, Mandate.organisation_id.is_not_distinct_from(owner), in_force(today)
    )
    for mandate in db.session.scalars(rows).all():
        if from_date is None:
            raise FirstDayNeeded(mandate)
        if mandate.from_date is not None and from_date <= mandate.from_date:
            raise BeginsTooEarly(mandate)
        if mandate.to_date is None or mandate.to_date >= from_date:
            change_mandate(mandate, mandate.from_date, from_date - timedelta(days=1), by=by, now=now)


def _refuse_same_address(
    owner: Contact, email: str, organisation_id: int | None, besides: Address | None = None
) -> None:
    rows = select(Address).filter_by(**_as_owner(owner)).where(of_network_or(Address, organisation_id))
    for row in db.session.scalars(rows):
        if row is not besides and row.email.casefold() == email.casefold():
            raise AlreadyThere(row)


def _as_owner(owner: Contact) -> dict[str, int]:
    db.session.flush()
    return {f"{type(owner).__name__.lower()}_id": owner.id}


def _note_mandate(action: str, mandate: Mandate, by: User, now: datetime) -> None:
    days = {"from": mandate.from_date, "to": mandate.to_date}
    iso_days = {name: day.isoformat() if day else None for name, day in days.items()}
    note_contact(action, mandate.office, mandate, by, now, name=mandate.person.name, **iso_days)

"""Verbs that change contacts. The caller commits.

What a coordinator adds belongs to her organisation, even beside the network's institutions; what an
administrator adds belongs to whom the record beside it belongs to, else to the network. Nothing is entered
twice: the same name in the same place is refused with the record that is there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, select

from pop_campaigns.accounts.models import Organisation, User
from pop_campaigns.accounts.rules import RoleName
from pop_campaigns.contacts.models import Address, Institution, Mandate, Office, Person
from pop_campaigns.contacts.queries import in_force, of_network_or, persons_named, possible_parents
from pop_campaigns.contacts.rules import AddressUse, InstitutionKind, PersonKind, overlap
from pop_campaigns.core.clock import local_date
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.core.text import fold

Contact = Institution | Office | Person


class AlreadyThere(ValueError):
    """The same is entered already; ``record`` is the one that is there."""

    def __init__(self, record: Any) -> None:
        super().__init__("already there")
        self.record = record


class FirstDayNeeded(ValueError):
    """The present mandate cannot end without the first day of the next; ``mandate`` is the present one."""

    def __init__(self, mandate: Mandate) -> None:
        super().__init__("first day needed")
        self.mandate = mandate


class BeginsTooEarly(FirstDayNeeded):
    """The next mandate would begin on or before the first day of the present one."""


class CannotBePartOf(ValueError):
    """An institution is part of the network's or of its owner's other ones, never of one of its own parts."""


class NoOrganisation(ValueError):
    """A coordinator who belongs to no organisation has nobody to collect contacts for."""


@dataclass(frozen=True)
class InstitutionDraft:
    """What a form says about an institution."""

    kind: InstitutionKind
    name_sq: str
    name_en: str = ""
    municipality_id: int | None = None
    parent_id: int | None = None


@dataclass(frozen=True)
class OfficeDraft:
    """What a form says about an office; ``language`` is the one its mail is written in."""

    title_sq: str
    title_en: str = ""
    language: str = "sq"


def owner_of_new(by: User, beside: Contact | None = None) -> int | None:
    """Give whose a record will be that ``by`` adds (beside an existing one); None is the network's."""
    if by.role is RoleName.ADMINISTRATOR:
        return beside.organisation_id if beside else None
    if by.organisation_id is None:
        raise NoOrganisation
    return by.organisation_id


def create_institution(draft: InstitutionDraft, *, by: User, now: datetime) -> Institution:
    """Add an institution; one of the same folded name raises AlreadyThere.

    :raises CannotBePartOf: the institution above it is another organisation's.
    """
    owner = owner_of_new(by)
    _one_at_a_time(by)
    _refuse_foreign_parent(draft.parent_id, owner, None)
    _refuse_same(_near_institutions(draft.name_sq, owner), draft.name_sq, "name_sq")
    institution = Institution(
        kind=draft.kind,
        name_sq=draft.name_sq,
        name_en=draft.name_en,
        municipality_id=draft.municipality_id,
        parent_id=draft.parent_id,
        organisation_id=owner,
    )
    db.session.add(institution)
    _note("institution.created", institution, institution, by, now, name=institution.name_sq)
    return institution


def change_institution(institution: Institution, draft: InstitutionDraft, *, by: User, now: datetime) -> None:
    """Change what an institution is called, is, where, and of what it is part.

    :raises CannotBePartOf: the institution above it is another organisation's, itself or one of its parts.
    """
    _one_at_a_time(by)
    if draft.parent_id != institution.parent_id:
        _refuse_foreign_parent(draft.parent_id, institution.organisation_id, institution)
    near = _near_institutions(draft.name_sq, institution.organisation_id)
    _refuse_same(near.where(Institution.id != institution.id), draft.name_sq, "name_sq")
    _change(institution, "institution.changed", vars(draft), by, now, named="name_sq")


def create_office(institution: Institution, draft: OfficeDraft, *, by: User, now: datetime) -> Office:
    """Add an office to an institution; one of the same folded title there raises AlreadyThere."""
    owner = owner_of_new(by, institution)
    _one_at_a_time(by)
    _refuse_same(_near_offices(institution, owner), draft.title_sq, "title_sq")
    office = Office(
        institution=institution,
        title_sq=draft.title_sq,
        title_en=draft.title_en,
        language=draft.language,
        organisation_id=owner,
    )
    db.session.add(office)
    _note("office.created", office, office, by, now, name=office.title_sq)
    return office


def change_office(office: Office, draft: OfficeDraft, *, by: User, now: datetime) -> None:
    """Change an office's title and language."""
    _one_at_a_time(by)
    near = _near_offices(office.institution, office.organisation_id).where(Office.id != office.id)
    _refuse_same(near, draft.title_sq, "title_sq")
    _change(office, "office.changed", vars(draft), by, now, named="title_sq")


def create_person(
    name: str, language: str, email: str = "", *, another: bool = False, by: User, now: datetime
) -> Person:
    """Add a person, with an address if given.

    One of the same folded name raises AlreadyThere, unless it is said to be ``another`` person and the
    address given is none of theirs (so that a form sent twice adds one).
    """
    owner = owner_of_new(by)
    _one_at_a_time(by)
    same = persons_named(name, owner)
    if same and not (another and email and not any(_has_address(one, email) for one in same)):
        raise AlreadyThere(same[0])
    person = _add_person(name, language, owner, by, now)
    if email:
        add_address(person, email, AddressUse.MAIN, by=by, now=now)
    return person


def change_person(person: Person, name: str, language: str, *, by: User, now: datetime) -> None:
    """Change a person's name as it is written, and language."""
    _change(person, "person.changed", {"name": name, "language": language}, by, now, named="name")


def record_holder(
    office: Office,
    holder: str | Person,
    *,
    from_date: date | None,
    to_date: date | None,
    ends_present: bool,
    by: User,
    now: datetime,
) -> Mandate:
    """Record who holds an office: a person there is, or a new one by name. Dates are local, both included.

    With ``ends_present`` the mandates of the same owner that run today end the day before ``from_date``.
    Raises AlreadyThere when a person of that name holds the office in that time; FirstDayNeeded and
    BeginsTooEarly when the present mandate cannot end.
    """
    owner = owner_of_new(by, office)
    _one_at_a_time(by)
    name = holder if isinstance(holder, str) else holder.name
    _refuse_same_holder(office, name, from_date, to_date, owner)
    today = local_date(now)
    if ends_present and (to_date is None or to_date >= today):
        _end_present(office, from_date, today, owner, by, now)
    person = _holder_named(holder, office, owner, by, now) if isinstance(holder, str) else holder
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
    """Add an e-mail address (already parsed) to a contact; AlreadyThere if the contact has it."""
    organisation_id = owner_of_new(by, owner)
    _one_at_a_time(by)
    _refuse_same_address(owner, email, organisation_id)
    address = Address(email=email, use=use, organisation_id=organisation_id, **_as_owner(owner))
    db.session.add(address)
    _note("address.added", owner, address, by, now, email=email)
    return address


def change_address(address: Address, email: str, use: AddressUse, *, by: User, now: datetime) -> None:
    """Change an address; a placeholder that gets another address is one no more."""
    owner = owner_of_address(address)
    _one_at_a_time(by)
    _refuse_same_address(owner, email, address.organisation_id, besides=address)
    if (address.email, address.use) == (email, use):
        return
    before = address.email
    address.placeholder = address.placeholder and address.email == email
    address.email, address.use = email, use
    _note("address.changed", owner, address, by, now, before=before, email=email)


def remove_address(address: Address, *, by: User, now: datetime) -> None:
    """Remove an address. Mails, invitations and letters keep the text of the address they went to."""
    _note(
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
    """Give the institution, office or person whose address it is (the table allows exactly one)."""
    owner = address.institution or address.office or address.person
    if owner is None:
        raise LookupError(f"address {address.id} has no owner")
    return owner


def _one_at_a_time(by: User) -> None:
    # Two presses of one button look for the same name at once; the second must see what the first wrote.
    # SQLite has one writer anyway; PostgreSQL needs a row to wait at.
    if by.organisation_id is not None:
        wait_at: Select[Any] = select(Organisation.id).where(Organisation.id == by.organisation_id)
    else:
        wait_at = select(User.id).where(User.id == by.id)
    db.session.execute(wait_at.with_for_update(key_share=True)).all()


def _near_institutions(name: str, owner: int | None) -> Select[Institution]:
    found = Institution.search_key.contains(fold(name), autoescape=True)
    return select(Institution).where(of_network_or(Institution, owner), found)


def _near_offices(institution: Institution, owner: int | None) -> Select[Office]:
    return select(Office).where(of_network_or(Office, owner), Office.institution_id == institution.id)


def _refuse_foreign_parent(parent_id: int | None, owner: int | None, institution: Institution | None) -> None:
    if parent_id is None:
        return
    if parent_id not in {row.id for row in possible_parents(owner, institution)}:
        raise CannotBePartOf(parent_id)


def _refuse_same(near: Select[Any], name: str, field: str) -> None:
    for record in db.session.scalars(near).unique():
        if fold(getattr(record, field)) == fold(name):
            raise AlreadyThere(record)


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


def _has_address(person: Person, email: str) -> bool:
    return any(address.email.casefold() == email.casefold() for address in person.addresses)


def _add_person(name: str, language: str, owner: int | None, by: User, now: datetime) -> Person:
    person = Person(name=name, language=language, organisation_id=owner)
    db.session.add(person)
    _note("person.created", person, person, by, now, name=person.name)
    return person


def _holder_named(name: str, office: Office, owner: int | None, by: User, now: datetime) -> Person:
    person = _add_person(name, office.language, owner, by, now)
    person.kind = PersonKind.OFFICIAL
    return person


def _change(
    record: Contact, action: str, values: dict[str, Any], by: User, now: datetime, *, named: str
) -> None:
    before = {name: getattr(record, name) for name in values}
    for name, value in values.items():
        setattr(record, name, value)
    changed: Iterable[str] = [name for name in values if getattr(record, name) != before[name]]
    if changed:
        was = {name: before[name] for name in changed}
        _note(action, record, record, by, now, name=getattr(record, named), was=was)


def _note_mandate(action: str, mandate: Mandate, by: User, now: datetime) -> None:
    days = {"from": mandate.from_date, "to": mandate.to_date}
    written = {name: day.isoformat() if day else None for name, day in days.items()}
    _note(action, mandate.office, mandate, by, now, name=mandate.person.name, **written)


def _note(
    action: str, subject: Contact, about: Contact | Mandate | Address, by: User, now: datetime, **details: Any
) -> None:
    """Write history under the contact, with whose row it is about: others must not read of it."""
    note(action, subject, by=by, now=now, organisation_id=about.organisation_id, **details)

"""Who of a like name is there: found by indexed keys of the names, however many there are (:mod:`core.names`)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import or_, select

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import of_network_or, select_visible
from pop_campaigns.contacts.models.addresses import ContactDetail
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.rules import DetailKind, DetailUse
from pop_campaigns.core.db import db
from pop_campaigns.core.names import (
    alike_institutions,
    alike_persons,
    asked_keys,
    institution_key,
    office_key,
)
from pop_campaigns.core.text import fold

MOST: Final = 8
"""So many are named, those of the very same name first."""


def persons_like(name: str, owner: int | None, *, besides: int | None = None) -> list[Person]:
    """Return the network's persons and those of organisation ``owner`` whose name is like ``name``."""
    keys = asked_keys(name)
    columns = (Person.name_key_first, Person.name_key_last, Person.name_key_other)
    asked = (Person.id, Person.name, Person.name_as_printed, Person.organisation_id, Person.merged_into_id)
    rows = select(*asked, Person.erased_at).where(or_(*(column.in_(keys) for column in columns)))
    # The keys alone choose the index; what they leave is few enough to be looked at one by one.
    idents = [
        (fold(own) != fold(name), ident)
        for ident, own, printed, organisation, merged, erased in db.session.execute(rows)
        if organisation in (None, owner) and merged is None and erased is None and ident != besides
        if alike_persons(own, name) or (printed and alike_persons(printed, name))
    ]
    return _in_order(Person, [ident for _other, ident in sorted(idents)[:MOST]])


def persons_at(phones: Collection[str], owner: int | None, *, besides: int | None = None) -> list[Person]:
    """Return the network's persons and those of organisation ``owner`` who have one of some numbers, a fax's not counted."""
    wanted = [phone for phone in phones if phone]
    if not wanted:
        return []
    further = select(ContactDetail.person_id).where(
        ContactDetail.value.in_(wanted),
        ContactDetail.kind == DetailKind.PHONE,
        ContactDetail.use != DetailUse.FAX,
        of_network_or(ContactDetail, owner),
        ContactDetail.person_id.is_not(None),
    )
    rows = select(Person).where(
        or_(Person.phone.in_(wanted), Person.id.in_(further)),
        of_network_or(Person, owner),
        Person.merged_into_id.is_(None),
        Person.erased_at.is_(None),
    )
    return [row for row in db.session.scalars(rows.order_by(Person.id)) if row.id != besides][:MOST]


def _phones_of(person: Person) -> list[str]:
    further = (
        row.value for row in person.details if row.kind is DetailKind.PHONE and row.use is not DetailUse.FAX
    )
    return [person.phone, *further]


def institutions_like(name: str, owner: int | None, *, besides: int | None = None) -> list[Institution]:
    """Return the network's institutions and those of organisation ``owner`` whose name is like ``name``."""
    key = institution_key(name)
    rows = select(Institution.id, Institution.name_sq, Institution.name_key).where(
        of_network_or(Institution, owner), Institution.merged_into_id.is_(None)
    )
    idents = [
        (fold(own) != fold(name), ident)
        for ident, own, own_key in db.session.execute(rows)
        if ident != besides and (fold(own) == fold(name) or alike_institutions(own_key, key))
    ]
    return _in_order(Institution, [ident for _other, ident in sorted(idents)[:MOST]])


def offices_like(
    institution: Institution, title: str, owner: int | None, *, besides: int | None = None
) -> list[Office]:
    """Return the offices of an institution that a title names, whatever its gender, case or definiteness."""
    near = select(Office).where(
        of_network_or(Office, owner), Office.institution_id == institution.id, Office.merged_into_id.is_(None)
    )
    key = office_key(title, institution.name_sq)
    return [
        office
        for office in db.session.scalars(near.order_by(Office.id)).unique()
        if office.id != besides
        and (office_key(office.title_sq, institution.name_sq) == key or fold(title) == fold(office.title_sq))
    ][:MOST]


def likely_doubles(record: Person | Institution, user: User) -> list[Person] | list[Institution]:
    """Return what may be the same as a record, as far as the user may see it, by name, of persons also by phone number."""
    owner = record.organisation_id
    if isinstance(record, Person):
        near = persons_like(record.name, owner, besides=record.id)
        near += persons_at(_phones_of(record), owner, besides=record.id)
        seen = select_visible(Person, user).where(Person.id.in_({person.id for person in near}))
        return list(db.session.scalars(seen.order_by(Person.sort_key, Person.id)))
    idents = [near.id for near in institutions_like(record.name_sq, owner, besides=record.id)]
    rows = select_visible(Institution, user).where(Institution.id.in_(idents))
    return list(db.session.scalars(rows.order_by(Institution.sort_key, Institution.id)))


def _in_order(model: Any, idents: list[int]) -> list[Any]:
    by_id: dict[int, Any] = {
        row.id: row for row in db.session.scalars(select(model).where(model.id.in_(idents)))
    }
    return [by_id[ident] for ident in idents]

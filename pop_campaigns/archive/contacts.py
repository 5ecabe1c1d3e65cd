"""Keeps what a record says about places, organisations, institutions, their offices and who held them."""

from __future__ import annotations

from datetime import date
from typing import Any, Final, TypeVar

from sqlalchemy import select

from pop_campaigns.accounts.models import Organisation
from pop_campaigns.archive.document import Part
from pop_campaigns.archive.loading import Loading, keep
from pop_campaigns.archive.names import (
    MAYOR,
    PARLIAMENT,
    PROTOCOL_DESK,
    county_of,
    english_institution,
    english_office,
    forms_of,
    is_deputy,
    kind_of,
    municipality_of,
)
from pop_campaigns.archive.reading import slug
from pop_campaigns.archive.record import MemberFacts
from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Mandate, Person
from pop_campaigns.contacts.rules import AddressUse, InstitutionKind, PersonKind
from pop_campaigns.core.db import db, like_folded
from pop_campaigns.core.places import Municipality, municipality_key
from pop_campaigns.core.text import fold

_DNS_LABEL: Final = 63  # RFC 1035 section 2.3.4
_LOCAL_PART: Final = 64  # RFC 5321 section 4.5.3.1.1
_Contact = TypeVar("_Contact", Institution, Office, Person)


def keep_municipality(loading: Loading, name: str) -> Municipality | None:
    """Keep a municipality, with its definite form and county where they are certain."""
    definite, county = forms_of(name)
    key = municipality_key(name)
    return keep(
        loading,
        Municipality,
        key,
        find=lambda: db.session.scalar(select(Municipality).where(Municipality.key == key)),
        make=lambda: Municipality(key=key, name=name, name_definite=definite, county=county),
        action="municipality.created",
        name=name,
    )


def keep_member(loading: Loading, facts: MemberFacts) -> None:
    """Keep a member organisation, its municipality, and that municipality's administration with its mayor."""
    municipality = keep_municipality(loading, facts.municipality)
    key = facts.key
    organisation = keep(
        loading,
        Organisation,
        key,
        find=lambda: db.session.scalar(select(Organisation).where(Organisation.key == key)),
        make=lambda: Organisation(
            key=key,
            name=facts.name,
            name_en=facts.name_en,
            short_name=facts.short_name,
            name_as_printed=facts.as_printed,
            municipality=municipality,
        ),
        action="organisation.created",
        name=facts.name,
    )
    ident = organisation.id if organisation else 0
    loading.members |= {fold(name): ident for name in (facts.name, facts.short_name, facts.name_en) if name}
    keep_administration(loading, facts.municipality)


def keep_administration(loading: Loading, municipality: str) -> Institution | None:
    """Keep the administration of a municipality (*Bashkia Fier*) with the office of its mayor."""
    institution = keep_institution(loading, f"Bashkia {municipality}")
    if institution is not None:
        keep_office(loading, institution, MAYOR)
    return institution


def find_member(loading: Loading, place: Part, typed: str) -> Organisation | None:
    """Return the member organisation that a record names: by short name, name, or its municipality.

    What the record itself calls a member counts before what people call it now. None: they removed it.

    :raises pop_campaigns.archive.document.RecordRefused: there is none, or the municipality has several.
    """
    wanted = fold(typed)
    if wanted in loading.members:
        return db.session.get(Organisation, loading.members[wanted])
    organisations = db.session.scalars(select(Organisation)).all()
    by_name = [organisation for organisation in organisations if wanted in _names_of(organisation)]
    key = municipality_key(typed)
    matches = by_name or [
        organisation
        for organisation in organisations
        if organisation.municipality and organisation.municipality.key == key
    ]
    if not matches:
        raise place.refuse(f"there is no member organisation “{typed}”")
    if len(matches) > 1:
        raise place.refuse(f"several member organisations go by “{typed}”: name one by its own name")
    return matches[0]


def keep_institution(loading: Loading, name: str, as_printed: str = "") -> Institution | None:
    """Keep an institution of the network's; one that people added under the same name is taken for it."""
    kind, key = kind_of(name), slug(name)
    place = municipality_of(name)
    municipality = keep_municipality(loading, place) if place and len(place) <= 40 else None
    parent = keep_institution(loading, PARLIAMENT) if kind is InstitutionKind.COMMITTEE else None
    return keep(
        loading,
        Institution,
        key,
        find=lambda: _find_shared(Institution, name),
        make=lambda: Institution(
            key=_free_key(key),
            kind=kind,
            name_sq=name,
            name_en=english_institution(name),
            name_as_printed=as_printed,
            parent=parent,
            municipality=municipality,
            county=county_of(name),
        ),
        action="institution.created",
        name=name,
    )


def keep_office(loading: Loading, institution: Institution, title: str) -> Office | None:
    """Keep an office of an institution.

    One that a record names gets a placeholder for the address that no record gives; a vocabulary gives none, and the
    first record that names its office adds it.
    """
    key = f"{_known_as(loading, institution)}/{slug(title)}"
    placeholder = _placeholder(institution.name_sq, title)
    office = keep(
        loading,
        Office,
        key,
        find=lambda: _find_shared(Office, title, Office.institution_id == institution.id),
        make=lambda: Office(
            institution=institution,
            title_sq=title,
            title_en=english_office(title, institution.kind),
            addresses=[placeholder] if loading.placeholders else [],
        ),
        action="office.created",
        name=title,
        **({} if loading.placeholders else {"bare": True}),
    )
    if office is not None and loading.placeholders:
        _give_placeholder(loading, office, key, placeholder)
    return office


def _give_placeholder(loading: Loading, office: Office, key: str, placeholder: Address) -> None:
    """Add its placeholder to an office that came from a vocabulary, once and only while it has no address."""
    added_before = (Address.__tablename__, key) in loading.known
    if (Office.__tablename__, key) in loading.bare and not added_before and not office.addresses:
        office.addresses.append(placeholder)
        db.session.flush()
        loading.remember(Address.__tablename__, key, "address.added", office, email=placeholder.email)


def keep_holder(loading: Loading, office: Office, name: str, known_on: date | None) -> Person | None:
    """Keep a person and that they held an office on a day (or, to the end of a period, at some time)."""
    person = keep(
        loading,
        Person,
        slug(name),
        find=lambda: _find_shared(Person, name),
        make=lambda: Person(name=name, kind=PersonKind.OFFICIAL),
        action="person.created",
        name=name,
    )
    if person is None:
        return None
    key = f"{_known_as(loading, office)}/{slug(name)}"
    same = select(Mandate).where(Mandate.person_id == person.id, Mandate.office_id == office.id)
    if (Mandate.__tablename__, key) in loading.known or db.session.scalars(same.limit(1)).first():
        loading.count(Mandate.__tablename__, key, added=False)
        return person
    db.session.add(Mandate(person=person, office=office, known_on=known_on))
    db.session.flush()
    days = {"from": None, "to": None}
    loading.remember(Mandate.__tablename__, key, "mandate.recorded", office, name=name, **days)
    return person


def keep_attended_office(loading: Loading, title: str, institution: Institution | None) -> Office | None:
    """Keep the office in which someone attended: a deputy's is in parliament, any other where they met."""
    if is_deputy(title):
        institution = keep_institution(loading, PARLIAMENT)
    return keep_office(loading, institution, title) if institution is not None and title else None


def keep_protocol_desk(loading: Loading, institution: Institution) -> Office | None:
    """Keep the desk that takes an institution's mail, for one that a record names without an office."""
    return keep_office(loading, institution, PROTOCOL_DESK)


def _names_of(organisation: Organisation) -> set[str]:
    names = (organisation.name, organisation.short_name, organisation.name_en)
    return {fold(name) for name in names if name}


def _find_shared(model: type[_Contact], name: str, *conditions: Any) -> _Contact | None:
    """Return the network's row of the same folded name, if there is one."""
    statement = select(model).where(
        model.organisation_id.is_(None), like_folded(model.search_key, name), *conditions
    )
    rows = db.session.scalars(statement.order_by(model.id)).unique()
    return next((row for row in rows if fold(getattr(row, model.__sorted_by__)) == fold(name)), None)


def _free_key(key: str) -> str | None:
    taken = db.session.scalar(select(Institution.id).where(Institution.key == key))
    return None if taken else key


def _known_as(loading: Loading, row: Institution | Office) -> str:
    """Return the key a row was loaded under, whatever it is called now; else its number."""
    for (kind, key), ident in loading.known.items():
        if kind == row.__tablename__ and ident == row.id:
            return key
    return f"nr-{row.id}"


def _placeholder(institution: str, title: str) -> Address:
    """Return an address that reaches nobody (RFC 2606) and holds the place of the one to be found out."""
    local = slug(title, _LOCAL_PART)
    domain = slug(institution, _DNS_LABEL)
    use = AddressUse.PROTOCOL if title == PROTOCOL_DESK else AddressUse.MAIN
    return Address(email=f"{local}@{domain}.example", use=use)

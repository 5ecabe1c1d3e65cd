"""Public bodies, their offices and who holds them, in the words of the Popolo data specification (popoloproject.com).

Only what the network keeps for itself and what belongs to an office: no address or phone number of a person, no
record of a single organisation, nobody who was erased, nobody without an office.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, lazyload

from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Mandate, Person
from pop_campaigns.contacts.queries.addresses import best_first
from pop_campaigns.contacts.rules import AddressUse, InstitutionKind, PersonKind
from pop_campaigns.core.db import db
from pop_campaigns.core.history import History

PUBLIC_BODIES: Final = frozenset(
    {
        InstitutionKind.GOVERNMENT,
        InstitutionKind.MINISTRY,
        InstitutionKind.MUNICIPALITY,
        InstitutionKind.COUNCIL,
        InstitutionKind.PREFECTURE,
        InstitutionKind.AGENCY,
        InstitutionKind.DIRECTORATE,
        InstitutionKind.COMMITTEE,
    }
)
"""Whose address and phone number are everybody's business."""
SHOWN_KINDS: Final = PUBLIC_BODIES | {InstitutionKind.OTHER}
"""Parliament is of another kind; parties, media and civil society hold no public office."""
_PUBLIC_USES: Final = (AddressUse.MAIN, AddressUse.PROTOCOL)
_SUBJECTS: Final = (Institution.__tablename__, Office.__tablename__, Person.__tablename__)
_SCHEME: Final = "pop-campaigns"

Document = dict[str, list[dict[str, Any]]]


def read_popolo(origin: str) -> Document:
    """Return all public office-holders; ``origin`` is the address that stands for sources which have none."""
    institutions = _institutions()
    offices = _offices(institutions)
    mandates = _mandates(offices)
    persons = {mandate.person.id: mandate.person for mandate in mandates}
    sources, emails = _Sources(origin), _public_emails(institutions)
    # An office that people typed in to invite somebody is no public fact before its holder is.
    held = {mandate.office_id for mandate in mandates}
    posts = [office for office in offices.values() if office.id in held or sources.of(office)]
    return {
        "persons": [_person(person, sources) for _id, person in sorted(persons.items())],
        "organizations": [
            _organization(institution, institutions, emails[institution.id], sources)
            for institution in institutions.values()
        ],
        "posts": [_post(post, sources) for post in posts],
        "memberships": [_membership(mandate, offices[mandate.office_id]) for mandate in mandates],
    }


def last_contact_change() -> datetime | None:
    """Return when a contact was last added, changed or removed: each change leaves a line in history."""
    return db.session.scalar(select(func.max(History.at)).where(History.subject_type.in_(_SUBJECTS)))


class _Sources:
    """What the network's records say about where they come from."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._of: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
        rows = select(History.subject_type, History.subject_id, History.details).where(
            History.subject_type.in_(_SUBJECTS), History.actor_id.is_(None)
        )
        for kind, ident, details in db.session.execute(rows.order_by(History.id)):
            source = str(details.get("source") or "")
            if source and source not in self._of[kind, ident]:
                self._of[kind, ident].append(source)

    def of(self, record: Institution | Office | Person) -> dict[str, Any]:
        """Return ``sources`` of a record, or nothing where people typed it in."""
        known = self._of.get((record.__tablename__, record.id), ())
        return {"sources": [{"url": self._origin, "note": note} for note in known]} if known else {}


def _institutions() -> dict[int, Institution]:
    rows = select(Institution).where(
        Institution.organisation_id.is_(None),
        Institution.merged_into_id.is_(None),
        Institution.kind.in_(SHOWN_KINDS),
    )
    institutions = db.session.scalars(
        rows.options(joinedload(Institution.municipality)).order_by(Institution.id)
    )
    return {institution.id: institution for institution in institutions}


def _offices(institutions: dict[int, Institution]) -> dict[int, Office]:
    rows = select(Office).where(Office.organisation_id.is_(None), Office.merged_into_id.is_(None))
    offices = db.session.scalars(rows.options(lazyload(Office.institution)).order_by(Office.id))
    return {office.id: office for office in offices if office.institution_id in institutions}


def _mandates(offices: dict[int, Office]) -> list[Mandate]:
    rows = (
        select(Mandate)
        .join(Mandate.person)
        .where(
            Mandate.organisation_id.is_(None),
            Person.organisation_id.is_(None),
            Person.kind == PersonKind.OFFICIAL,
            Person.merged_into_id.is_(None),
            Person.erased_at.is_(None),
        )
    )
    mandates = db.session.scalars(rows.order_by(Mandate.id)).unique()
    return [mandate for mandate in mandates if mandate.office_id in offices]


def _public_emails(institutions: dict[int, Institution]) -> defaultdict[int, list[Address]]:
    rows = select(Address).where(
        Address.institution_id.is_not(None),
        Address.organisation_id.is_(None),
        Address.use.in_(_PUBLIC_USES),
        ~Address.is_sample,
    )
    emails: defaultdict[int, list[Address]] = defaultdict(list)
    for address in best_first(db.session.scalars(rows), None):
        if address.institution_id in institutions:
            emails[address.institution_id or 0].append(address)
    return emails


def _person(person: Person, sources: _Sources) -> dict[str, Any]:
    printed = person.name_as_printed if person.name_as_printed != person.name else ""
    names = {"other_names": [{"name": printed, "note": "as printed"}]} if printed else {}
    return {"id": f"person/{person.id}", "name": person.name, **names, **sources.of(person)}


def _organization(
    institution: Institution, all_shown: dict[int, Institution], emails: Sequence[Address], sources: _Sources
) -> dict[str, Any]:
    organization: dict[str, Any] = {
        "id": f"organization/{institution.id}",
        "name": institution.name_sq,
        "classification": institution.kind.value,
    }
    if institution.parent_id in all_shown:
        organization["parent_id"] = f"organization/{institution.parent_id}"
    if institution.key:
        organization["identifiers"] = [{"scheme": _SCHEME, "identifier": institution.key}]
    names = [(institution.name_en, "in English"), (institution.name_as_printed, "as printed")]
    others = [{"name": name, "note": note} for name, note in names if name and name != institution.name_sq]
    if others:
        organization["other_names"] = others
    if _area(institution):
        organization["area"] = _area(institution)
    contact = list(_contact_details(institution, emails)) if institution.kind in PUBLIC_BODIES else []
    if contact:
        organization["contact_details"] = contact
    return organization | sources.of(institution)


def _area(institution: Institution) -> dict[str, str]:
    if institution.municipality:
        name = institution.municipality.name
        return {
            "id": f"municipality/{institution.municipality.key}",
            "name": name,
            "classification": "municipality",
        }
    return {"name": institution.county, "classification": "county"} if institution.county else {}


def _contact_details(institution: Institution, emails: Sequence[Address]) -> Iterable[dict[str, str]]:
    for address in emails:
        note = {"note": "register office"} if address.use is AddressUse.PROTOCOL else {}
        yield {"type": "email", "value": address.email, **note}
    if institution.phone:
        yield {"type": "voice", "value": institution.phone}


def _post(office: Office, sources: _Sources) -> dict[str, Any]:
    english = {"other_label": [{"name": office.title_en, "note": "in English"}]} if office.title_en else {}
    return {
        "id": f"post/{office.id}",
        "label": office.title_sq,
        "role": office.title_sq,
        "organization_id": f"organization/{office.institution_id}",
        **english,
        **sources.of(office),
    }


def _membership(mandate: Mandate, office: Office) -> dict[str, Any]:
    membership = {
        "id": f"membership/{mandate.id}",
        "person_id": f"person/{mandate.person_id}",
        "post_id": f"post/{mandate.office_id}",
        "organization_id": f"organization/{office.institution_id}",
        "role": office.title_sq,
    }
    dates = {"start_date": mandate.from_date, "end_date": mandate.to_date}
    if not any(dates.values()):
        dates = {"known_on": mandate.known_on}  # ours: the specification has no word for it
    return membership | {name: day.isoformat() for name, day in dates.items() if day}

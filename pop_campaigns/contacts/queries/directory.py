"""What the pages of contacts show: institutions with offices and holders, persons, and what was done to them.

Every function asks a constant number of queries, however long the page is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, or_, select, tuple_
from sqlalchemy.orm import joinedload

from pop_campaigns.accounts.models import Organisation, User
from pop_campaigns.accounts.rules.roles import RoleName
from pop_campaigns.accounts.scope import select_visible, visible
from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.models.consents import Consent
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Mandate, Person
from pop_campaigns.contacts.queries.addresses import best_addresses, best_first, reach_to_read
from pop_campaigns.contacts.queries.reach import mandate_rank
from pop_campaigns.contacts.queries.refusals import suppressed_among
from pop_campaigns.contacts.queries.searching import institutions_match, persons_match, persons_order
from pop_campaigns.contacts.rules import (
    MAIL_PURPOSES,
    PRIVATE_KINDS,
    InstitutionKind,
    PersonKind,
    Purpose,
    may_read_log,
    runs_on,
)
from pop_campaigns.core.db import as_typed_first, db
from pop_campaigns.core.history import History
from pop_campaigns.core.i18n import current_language, in_language
from pop_campaigns.core.places import Municipality
from pop_campaigns.core.text import search_words

HISTORY_ROWS = 20
# Ministry, agency, regional directorate, its offices: nobody stands deeper, and a circle must end.
DEEPEST = 8


@dataclass(frozen=True)
class OfficeRow:
    """An office, who holds it now (the one that counts first), who did, its addresses, and where its mail goes."""

    office: Office
    present: list[Mandate]
    others: list[Mandate]
    addresses: list[Address]
    reached_at: Address | None


@dataclass(frozen=True)
class InstitutionRow:
    """An institution with the offices and addresses the user may see."""

    institution: Institution
    offices: list[OfficeRow] = field(default_factory=list)
    addresses: list[Address] = field(default_factory=list)


@dataclass(frozen=True)
class PersonRow:
    """A person with the mandates and addresses the user may see, and where mail goes."""

    person: Person
    present: list[Mandate]
    others: list[Mandate]
    addresses: list[Address]
    reached_at: Address | None

    @property
    def last_known(self) -> Mandate | None:
        """The mandate that a source too old to count named last; None where one runs, or the last one has ended."""
        if self.present:
            return None
        last = max(
            self.others,
            key=lambda mandate: (mandate.to_date or mandate.known_on or date.min, mandate.id),
            default=None,
        )
        return last if last and not last.from_date and not last.to_date else None


def select_institutions(
    typed: str, kind: InstitutionKind | None, municipality: Municipality | None, user: User, on: date
) -> Select[Institution]:
    """Return the query for institutions in Albanian order; typed words may name an office or its holder, or be a number.

    Those come first whose own name has the words as they were typed.
    """
    chosen = select_visible(Institution, user).options(
        joinedload(Institution.municipality), joinedload(Institution.organisation)
    )
    if kind:
        chosen = chosen.where(Institution.kind == kind)
    if municipality:
        chosen = chosen.where(Institution.municipality_id == municipality.id)
    by_name = [as_typed_first(Institution.search_key, typed)] if typed.strip() else []
    return chosen.where(institutions_match(typed, user, on)).order_by(
        *by_name, Institution.sort_key, Institution.id
    )


def municipalities_in_use(user: User) -> Sequence[Municipality]:
    """Return the municipalities one can filter institutions by, in Albanian order.

    Those of members, those where somebody can be reached or holds an office, and those where people added or changed
    an institution: a loaded vocabulary gives all 61 institutions, most of which nobody has needed yet.
    """
    reached = or_(
        exists().where(Address.institution_id == Institution.id, visible(Address, user)),
        exists().where(
            Office.institution_id == Institution.id,
            visible(Office, user),
            or_(
                exists().where(Address.office_id == Office.id, visible(Address, user)),
                exists().where(Mandate.office_id == Office.id, visible(Mandate, user)),
            ),
        ),
    )
    by_people = exists().where(
        History.subject_type == Institution.__tablename__,
        History.subject_id == Institution.id,
        History.actor_id.is_not(None),
    )
    used = select(Institution.municipality_id).where(
        visible(Institution, user), or_(reached, by_people, Institution.organisation_id.is_not(None))
    )
    members = select(Organisation.municipality_id)
    chosen = select(Municipality).where(or_(Municipality.id.in_(used), Municipality.id.in_(members)))
    return db.session.scalars(chosen.order_by(Municipality.sort_key)).all()


def institutions_above(institution: Institution, user: User) -> list[Institution]:
    """Return what an institution is part of, the highest first, as far up as the user may see."""
    above: list[Institution] = []
    ident = institution.parent_id
    while ident is not None and len(above) < DEEPEST:
        parent = db.session.scalar(select_visible(Institution, user).where(Institution.id == ident))
        if parent is None or parent in above:
            break
        above.insert(0, parent)
        ident = parent.parent_id
    return above


def parts_of(institution: Institution, user: User) -> Sequence[Institution]:
    """Return the institutions right below one that the user may see, in Albanian order."""
    below = select_visible(Institution, user).where(Institution.parent_id == institution.id)
    return db.session.scalars(below.order_by(Institution.sort_key, Institution.id)).all()


def institution_rows(institutions: Sequence[Institution], user: User, on: date) -> list[InstitutionRow]:
    """Return institutions with what belongs to them."""
    if not institutions:
        return []
    idents = [institution.id for institution in institutions]
    offices = db.session.scalars(
        select_visible(Office, user)
        .where(Office.institution_id.in_(idents))
        .order_by(Office.sort_key, Office.id)
    ).all()
    rows = {
        ident: InstitutionRow(institution) for ident, institution in zip(idents, institutions, strict=True)
    }
    for row in office_rows(offices, user, on):
        rows[row.office.institution_id].offices.append(row)
    for address in _addresses(Address.institution_id.in_(idents), user):
        rows[address.institution_id or 0].addresses.append(address)
    return list(rows.values())


def office_rows(offices: Sequence[Office], user: User, on: date) -> list[OfficeRow]:
    """Return offices with their holders and addresses."""
    idents = [office.id for office in offices]
    held_in: defaultdict[int, list[Mandate]] = defaultdict(list)
    for mandate in _mandates(Mandate.office_id.in_(idents), user):
        held_in[mandate.office_id].append(mandate)
    of_office: defaultdict[int, list[Address]] = defaultdict(list)
    for address in _addresses(Address.office_id.in_(idents), user):
        of_office[address.office_id or 0].append(address)
    reached = best_addresses(offices, reach_to_read(user))
    rows = []
    for office in offices:
        present, others = _split(held_in[office.id], user, on)
        rows.append(OfficeRow(office, present, others, of_office[office.id], reached.get(office)))
    return rows


def select_persons(
    typed: str, user: User, kind: PersonKind | None = None, place: Municipality | None = None
) -> Select[Person]:
    """Return the query for persons by kind, municipality and words, in Albanian order.

    Every folded word stands in the name or in an e-mail address, or what was typed is a phone number. Those come first
    whose name has the words as they were typed.
    """
    words = search_words(typed)
    chosen = select(Person).where(visible(Person, user, scanned=bool(words)))
    if words:
        chosen = chosen.where(persons_match(words, typed, user))
    if kind:
        chosen = chosen.where(Person.kind == kind)
    if place:
        chosen = chosen.where(Person.municipality_id == place.id)
    return chosen.order_by(*persons_order(typed))


def municipalities_of_persons(user: User) -> Sequence[Municipality]:
    """Return the municipalities in which the persons are whom the user may see, in Albanian order."""
    used = select(Person.municipality_id).where(visible(Person, user), Person.municipality_id.is_not(None))
    rows = select(Municipality).where(Municipality.id.in_(used))
    return db.session.scalars(rows.order_by(Municipality.sort_key)).all()


def consents_of(person: Person, user: User) -> Sequence[Consent]:
    """Return what a person agreed to, as far as the user may see it, what counts first."""
    rows = select_visible(Consent, user).where(Consent.person_id == person.id)
    ordered = rows.order_by(Consent.withdrawn_at.is_not(None), Consent.given_at.desc(), Consent.id.desc())
    return db.session.scalars(ordered).all()


def refusals_of(person: Person) -> set[tuple[str, Purpose]]:
    """Return which of a person's addresses refuse mail, and for what."""
    emails = [address.email for address in person.addresses]
    return {
        (email, purpose)
        for purpose in MAIL_PURPOSES
        for email in suppressed_among(emails, purpose, person.organisation_id)
    }


def merged_into(model: type[Institution | Person], ident: int) -> int | None:
    """Return the record into which one was merged, None if it stands for itself."""
    row: Any = db.session.get(model, ident) if 0 < ident < 2**31 else None
    return row.merged_into_id if row is not None else None


def person_rows(persons: Sequence[Person], user: User, on: date) -> list[PersonRow]:
    """Return persons with the offices they hold or held, and their addresses."""
    if not persons:
        return []
    idents = [person.id for person in persons]
    held_by: defaultdict[int, list[Mandate]] = defaultdict(list)
    for mandate in _mandates(Mandate.person_id.in_(idents), user):
        held_by[mandate.person_id].append(mandate)
    of_person: defaultdict[int, list[Address]] = defaultdict(list)
    for address in _addresses(Address.person_id.in_(idents), user):
        of_person[address.person_id or 0].append(address)
    rows = []
    for person in persons:
        present, others = _split(held_by[person.id], user, on)
        addresses = of_person[person.id]
        reached = next(iter(best_first(addresses, user.organisation_id)), None)
        rows.append(PersonRow(person, present, others, addresses, reached))
    return rows


def changes_of(
    subjects: Sequence[Institution | Office | Person], user: User, *, actions: Collection[str]
) -> list[History]:
    """Return what was done to contacts, of ``actions``, newest first, without what belongs to another organisation.

    Who only reads sees no history of a citizen who was merged into somebody else, and no line that names a person whom
    they do not see.
    """
    keys = [(subject.__tablename__, subject.id) for subject in subjects]
    keys += [key for subject in subjects for key in _merged_keys(subject, user)]
    histories = db.session.scalars(
        select(History)
        .where(tuple_(History.subject_type, History.subject_id).in_(keys), History.action.in_(actions))
        .order_by(History.id.desc())
        .limit(10 * HISTORY_ROWS)
    )
    reads_all = user.role is not RoleName.COORDINATOR
    mine = (None, user.organisation_id)
    rows = [row for row in histories if reads_all or row.details.get("organisation_id") in mine]
    private = {
        subject.id for subject in subjects if isinstance(subject, Person) and not _log_is_read(subject, user)
    }
    rows = [
        row
        for row in rows
        if not (row.action.startswith("log.") and row.subject_type == "persons" and private)
    ]
    return (_without_citizens(rows, user) if user.role is RoleName.VIEWER else rows)[:HISTORY_ROWS]


def _log_is_read(person: Person, user: User) -> bool:
    return user.role is not None and may_read_log(user.role, person.kind)


def _merged_keys(subject: Institution | Office | Person, user: User) -> list[tuple[str, int]]:
    """Return the records that were merged into one: their history is its history."""
    model = type(subject)
    gone = select(model.id).where(model.merged_into_id == subject.id)
    if user.role is RoleName.VIEWER and model is Person:
        gone = gone.where(Person.kind.not_in(PRIVATE_KINDS))
    return [(subject.__tablename__, ident) for ident in db.session.scalars(gone)]


def _without_citizens(rows: Sequence[History], user: User) -> list[History]:
    """Leave out lines that name somebody else unless it is a person whom the user sees."""
    naming = ("mandate.recorded", "mandate.changed", "contact.merged", "contact.merge_undone")
    names = {row.details.get("name", "") for row in rows if row.action in naming}
    known = select(Person.name).where(visible(Person, user), Person.name.in_(names))
    seen = set(db.session.scalars(known)) if names else set()
    of_persons = Person.__tablename__
    return [
        row
        for row in rows
        if row.action not in naming
        or row.details.get("name") in seen
        or (row.action.startswith("contact.") and row.subject_type != of_persons)
    ]


def removed_before(address_id: int, user: User) -> History | None:
    """Return the row of history in which the user removed an address: a second press of the button asks again."""
    histories = db.session.scalars(
        select(History)
        .where(History.action == "address.removed", History.actor_id == user.id)
        .order_by(History.id.desc())
        .limit(HISTORY_ROWS)
    )
    return next((row for row in histories if row.details.get("address_id") == address_id), None)


def organisation_names(user: User) -> dict[int, str]:
    """Return the names of all members by id, for those who read the whole network; a coordinator needs none."""
    if user.role is RoleName.COORDINATOR:
        return {}
    lang = current_language()
    return {
        organisation.id: organisation.short_name or in_language(organisation, "name", lang)
        for organisation in db.session.scalars(select(Organisation))
    }


def _mandates(condition: ColumnElement[bool], user: User) -> Sequence[Mandate]:
    """Return mandates whose person and office the user may see as well."""
    rows = (
        select_visible(Mandate, user)
        .where(
            condition,
            exists().where(Person.id == Mandate.person_id, visible(Person, user)),
            exists().where(Office.id == Mandate.office_id, visible(Office, user)),
        )
        .options(joinedload(Mandate.office))
    )
    return db.session.scalars(rows).unique().all()


def _split(mandates: Sequence[Mandate], user: User, on: date) -> tuple[list[Mandate], list[Mandate]]:
    """Part mandates into those that run on a day and the others, the most telling first."""
    ranked = sorted(mandates, key=lambda mandate: mandate_rank(mandate, user.organisation_id), reverse=True)
    present = [
        mandate for mandate in ranked if runs_on(mandate.from_date, mandate.to_date, mandate.known_on, on)
    ]
    return present, [mandate for mandate in ranked if mandate not in present]


def _addresses(condition: ColumnElement[bool], user: User) -> Sequence[Address]:
    addresses = db.session.scalars(select(Address).where(visible(Address, user), condition))
    return sorted(
        addresses, key=lambda address: address.id
    )  # asked for in order, SQLite would read all addresses

"""Whom one can write to: offices and persons a user may see, who holds an office, their addresses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select
from sqlalchemy.orm import contains_eager

from pop_campaigns.accounts.models import Organisation, User
from pop_campaigns.accounts.rules.roles import may_read_record
from pop_campaigns.accounts.scope import of_network_or, visible
from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Mandate, Person
from pop_campaigns.contacts.queries.addresses import Reach, best_addresses, reach_to_read
from pop_campaigns.contacts.queries.details import (
    has_number,
    institutions_with_number,
    office_has_number,
    words_or_number,
)
from pop_campaigns.contacts.rules import SOURCE_HOLDS_FOR, InstitutionKind
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.db import as_typed_first, db, like_folded
from pop_campaigns.core.text import fold, search_words

GuestKind = Literal["office", "person"]
_LONG_AGO: Final = date.min


@dataclass(frozen=True)
class GuestOption:
    """An office or a person as a picker shows it; a person has only a ``holder``: the name as it is written.

    ``address`` is the one a mail would take, or None; ``phone`` (E.164, "" where none is known) is the office's, else its
    institution's, or the person's. Show title and institution through ``in_language``.
    """

    kind: GuestKind
    id: int
    title_sq: str
    title_en: str
    institution_sq: str
    institution_en: str
    holder: str
    address: Address | None
    language: str
    phone: str = ""


def find_guests(typed: str, user: User, *, reach: Reach | None = None, limit: int = 30) -> list[GuestOption]:
    """Find offices and persons the user may see, by the folded words typed; offices first, by institution.

    ``reach`` says in whose name their addresses are chosen; None: in that of the user's organisation.

    Every word must occur in the office's title, its institution or its holder's name. Offices that mail can reach come
    before those that nobody has needed yet (a loaded vocabulary brings many), what has the words as typed before what has their
    stems. A person who holds an office stands for
    herself only if she has an address of her own. Five queries, however many are found.
    """
    today = local_date(now())
    offices = db.session.scalars(_matching_offices(typed, user, today).limit(limit)).unique().all()
    persons = db.session.scalars(_matching_persons(typed, user, today).limit(limit)).all()
    # Many offices must not push every person off a short list.
    places = max(limit - len(persons), limit - limit // 3)
    reach = reach or reach_to_read(user)
    shown = _office_options(offices[:places], reach, today)
    return (shown + _person_options(persons, reach))[:limit]


def guest_options(
    keys: Sequence[tuple[GuestKind, int]], user: User, *, reach: Reach | None = None
) -> list[GuestOption]:
    """Return several offices and persons in the order named, without those the user may not see; five queries."""
    offices = _visible_offices(user).where(Office.id.in_([ident for kind, ident in keys if kind == "office"]))
    persons = select(Person).where(
        visible(Person, user), Person.id.in_([ident for kind, ident in keys if kind == "person"])
    )
    reach = reach or reach_to_read(user)
    options = _office_options(db.session.scalars(offices).unique().all(), reach, local_date(now()))
    options += _person_options(db.session.scalars(persons).all(), reach)
    by_key = {(option.kind, option.id): option for option in options}
    return [by_key[key] for key in dict.fromkeys(keys) if key in by_key]


def offices_in(municipality_id: int, user: User, *, limit: int) -> list[int]:
    """Return the offices of a municipality's institutions that the user may see, by institution."""
    near = _visible_offices(user).where(Institution.municipality_id == municipality_id)
    ordered = near.order_by(Institution.sort_key, Institution.id, Office.sort_key, Office.id).limit(limit)
    return [office.id for office in db.session.scalars(ordered).unique()]


def network_mayors(user: User) -> list[int]:
    """Return the offices of the mayors of all municipalities where an organisation of the network works."""
    title = func.lower(Office.title_sq)
    near = select(Organisation.municipality_id).where(Organisation.municipality_id.is_not(None))
    mayors = (
        select(Office.id)
        .join(Office.institution)
        .where(
            visible(Office, user),
            visible(Institution, user),
            Institution.kind == InstitutionKind.MUNICIPALITY,
            Institution.municipality_id.in_(near),
            title.startswith("kryetar"),
            ~title.contains("shill"),  # chairs of councils
        )
        .order_by(Institution.sort_key, Institution.id, Office.id)
    )
    return list(db.session.scalars(mayors))


def holders_of(office_ids: Sequence[int], on: date, reach: Reach) -> dict[int, Person]:
    """Return the holders of several offices on a day, by office, in one query: as known to the organisation that writes."""
    seen = and_(reach.sees(Mandate), exists().where(Person.id == Mandate.person_id, reach.sees(Person)))
    return _holders(office_ids, on, seen, reach.sender)


def in_force(on: date) -> ColumnElement[bool]:
    """Return the condition that a mandate runs on a day: ``rules.runs_on`` for the database."""
    return and_(
        or_(Mandate.from_date.is_(None), Mandate.from_date <= on),
        or_(Mandate.to_date.is_(None), Mandate.to_date >= on),
        or_(
            Mandate.from_date.is_not(None),
            Mandate.to_date.is_not(None),
            Mandate.known_on.is_(None),
            Mandate.known_on.between(on - SOURCE_HOLDS_FOR, on + SOURCE_HOLDS_FOR),
        ),
    )


def mandate_rank(mandate: Mandate, own_organisation: int | None) -> tuple[bool, date, int]:
    """Return what decides between two mandates that run on the same day: the highest one counts."""
    return (mandate.organisation_id == own_organisation, mandate.from_date or _LONG_AGO, mandate.id)


def persons_named(name: str, owner: int | None) -> list[Person]:
    """Return the network's persons and those of organisation ``owner`` whose folded name is ``name``."""
    wanted = fold(name)
    rows = select(Person).where(
        of_network_or(Person, owner),
        Person.merged_into_id.is_(None),
        Person.erased_at.is_(None),
        Person.search_key.contains(wanted, autoescape=True),
    )
    same = (
        person
        for person in db.session.scalars(rows)
        if wanted in (fold(person.name), fold(person.name_as_printed))
    )
    return sorted(same, key=lambda person: person.id) if wanted else []


def possible_parents(owner: int | None, institution: Institution | None = None) -> list[Institution]:
    """Return what an institution of ``owner`` may be part of, in Albanian order.

    The network's and the owner's, without the institution itself and its parts, so that no circle closes.
    """
    rows = select(Institution).where(of_network_or(Institution, owner), Institution.merged_into_id.is_(None))
    institutions = db.session.scalars(rows.order_by(Institution.sort_key, Institution.id)).all()
    if institution is None:
        return list(institutions)
    below = _with_parts(institution.id)
    return [row for row in institutions if row.id not in below]


def media_for(owner: int | None) -> list[Institution]:
    """Return the media where a person of ``owner`` may work: the network's and the owner's, in Albanian order."""
    rows = select(Institution).where(
        of_network_or(Institution, owner),
        Institution.kind == InstitutionKind.MEDIUM,
        Institution.merged_into_id.is_(None),
    )
    return list(db.session.scalars(rows.order_by(Institution.sort_key, Institution.id)))


def _with_parts(ident: int) -> set[int]:
    """Return an institution and all of its parts, whosever they are, by their numbers."""
    parts: defaultdict[int, list[int]] = defaultdict(list)
    pairs = select(Institution.id, Institution.parent_id).where(Institution.parent_id.is_not(None))
    for part, parent in db.session.execute(pairs):
        parts[parent or 0].append(part)
    idents, pending = {ident}, [ident]
    while pending:
        new = [part for part in parts[pending.pop()] if part not in idents]
        idents.update(new)
        pending += new
    return idents


def also_at(address: Address, user: User) -> list[Address]:
    """Return other contacts' rows with the same e-mail address, as far as the user may see them."""
    same = select(Address).where(
        visible(Address, user), func.lower(Address.email) == address.email.lower(), Address.id != address.id
    )
    return [row for row in db.session.scalars(same.order_by(Address.id)) if _owner_is_visible(row, user)]


def _owner_is_visible(address: Address, user: User) -> bool:
    owner = address.institution or address.office or address.person
    return user.role is not None and may_read_record(
        user.role, user.organisation_id, owner.organisation_id if owner else None
    )


def _holders(
    office_ids: Sequence[int], on: date, seen: ColumnElement[bool], own_organisation: int | None
) -> dict[int, Person]:
    mandates = db.session.scalars(
        select(Mandate).where(Mandate.office_id.in_(office_ids), in_force(on), seen)
    )
    ranked = sorted(mandates, key=lambda mandate: mandate_rank(mandate, own_organisation))
    return {mandate.office_id: mandate.person for mandate in ranked}


def _visible_offices(user: User) -> Select[Office]:
    return (
        select(Office)
        .join(Office.institution)
        .options(contains_eager(Office.institution))
        .where(visible(Office, user), visible(Institution, user))
    )


def _matching_offices(typed: str, user: User, on: date) -> Select[Office]:
    by_words = [_office_matches(word, user, on) for word in search_words(typed)]
    return (
        _visible_offices(user)
        .where(words_or_number(typed, by_words, lambda digits: _rings_at_office(digits, user)))
        .order_by(
            case((_is_reached(user), 0), else_=1),
            as_typed_first(Office.search_key + " " + Institution.search_key, typed),
            *(Institution.sort_key, Institution.id, Office.sort_key, Office.id),
        )
    )


def _rings_at_office(digits: str, user: User) -> ColumnElement[bool]:
    """Return the condition that a number is an office's; that of an institution is each of its offices'."""
    return or_(
        office_has_number(digits, user), Office.institution_id.in_(institutions_with_number(digits, user))
    )


def _is_reached(user: User) -> ColumnElement[bool]:
    near = or_(Address.office_id == Office.id, Address.institution_id == Institution.id)
    return exists().where(near, visible(Address, user)).correlate(Office, Institution)


def _office_matches(word: str, user: User, on: date) -> ColumnElement[bool]:
    held_by = exists().where(
        Mandate.office_id == Office.id,
        Mandate.person_id == Person.id,
        in_force(on),
        visible(Mandate, user),
        visible(Person, user),
        like_folded(Person.search_key, word),
    )
    return or_(like_folded(Office.search_key, word), like_folded(Institution.search_key, word), held_by)


def _matching_persons(typed: str, user: User, on: date) -> Select[Person]:
    reachable = exists().where(Address.person_id == Person.id, visible(Address, user))
    in_office = exists().where(Mandate.person_id == Person.id, in_force(on), visible(Mandate, user))
    named = [like_folded(Person.search_key, typed)]
    meant = words_or_number(typed, named, lambda digits: has_number(digits, user))
    return (
        select(Person)
        .where(visible(Person, user), meant, or_(reachable, ~in_office))
        .order_by(as_typed_first(Person.search_key, typed), Person.sort_key, Person.id)
    )


def _office_options(offices: Sequence[Office], reach: Reach, on: date) -> list[GuestOption]:
    if not offices:
        return []
    holders = holders_of([office.id for office in offices], on, reach)
    addresses = best_addresses(offices, reach)
    return [
        GuestOption(
            kind="office",
            id=office.id,
            title_sq=office.title_sq,
            title_en=office.title_en,
            institution_sq=office.institution.name_sq,
            institution_en=office.institution.name_en,
            holder=holders[office.id].name if office.id in holders else "",
            address=addresses.get(office),
            language=office.language,
            phone=office.phone or office.institution.phone,
        )
        for office in offices
    ]


def _person_options(persons: Sequence[Person], reach: Reach) -> list[GuestOption]:
    if not persons:
        return []
    addresses = best_addresses(persons, reach)
    return [
        GuestOption(
            "person",
            person.id,
            "",
            "",
            "",
            "",
            person.name,
            addresses.get(person),
            person.language,
            person.phone,
        )
        for person in persons
    ]

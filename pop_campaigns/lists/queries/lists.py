"""Which offices and persons a list or a filter finds, within somebody's reach, and which lists there are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, or_, select, true

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import of_network_or, select_visible
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Mandate, Person
from pop_campaigns.contacts.queries.addresses import Reach, reach_to_read
from pop_campaigns.contacts.queries.mailable import consented
from pop_campaigns.contacts.queries.reach import GuestOption, in_force
from pop_campaigns.core.db import db
from pop_campaigns.core.history import History, history_of
from pop_campaigns.core.places import Municipality
from pop_campaigns.core.text import fold, search_words, sort_key
from pop_campaigns.lists.models import ContactList, ListMember
from pop_campaigns.lists.queries.conditions import condition_of, read_filter
from pop_campaigns.lists.rules import ListFilter, Subject

# A list, or a filter that is no list yet.
Source = ContactList | ListFilter
HISTORY_ROWS = 20


def reach_of(contact_list: ContactList | None, user: User) -> Reach:
    """Return how far a list reaches for somebody: an organisation's own to its contacts, the network's to the reader's.

    None is a filter that is no list yet: it reaches what a list of the user's would.
    """
    owner = contact_list.organisation_id if contact_list else user.organisation_id
    if owner is not None:
        return Reach(user, owner)
    return reach_to_read(user)


def offices_found(source: Source, reach: Reach, on: date) -> ColumnElement[bool]:
    """Return the condition on offices, joined with their institutions, that a list or filter finds them."""
    near = and_(reach.sees(Office), reach.sees(Institution))
    if isinstance(source, ContactList):
        if source.filter is None:
            return and_(near, Office.id.in_(_members(source, ListMember.office_id)))
        source = read_filter(source.filter)
    if source.of is not Subject.OFFICES:
        return false()
    return and_(near, _title_begins(source.words), *_where_it_is(source), *_common(source, Office, reach, on))


def persons_found(source: Source, reach: Reach, on: date) -> ColumnElement[bool]:
    """Return the condition on persons that a list or filter finds them."""
    if isinstance(source, ContactList):
        if source.filter is None:
            return and_(reach.sees(Person), Person.id.in_(_members(source, ListMember.person_id)))
        source = read_filter(source.filter)
    if source.of is not Subject.PERSONS:
        return false()
    wanted = [reach.sees(Person), _known_as(source, reach, on), *_common(source, Person, reach, on)]
    if source.person_kinds:
        wanted.append(Person.kind.in_(source.person_kinds))
    if source.topic:
        wanted.append(_has_topic(source.topic))
    if source.consent:
        wanted.append(consented(source.consent, reach))
    return and_(*wanted)


def count_found(source: Source, reach: Reach, on: date) -> int:
    """Return how many offices and persons a list or filter finds."""
    offices = select(func.count(Office.id)).join(Office.institution).where(offices_found(source, reach, on))
    persons = select(func.count(Person.id)).where(persons_found(source, reach, on))
    return (db.session.scalar(offices) or 0) + (db.session.scalar(persons) or 0)


def select_lists(user: User) -> Select[ContactList]:
    """Return the query for the lists somebody may see, in Albanian order."""
    return select_visible(ContactList, user).order_by(ContactList.sort_key, ContactList.id)


def lists_within(owner: int | None, user: User, *, limit: int = 6) -> Sequence[ContactList]:
    """Return the first lists for what an organisation (None: the network) sends: its own and the network's."""
    near = select_lists(user).where(of_network_or(ContactList, owner))
    return db.session.scalars(near.limit(limit)).all()


def list_named(name: str, owner: int | None, besides: ContactList | None = None) -> ContactList | None:
    """Return the list of an organisation (None: the network) whose folded name is the same."""
    same = select(ContactList).where(
        ContactList.search_key == fold(name), ContactList.organisation_id.is_not_distinct_from(owner)
    )
    if besides is not None:
        same = same.where(ContactList.id != besides.id)
    return db.session.scalars(same.order_by(ContactList.id)).first()


def member_of(contact_list: ContactList, kind: str, ident: int) -> ListMember | None:
    """Return the place of an office or a person on a list kept by hand."""
    column = ListMember.office_id if kind == "office" else ListMember.person_id
    wanted = select(ListMember).where(ListMember.list_id == contact_list.id, column == ident)
    return db.session.scalars(wanted).first()


def within_reach(options: Sequence[GuestOption], reach: Reach) -> list[GuestOption]:
    """Return those of the offices and persons that a list of this reach may hold."""
    ids: dict[str, set[int]] = {}
    for kind, model in (("office", Office), ("person", Person)):
        wanted = [option.id for option in options if option.kind == kind]
        near = select(model.id).where(model.id.in_(wanted), reach.sees(model))
        ids[kind] = set(db.session.scalars(near)) if wanted else set()
    return [option for option in options if option.id in ids[option.kind]]


def members_of(contact_list: ContactList) -> set[tuple[str, int]]:
    """Return which offices and persons are on a list kept by hand."""
    rows = select(ListMember.office_id, ListMember.person_id).where(ListMember.list_id == contact_list.id)
    return {
        ("office", office) if office else ("person", person or 0)
        for office, person in db.session.execute(rows)
    }


def deleted_before(ident: int, user: User) -> History | None:
    """Return the row of history in which the user deleted a list: a second press of the button asks again."""
    rows = select(History).where(
        History.action == "list.deleted", History.subject_id == ident, History.actor_id == user.id
    )
    return db.session.scalars(rows.order_by(History.id.desc())).first()


def changes_of(contact_list: ContactList) -> list[History]:
    """Return what was done to a list, newest first; SQLite gives the number of a deleted one again."""
    return [row for row in history_of(contact_list, HISTORY_ROWS) if row.at >= contact_list.created_at]


def counties() -> Sequence[str]:
    """Return the counties that municipalities and institutions name, in Albanian order."""
    named = {
        *db.session.scalars(select(Municipality.county).where(Municipality.county != "")),
        *db.session.scalars(select(Institution.county).where(Institution.county != "")),
    }
    return sorted(named, key=sort_key)


def _members(contact_list: ContactList, column: Any) -> Select[Any]:
    return select(column).where(ListMember.list_id == contact_list.id, column.is_not(None))


def _begins(key: Any, word: str) -> ColumnElement[bool]:
    """Return the condition that a word begins one of a search key's words: *kryetar* finds *Kryetarja*, never *Nënkryetar*."""
    return or_(key.startswith(word, autoescape=True), key.contains(f" {word}", autoescape=True))


def _title_begins(words: str) -> ColumnElement[bool]:
    return and_(true(), *(_begins(Office.search_key, word) for word in search_words(words)))


def _where_it_is(source: ListFilter) -> list[ColumnElement[bool]]:
    """Return the conditions on an institution."""
    wanted: list[ColumnElement[bool]] = []
    if source.institution_kinds:
        wanted.append(Institution.kind.in_(source.institution_kinds))
    if source.municipality:
        wanted.append(Institution.municipality_id == source.municipality)
    if source.county:
        in_county = Institution.municipality_id.in_(_places_in(source.county))
        wanted.append(or_(Institution.county == source.county, in_county))
    return wanted


def _known_as(source: ListFilter, reach: Reach, on: date) -> ColumnElement[bool]:
    """Return the condition that words and place fit a person: the office held on a day, or name, home and medium.

    What is said of words, institution and place holds of one office: a councillor of Fier is not one of Vlorë who
    lives in Fier.
    """
    words, wanted = search_words(source.words), _where_it_is(source)
    if not (words or wanted):
        return true()
    by_office = exists().where(
        Mandate.person_id == Person.id,
        in_force(on),
        reach.sees(Mandate),
        Office.id == Mandate.office_id,
        reach.sees(Office),
        Institution.id == Office.institution_id,
        reach.sees(Institution),
        *(or_(_begins(Office.search_key, word), _begins(Person.search_key, word)) for word in words),
        *wanted,
    )
    as_person = [_begins(Person.search_key, word) for word in words]
    if source.institution_kinds:
        as_person.append(_works_for(Institution.kind.in_(source.institution_kinds), reach))
    for lives, works in _places(source):
        as_person.append(or_(lives, _works_for(works, reach)))
    return or_(by_office, and_(*as_person))


def _places(source: ListFilter) -> list[tuple[ColumnElement[bool], ColumnElement[bool]]]:
    pairs = []
    if source.municipality:
        place = source.municipality
        pairs.append((Person.municipality_id == place, Institution.municipality_id == place))
    if source.county:
        near = _places_in(source.county)
        works = or_(Institution.county == source.county, Institution.municipality_id.in_(near))
        pairs.append((Person.municipality_id.in_(near), works))
    return pairs


def _works_for(condition: ColumnElement[bool], reach: Reach) -> ColumnElement[bool]:
    return Person.works_for_id.in_(select(Institution.id).where(reach.sees(Institution), condition))


def _places_in(county: str) -> Select[Any]:
    return select(Municipality.id).where(Municipality.county == county)


def _common(source: ListFilter, model: Any, reach: Reach, on: date) -> list[ColumnElement[bool]]:
    wanted = [model.language == source.language] if source.language else []
    if source.happened:
        wanted.append(condition_of(source.happened).matching(source.of, source.happened, reach, on))
    return wanted


def _has_topic(topic: str) -> ColumnElement[bool]:
    """Return one of the words set apart by commas is the topic, ë/ç-folded; neither database folds by itself."""
    folded: Any = Person.topics
    for letter, plain in (("Ë", "e"), ("ë", "e"), ("Ç", "c"), ("ç", "c")):
        folded = func.replace(folded, letter, plain)
    marked = "," + func.replace(func.lower(folded), ", ", ",") + ","
    return marked.contains(f",{fold(topic)},", autoescape=True)

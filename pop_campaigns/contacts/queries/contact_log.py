"""What was said with whom: the log of an office, a person, an institution, and a search in all of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, or_, select
from sqlalchemy.orm import joinedload

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import visible
from pop_campaigns.contacts.models.contact_log import LogEntry
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Mandate, Person
from pop_campaigns.contacts.queries.reach import in_force
from pop_campaigns.core.db import db, like_folded
from pop_campaigns.core.history import History
from pop_campaigns.core.text import fold, search_words

MOST_SHOWN = 50
_LATEST: Any = (LogEntry.day.desc(), LogEntry.hour.is_(None), LogEntry.hour.desc(), LogEntry.id.desc())


def select_contact_log(user: User, typed: str) -> Select[LogEntry]:
    """Return the query for entries the user may read, the newest first.

    Every folded word stands in what was said, in the name of whom it was said with, or in the contact's own; one at least
    in the entry itself, so that a name alone does not find every call with its bearer.
    """
    words = search_words(typed)
    entries = _seen(user).where(*(_entry_matches(word, user) for word in words))
    if words:
        entries = entries.where(or_(*(like_folded(LogEntry.search_key, word) for word in words)))
    return entries.order_by(*_LATEST)


def log_of(record: Institution | Office | Person, user: User, *, limit: int = MOST_SHOWN) -> list[LogEntry]:
    """Return the newest entries about a record that the user may read; an institution's are those of its offices, too."""
    rows = _seen(user).where(_about(record)).order_by(*_LATEST)
    return list(db.session.scalars(rows.limit(limit)).unique())


def last_entries(contacts: Iterable[Office | Person], user: User) -> dict[tuple[str, int], LogEntry]:
    """Return the newest entry about each of these offices and persons that the user may read, by table and number."""
    known = list(contacts)
    offices = {contact.id for contact in known if isinstance(contact, Office)}
    persons = {contact.id for contact in known if isinstance(contact, Person)}
    rows = _seen(user).where(or_(LogEntry.office_id.in_(offices), LogEntry.person_id.in_(persons)))
    last: dict[tuple[str, int], LogEntry] = {}
    for entry in db.session.scalars(rows.order_by(*_LATEST)).unique() if known else ():
        for table, ident in (("offices", entry.office_id), ("persons", entry.person_id)):
            if ident is not None:
                last.setdefault((table, ident), entry)
    return last


def holder_named(office: Office, name: str, on: date, user: User) -> Person | None:
    """Return the holder of an office on a day by the name typed, ë as e and ç as c; None for anybody else."""
    wanted = fold(name)
    rows = (
        select(Person)
        .join(Mandate, Mandate.person_id == Person.id)
        .where(Mandate.office_id == office.id, in_force(on), visible(Mandate, user), visible(Person, user))
        .order_by(Mandate.id)
    )
    same = (person for person in db.session.scalars(rows) if wanted and fold(person.name) == wanted)
    return next(same, None)


def deleted_before(ident: int, user: User) -> History | None:
    """Return the row of history in which the user deleted an entry: a second press of the button asks again."""
    rows = select(History).where(History.action == "log.deleted", History.actor_id == user.id)
    latest = db.session.scalars(rows.order_by(History.id.desc()).limit(20))
    return next((row for row in latest if row.details.get("log_id") == ident), None)


def _seen(user: User) -> Select[LogEntry]:
    """Select the entries a user may read: theirs and the network's, about contacts whom they see."""
    return (
        select(LogEntry)
        .options(joinedload(LogEntry.office), joinedload(LogEntry.person), joinedload(LogEntry.institution))
        .where(
            visible(LogEntry, user),
            or_(LogEntry.person_id.is_(None), _names(Person, LogEntry.person_id, user)),
            or_(LogEntry.office_id.is_(None), _names(Office, LogEntry.office_id, user)),
        )
    )


def _names(model: Any, column: Any, user: User) -> ColumnElement[bool]:
    return exists().where(model.id == column, visible(model, user))


def _about(record: Institution | Office | Person) -> ColumnElement[bool]:
    if isinstance(record, Office):
        return LogEntry.office_id == record.id
    if isinstance(record, Person):
        return LogEntry.person_id == record.id
    offices = select(Office.id).where(Office.institution_id == record.id)
    return or_(LogEntry.institution_id == record.id, LogEntry.office_id.in_(offices))


def _entry_matches(word: str, user: User) -> ColumnElement[bool]:
    of_institution = select(Institution.id).where(like_folded(Institution.search_key, word))
    of_office = select(Office.id).where(
        or_(like_folded(Office.search_key, word), Office.institution_id.in_(of_institution))
    )
    of_person = select(Person.id).where(visible(Person, user), like_folded(Person.search_key, word))
    return or_(
        like_folded(LogEntry.search_key, word),
        LogEntry.office_id.in_(of_office),
        LogEntry.institution_id.in_(of_institution),
        LogEntry.person_id.in_(of_person),
    )

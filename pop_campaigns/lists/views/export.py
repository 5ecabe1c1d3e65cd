"""Whom a list finds, as lines of a file."""

from __future__ import annotations

from collections.abc import Iterator

from flask_security import current_user
from sqlalchemy import select

from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.queries import directory
from pop_campaigns.contacts.queries.directory import InstitutionRow
from pop_campaigns.contacts.views.form_pages import today
from pop_campaigns.contacts.views.listing import CHUNK, institution_lines, person_lines
from pop_campaigns.contacts.words.files import ContactLine
from pop_campaigns.core.db import db
from pop_campaigns.lists.models import ContactList
from pop_campaigns.lists.queries.lists import offices_found, persons_found, reach_of


def list_lines(contact_list: ContactList) -> list[ContactLine]:
    """Return a list's offices and persons as the person of this request may see them; raise BadFilter for no filter."""
    reach = reach_of(contact_list, current_user)
    offices = select(Office).join(Office.institution).where(offices_found(contact_list, reach, today()))
    offices = offices.order_by(Institution.sort_key, Institution.id, Office.sort_key, Office.id)
    persons = select(Person).where(persons_found(contact_list, reach, today()))
    persons = persons.order_by(Person.sort_key, Person.id)
    office_rows = db.session.scalars(offices).unique().all()
    return [*_of_offices(list(office_rows)), *_of_persons(list(db.session.scalars(persons)))]


def _of_offices(offices: list[Office]) -> Iterator[ContactLine]:
    for start in range(0, len(offices), CHUNK):
        rows = directory.office_rows(offices[start : start + CHUNK], current_user, today())
        yield from institution_lines(InstitutionRow(row.office.institution, [row]) for row in rows)


def _of_persons(persons: list[Person]) -> Iterator[ContactLine]:
    for start in range(0, len(persons), CHUNK):
        yield from person_lines(directory.person_rows(persons[start : start + CHUNK], current_user, today()))

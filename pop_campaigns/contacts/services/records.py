"""What every change of contacts does: whose it becomes, nothing twice, who changed what. The caller commits."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime
from enum import Enum
from typing import Any

from pop_campaigns.accounts.models import User
from pop_campaigns.contacts.models.addresses import Address, ContactDetail
from pop_campaigns.contacts.models.consents import Consent
from pop_campaigns.contacts.models.contact_log import LogEntry
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Mandate, Person
from pop_campaigns.contacts.rules import PersonKind
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.core.locks import wait_at

Contact = Institution | Office | Person


class AlreadyThere(ValueError):
    """The same is entered already; ``record`` is the one that is there."""

    def __init__(self, record: Any) -> None:
        super().__init__("already there")
        self.record = record


class Similar(ValueError):
    """There is something of a like name; ``records`` are to be looked at before another one is added."""

    def __init__(self, records: Iterable[Any]) -> None:
        super().__init__("similar")
        self.records = list(records)


def ask_of_similar(near: Iterable[Any], seen: Collection[int]) -> None:
    """Raise :class:`Similar` if there is one that was not shown before somebody said to add another.

    So a form sent twice adds one: the second time there is one more than was shown.
    """
    near = list(near)
    if any(record.id not in seen for record in near):
        raise Similar(near)


def one_at_a_time(by: User) -> None:
    """Let one person of an organisation at a time look for what is there and add it."""
    wait_at(by.organisation or by)


def add_person(
    name: str,
    language: str,
    owner: int | None,
    by: User,
    now: datetime,
    kind: PersonKind = PersonKind.OTHER,
    **details: Any,
) -> Person:
    """Add a person, whatever persons there are."""
    person = Person(name=name, language=language, organisation_id=owner, kind=kind, **details)
    db.session.add(person)
    note_contact("person.created", person, person, by, now, name=person.name)
    return person


def change_values(
    record: Contact, action: str, values: dict[str, Any], by: User, now: datetime, *, named: str
) -> None:
    """Set the values that differ, and write down what each was and has become."""
    before = {name: getattr(record, name) for name in values}
    for name, value in values.items():
        setattr(record, name, value)
    changed: Iterable[str] = [name for name in values if getattr(record, name) != before[name]]
    if changed:
        was = {name: written(before[name]) for name in changed}
        became = {name: written(getattr(record, name)) for name in changed}
        note_contact(action, record, record, by, now, name=getattr(record, named), was=was, became=became)


def written(value: Any) -> Any:
    """Return a value as history keeps it (JSON)."""
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, date) else value


def note_contact(
    action: str,
    subject: Contact,
    about: Contact | Mandate | Address | ContactDetail | Consent | LogEntry,
    by: User,
    now: datetime,
    **details: Any,
) -> None:
    """Write history under the contact, with whose row it is about: others must not read of it."""
    note(action, subject, by=by, now=now, organisation_id=about.organisation_id, **details)

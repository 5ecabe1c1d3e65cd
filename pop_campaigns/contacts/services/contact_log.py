"""Verbs of the contact log: note what was said, put it right, take it away. The caller commits."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import may_change, owner_of_new
from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.models.contact_log import LogEntry
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.queries.contact_log import holder_named
from pop_campaigns.contacts.rules import CheckResult, LogKind
from pop_campaigns.contacts.services.institutions import add_address, change_address, owner_of_address
from pop_campaigns.contacts.services.records import AlreadyThere, Contact, note_contact, written
from pop_campaigns.core.db import db
from pop_campaigns.core.once import insert_or_find, once_key


@dataclass(frozen=True)
class LogDraft:
    """What a form says about a call, a visit or a word in passing; day and hour are those of Tirana."""

    kind: LogKind
    day: date
    hour: time | None = None
    with_whom: str = ""
    said: str = ""


@dataclass(frozen=True)
class AddressCheck:
    """What a call found out about an address: whether anybody reads there.

    ``again_on`` is when to try again, ``instead`` the address to write to from now on.
    """

    address: str
    result: CheckResult
    again_on: date | None = None
    instead: str = ""


def add_entry(
    about: Contact,
    draft: LogDraft,
    *,
    check: AddressCheck | None = None,
    by: User,
    now: datetime,
    once: str = "",
) -> LogEntry:
    """Note what was said with an office, a person or an institution.

    At an office an entry names its holder as a person where it was the holder that was spoken with. The same ``once``
    from the same person returns the entry it made the first time.
    """
    owner = owner_of_new(by, about.organisation_id)

    def make() -> LogEntry:
        entry = LogEntry(
            organisation_id=owner, writer_id=by.id, writer_name=by.name, made_at=now, **vars(draft)
        )
        entry.institution = about if isinstance(about, Institution) else None
        entry.office = about if isinstance(about, Office) else None
        entry.person = about if isinstance(about, Person) else _spoken_with(about, draft, by)
        if check:
            entry.checked_address, entry.result = check.address.lower(), check.result
            entry.again_on = check.again_on if check.result is CheckResult.AGAIN else None
        return entry

    entry, is_new = insert_or_find(LogEntry, once_key("contact_log", once, by), make)
    if is_new:
        note_contact("log.added", about, entry, by, now, **_told(entry))
    return entry


def note_check(
    address: Address, draft: LogDraft, check: AddressCheck, *, by: User, now: datetime, once: str
) -> LogEntry:
    """Note what a call found out about an address, and write to the one that was named instead.

    Where ``by`` may not change the address, theirs is put beside it: mail takes that one. An address that was changed
    meanwhile stays as it is.
    """
    owner = owner_of_address(address)
    entry = add_entry(owner, draft, check=check, by=by, now=now, once=once)
    if check.instead and address.email.lower() == check.address.lower():
        with suppress(AlreadyThere):
            if may_change(address, by):
                change_address(address, check.instead, address.use, by=by, now=now)
            else:
                add_address(owner, check.instead, address.use, by=by, now=now)
    return entry


def change_entry(entry: LogEntry, draft: LogDraft, *, by: User, now: datetime) -> None:
    """Put an entry right; history keeps that it was, not the words."""
    for name, value in vars(draft).items():
        if getattr(entry, name) != value:
            setattr(entry, name, value)
    about = subject_of(entry)
    if isinstance(about, Office):
        entry.person = _spoken_with(about, draft, by)
    if db.session.is_modified(entry):
        note_contact("log.changed", about, entry, by, now, **_told(entry))


def delete_entry(entry: LogEntry, *, by: User, now: datetime) -> None:
    """Take an entry away; history keeps that there was one."""
    note_contact("log.deleted", subject_of(entry), entry, by, now, log_id=entry.id, **_told(entry))
    db.session.delete(entry)


def subject_of(entry: LogEntry) -> Contact:
    """Return what an entry is about: the office, else the person, else the institution (the table has one of them)."""
    about = entry.office or entry.person or entry.institution
    if about is None:
        raise LookupError(f"entry {entry.id} of the contact log is about nobody")
    return about


def _spoken_with(about: Contact, draft: LogDraft, by: User) -> Person | None:
    return holder_named(about, draft.with_whom, draft.day, by) if isinstance(about, Office) else None


def _told(entry: LogEntry) -> dict[str, Any]:
    return {"kind": entry.kind.value, "day": written(entry.day)}

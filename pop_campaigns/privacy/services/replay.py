"""Erasing again whom a restored backup brought back, by the list outside the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Select, select

from pop_campaigns.contacts.models.addresses import Address, ContactDetail
from pop_campaigns.contacts.models.consents import Suppression, Tombstone
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.rules import ConsentChannel, DetailKind, Purpose, TombstoneKind, keyed_hash
from pop_campaigns.contacts.services.refusals import hash_key
from pop_campaigns.core.db import db
from pop_campaigns.core.history import History
from pop_campaigns.privacy.services.erasure import Erased, erase_person
from pop_campaigns.privacy.services.ledger import Erasure, key_mark, read_ledger

ACTOR = "privacy replay"
_Known = dict[tuple[str, str, int | None], Erasure]


@dataclass
class Replayed:
    """What a replay found: lines, lines it could not use, whom it erased again."""

    lines: int = 0
    broken: int = 0
    foreign: int = 0
    erased: list[Erased] = field(default_factory=list)


def replay(*, now: datetime) -> Replayed:
    """Erase again everybody on the list who is there again, and set the tombstones that are missing.

    Who was added anew after their erasure (with a new consent) is another record and stays.
    """
    lines, broken = read_ledger()
    mark = key_mark()
    ours = [line for line in lines if line.key == mark]
    report = Replayed(len(lines), broken, len(lines) - len(ours))
    if not ours:
        return report
    _set_again(ours)
    known: _Known = {}
    for our in ours:
        place = (our.kind, our.hash, our.organisation_id)
        if place not in known or known[place].erased_at < our.erased_at:
            known[place] = our
    for person in _brought_back(known):
        done = erase_person(person, by=None, now=now, actor_name=ACTOR)
        if done:
            report.erased.append(done)
    return report


def _brought_back(known: _Known) -> list[Person]:
    key, persons = hash_key(), []
    emails = _by_person(select(Address.person_id, Address.email).where(Address.person_id.is_not(None)))
    phones = _by_person(
        select(ContactDetail.person_id, ContactDetail.value).where(
            ContactDetail.person_id.is_not(None), ContactDetail.kind == DetailKind.PHONE
        )
    )
    alive = select(Person).where(Person.erased_at.is_(None), Person.merged_into_id.is_(None))
    for person in db.session.scalars(alive).all():
        values = [(TombstoneKind.EMAIL, email) for email in emails[person.id]]
        own = [person.phone] if person.phone else []
        values += [(TombstoneKind.PHONE, phone) for phone in [*own, *phones[person.id]]]
        values = values or [(TombstoneKind.NAME, person.name)]
        lines = (
            known.get((kind.value, keyed_hash(kind, value, key), person.organisation_id))
            for kind, value in values
        )
        if any(line and not _added_since(person, line.erased_at) for line in lines):
            persons.append(person)
    return persons


def _by_person(rows: Select[int | None, str]) -> defaultdict[int, list[str]]:
    values: defaultdict[int, list[str]] = defaultdict(list)
    for person_id, value in db.session.execute(rows):
        values[person_id or 0].append(value)
    return values


def _added_since(person: Person, moment: datetime) -> bool:
    rows = select(History.id).where(
        History.subject_type == "persons",
        History.subject_id == person.id,
        History.action == "person.created",
        History.at > moment,
    )
    return db.session.scalar(rows.limit(1)) is not None


def _set_again(lines: Iterable[Erasure]) -> None:
    """Set tombstones and refusals that a restored backup lacks."""
    stones = {
        (tombstone.kind.value, tombstone.hash, tombstone.organisation_id)
        for tombstone in db.session.scalars(select(Tombstone))
    }
    refusals = {
        (suppression.address_hash, suppression.purpose, suppression.organisation_id)
        for suppression in db.session.scalars(select(Suppression))
    }
    for line in lines:
        owner = line.organisation_id
        if (line.kind, line.hash, owner) not in stones:
            stones.add((line.kind, line.hash, owner))
            stone = Tombstone(
                kind=line.tombstone_kind, hash=line.hash, organisation_id=owner, erased_at=line.erased_at
            )
            db.session.add(stone)
        for purpose in Purpose if line.tombstone_kind is TombstoneKind.EMAIL else ():
            if (line.hash, purpose, owner) not in refusals:
                refusals.add((line.hash, purpose, owner))
                db.session.add(
                    Suppression(
                        address_hash=line.hash,
                        purpose=purpose,
                        organisation_id=owner,
                        channel=ConsentChannel.FORM,
                        at=line.erased_at,
                    )
                )
    db.session.flush()

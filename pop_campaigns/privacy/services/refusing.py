"""Refusing mail for a purpose, and taking that back: what the link in a mail does. The caller commits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.models.consents import Consent
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.rules import ConsentChannel, TombstoneKind, keyed_hash
from pop_campaigns.contacts.services.refusal_links import Refusal
from pop_campaigns.contacts.services.refusals import hash_key, lift_hash, suppress_hash
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note


def refuse_mail(refusal: Refusal, *, channel: ConsentChannel, now: datetime) -> bool:
    """Note the refusal and end the consents to what is refused; False if it was known already."""
    fresh = suppress_hash(
        refusal.address_hash, refusal.purpose, refusal.organisation_id, channel=channel, now=now
    )
    if not fresh:
        return False
    for person in persons_behind(refusal):
        for consent in _consents(person, refusal):
            if consent.withdrawn_at is None:
                consent.withdrawn_at, consent.withdrawn_by = max(now, consent.given_at), channel
        _note("refused", person, refusal, now)
    return True


def want_mail_again(refusal: Refusal, *, language: str, now: datetime) -> bool:
    """Take the refusal back; where a consent had ended with it, the press of the button is a new one.

    False if there was no refusal of this organisation's mail.
    """
    if not lift_hash(refusal.address_hash, refusal.purpose, refusal.organisation_id):
        return False
    for person in persons_behind(refusal):
        ended = [
            consent for consent in _consents(person, refusal) if consent.withdrawn_by is ConsentChannel.LINK
        ]
        if ended:
            db.session.add(_given_again(ended[0], language, now))
        _note("wanted", person, refusal, now)
    return True


def persons_behind(refusal: Refusal) -> list[Person]:
    """Return the persons of the organisation (or the network) who have the address that a link is bound to."""
    key = hash_key()
    rows = select(Address.person_id, Address.email).join(Address.person)
    rows = rows.where(
        Person.organisation_id.is_not_distinct_from(refusal.organisation_id), Person.erased_at.is_(None)
    )
    ids = {
        person_id
        for person_id, email in db.session.execute(rows)
        if keyed_hash(TombstoneKind.EMAIL, email, key) == refusal.address_hash
    }
    return list(db.session.scalars(select(Person).where(Person.id.in_(ids)).order_by(Person.id)))


def _consents(person: Person, refusal: Refusal) -> Sequence[Consent]:
    """Return the person's consents to this purpose, the newest first."""
    rows = select(Consent).where(Consent.person_id == person.id, Consent.purpose == refusal.purpose)
    return db.session.scalars(rows.order_by(Consent.id.desc())).all()


def _given_again(before: Consent, language: str, now: datetime) -> Consent:
    return Consent(
        person_id=before.person_id,
        organisation_id=before.organisation_id,
        purpose=before.purpose,
        text_version=before.text_version,
        language=language,
        channel=ConsentChannel.LINK,
        given_at=now,
        recorded_at=now,
    )


def _note(what: str, person: Person, refusal: Refusal, now: datetime) -> None:
    details: dict[str, Any] = {"organisation_id": person.organisation_id}
    note(f"person.{what}_{refusal.purpose.value}", person, by=None, now=now, **details)

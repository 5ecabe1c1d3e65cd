"""Verbs about consent: record it with its proof, withdraw it. The caller commits.

Consent lifts an earlier refusal for the same purpose, because the person now asks for mail; a withdrawal makes one
for each of the person's addresses (GDPR art. 7(3): as easy to withdraw as to give).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pop_campaigns.accounts.models import User
from pop_campaigns.contacts.models.consents import Consent
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.rules import MAIL_PURPOSES, ConsentChannel, Purpose
from pop_campaigns.contacts.services.records import AlreadyThere, note_contact, one_at_a_time
from pop_campaigns.contacts.services.refusals import lift_suppression, suppress
from pop_campaigns.contacts.words.consent_texts import CURRENT
from pop_campaigns.core.db import db
from pop_campaigns.core.files import StoredFile


@dataclass(frozen=True)
class ConsentDraft:
    """What a form says about a consent; ``given_at`` is an instant, ``shared_with_id`` None the whole network."""

    purpose: Purpose
    language: str
    channel: ConsentChannel
    given_at: datetime
    proof: str = ""
    shared_with_id: int | None = None


def record_consent(
    person: Person, draft: ConsentDraft, *, proof_file: StoredFile | None = None, by: User, now: datetime
) -> Consent:
    """Record that a person agreed to the present text for a purpose.

    :raises AlreadyThere: a consent for it (and, for sharing, for that organisation) counts already.
    """
    one_at_a_time(by)
    for known in person.consents:
        same = (known.purpose, known.shared_with_id) == (draft.purpose, draft.shared_with_id)
        if same and known.withdrawn_at is None:
            raise AlreadyThere(person)
    consent = Consent(
        person=person,
        organisation_id=person.organisation_id,
        text_version=CURRENT,
        recorded_at=now,
        proof_file=proof_file,
        **vars(draft),
    )
    db.session.add(consent)
    if draft.purpose in MAIL_PURPOSES:
        for address in person.addresses:
            lift_suppression(address.email, draft.purpose, person.organisation_id)
    note_contact("consent.given", person, consent, by, now, **_told(consent))
    return consent


def withdraw_consent(consent: Consent, channel: ConsentChannel, *, by: User, now: datetime) -> bool:
    """Record that a person takes a consent back: from now on no mail for that purpose; False if it was already."""
    if consent.withdrawn_at is not None:
        return False
    consent.withdrawn_at, consent.withdrawn_by = max(now, consent.given_at), channel
    if consent.purpose in MAIL_PURPOSES:
        for address in consent.person.addresses:
            suppress(address.email, consent.purpose, consent.organisation_id, channel=channel, now=now)
    note_contact("consent.withdrawn", consent.person, consent, by, now, **_told(consent))
    return True


def _told(consent: Consent) -> dict[str, str]:
    return {"purpose": consent.purpose.value, "name": consent.person.name}

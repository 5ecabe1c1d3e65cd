"""What a mail that came in can belong to: a guest, a recipient of a letter, a mail of ours; and whose matter that is."""

from __future__ import annotations

from typing import Any

from pop_campaigns.core.db import db
from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.letters.models import Letter, LetterRecipient
from pop_campaigns.mail.models import IncomingLink, OutgoingMail

SUBJECTS: dict[str, type[Subject]] = {
    Invitation.__tablename__: Invitation,
    LetterRecipient.__tablename__: LetterRecipient,
    OutgoingMail.__tablename__: OutgoingMail,
}


def subject_of(link: IncomingLink) -> Subject | None:
    """Return the record a link names; None if it is gone."""
    model: Any = SUBJECTS.get(link.subject_type)
    return db.session.get(model, link.subject_id) if model else None


def owner_of(subject: Subject) -> int | None:
    """Return the organisation whose matter a record is, None for the network's."""
    return record_of(subject).organisation_id


def record_of(subject: Subject) -> Event | Letter | OutgoingMail:
    """Return what one has to be allowed to change in order to act for a guest, a letter's recipient or a mail that left."""
    if isinstance(subject, Invitation):
        return subject.event
    return subject.letter if isinstance(subject, LetterRecipient) else subject


Subject = Invitation | LetterRecipient | OutgoingMail

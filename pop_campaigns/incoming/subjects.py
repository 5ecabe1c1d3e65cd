"""What a mail that came in can belong to: a guest, a recipient of a letter, a mail of ours; and whose matter that is."""

from __future__ import annotations

from typing import Any

from pop_campaigns.core.db import db
from pop_campaigns.incoming.matching import Subject
from pop_campaigns.invitations.models import Invitation
from pop_campaigns.letters.models import LetterRecipient
from pop_campaigns.mail.models import IncomingLink, OutgoingMail

SUBJECTS: dict[str, type[Subject]] = {
    Invitation.__tablename__: Invitation,
    LetterRecipient.__tablename__: LetterRecipient,
    OutgoingMail.__tablename__: OutgoingMail,
}


def subject_of(link: IncomingLink) -> Subject | None:
    """Give the record a link names; None if it is gone."""
    model: Any = SUBJECTS.get(link.subject_type)
    return db.session.get(model, link.subject_id) if model else None


def owner_of(subject: Subject) -> int | None:
    """Give the organisation whose matter a record is, None for the network's."""
    if isinstance(subject, Invitation):
        return subject.event.organisation_id
    if isinstance(subject, LetterRecipient):
        return subject.letter.organisation_id
    return subject.organisation_id

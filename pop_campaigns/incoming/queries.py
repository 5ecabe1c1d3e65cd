"""Reads of mail that came in: lists by state, their counts, what belongs to an event."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Select, func, select

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import own
from pop_campaigns.core.db import db
from pop_campaigns.events.models import Event
from pop_campaigns.incoming.matching import Subject
from pop_campaigns.invitations.models import Invitation
from pop_campaigns.letters.models import Letter, LetterRecipient
from pop_campaigns.mail.models import IncomingLink, IncomingMail, OutgoingMail
from pop_campaigns.mail.rules import IncomingKind, IncomingState

SUBJECTS: dict[str, type[Subject]] = {
    Invitation.__tablename__: Invitation,
    LetterRecipient.__tablename__: LetterRecipient,
    OutgoingMail.__tablename__: OutgoingMail,
}


_UNREAD = (
    IncomingMail.kind == IncomingKind.HUMAN,
    IncomingMail.state == IncomingState.MATCHED,
    IncomingMail.seen_at.is_(None),
)


def select_incoming(user: User, state: IncomingState | None) -> Select[IncomingMail]:
    """Choose what came in for the user's organisation, the newest first.

    What nobody knows whose it is waits for the administrators: a stranger's mail is no business of nine organisations.
    """
    rows = select(IncomingMail).where(own(IncomingMail, user))
    if state is not None:
        rows = rows.where(IncomingMail.state == state)
    return rows.order_by(IncomingMail.id.desc())


def count_incoming(user: User) -> dict[IncomingState, int]:
    """Count what came in by state; the counts add up to all of it."""
    rows = select(IncomingMail.state, func.count()).where(own(IncomingMail, user))
    found = dict(db.session.execute(rows.group_by(IncomingMail.state)).all())
    return {state: found.get(state, 0) for state in IncomingState}


def count_unread(user: User) -> int:
    """Count what people wrote and nobody has marked as read."""
    rows = select(func.count(IncomingMail.id)).where(own(IncomingMail, user), *_UNREAD)
    return db.session.scalar(rows) or 0


def count_held(user: User) -> int:
    """Count what waits for a person to say where it belongs."""
    rows = select(func.count(IncomingMail.id)).where(
        own(IncomingMail, user), IncomingMail.state == IncomingState.HELD
    )
    return db.session.scalar(rows) or 0


def subject_of(link: IncomingLink) -> Subject | None:
    """Give the record a link names; None if it is gone."""
    model: Any = SUBJECTS.get(link.subject_type)
    return db.session.get(model, link.subject_id) if model else None


def owner_of(subject: Subject) -> int | None:
    """Give the organisation whose matter a record is, None for the network's."""
    return record_of(subject).organisation_id


def record_of(subject: Subject) -> Event | Letter | OutgoingMail:
    """Give what one has to be allowed to change in order to act for a guest, a letter's recipient or a mail that left."""
    if isinstance(subject, Invitation):
        return subject.event
    return subject.letter if isinstance(subject, LetterRecipient) else subject


def newest_unread(user: User, *, limit: int = 5) -> Sequence[IncomingMail]:
    """Give the newest messages of people that nobody has marked as read, as :func:`count_unread` counts them."""
    rows = select(IncomingMail).where(own(IncomingMail, user), *_UNREAD)
    return db.session.scalars(rows.order_by(IncomingMail.id.desc()).limit(limit)).all()


def incoming_of_guests(guest_ids: Iterable[int]) -> Sequence[IncomingMail]:
    """Give what came in for guests of an event, the newest first; suggestions left out."""
    links = select(IncomingLink.incoming_mail_id).where(
        IncomingLink.subject_type == Invitation.__tablename__,
        IncomingLink.subject_id.in_(list(guest_ids)),
        IncomingLink.suggested.is_(False),
    )
    rows = select(IncomingMail).where(IncomingMail.id.in_(links)).order_by(IncomingMail.id.desc())
    return db.session.scalars(rows.limit(50)).all()

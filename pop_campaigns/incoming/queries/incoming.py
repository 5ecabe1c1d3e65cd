"""Reads of mail that came in: what is unread or waits, what belongs to an event or a letter."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlalchemy import func, select

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from pop_campaigns.incoming.rules.incoming import SaidBefore
from pop_campaigns.incoming.sight import incoming_of_work, incoming_seen
from pop_campaigns.invitations.models import GivenAnswer, Invitation
from pop_campaigns.invitations.rules import Answer, AnswerChannel
from pop_campaigns.letters.models import Letter, LetterRecipient
from pop_campaigns.mail.models import IncomingLink, IncomingMail
from pop_campaigns.mail.rules import IncomingKind, IncomingState

UNREAD = (
    IncomingMail.kind == IncomingKind.HUMAN,
    IncomingMail.state == IncomingState.MATCHED,
    IncomingMail.seen_at.is_(None),
)
"""What people wrote, lies where it belongs, and nobody has read."""


def count_unread(user: User) -> int:
    """Count what people wrote and nobody has marked as read."""
    rows = select(func.count(IncomingMail.id)).where(incoming_of_work(user), *UNREAD)
    return db.session.scalar(rows) or 0


def count_held(user: User) -> int:
    """Count what waits for a person to say where it belongs."""
    rows = select(func.count(IncomingMail.id)).where(
        incoming_of_work(user), IncomingMail.state == IncomingState.HELD
    )
    return db.session.scalar(rows) or 0


def newest_unread(user: User, *, limit: int = 5) -> Sequence[IncomingMail]:
    """Return the newest messages of people that nobody has marked as read, as :func:`count_unread` counts them."""
    rows = select(IncomingMail).where(incoming_of_work(user), *UNREAD)
    return db.session.scalars(rows.order_by(IncomingMail.id.desc()).limit(limit)).all()


def incoming_of_guests(guest_ids: Iterable[int], user: User) -> Sequence[IncomingMail]:
    """Return what came in for guests of an event and the user may read, the newest first; suggestions left out."""
    links = select(IncomingLink.incoming_mail_id).where(
        IncomingLink.subject_type == Invitation.__tablename__,
        IncomingLink.subject_id.in_(list(guest_ids)),
        IncomingLink.suggested.is_(False),
    )
    rows = select(IncomingMail).where(IncomingMail.id.in_(links), incoming_seen(user))
    return db.session.scalars(rows.order_by(IncomingMail.id.desc()).limit(50)).all()


def sends_substitute(guest: Invitation) -> bool:
    """Return whether the guest said that somebody else comes."""
    return guest.answer is Answer.DELEGATED or bool(_substitute_of(guest))


def said_before(guest: Invitation) -> SaidBefore | None:
    """Return the newest answer of a guest that came from a calendar."""
    wanted = (
        select(GivenAnswer)
        .where(
            GivenAnswer.invitation_id == guest.id,
            GivenAnswer.incoming_mail_id.is_not(None),
            # What a person read in a message and entered says nothing of a SEQUENCE.
            GivenAnswer.channel == AnswerChannel.CALENDAR,
        )
        .order_by(GivenAnswer.id.desc())
        .limit(1)
    )
    last = db.session.scalar(wanted)
    if last is None:
        return None
    before = db.session.get_one(IncomingMail, last.incoming_mail_id)
    return SaidBefore(last.event_sequence, before.calendar_answer.dtstamp)


def _substitute_of(guest: Invitation) -> str:
    wanted = select(GivenAnswer.substitute).where(GivenAnswer.invitation_id == guest.id)
    return db.session.scalar(wanted.order_by(GivenAnswer.id.desc()).limit(1)) or ""


def incoming_of_recipients(letter: Letter, user: User) -> dict[int, Sequence[IncomingMail]]:
    """Return what came in for each recipient, by number, and the user may read, the oldest first; suggestions left out."""
    rows = (
        select(IncomingLink.subject_id, IncomingMail)
        .join(IncomingLink.mail)
        .where(
            IncomingLink.subject_type == LetterRecipient.__tablename__,
            IncomingLink.subject_id.in_([recipient.id for recipient in letter.recipients]),
            IncomingLink.suggested.is_(False),
            incoming_seen(user),
        )
        .order_by(IncomingMail.id)
    )
    mails: defaultdict[int, list[IncomingMail]] = defaultdict(list)
    for recipient_id, mail in db.session.execute(rows):
        mails[recipient_id].append(mail)
    return dict(mails)

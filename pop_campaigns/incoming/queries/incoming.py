"""Reads of mail that came in: what is unread or waits, what belongs to an event or a letter."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlalchemy import and_, func, or_, select

from pop_campaigns.accounts.models import User
from pop_campaigns.calendars.answer import CalendarAnswer
from pop_campaigns.core.db import db
from pop_campaigns.incoming.sight import incoming_of_work, incoming_seen
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.queries.answers import latest_answer
from pop_campaigns.invitations.queries.guests import calendar_ahead
from pop_campaigns.invitations.rules.invitations import Answer, Word, answered_sequence, said_when
from pop_campaigns.letters.models import Letter, LetterRecipient
from pop_campaigns.mail.models import IncomingLink, IncomingMail
from pop_campaigns.mail.rules import IncomingKind, IncomingState

UNREAD = (
    # Of an answer from a calendar what a person wrote beside it.
    or_(
        IncomingMail.kind == IncomingKind.HUMAN,
        and_(IncomingMail.kind == IncomingKind.CALENDAR, IncomingMail.text != ""),
    ),
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


def has_unread_words(mail: IncomingMail) -> bool:
    """Return whether a mail holds words of a person that nobody has marked as read, as :func:`count_unread` counts them."""
    words = mail.kind is IncomingKind.HUMAN or (mail.kind is IncomingKind.CALENDAR and bool(mail.text))
    return words and mail.state is IncomingState.MATCHED and mail.seen_at is None


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
    return guest.answer is Answer.DELEGATED or bool(substitute_of(guest))


def substitute_of(guest: Invitation) -> str:
    """Return whom the guest named last to come in their place; "" for nobody."""
    last = latest_answer(guest)
    return last.substitute if last else ""


def word_of(mail: IncomingMail, guest: Invitation, reply: CalendarAnswer) -> Word:
    """Return where what a mail says stands in the line of what the guest said."""
    sequence = answered_sequence(reply.sequence, guest.event.sequence, calendar_ahead(guest))
    return Word(sequence, said_when(reply.dtstamp, guest.invited_at, mail.received_at, mail.dated_at))


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

"""Answers from calendars that wait: whose they may be, and as what a person can let them count."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import contains_eager

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.rules.roles import MAY_WRITE
from pop_campaigns.accounts.scope import own
from pop_campaigns.calendars.answer import CalendarAnswer
from pop_campaigns.core.db import db
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.queries.events import has_begun
from pop_campaigns.events.rules.events import EventState
from pop_campaigns.incoming.queries.incoming import sends_substitute
from pop_campaigns.incoming.rules.incoming import (
    COUNTABLE,
    answer_of,
    can_be_read,
    is_same_mailbox,
    told_answer,
)
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.rules.invitations import Answer, Sight
from pop_campaigns.invitations.sight import guests_seen
from pop_campaigns.mail.models import IncomingLink, IncomingMail
from pop_campaigns.mail.rules import IncomingState

MOST_SHOWN = 50


@dataclass(frozen=True)
class HeldAnswer:
    """A mail that waits, the guest for whom it may count, what it says, and whether as the word of whom that guest sends."""

    mail: IncomingMail
    link: IncomingLink
    guest: Invitation
    said: CalendarAnswer
    as_substitute: bool

    @property
    def proposes(self) -> bool:
        """Whether the mail proposes another time."""
        return self.said.proposes

    @property
    def answer(self) -> Answer | None:
        """The answer that the mail gives; None where it proposes another time."""
        return answer_of(self.said)


def held_answers(user: User, *, now: datetime) -> list[HeldAnswer]:
    """Return the answers that wait on the user's work list, one for each mail, the oldest first: one query."""
    if user.role not in MAY_WRITE:
        return []
    rows = _waiting(user).where(own(Event, user), Event.state == EventState.PLANNED, ~has_begun(now))
    return _first_of_each(rows)


def held_for_event(event: Event, user: User) -> list[HeldAnswer]:
    """Return the answers that wait for guests of one event whom the user sees, one for each mail, the oldest first."""
    return _first_of_each(_waiting(user).where(Event.id == event.id))


def ways_to_count(mail: IncomingMail, user: User) -> list[HeldAnswer]:
    """Return as what a mail that waits may count, the likeliest first; nothing where it cannot count at all."""
    rows = db.session.execute(_waiting(user).where(IncomingMail.id == mail.id)).unique().all()
    return _ways(mail, [(link, guest) for _mail, link, guest in rows])


def _waiting(user: User) -> Select[IncomingMail, IncomingLink, Invitation]:
    is_guest = and_(
        IncomingLink.subject_type == Invitation.__tablename__, IncomingLink.subject_id == Invitation.id
    )
    return (
        select(IncomingMail, IncomingLink, Invitation)
        .join(IncomingLink, IncomingLink.incoming_mail_id == IncomingMail.id)
        .join(Invitation, is_guest)
        .join(Invitation.event)
        .options(contains_eager(Invitation.event))
        .where(IncomingMail.state == IncomingState.HELD, IncomingMail.review.in_(sorted(COUNTABLE)))
        .where(guests_seen(user, Sight.WORDS))
        .order_by(IncomingMail.id, IncomingLink.id)
    )


def _first_of_each(rows: Select[IncomingMail, IncomingLink, Invitation]) -> list[HeldAnswer]:
    by_mail: dict[int, tuple[IncomingMail, list[tuple[IncomingLink, Invitation]]]] = {}
    for mail, link, guest in db.session.execute(rows.limit(MOST_SHOWN * 2)).unique():
        by_mail.setdefault(mail.id, (mail, []))[1].append((link, guest))
    ways = (_ways(mail, pairs) for mail, pairs in by_mail.values())
    return [way[0] for way in ways if way][:MOST_SHOWN]


def _ways(mail: IncomingMail, pairs: Sequence[tuple[IncomingLink, Invitation]]) -> list[HeldAnswer]:
    calendar = mail.calendar_answer
    pairs = sorted(pairs, key=lambda pair: not is_same_mailbox(calendar.attendee, pair[1].address))
    return [
        HeldAnswer(mail, link, guest, reply, as_substitute)
        for link, guest in pairs
        if (reply := told_answer(calendar, guest.event.uid)).uid == guest.event.uid and can_be_read(reply)
        for as_substitute in _as_what(reply, guest)
    ]


def _as_what(reply: CalendarAnswer, guest: Invitation) -> Iterable[bool]:
    """Return whether it may be the word of a substitute, the likelier first: where somebody else answers whom the guest named."""
    by_another = bool(reply.attendee) and not is_same_mailbox(reply.attendee, guest.address)
    if by_another and reply.method == "REPLY" and (sends_substitute(guest) or _is_from(reply, guest)):
        return (True, False)
    return (False,)


def _is_from(reply: CalendarAnswer, guest: Invitation) -> bool:
    return any(is_same_mailbox(delegator, guest.address) for delegator in reply.delegated_from)

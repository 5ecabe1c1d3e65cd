"""Reads of what guests answered: the word that counts is the latest of one line, whatever way it came (see ``rules.Word``)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, exists, func, select, tuple_
from sqlalchemy.orm import aliased, contains_eager

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import own
from pop_campaigns.core.db import db
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.queries.events import is_coming
from pop_campaigns.events.rules.events import EventState
from pop_campaigns.invitations.models.invitations import GivenAnswer, Invitation, TimeProposal
from pop_campaigns.invitations.rules.invitations import Answer, InvitationState, Sight
from pop_campaigns.invitations.sight import guests_seen
from pop_campaigns.mail.silence import register

_LINE = (GivenAnswer.event_sequence, GivenAnswer.said_at, GivenAnswer.id)


def latest_answer(guest: Invitation) -> GivenAnswer | None:
    """Return the latest word of a guest; of one who was asked anew perhaps one from before."""
    newest_first = [column.desc() for column in _LINE]
    rows = select(GivenAnswer).where(GivenAnswer.invitation_id == guest.id)
    return db.session.scalar(rows.order_by(*newest_first).limit(1))


def is_latest() -> ColumnElement[bool]:
    """Return the condition that an answer is the latest word of its guest."""
    other = aliased(GivenAnswer)
    newer = tuple_(other.event_sequence, other.said_at, other.id) > tuple_(*_LINE)
    return ~exists().where(other.invitation_id == GivenAnswer.invitation_id, newer).correlate(GivenAnswer)


def latest_answers(event: Event) -> dict[int, GivenAnswer]:
    """Return the latest word of each guest of an event, by the guest's number."""
    rows = select(GivenAnswer).join(GivenAnswer.invitation).where(Invitation.event_id == event.id)
    return {row.invitation_id: row for row in db.session.scalars(rows.order_by(*_LINE))}


def answers_of(guests: Sequence[Invitation]) -> list[GivenAnswer]:
    """Return everything that guests answered, in the order in which it was recorded."""
    rows = select(GivenAnswer).where(GivenAnswer.invitation_id.in_([guest.id for guest in guests]))
    return list(db.session.scalars(rows.order_by(GivenAnswer.id))) if guests else []


def outdone_on_arrival(answers: Sequence[GivenAnswer]) -> Collection[int]:
    """Return those of a guest's answers, by number, that came when a newer word was there already.

    ``answers`` may be of several guests, in the order in which they were recorded.
    """
    latest: dict[int, GivenAnswer] = {}
    outdone = set()
    for answer in answers:
        before = latest.get(answer.invitation_id)
        if before is not None and answer.word < before.word:
            outdone.add(answer.id)
        else:
            latest[answer.invitation_id] = answer
    return outdone


def recent_answers(user: User, since: datetime) -> list[GivenAnswer]:
    """Return the answers to events of the user's work list that came after ``since``, newest first, at most 200.

    Only the word that counts, and only of guests whose words the user sees.
    """
    rows = _answers_for(user).where(GivenAnswer.at >= since, is_latest())
    return list(db.session.scalars(rows.order_by(GivenAnswer.at.desc(), GivenAnswer.id.desc()).limit(200)))


def declining_substitutes(user: User, *, now: datetime) -> list[GivenAnswer]:
    """Return the delegations to coming events of the user's work list whose substitute does not come, soonest event first."""
    rows = _answers_for(user).where(
        GivenAnswer.substitute_answer == Answer.DECLINED,
        Invitation.answer == Answer.DELEGATED,
        Invitation.state == InvitationState.INVITED,
        Event.state == EventState.PLANNED,
        is_coming(now),
        is_latest(),
    )
    return list(db.session.scalars(rows.order_by(Event.starts_at, GivenAnswer.id).limit(50)))


def count_without_substitute(event_ids: Collection[int]) -> dict[int, int]:
    """Count by event the guests who send somebody who does not come; events without any are left out."""
    rows = (
        select(Invitation.event_id, func.count())
        .join(GivenAnswer, GivenAnswer.invitation_id == Invitation.id)
        .where(Invitation.event_id.in_(sorted(event_ids)), Invitation.state == InvitationState.INVITED)
        .where(Invitation.answer == Answer.DELEGATED, GivenAnswer.substitute_answer == Answer.DECLINED)
        .where(is_latest())
        .group_by(Invitation.event_id)
    )
    return dict(db.session.execute(rows).all()) if event_ids else {}


def open_proposal(guest: Invitation) -> TimeProposal | None:
    """Return the newest time a guest proposed, while nobody has answered it and the event is not there already."""
    rows = select(TimeProposal).where(TimeProposal.invitation_id == guest.id)
    newest = db.session.scalar(rows.order_by(TimeProposal.id.desc()).limit(1))
    if newest is None or newest.decided_at is not None or newest.starts_at == guest.event.starts_at:
        return None
    return newest


def _answers_for(user: User) -> Select[GivenAnswer]:
    return (
        select(GivenAnswer)
        .join(GivenAnswer.invitation)
        .join(Invitation.event)
        .options(contains_eager(GivenAnswer.invitation).contains_eager(Invitation.event))
        .where(own(Event, user), guests_seen(user, Sight.WORDS))
    )


# For mail, an answer or another time proposed is a sign that somebody reads at the address, by whatever way it came.
register(
    Invitation,
    lambda ident: (
        exists().where(GivenAnswer.invitation_id == ident)
        | exists().where(TimeProposal.invitation_id == ident)
    ),
)

"""Reads of the times guests proposed: what is open, what came before, what else takes place then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import contains_eager

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import own, visible
from pop_campaigns.core.clock import local_date
from pop_campaigns.core.db import db
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.queries import events as events
from pop_campaigns.events.rules.events import UNKNOWN_LENGTH, EventState, has_begun
from pop_campaigns.incoming.rules.proposals import Facts, Standing, Times, standing_of, with_length
from pop_campaigns.invitations.models.invitations import Invitation, TimeProposal
from pop_campaigns.invitations.rules.invitations import InvitationState, Sight
from pop_campaigns.invitations.sight import guests_seen
from pop_campaigns.mail.models import IncomingMail


def times_of(event: Event) -> Times | None:
    """Return the time of an event that has a day and an hour."""
    return Times(event.starts_at, event.ends_at) if event.starts_at else None


def wanted_times(proposal: TimeProposal) -> Times:
    """Return the time an event would have if the proposal were accepted."""
    return with_length(Times(proposal.starts_at, proposal.ends_at), times_of(proposal.invitation.event))


def standing(proposal: TimeProposal, *, now: datetime) -> Standing:
    """Return where a proposal stands."""
    newest = select(func.max(TimeProposal.id)).where(TimeProposal.invitation_id == proposal.invitation_id)
    return _standing(proposal, now, newest=db.session.scalar(newest) == proposal.id)


def _standing(proposal: TimeProposal, now: datetime, *, newest: bool) -> Standing:
    guest = proposal.invitation
    event = guest.event
    return standing_of(
        Facts(
            accepted=proposal.accepted,
            newest=newest,
            erased=guest.is_erased,
            cancelled=event.state is EventState.CANCELLED,
            over=event.state is EventState.HELD or has_begun(event, now, local_date(now)),
            withdrawn=guest.state is not InvitationState.INVITED,
            same_time=wanted_times(proposal) == times_of(event),
        )
    )


def open_proposals_of(event: Event, *, now: datetime) -> list[TimeProposal]:
    """Return what guests of an event proposed and nobody has answered, the oldest first."""
    return _only_open(_undecided().where(Invitation.event_id == event.id), now)


def open_proposals(user: User, *, now: datetime) -> list[TimeProposal]:
    """Return the open proposals of the user's work list, the oldest first: one query."""
    heard = guests_seen(user, Sight.WORDS)
    rows = _undecided().where(own(Event, user), heard, Event.state == EventState.PLANNED)
    return _only_open(rows.where(~events.has_begun(now)), now)


def _undecided() -> Select[TimeProposal]:
    newest = select(func.max(TimeProposal.id)).group_by(TimeProposal.invitation_id)
    rows = select(TimeProposal).join(TimeProposal.invitation).join(Invitation.event)
    return (
        rows.options(contains_eager(TimeProposal.invitation).contains_eager(Invitation.event))
        .where(
            TimeProposal.id.in_(newest),
            TimeProposal.decided_at.is_(None),
            Invitation.state == InvitationState.INVITED,
        )
        .order_by(TimeProposal.id)
    )


def _only_open(rows: Select[TimeProposal], now: datetime) -> list[TimeProposal]:
    proposals = db.session.scalars(rows)
    return [proposal for proposal in proposals if _standing(proposal, now, newest=True) is Standing.OPEN]


def proposals_of(guest: Invitation) -> Sequence[TimeProposal]:
    """Return everything a guest proposed, the newest first."""
    rows = select(TimeProposal).where(TimeProposal.invitation_id == guest.id)
    return db.session.scalars(rows.order_by(TimeProposal.id.desc())).all()


def mail_of(proposal: TimeProposal) -> IncomingMail | None:
    """Return the mail a proposal came in."""
    return db.session.get(IncomingMail, proposal.incoming_mail_id) if proposal.incoming_mail_id else None


def events_then(event: Event, times: Times, user: User) -> Sequence[Event]:
    """Return the other events of the same organisation (or of the whole network) at that time which the user sees."""
    until = times.ends or times.starts + UNKNOWN_LENGTH
    begun: Any = Event.starts_at < until
    rows = select(Event).where(
        visible(Event, user),
        Event.id != event.id,
        Event.organisation_id.is_not_distinct_from(event.organisation_id),
        Event.state != EventState.CANCELLED,
        begun,
        ~events.is_over(times.starts),
    )
    return db.session.scalars(rows.order_by(Event.starts_at, Event.id).limit(5)).unique().all()

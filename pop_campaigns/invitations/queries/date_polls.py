"""Named reads: the search for the date of an event, who was asked, who can come when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.orm import contains_eager, joinedload

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import own
from pop_campaigns.core.db import db
from pop_campaigns.core.text import sort_key
from pop_campaigns.core.tokens import hash_token
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventState
from pop_campaigns.invitations.models.date_polls import AskedGuest, DatePoll, DateSlot, SlotAnswer
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.rules.date_polls import (
    PollFacts,
    PollState,
    SlotCount,
    best_slots,
    count_slot,
    state_of,
)
from pop_campaigns.invitations.rules.invitations import InvitationState, link_lives

_LONGEST_TOKEN = 100


@dataclass(frozen=True)
class AskedLine:
    """One guest who was asked, with what they say of each time, by the time's number."""

    asked: AskedGuest
    said: Mapping[int, SlotAnswer]

    @property
    def guest(self) -> Invitation:
        """Who was asked."""
        return self.asked.invitation

    def knows(self, slot: DateSlot) -> bool:
        """Return whether the guest was written to since this time is among those to choose from."""
        return slot.added_at <= self.asked.written_at

    def lacks(self, slots: Sequence[DateSlot]) -> bool:
        """Return whether something has still to be said of these times."""
        return any(slot.id not in self.said for slot in slots)


@dataclass(frozen=True)
class Poll:
    """The search for a date as pages show it: the times in order, who was asked, what stands."""

    row: DatePoll
    state: PollState
    slots: list[DateSlot]
    removed: list[DateSlot]
    lines: list[AskedLine] = field(default_factory=list)

    @property
    def chosen(self) -> DateSlot | None:
        """The time that was chosen."""
        return next((slot for slot in self.slots if slot.chosen_at), None)

    @property
    def answered(self) -> int:
        """How many have said something of a time that stands."""
        standing = {slot.id for slot in self.slots}
        return sum(bool(standing & line.said.keys()) for line in self.lines)

    @property
    def silent(self) -> list[AskedLine]:
        """Who has still to say something."""
        return [line for line in self.lines if line.lacks(self.slots)]

    def counts(self) -> dict[int, SlotCount]:
        """Count what was said of each time that stands, by its number."""
        return {
            slot.id: count_slot(
                (line.said[slot.id].says for line in self.lines if slot.id in line.said), len(self.lines)
            )
            for slot in self.slots
        }

    def best(self) -> set[int]:
        """Return the times, by number, that suit most."""
        return best_slots(self.counts())


def poll_of(event: Event, now: datetime) -> Poll | None:
    """Return the search for the date of an event with all that was said; None where none was begun. Four queries."""
    row = db.session.scalar(select(DatePoll).where(DatePoll.event_id == event.id))
    if row is None:
        return None
    slots = db.session.scalars(
        select(DateSlot).where(DateSlot.poll_id == row.id).order_by(DateSlot.starts_at, DateSlot.id)
    ).all()
    standing = [slot for slot in slots if slot.removed_at is None]
    removed = [slot for slot in slots if slot.removed_at is not None]
    return Poll(row, _state(event, standing, now), standing, removed, _lines(row))


def _state(event: Event, slots: Sequence[DateSlot], now: datetime) -> PollState:
    invited = exists().where(Invitation.event_id == event.id, Invitation.state == InvitationState.INVITED)
    facts = PollFacts(
        cancelled=event.state is not EventState.PLANNED,
        chosen=any(slot.chosen_at for slot in slots),
        invited=bool(db.session.scalar(select(invited))),
        last=max((slot.ends_at or slot.starts_at for slot in slots), default=None),
    )
    return state_of(facts, now)


def _lines(poll: DatePoll) -> list[AskedLine]:
    asked = db.session.scalars(
        select(AskedGuest)
        .join(AskedGuest.invitation)
        .options(contains_eager(AskedGuest.invitation))
        .where(AskedGuest.poll_id == poll.id, Invitation.state != InvitationState.WITHDRAWN)
    ).all()
    words: dict[int, dict[int, SlotAnswer]] = {row.invitation_id: {} for row in asked}
    answers = select(SlotAnswer).where(SlotAnswer.invitation_id.in_(words))
    for answer in db.session.scalars(answers) if words else ():
        words[answer.invitation_id][answer.slot_id] = answer
    lines = [AskedLine(row, words[row.invitation_id]) for row in asked]
    return sorted(lines, key=lambda line: sort_key(line.guest.shown_as))


def asked_of(guest: Invitation) -> AskedGuest | None:
    """Return when a guest was asked, None for one who was not."""
    return db.session.scalar(select(AskedGuest).where(AskedGuest.invitation_id == guest.id))


def slot_answers_of(guest: Invitation) -> list[SlotAnswer]:
    """Return what a guest says of each time, also of those that were removed, in the order of the times."""
    rows = (
        select(SlotAnswer)
        .join(SlotAnswer.slot)
        .options(contains_eager(SlotAnswer.slot))
        .where(SlotAnswer.invitation_id == guest.id)
    )
    return list(db.session.scalars(rows.order_by(DateSlot.starts_at, DateSlot.id)))


def find_asked(token: str, *, now: datetime) -> AskedGuest | None:
    """Return whom a personal link asks when they can; None for any other text, and from a day after the event on.

    The event has no date yet: until it has, a day after the last of the times counts.
    """
    if not 0 < len(token) <= _LONGEST_TOKEN:
        return None
    rows = (
        select(AskedGuest)
        .join(AskedGuest.invitation)
        .options(
            contains_eager(AskedGuest.invitation).joinedload(Invitation.event), joinedload(AskedGuest.poll)
        )
        .where(Invitation.token_hash == hash_token(token))
    )
    asked = db.session.scalar(rows)
    if asked is None:
        return None
    event = asked.invitation.event
    last = max((slot.ends_at or slot.starts_at for slot in asked.poll.slots), default=None)
    until = event.ends_at or event.starts_at
    until = max(until, last) if until and last else until or last
    return asked if link_lives(until, until, now) else None


@dataclass(frozen=True)
class OpenPoll:
    """A search for a date that waits for its end: how many of those asked have said when they can."""

    event: Event
    asked: int
    answered: int


def open_poll_of(event: Event) -> OpenPoll | None:
    """Return where the open search for the date of one event stands; None where nobody was asked or it is settled."""
    return next(iter(_open(DatePoll.event_id == event.id)), None)


def open_polls(user: User) -> list[OpenPoll]:
    """Return the searches of the user's work list in which somebody was asked and nothing is settled; two queries."""
    return _open(own(Event, user))


def _open(which: ColumnElement[bool]) -> list[OpenPoll]:
    has_answered = (
        exists()
        .where(SlotAnswer.invitation_id == AskedGuest.invitation_id, SlotAnswer.slot_id == DateSlot.id)
        .where(DateSlot.removed_at.is_(None))
    )
    invited = exists().where(Invitation.event_id == Event.id, Invitation.state == InvitationState.INVITED)
    chosen = exists().where(DateSlot.poll_id == DatePoll.id, DateSlot.chosen_at.is_not(None))
    counted = (
        select(
            DatePoll.event_id,
            func.count(AskedGuest.id),
            func.count(AskedGuest.id).filter(has_answered.correlate(AskedGuest)),
        )
        .join(AskedGuest, AskedGuest.poll_id == DatePoll.id)
        .join(
            Invitation,
            and_(Invitation.id == AskedGuest.invitation_id, Invitation.state != InvitationState.WITHDRAWN),
        )
        .join(Event, Event.id == DatePoll.event_id)
        .where(which, Event.state == EventState.PLANNED)
        .where(~invited.correlate(Event), ~chosen.correlate(DatePoll))
        .group_by(DatePoll.event_id)
    )
    numbers = {event_id: (asked, answered) for event_id, asked, answered in db.session.execute(counted)}
    events = select(Event).where(Event.id.in_(numbers)).order_by(Event.id)
    looked_for = db.session.scalars(events).unique() if numbers else ()
    return [OpenPoll(event, *numbers[event.id]) for event in looked_for]

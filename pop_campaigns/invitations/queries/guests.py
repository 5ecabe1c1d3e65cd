"""Named reads: guests with their mails and answers, counts, who has not answered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import contains_eager, joinedload

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import own
from pop_campaigns.contacts.queries.addresses import Reach
from pop_campaigns.contacts.queries.refusals import suppressed_among
from pop_campaigns.contacts.rules import Purpose
from pop_campaigns.core.db import db
from pop_campaigns.core.text import sort_key
from pop_campaigns.core.tokens import hash_token
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.queries.events import is_coming
from pop_campaigns.events.rules.events import EventState
from pop_campaigns.events.rules.events import is_coming as lies_ahead
from pop_campaigns.invitations.models.invitations import (
    GivenAnswer,
    Invitation,
    InvitationMail,
    InvitationText,
    TimeProposal,
)
from pop_campaigns.invitations.queries.answers import count_without_substitute, latest_answers
from pop_campaigns.invitations.queries.told import count_withdrawals, may_expect_event, undecided
from pop_campaigns.invitations.rules.invitations import (
    Answer,
    InvitationState,
    calendar_sequence,
    link_lives,
    may_remind,
)
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.queries import dead_among
from pop_campaigns.mail.rules import CameBack, MailState

LONGEST_TOKEN = 100
Chosen = Collection[int] | None
"""Guests, by number, that somebody chose; None where nobody did."""


@dataclass(frozen=True)
class GuestRow:
    """A guest as the event page lists one.

    ``mail`` is the newest mail about the event (one sent again counts), ``last_answer`` the newest answer,
    ``told`` the event's SEQUENCE the guest's calendar was last told, None before the first mail. ``came_back`` says that
    mail to the address keeps coming back, so that none is sent. Of a ``private`` row the reader sees no words.
    """

    invitation: Invitation
    mail: OutgoingMail | None
    last_answer: GivenAnswer | None
    told: int | None = None
    came_back: CameBack | None = None
    private: bool = False

    @property
    def outdated(self) -> bool:
        """Whether the guest was told of a time or place that no longer holds."""
        invited = self.invitation.state is InvitationState.INVITED
        return invited and self.told is not None and self.told < self.invitation.event.sequence

    @property
    def answered_before_change(self) -> bool:
        """Whether the answer was given to an earlier time or place."""
        if self.last_answer is None or self.invitation.answer is Answer.NEEDS_ACTION:
            return False
        return self.last_answer.event_sequence < self.invitation.event.sequence


@dataclass(frozen=True)
class AnswerCounts:
    """How the guests of one event answered. ``total`` leaves out drafts and withdrawn guests.

    Of those ``delegated``, ``sends_nobody`` are the guests whose substitute does not come.
    """

    accepted: int = 0
    tentative: int = 0
    declined: int = 0
    delegated: int = 0
    sends_nobody: int = 0
    waiting: int = 0
    draft: int = 0
    total: int = 0


def find_by_token(token: str, *, now: datetime | None = None) -> Invitation | None:
    """Return the guest whose personal link carries ``token``, with the event; None for any other text.

    A guest not yet asked has no link. With ``now``, a link is dead from a day after the event on.
    """
    if not 0 < len(token) <= LONGEST_TOKEN:
        return None
    wanted = select(Invitation).where(
        Invitation.token_hash == hash_token(token), Invitation.state != InvitationState.DRAFT
    )
    invitation = db.session.scalar(wanted.options(joinedload(Invitation.event)))
    if invitation is None or (
        now and not link_lives(invitation.event.ends_at, invitation.event.starts_at, now)
    ):
        return None
    return invitation


def reach_of(event: Event, user: User) -> Reach:
    """Return whose contacts may be asked to an event: the network's and its organisation's own, whoever invites."""
    return Reach(user, event.organisation_id)


def guests_of(event: Event, state: InvitationState | None = None) -> list[Invitation]:
    """Return the guests of an event (in one state), in the order they were added."""
    wanted = select(Invitation).where(Invitation.event_id == event.id).order_by(Invitation.id)
    if state is not None:
        wanted = wanted.where(Invitation.state == state)
    return list(db.session.scalars(wanted))


def text_of(event: Event) -> InvitationText | None:
    """Return what the coordinator added to the invitation of an event."""
    return db.session.get(InvitationText, event.id)


def answers_for(event: Event) -> list[GuestRow]:
    """Return the guests of an event with their newest mail and answer, in Albanian order; eight queries at most."""
    guests = guests_of(event)
    calendar_mails = mails_of(guests)
    mails = _newest_mails(calendar_mails)
    answers = latest_answers(event)
    dead = unreachable(guests)
    rows = [
        GuestRow(
            guest,
            mails.get(guest.id),
            answers.get(guest.id),
            told_sequence(calendar_mails[guest.id]),
            dead.get(guest.id),
        )
        for guest in guests
    ]
    return sorted(rows, key=lambda row: sort_key(row.invitation.shown_as))


def mails_of(guests: Iterable[Invitation]) -> dict[int, list[InvitationMail]]:
    """Return the calendar mails of guests, by guest, oldest first; each guest has an entry."""
    mails: dict[int, list[InvitationMail]] = {guest.id: [] for guest in guests}
    wanted = (
        select(InvitationMail)
        .join(InvitationMail.mail)
        .options(contains_eager(InvitationMail.mail).selectinload(OutgoingMail.copies))
        .where(InvitationMail.invitation_id.in_(mails))
        .order_by(InvitationMail.id)
    )
    for row in db.session.scalars(wanted) if mails else ():
        mails[row.invitation_id].append(row)
    return mails


def told_sequence(mails: Sequence[InvitationMail]) -> int | None:
    """Return the event's SEQUENCE a guest was last told."""
    return max((row.sequence for row in mails), default=None)


def calendar_ahead(guest: Invitation) -> int:
    """Return by how much the SEQUENCE of a guest's own calendar is ahead of the event's (see ``calendar_sequence``)."""
    return calendar_sequence(0, count_withdrawals(mails_of([guest])[guest.id]))


def is_lost(mail: OutgoingMail) -> bool:
    """Return whether a mail will never be read: refused for good, or come back for good."""
    return mail.state is MailState.FAILED or bool(mail.bounce_permanent)


def refusing(event: Event, guests: Iterable[Invitation]) -> set[int]:
    """Return those of the guests, by number, who want no more mail about events from the event's organisation.

    Only persons can refuse: an office is asked because it is one.
    """
    persons = [guest for guest in guests if guest.office_id is None]
    if not persons:
        return set()
    refused = suppressed_among({person.address for person in persons}, Purpose.EVENTS, event.organisation_id)
    return {person.id for person in persons if person.address in refused}


def unreachable(guests: Iterable[Invitation]) -> dict[int, CameBack]:
    """Return those of the guests, by number, to whose address nothing is sent because mail keeps coming back."""
    asked = list(guests)
    dead = dead_among({guest.address for guest in asked})
    return {guest.id: dead[guest.address] for guest in asked if guest.address in dead}


def withdrawal_told(
    event: Event,
    guests: Sequence[Invitation],
    mails: Mapping[int, Sequence[InvitationMail]],
    *,
    now: datetime,
) -> list[Invitation]:
    """Return those of invited guests who get a mail when they are withdrawn: who may expect an event that lies ahead."""
    if event.state is EventState.CANCELLED or not lies_ahead(event.starts_at, now):
        return []
    untold = refusing(event, guests) | unreachable(guests).keys()
    return [guest for guest in guests if guest.id not in untold and may_expect_event(mails[guest.id])]


def outdated(event: Event) -> list[Invitation]:
    """Return the invited guests who were told of a time or place that no longer holds and can be told."""
    guests = outdated_guests(event)
    dead = unreachable(guests)
    return [guest for guest in guests if guest.id not in dead]


def outdated_guests(event: Event) -> list[Invitation]:
    """Return the invited guests who were told of a time or place that no longer holds, though mail to some keeps coming back."""
    guests = [guest for guest in guests_of(event, InvitationState.INVITED) if not guest.is_erased]
    refused = refusing(event, guests)
    guests = [guest for guest in guests if guest.id not in refused]
    mails = mails_of(guests)
    sequences = {guest.id: told_sequence(mails[guest.id]) for guest in guests}
    return [guest for guest in guests if (sequences[guest.id] or 0) < event.sequence]


def awaiting_reminder(event: Event, *, now: datetime, only: Chosen = None) -> list[Invitation]:
    """Return the guests a reminder would go to, of ``only`` these where somebody chose.

    They have not answered, know the present time and place, can be reached, and had no mail of ours for 12 hours. Who
    proposed another time and waits for our answer is left alone.
    """
    asked = guests_of(event, InvitationState.INVITED)
    invited = [guest for guest in asked if only is None or guest.id in only]
    proposing = set(db.session.scalars(guests_proposing()))
    waiting = [
        guest
        for guest in invited
        if guest.answer is Answer.NEEDS_ACTION and not guest.is_erased and guest.id not in proposing
    ]
    refused = refusing(event, waiting)
    refused |= unreachable(waiting).keys()
    waiting = [guest for guest in waiting if guest.id not in refused]
    mails = mails_of(waiting)
    return [guest for guest in waiting if _remindable(event, mails[guest.id], now)]


def guests_proposing() -> Select[int]:
    """Select the guests, by number, whose newest proposal of another time nobody has answered."""
    newest = select(func.max(TimeProposal.id)).group_by(TimeProposal.invitation_id)
    return select(TimeProposal.invitation_id).where(
        TimeProposal.id.in_(newest), TimeProposal.decided_at.is_(None)
    )


def _remindable(event: Event, mails: list[InvitationMail], now: datetime) -> bool:
    if not mails or (told_sequence(mails) or 0) < event.sequence:
        return False
    last = mails[-1].mail
    return not is_lost(last) and may_remind(last.dated_at, now)


def counts_for(event_ids: Iterable[int]) -> dict[int, AnswerCounts]:
    """Count the answers of several events at once; an event without guests has zeros."""
    ids = set(event_ids)
    numbers: dict[int, defaultdict[str, int]] = {ident: defaultdict(int) for ident in ids}
    counted = (
        select(Invitation.event_id, Invitation.state, Invitation.answer, func.count())
        .where(Invitation.event_id.in_(ids), Invitation.state != InvitationState.WITHDRAWN)
        .group_by(Invitation.event_id, Invitation.state, Invitation.answer)
    )
    for event_id, state, answer, number in db.session.execute(counted) if ids else ():
        if state is InvitationState.DRAFT:
            numbers[event_id]["draft"] += number
            continue
        numbers[event_id]["waiting" if answer is Answer.NEEDS_ACTION else answer.name.lower()] += number
        numbers[event_id]["total"] += number
    for ident, number in count_without_substitute(ids).items():
        numbers[ident]["sends_nobody"] = number
    return {ident: AnswerCounts(**of_event) for ident, of_event in numbers.items()}


def awaiting_answer(user: User, now: datetime) -> list[tuple[Event, list[Invitation]]]:
    """Return the coming events of the user's work list with the guests who have not answered, soonest first."""
    wanted = (
        select(Invitation)
        .join(Invitation.event)
        .options(contains_eager(Invitation.event))
        .where(
            own(Event, user),
            Event.state == EventState.PLANNED,
            is_coming(now),
            Invitation.state == InvitationState.INVITED,
            Invitation.answer == Answer.NEEDS_ACTION,
        )
        .order_by(Event.starts_at, Event.id, Invitation.id)
    )
    guests = list(db.session.scalars(wanted))
    newest, dead = _newest_mails(mails_of(guests)), unreachable(guests)
    waiting: dict[Event, list[Invitation]] = {}
    for guest in guests:
        # Who never got our mail is not silent, and is told of as undelivered.
        if guest.id not in dead and not (guest.id in newest and is_lost(newest[guest.id])):
            waiting.setdefault(guest.event, []).append(guest)
    return list(waiting.items())


def event_of_mails(mail_ids: Iterable[int]) -> dict[int, Invitation]:
    """Return the invitation (with its event) that each mail is about, by the mail's number; other mails are left out.

    Mails sent again, receipts and answers to proposed times are included, which have no row of their own here.
    """
    to_guest = and_(
        OutgoingMail.subject_type == Invitation.__tablename__, OutgoingMail.subject_id == Invitation.id
    )
    rows = (
        select(OutgoingMail.id, Invitation)
        .join(Invitation, to_guest)
        .where(OutgoingMail.id.in_(set(mail_ids)))
        .options(joinedload(Invitation.event))
    )
    return dict(db.session.execute(rows).all())


def _newest_mails(calendar_mails: dict[int, list[InvitationMail]]) -> dict[int, OutgoingMail]:
    """Return the newest mail of each guest, following mails that were sent again; one being handed over stands before it."""
    newest = {ident: rows[-1].mail for ident, rows in calendar_mails.items() if rows}
    owner = {mail.id: ident for ident, mail in newest.items()}
    fresh = set(owner)
    while fresh:
        wanted = select(OutgoingMail).where(OutgoingMail.again_of_id.in_(fresh)).order_by(OutgoingMail.id)
        fresh = set()
        for mail in db.session.scalars(wanted):
            guest = owner[mail.again_of_id]  # type: ignore[index]  # the query asks for those that have one
            newest[guest] = mail if mail.id > newest[guest].id else newest[guest]
            owner[mail.id] = guest
            fresh.add(mail.id)
    in_hand = {ident: hand for ident, rows in calendar_mails.items() if (hand := undecided(rows))}
    return newest | in_hand

"""Named reads that cross packages: the events of the coming days, what guests were not told, an event's history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, not_, or_, select
from sqlalchemy.orm import selectinload

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import own
from pop_campaigns.core.dates import DatePrecision
from pop_campaigns.core.db import db
from pop_campaigns.core.history import History
from pop_campaigns.core.subject_files import files_of
from pop_campaigns.events.models.events import Attendance, Commitment, Event, Supporter
from pop_campaigns.events.queries.events import is_coming
from pop_campaigns.events.rules.events import EventState
from pop_campaigns.events.rules.visibility import EventTies
from pop_campaigns.invitations.models.invitations import GivenAnswer, Invitation, InvitationMail
from pop_campaigns.invitations.queries.guests import AnswerCounts, counts_for, guests_proposing
from pop_campaigns.invitations.rules.invitations import REMINDER_GAP, Answer, InvitationState, Sight
from pop_campaigns.invitations.sight import guests_seen
from pop_campaigns.letters.models import Letter, LetterRecipient
from pop_campaigns.letters.queries.letters import select_letters
from pop_campaigns.letters.rules.letters import stops_clock
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.rules import MailState
from pop_campaigns.mail.sendings import was_undone


@dataclass(frozen=True)
class ComingEvent:
    """An event ahead with what its guests said and how many of them know an older time or place."""

    event: Event
    counts: AnswerCounts
    not_told: int = 0


def coming_events(user: User, today: date, now: datetime, *, limit: int = 100) -> list[ComingEvent]:
    """Return the planned events of the user's work from today on, soonest first; also one that began today."""
    wanted = (
        select(Event)
        .where(own(Event, user), Event.state == EventState.PLANNED, _has_a_day_from(today))
        .order_by(Event.day_from, Event.starts_at.nulls_first(), Event.id)
        .limit(limit)
    )
    events = db.session.scalars(wanted).unique().all()
    counts = counts_for(event.id for event in events)
    not_told = guests_not_told(user, now)
    return [ComingEvent(event, counts[event.id], not_told.get(event.id, 0)) for event in events]


def guests_not_told(user: User, now: datetime) -> dict[int, int]:
    """Count, by event of the user's work, the guests who were told of a time or place that no longer holds."""
    last_sequence = (
        select(func.max(InvitationMail.sequence))
        .where(InvitationMail.invitation_id == Invitation.id)
        .scalar_subquery()
    )
    counted = (
        select(Invitation.event_id, func.count())
        .join(Invitation.event)
        .where(
            own(Event, user),
            Event.state == EventState.PLANNED,
            is_coming(now),
            Invitation.state == InvitationState.INVITED,
            func.coalesce(last_sequence, 0) < Event.sequence,
        )
        .group_by(Invitation.event_id)
    )
    return dict(db.session.execute(counted).all())


def events_to_remind(user: User, now: datetime) -> set[int]:
    """Return the events of the user's work with somebody to remind now: ``awaiting_reminder`` for all in one query."""
    newest = (
        select(
            InvitationMail.invitation_id,
            func.max(InvitationMail.id).label("mail"),
            func.max(InvitationMail.sequence).label("told"),
        )
        .group_by(InvitationMail.invitation_id)
        .subquery()
    )
    wanted = (
        select(Invitation.event_id)
        .join(Invitation.event)
        .join(newest, newest.c.invitation_id == Invitation.id)
        .join(InvitationMail, InvitationMail.id == newest.c.mail)
        .join(InvitationMail.mail)
        .where(
            own(Event, user),
            Event.state == EventState.PLANNED,
            is_coming(now),
            Invitation.state == InvitationState.INVITED,
            Invitation.answer == Answer.NEEDS_ACTION,
            newest.c.told >= Event.sequence,
            OutgoingMail.state != MailState.FAILED,
            OutgoingMail.dated_at <= now - REMINDER_GAP,
            Invitation.id.not_in(guests_proposing()),
        )
        .distinct()
    )
    return set(db.session.scalars(wanted))


def letters_waiting(user: User, today: date, *, limit: int = 20) -> Sequence[Letter]:
    """Return the letters of the user's own work that an addressee still owes an answer to."""
    rows = select_letters(user, show="waiting", today=today).where(own(Letter, user))
    return db.session.scalars(rows.limit(limit)).unique().all()


def story_of(event: Event, user: User, *, limit: int = 300) -> list[tuple[History, str | None]]:
    """Return what happened to an event and to its guests since there is one, newest first, each with the guest's name.

    "" for the event itself, None for a guest whose words the user does not see. One query; what a single mail did is left
    out, because one line already says that so many were sent.
    """
    about_guest = and_(
        History.subject_type == Invitation.__tablename__,
        History.subject_id.in_(select(Invitation.id).where(Invitation.event_id == event.id)),
        History.action.not_in(("invitation.sent", "invitation.sending_undone")),
        # The number of a guest taken off the list may be another one's now; so may that of a deleted event.
        History.at >= Invitation.created_at,
    )
    is_it = and_(History.subject_type == Event.__tablename__, History.subject_id == event.id)
    before_it = select(func.coalesce(func.max(History.id), 0)).where(is_it, History.action == "event.deleted")
    about_event = and_(is_it, History.id > before_it.scalar_subquery())
    is_about_guest = and_(
        History.subject_type == Invitation.__tablename__, History.subject_id == Invitation.id
    )
    rows = (
        select(History, Invitation, guests_seen(user, Sight.WORDS))
        .outerjoin(Invitation, is_about_guest)
        .where(or_(about_event, about_guest))
        .order_by(History.id.desc())
        .limit(limit)
    )
    changes = db.session.execute(rows)
    return [
        (change, None if change.subject_type == Invitation.__tablename__ and not heard else _name_of(guest))
        for change, guest, heard in changes
    ]


def ties_of(event: Event) -> EventTies:
    """Return what hangs on an event. Guests are only counted, so whoever may change the event sees it all."""
    guests = select(Invitation.id).where(Invitation.event_id == event.id)
    about_event = (OutgoingMail.subject_type == Event.__tablename__) & (OutgoingMail.subject_id == event.id)
    about_guest = (OutgoingMail.subject_type == Invitation.__tablename__) & OutgoingMail.subject_id.in_(
        guests
    )
    of_guest = OutgoingMail.id.in_(
        select(InvitationMail.mail_id).where(InvitationMail.invitation_id.in_(guests))
    )
    return EventTies(
        mails=_count(OutgoingMail, or_(about_event, about_guest, of_guest), not_(was_undone())),
        answers=_count(GivenAnswer, GivenAnswer.invitation_id.in_(guests)),
        asked=_count(Invitation, Invitation.event_id == event.id, Invitation.state != InvitationState.DRAFT),
        recorded=sum(_count(kind, kind.event_id == event.id) for kind in (Attendance, Supporter, Commitment)),
        guests=_count(Invitation, Invitation.event_id == event.id),
        files=len(files_of(event)),
    )


def event_with_record(event: Event) -> Event:
    """Load what the page of an event shows of the record: who attended, who joined, what was promised."""
    wanted = (
        select(Event)
        .where(Event.id == event.id)
        .options(
            selectinload(Event.attendances),
            selectinload(Event.supporters),
            selectinload(Event.commitments),
            selectinload(Event.campaign),
            selectinload(Event.institution),
        )
    )
    return db.session.scalars(wanted, execution_options={"populate_existing": True}).unique().one()


def owing(letter: Letter) -> list[LetterRecipient]:
    """Return the recipients of a letter who still owe an answer."""
    return [
        recipient
        for recipient in letter.recipients
        if recipient.owes and not any(stops_clock(response.kind) for response in recipient.responses)
    ]


def _name_of(guest: Invitation | None) -> str:
    return guest.shown_as if guest else ""


def _has_a_day_from(today: date) -> ColumnElement[bool]:
    # A month or a period is no appointment: it stands in the list of events.
    return and_(
        Event.precision.in_((DatePrecision.MOMENT, DatePrecision.DAY)),
        func.coalesce(Event.day_to, Event.day_from) >= today,
    )


def _count(model: Any, *conditions: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0

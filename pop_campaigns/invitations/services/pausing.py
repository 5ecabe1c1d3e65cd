"""Mails about an event held back by a person, and let go again: those that wait, and those queued meanwhile."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select, update

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.services.guests import lock_event
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.outbox import pause_mails, resume_mails


def mails_of_event(event: Event) -> ColumnElement[bool]:
    """Return the condition that a mail is about a guest of an event."""
    guests = select(Invitation.id).where(Invitation.event_id == event.id)
    return (OutgoingMail.subject_type == Invitation.__tablename__) & OutgoingMail.subject_id.in_(guests)


def pause_event(event: Event, *, by: User, now: datetime) -> bool:
    """Let no mail about an event leave until it is resumed; return whether that is new."""
    lock_event(event)
    if not _mark(event, Event.mails_paused_at.is_(None), mails_paused_at=now, mails_paused_by_id=by.id):
        return False
    pause_mails(mails_of_event(event), now=now)
    note("event.mails_paused", event, by=by, now=now)
    return True


def resume_event(event: Event, *, by: User, now: datetime) -> bool:
    """Let the mails about an event go on; return whether they had been waiting."""
    lock_event(event)
    if not _mark(event, Event.mails_paused_at.is_not(None), mails_paused_at=None, mails_paused_by_id=None):
        return False
    resume_mails(mails_of_event(event))
    note("event.mails_resumed", event, by=by, now=now)
    return True


def _mark(event: Event, still: ColumnElement[bool], **values: Any) -> bool:
    """Write it past the version: whoever edits the event meanwhile has nothing to compare."""
    change = update(Event).where(Event.id == event.id, still).values(**values).returning(Event.id)
    done = db.session.scalar(change.execution_options(synchronize_session=False)) is not None
    db.session.refresh(event, ["mails_paused_at", "mails_paused_by_id"])
    return done

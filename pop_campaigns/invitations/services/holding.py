"""While a change or a cancellation of an event can be taken back, the event's other mails wait: they may say what will not hold.

The worker asks here just before it hands mails over, so that it holds for whatever queued them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, func, or_, select

from pop_campaigns.core.db import db
from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.mail.models import OutgoingMail, Sending
from pop_campaigns.mail.outbox import wait_until
from pop_campaigns.mail.sendings import anything_holds, holds


def hold_back(mails: Sequence[OutgoingMail], *, now: datetime) -> None:
    """Put those of the mails in a worker's hands back that have to wait for what is not settled about their event."""
    _hold_paused(mails, now)
    if not mails or not anything_holds(now):
        return
    about_guest = and_(
        OutgoingMail.subject_type == Invitation.__tablename__, OutgoingMail.subject_id == Invitation.id
    )
    about_event = and_(Sending.subject_type == Event.__tablename__, Sending.subject_id == Invitation.event_id)
    until = dict(
        db.session.execute(
            select(OutgoingMail.id, func.max(Sending.undo_until))
            .join(Invitation, about_guest)
            .join(Sending, about_event)
            .where(
                OutgoingMail.id.in_([mail.id for mail in mails]),
                holds(now),
                or_(OutgoingMail.sending_id.is_(None), OutgoingMail.sending_id != Sending.id),
            )
            .group_by(OutgoingMail.id)
        ).all()
    )
    for mail in mails:
        if mail.id in until:
            wait_until(mail, until[mail.id])


def _hold_paused(mails: Sequence[OutgoingMail], now: datetime) -> None:
    """Put back what is about an event that was paused after these were claimed, or that the server once put off."""
    about = and_(
        OutgoingMail.subject_type == Invitation.__tablename__, OutgoingMail.subject_id == Invitation.id
    )
    waiting = select(OutgoingMail.id).join(Invitation, about).join(Invitation.event)
    wanted = waiting.where(
        OutgoingMail.id.in_([mail.id for mail in mails]), Event.mails_paused_at.is_not(None)
    )
    paused = set(db.session.scalars(wanted)) if mails else set()
    for mail in mails:
        if mail.id in paused:
            wait_until(mail, mail.available_at)
            mail.paused_at = now

"""The choice of a date is taken back while no invitation has left: with what was sent, or mail by mail. The caller commits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.messages.invitations import MAIL_KINDS
from pop_campaigns.invitations.models.date_polls import DateSlot
from pop_campaigns.invitations.queries.date_polls import poll_of
from pop_campaigns.invitations.queries.guests import guests_of, mails_of
from pop_campaigns.invitations.queries.told import waiting_mails
from pop_campaigns.invitations.rules.invitations import Answer, InvitationState
from pop_campaigns.invitations.services.date_choice import CHOSEN_SLOT, restore_date
from pop_campaigns.invitations.services.guests import lock_event
from pop_campaigns.invitations.services.undoing import undo_sending
from pop_campaigns.mail.models import OutgoingMail, Sending
from pop_campaigns.mail.outbox import call_off
from pop_campaigns.mail.rules import MailState, SendingKind
from pop_campaigns.mail.sendings import NotUndone, is_open


class HasLeft(Exception):
    """An invitation has left, or somebody has answered one: the date stands."""


def can_take_back(event: Event, slot: DateSlot) -> bool:
    """Return whether no invitation that followed the choice has left or was answered: then it can be taken back."""
    guests = guests_of(event, InvitationState.INVITED)
    if slot.chosen_at is None or any(guest.answer is not Answer.NEEDS_ACTION for guest in guests):
        return False
    mails = (row.mail for rows in mails_of(guests).values() for row in rows)
    return all(_waits(mail) for mail in mails if mail.queued_at >= slot.chosen_at)


def _waits(mail: OutgoingMail) -> bool:
    """Return whether a mail has not left and can still be called off."""
    not_left = mail.state in (MailState.QUEUED, MailState.SENDING, MailState.WITHDRAWN)
    return not_left and not mail.perhaps_left and mail.handing_since is None and not mail.attempts


def take_back_choice(event: Event, *, by: User, now: datetime) -> None:
    """Take the choice back: no invitation leaves, the event is as before and the search open again.

    :raises HasLeft: an invitation has left, or somebody answered one.
    """
    lock_event(event)
    poll = poll_of(event, now)
    slot = poll.chosen if poll else None
    if slot is None:
        return
    guests = guests_of(event, InvitationState.INVITED)
    # Locked before they are looked at: no worker can claim one in between.
    waiting = waiting_mails(mails_of(guests), MAIL_KINDS.values())
    if not can_take_back(event, slot):
        raise HasLeft
    if (sending := _sending_of(event, slot, now)) is not None:
        try:
            undo_sending(sending, event, by=by, now=now)
        except NotUndone as late:
            raise HasLeft from late
        return
    for mail in waiting:
        call_off(mail, now=now)
    for guest in guests:
        guest.state, guest.invited_at = InvitationState.DRAFT, None
    restore_date(slot, by=by, now=now)


def _sending_of(event: Event, slot: DateSlot, now: datetime) -> Sending | None:
    """Return what the choice sent, while it can be taken back as a whole."""
    rows = select(Sending).where(
        Sending.subject_type == Event.__tablename__, Sending.subject_id == event.id,
        Sending.kind == SendingKind.INVITATIONS, is_open(now),
    )  # fmt: skip
    newest = db.session.scalar(rows.order_by(Sending.id.desc()).limit(1))
    return newest if newest and (newest.before or {}).get(CHOSEN_SLOT) == slot.id else None

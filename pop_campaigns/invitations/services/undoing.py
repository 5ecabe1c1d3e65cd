"""What was sent about an event is taken back: no mail of it leaves, and the event and its guests are as they were before.

Nothing but the history tells of it afterwards. A guest whose mail had left stays told, and who answered meanwhile stays invited.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventState
from pop_campaigns.events.rules.visibility import EventVisibility
from pop_campaigns.invitations.models.date_polls import DateSlot
from pop_campaigns.invitations.models.guest_messages import GuestMessage
from pop_campaigns.invitations.models.invitations import Invitation, InvitationMail
from pop_campaigns.invitations.rules.invitations import Answer, InvitationState
from pop_campaigns.invitations.services.addresses import address_as_before
from pop_campaigns.invitations.services.date_choice import CHOSEN_SLOT, restore_date
from pop_campaigns.invitations.services.date_polls import WRITTEN_BEFORE, unask
from pop_campaigns.invitations.services.guest_messages import draft_again
from pop_campaigns.invitations.services.guests import lock_event
from pop_campaigns.invitations.services.proposals import reopen_proposals
from pop_campaigns.mail.models import OutgoingMail, Sending
from pop_campaigns.mail.rules import SendingKind
from pop_campaigns.mail.sendings import TakenBack, take_back


def undo_sending(sending: Sending, event: Event, *, by: User, now: datetime) -> TakenBack:
    """Take back what was sent about an event.

    :raises pop_campaigns.mail.sendings.UndoneBefore: a second press.
    :raises pop_campaigns.mail.sendings.NotUndone: too late, or something newer was sent.
    """
    lock_event(event)
    kind, answered = sending.kind, _answered(sending)
    taken = take_back(sending, now=now, letting_go=answered if kind is SendingKind.INVITATIONS else ())
    guests = _untold(taken.mails)
    if kind is SendingKind.INVITATIONS:
        for guest in guests:
            guest.state, guest.invited_at = InvitationState.DRAFT, None
        if taken.before.get("was_draft") and not taken.left:
            event.visibility = EventVisibility.DRAFT
            event.published_at = event.published_at if taken.before["was_published"] else None
    elif kind is SendingKind.CANCELLATION:
        event.state, event.sequence = EventState.PLANNED, taken.before["sequence"]
    elif kind is SendingKind.WITHDRAWAL:
        guests = _invited_again(taken.before.get("guests", []))
    elif "proposals" in taken.before:
        guests = list(dict.fromkeys([*guests, *reopen_proposals(taken, event)]))
    elif kind is SendingKind.NEW_ADDRESS:
        address_as_before(taken, by=by, now=now)
    elif "message" in taken.before:
        guests = draft_again(db.session.get_one(GuestMessage, taken.before["message"]))
    _undo_dates(taken, by=by, now=now)
    event.changed_at = now  # so that feeds are fetched again
    note("event.sending_undone", event, by=by, now=now, kind=kind.value, number=len(taken.mails))
    for guest in guests:
        note("invitation.sending_undone", guest, by=by, now=now, kind=kind.value)
    db.session.flush()
    return taken


def _invited_again(numbers: Sequence[int]) -> list[Invitation]:
    guests = list(db.session.scalars(select(Invitation).where(Invitation.id.in_(numbers))))
    for guest in guests:
        guest.state = InvitationState.INVITED
    return guests


def _undo_dates(taken: TakenBack, *, by: User, now: datetime) -> None:
    """Forget that these mails asked when somebody can, and the choice of a date of which no invitation left."""
    unask(taken.before.get(WRITTEN_BEFORE, {}), taken.mails)
    chosen = db.session.get(DateSlot, taken.before.get(CHOSEN_SLOT, 0))
    if chosen is not None and chosen.chosen_at and not taken.left:
        restore_date(chosen, by=by, now=now)


def _answered(sending: Sending) -> Sequence[int]:
    """Return the mails, by number, to guests who answered meanwhile: they cannot be unasked any more."""
    about_guest = (OutgoingMail.subject_type == Invitation.__tablename__) & (
        OutgoingMail.subject_id == Invitation.id
    )
    rows = select(OutgoingMail.id).join(Invitation, about_guest)
    asked = rows.where(OutgoingMail.sending_id == sending.id, Invitation.answer != Answer.NEEDS_ACTION)
    return db.session.scalars(asked).all()


def _untold(mails: Sequence[OutgoingMail]) -> list[Invitation]:
    """Forget that these mails told their guests anything; return the guests."""
    wanted = select(InvitationMail).where(InvitationMail.mail_id.in_([mail.id for mail in mails]))
    rows = list(db.session.scalars(wanted)) if mails else []
    guests = [row.invitation for row in rows]
    for row in rows:
        db.session.delete(row)
    return guests

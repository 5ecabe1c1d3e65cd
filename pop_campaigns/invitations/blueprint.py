"""The blueprint of invitations and what its pages share."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, abort

from pop_campaigns.accounts.scope import get_changeable
from pop_campaigns.core.db import db
from pop_campaigns.core.file_pages import make_room
from pop_campaigns.events.models import Event
from pop_campaigns.events.rules import EventState
from pop_campaigns.invitations.models import Invitation
from pop_campaigns.invitations.rules import may_invite
from pop_campaigns.invitations.sight import check_sight
from pop_campaigns.invitations.words.labels import NOT_INVITABLE

bp = Blueprint("invitations", __name__)
make_room(bp, {"invitations.by_hand"})


def changeable_guest(invitation_id: int) -> Invitation:
    """Return a guest of an event the person may change, else 404."""
    guest = db.session.get(Invitation, invitation_id) if 0 < invitation_id < 2**31 else None
    if guest is None:
        abort(404)
    get_changeable(Event, guest.event_id)
    check_sight(guest)
    return guest


def cannot_invite_words(event: Event, moment: datetime) -> str:
    """Return why nobody can be invited to an event now; "" when one can."""
    cancelled = event.state is EventState.CANCELLED
    reason = may_invite(cancelled=cancelled, starts_at=event.starts_at, now=moment)
    return str(NOT_INVITABLE[reason]) if reason else ""

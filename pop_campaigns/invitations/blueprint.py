"""The blueprint of invitations and what its pages share."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, abort, url_for
from flask_babel import gettext as _
from flask_babel import pgettext

from pop_campaigns.accounts.scope import get_changeable
from pop_campaigns.contacts.forms.picking import read_place
from pop_campaigns.core.db import db
from pop_campaigns.core.file_pages import make_room
from pop_campaigns.core.steps import Step
from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.models.guest_messages import GuestMessage
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.queries.guests import guests_of
from pop_campaigns.invitations.rules.guest_messages import MessageState
from pop_campaigns.invitations.rules.invitations import InvitationState
from pop_campaigns.invitations.services.guests import why_not_invitable, why_not_listable
from pop_campaigns.invitations.sight import check_sight
from pop_campaigns.invitations.words.labels import NOT_INVITABLE

bp = Blueprint("invitations", __name__)
make_room(bp, {"invitations.by_hand", "invitations.files"})


@bp.app_template_global()
def event_url(event_id: int) -> str:
    """Return the address of an event's page, which stands above this package: the one place that names it."""
    return url_for("desk.event", event_id=event_id)


def changeable_guest(invitation_id: int) -> Invitation:
    """Return a guest of an event the person may change, else 404."""
    guest = db.session.get(Invitation, invitation_id) if 0 < invitation_id < 2**31 else None
    if guest is None:
        abort(404)
    get_changeable(Event, guest.event_id)
    check_sight(guest)
    return guest


def changeable_message(message_id: int) -> GuestMessage:
    """Return a message to guests of an event that the person may change, else 404."""
    message = db.session.get(GuestMessage, message_id) if 0 < message_id < 2**31 else None
    if message is None:
        abort(404)
    get_changeable(Event, message.event_id)
    return message


def draft_message(message_id: int) -> GuestMessage:
    """Return a message that is still being written; one that was sent has no page to write it."""
    message = changeable_message(message_id)
    if message.state is not MessageState.DRAFT:
        abort(404)
    return message


def cannot_invite_words(event: Event, moment: datetime) -> str:
    """Return why nobody can be invited to an event now; "" when one can."""
    reason = why_not_invitable(event, moment)
    return str(NOT_INVITABLE[reason]) if reason else ""


def cannot_list_words(event: Event, moment: datetime) -> str:
    """Return why nobody can be put on an event's list now; "" when one can, also while its date is being looked for."""
    reason = why_not_listable(event, moment)
    return str(NOT_INVITABLE[reason]) if reason else ""


@bp.context_processor
def steps_of_inviting() -> dict[str, Any]:
    """Let the three pages of inviting show where one is."""
    return {"invite_steps": invite_steps, "event_page": event_page}


def event_page(event_id: int, part: str | None = None) -> str:
    """Return the address of an event's page, which is the desk's, or of a ``part`` of it."""
    return url_for("desk.event", event_id=event_id, _anchor=part)


def invite_steps(event: Event, place: dict[str, str] | None = None) -> list[Step]:
    """Return the steps of inviting to an event; ``place`` is what was searched and ticked, which goes along through all.

    Without it, it is what the page's own address carries.
    """
    query: dict[str, Any] = read_place().query if place is None else place
    listed = {guest.state for guest in guests_of(event)} - {InvitationState.WITHDRAWN}
    reached = {
        "invitations.who": True,
        "invitations.message": bool(listed),
        "invitations.send": InvitationState.DRAFT in listed,
    }
    steps = [
        (pgettext("step", "Who"), "invitations.who", ""),
        (pgettext("step", "Message"), "invitations.message", _("once somebody is on the list")),
        (pgettext("step", "Send"), "invitations.send", _("once somebody waits to be invited")),
    ]
    return [
        Step(label, url_for(page, event_id=event.id, **query) if reached[page] else "", why)
        for label, page, why in steps
    ]

"""Named reads: the links to a guest's page that coordinators handed over."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from pop_campaigns.core.tokens import hash_token
from pop_campaigns.invitations.models.handed_links import HandedLink
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.queries.guests import LONGEST_TOKEN
from pop_campaigns.invitations.rules.invitations import InvitationState, link_lives


def find_handed_link(token: str, *, now: datetime) -> HandedLink | None:
    """Return the link that carries ``token``, with its guest and event; None once it was taken back or is dead.

    It lives as long as the mailed one (see ``find_by_token``).
    """
    if not 0 < len(token) <= LONGEST_TOKEN:
        return None
    wanted = (
        select(HandedLink)
        .where(HandedLink.token_hash == hash_token(token), HandedLink.revoked_at.is_(None))
        .options(joinedload(HandedLink.invitation).joinedload(Invitation.event))
    )
    link = db.session.scalar(wanted)
    if link is None or link.invitation.state is InvitationState.DRAFT:
        return None
    event = link.invitation.event
    return link if link_lives(event.ends_at, event.starts_at, now) else None


def living_links(guest: Invitation) -> list[HandedLink]:
    """Return the links of a guest that open the page, oldest first."""
    rows = select(HandedLink).where(HandedLink.invitation_id == guest.id, HandedLink.revoked_at.is_(None))
    return list(db.session.scalars(rows.order_by(HandedLink.id)))


def link_made_by(user: User, guest: Invitation) -> HandedLink | None:
    """Return the link to a guest's page that ``user`` made and nobody took back."""
    return next((link for link in living_links(guest) if link.made_by_id == user.id), None)

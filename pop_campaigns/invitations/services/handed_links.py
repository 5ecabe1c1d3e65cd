"""A guest's second link: made to be handed over, and taken back."""

from __future__ import annotations

from datetime import datetime

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.core.locks import lock_row
from pop_campaigns.core.tokens import derive_token, hash_token, new_nonce
from pop_campaigns.invitations.messages.handed_links import TOKEN_PURPOSE
from pop_campaigns.invitations.models.handed_links import HandedLink
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.queries.handed_links import link_made_by, living_links
from pop_campaigns.invitations.rules.invitations import NotAnswerable
from pop_campaigns.invitations.services.answers import AnswerRefused, check_answerable


def make_handed_link(guest: Invitation, *, by: User, now: datetime) -> HandedLink:
    """Return the link with which ``by`` hands the invitation over: the one they have made, else a new one.

    Raise :class:`AnswerRefused` where no answer is taken by it.
    """
    lock_row(guest)
    db.session.refresh(guest.event)
    check_link_wanted(guest, now)
    known = link_made_by(by, guest)
    if known is not None:
        return known
    nonce = new_nonce()
    token_hash = hash_token(derive_token(TOKEN_PURPOSE, nonce))
    link = HandedLink(
        invitation=guest, nonce=nonce, token_hash=token_hash, made_by_id=by.id, made_by=by.name, made_at=now
    )
    db.session.add(link)
    note("invitation.link_handed_over", guest, by=by, now=now)
    return link


def check_link_wanted(guest: Invitation, now: datetime) -> None:
    """Raise :class:`AnswerRefused` unless a link handed over to the guest takes an answer."""
    if guest.is_erased:
        raise AnswerRefused(NotAnswerable.NOT_INVITED)
    check_answerable(guest, now)


def take_back_link(guest: Invitation, link_id: int, *, by: User, now: datetime) -> bool:
    """Let a link open nothing from now on; return whether it did until now. What was answered by it stays."""
    lock_row(guest)
    link = next((link for link in living_links(guest) if link.id == link_id), None)
    if link is None:
        return False
    link.revoked_at = now
    note("invitation.link_taken_back", guest, by=by, now=now, handed_over_by=link.made_by)
    return True

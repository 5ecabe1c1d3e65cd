"""Where a mail may be filed by hand: the guests and the recipients of letters of one's own organisation, searched by words."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import joinedload

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import own
from pop_campaigns.core.db import db, folded_has, like_folded
from pop_campaigns.core.text import search_words
from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.rules.invitations import InvitationState
from pop_campaigns.invitations.sight import guests_seen
from pop_campaigns.letters.models import Letter, LetterRecipient
from pop_campaigns.letters.rules.letters import LetterState, asked_number, read_register_number

MOST_FOUND: Final = 10


def find_places(user: User, typed: str) -> list[Invitation | LetterRecipient]:
    """Return what a mail may be filed with: every typed word stands in the name, office, address, title or subject.

    A register number (*12/2026*, *nr. prot. 12/2026*) finds its letter. The newest first, guests before letters.
    """
    number, others = asked_number(typed[:200])
    words = [*([number] if number else []), *search_words(others)]
    if not words:
        return []
    return [*_guests(user, words), *_recipients(user, words)]


def _guests(user: User, words: list[str]) -> list[Invitation]:
    rows = (
        select(Invitation)
        .join(Invitation.event)
        .options(joinedload(Invitation.event))
        .where(own(Event, user), guests_seen(user), Invitation.state != InvitationState.DRAFT)
        .where(*(_in_guest(word) for word in words))
        .order_by(Invitation.id.desc())
    )
    return list(db.session.scalars(rows.limit(MOST_FOUND)).unique())


def _in_guest(word: str) -> ColumnElement[bool]:
    names = (Invitation.name, Invitation.office_title, Invitation.institution_name, Invitation.address)
    here = [folded_has(column, word) for column in names]
    return or_(like_folded(Event.search_key, word), *here)


def _recipients(user: User, words: list[str]) -> list[LetterRecipient]:
    rows = (
        select(LetterRecipient)
        .join(LetterRecipient.letter)
        .options(joinedload(LetterRecipient.letter))
        .where(own(Letter, user), Letter.state == LetterState.SENT)
        .where(*(_in_letter(word) for word in words))
        .order_by(LetterRecipient.id.desc())
    )
    return list(db.session.scalars(rows.limit(MOST_FOUND)).unique())


def _in_letter(word: str) -> ColumnElement[bool]:
    number = read_register_number(word)
    if number is not None:
        return (Letter.register_year == number[0]) & (Letter.register_count == number[1])
    recipient = LetterRecipient
    names = (recipient.name, recipient.office_title, recipient.institution_name, recipient.address)
    here = [folded_has(column, word) for column in names]
    return or_(like_folded(Letter.search_key, word), *here)

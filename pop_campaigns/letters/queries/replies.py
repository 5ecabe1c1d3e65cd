"""Replies to letters that came in by mail and nobody has read: a person looks at them before an office is called late."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final

from sqlalchemy import ColumnElement, and_, exists, func, select

from pop_campaigns.core.db import db
from pop_campaigns.letters.models import LetterRecipient, LetterResponse
from pop_campaigns.mail.models import IncomingLink, IncomingMail
from pop_campaigns.mail.rules import IncomingKind, IncomingState
from pop_campaigns.mail.silence import register

NOTHING_UNREAD: Final[Mapping[int, int]] = MappingProxyType({})


def _of_recipient() -> ColumnElement[bool]:
    return and_(
        IncomingLink.subject_type == LetterRecipient.__tablename__,
        IncomingLink.suggested.is_(False),
        IncomingMail.id == IncomingLink.incoming_mail_id,
        IncomingMail.kind == IncomingKind.HUMAN,
        IncomingMail.state == IncomingState.MATCHED,
        IncomingMail.seen_at.is_(None),
    )


def has_unread_reply() -> ColumnElement[bool]:
    """Return the condition that a person has written to a letter, for its recipient, and nobody has marked it as read."""
    return exists().where(IncomingLink.subject_id == LetterRecipient.id, _of_recipient())


def unread_replies(recipient_ids: Collection[int]) -> Mapping[int, int]:
    """Return the newest unread reply of each recipient, message number by recipient; who has none is left out.

    That there is one is all it tells: what it says, the page of the message shows to those who may read it.
    """
    rows = (
        select(IncomingLink.subject_id, func.max(IncomingMail.id))
        .where(IncomingLink.subject_id.in_(list(recipient_ids)), _of_recipient())
        .group_by(IncomingLink.subject_id)
    )
    return dict(db.session.execute(rows).all()) if recipient_ids else NOTHING_UNREAD


# For mail, a response to a letter is a sign that somebody reads at the address, by whatever way it came.
register(LetterRecipient, lambda ident: exists().where(LetterResponse.recipient_id == ident))

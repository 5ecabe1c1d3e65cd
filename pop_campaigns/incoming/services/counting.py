"""A person lets an answer count that proved nothing by itself. The caller commits.

It goes through the same door as every answer, names who decided, and respects what came since.
"""

from __future__ import annotations

from datetime import datetime

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.core.locks import lock_row
from pop_campaigns.incoming.queries.held_answers import HeldAnswer, ways_to_count
from pop_campaigns.incoming.queries.incoming import word_of
from pop_campaigns.incoming.scope import owner_of
from pop_campaigns.incoming.services.calendar_answers import let_count
from pop_campaigns.incoming.services.filing import link_mail
from pop_campaigns.incoming.services.matching import Match
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.queries.answers import latest_answer
from pop_campaigns.invitations.rules.invitations import NotAnswerable, is_newest
from pop_campaigns.invitations.services.answers import AnswerRefused, check_answerable
from pop_campaigns.mail.models import IncomingMail
from pop_campaigns.mail.rules import IncomingState, Review


class CannotCount(Exception):
    """The answer is not taken any more; ``reason`` says why."""

    def __init__(self, reason: Review | NotAnswerable) -> None:
        super().__init__(reason.value)
        self.reason = reason


def count_answer(
    mail: IncomingMail, link_id: int, *, as_substitute: bool, by: User, now: datetime
) -> HeldAnswer | None:
    """Let a mail that waits count for the guest its link names, and return what it was; None where it waits no longer.

    The guest hears of it: nothing proved that the word is theirs. Raise :class:`CannotCount`.
    """
    way = _hold(mail, link_id, as_substitute, by)
    if way is None:
        return None
    guest, reply, why = way.guest, way.said, mail.review
    _require_open(guest, now)
    if _is_outdated(way):
        raise CannotCount(Review.OLDER)
    review = let_count(mail, guest, reply, by=by, now=now, is_proven=False, as_substitute=as_substitute)
    if review is not None:
        raise CannotCount(review)
    link_mail(mail, Match(guest, "counted"), now, by.name)
    mail.seen_at = mail.seen_at or now
    mail.state, mail.review, mail.organisation_id = IncomingState.MATCHED, None, owner_of(guest)
    note(
        "incoming.counted", mail, by=by, now=now, organisation_id=mail.organisation_id, why=why.value if why else ""
    )  # fmt: skip
    db.session.flush()
    return way


def _hold(mail: IncomingMail, link_id: int, as_substitute: bool, by: User) -> HeldAnswer | None:
    lock_row(mail)  # a second press finds that the first was enough
    ways = [way for way in ways_to_count(mail, by) if way.link.id == link_id]
    return next((way for way in ways if way.as_substitute == as_substitute), None)


def _require_open(guest: Invitation, now: datetime) -> None:
    try:
        check_answerable(guest, now)
    except AnswerRefused as refused:
        raise CannotCount(refused.reason) from refused


def _is_outdated(way: HeldAnswer) -> bool:
    """Return whether the guest has said something newer since."""
    last = latest_answer(way.guest)
    return not is_newest(word_of(way.mail, way.guest, way.said), last.word if last else None)

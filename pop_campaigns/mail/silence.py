"""Addresses from which nothing ever came back: no bounce, no mail, no answer to anything that was sent there.

What packages above take for an answer (a link pressed, a response to a letter) they register here, so that mail need not
know them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from pop_campaigns.core.db import Base, db
from pop_campaigns.mail.models import ACCOUNT_MAIL, IncomingLink, IncomingMail, OutgoingMail
from pop_campaigns.mail.rules import (
    ANSWERED_WITHIN,
    SILENT_MAILS,
    SILENT_SINCE,
    MailState,
    Silence,
    is_silent,
)

_AT_ONCE: Final = 500
_TO: Final = func.lower(OutgoingMail.to_address)
Answered = Callable[[Any], ColumnElement[bool]]
_answered: Final[dict[str, Answered]] = {}


def register(table: type[Base], answered: Answered) -> None:
    """Let a condition on the number of a row of ``table`` say that there was an answer to mails about it."""
    _answered[table.__tablename__] = answered


def silent_among(
    addresses: Collection[str] | None,
    whose: ColumnElement[bool],
    *,
    now: datetime,
    heard: Mapping[str, datetime],
) -> dict[str, Silence]:
    """Return those of the addresses (in lower case; None: of all) that ``rules.is_silent`` calls so, with what went there.

    ``whose`` says which mails count. What came back counts whoever it came to: of that nothing is shown. ``heard`` is when a
    call last found out that somebody reads at an address.
    """
    silences = _unanswered(addresses, whose, now)
    again = heard.keys() & silences.keys()
    silences = {to: silence for to, silence in silences.items() if to not in again} | _since(
        again, whose, now, heard
    )
    alive = _alive(list(silences))
    return {to: silence for to, silence in silences.items() if to not in alive}


def _counts(whose: ColumnElement[bool], now: datetime) -> ColumnElement[bool]:
    """Return the condition that a mail counts: taken by the server a week ago, and not about somebody's account."""
    return and_(
        whose,
        OutgoingMail.state == MailState.SENT,
        OutgoingMail.sent_at <= now - ANSWERED_WITHIN,
        OutgoingMail.null_sender.is_(False),
        OutgoingMail.kind.not_like(f"{ACCOUNT_MAIL}%"),
    )


def _unanswered(
    addresses: Collection[str] | None, whose: ColumnElement[bool], now: datetime
) -> dict[str, Silence]:
    first, number = func.min(OutgoingMail.sent_at), func.count()
    rows = (
        select(_TO, number, first, func.max(OutgoingMail.sent_at))
        .where(_counts(whose, now))
        .group_by(_TO)
        .having(
            number >= SILENT_MAILS,
            first <= now - SILENT_SINCE,
            func.max(OutgoingMail.bounced_at).is_(None),  # seen already here, so that little is left to ask
        )
    )
    if addresses is None:
        return {to: Silence(*rest) for to, *rest in db.session.execute(rows)}
    silences: dict[str, Silence] = {}
    for portion in _portions(addresses):
        silences |= {to: Silence(*rest) for to, *rest in db.session.execute(rows.where(_TO.in_(portion)))}
    return silences


def _since(
    addresses: Collection[str], whose: ColumnElement[bool], now: datetime, heard: Mapping[str, datetime]
) -> dict[str, Silence]:
    """Return which of the addresses are silent again since somebody said that they read there."""
    sent: dict[str, list[datetime]] = {}
    for portion in _portions(addresses):
        rows = select(_TO, OutgoingMail.sent_at).where(_counts(whose, now), _TO.in_(portion))
        for to, at in db.session.execute(rows):
            sent.setdefault(to, []).append(at)
    silences = {to: is_silent(moments, now, heard[to]) for to, moments in sent.items()}
    return {to: silence for to, silence in silences.items() if silence is not None}


def _alive(addresses: Collection[str]) -> set[str]:
    """Return those of the addresses from which anything ever came back."""
    linked = exists().where(
        IncomingLink.subject_type == OutgoingMail.subject_type,
        IncomingLink.subject_id == OutgoingMail.subject_id,
        IncomingLink.suggested.is_(False),
    )
    bounced = or_(OutgoingMail.bounced_at.is_not(None), OutgoingMail.state == MailState.FAILED)
    answers = [
        and_(OutgoingMail.subject_type == table, answered(OutgoingMail.subject_id))
        for table, answered in _answered.items()
    ]
    alive: set[str] = set()
    for portion in _portions(addresses):
        back = select(_TO).distinct().where(_TO.in_(portion), or_(bounced, linked, *answers))
        sender = func.lower(IncomingMail.from_address)
        alive |= set(db.session.scalars(back))
        alive |= set(db.session.scalars(select(sender).distinct().where(sender.in_(portion))))
    return alive


def _portions(addresses: Iterable[str]) -> Iterable[list[str]]:
    asked = sorted(set(addresses))
    return (asked[start : start + _AT_ONCE] for start in range(0, len(asked), _AT_ONCE))

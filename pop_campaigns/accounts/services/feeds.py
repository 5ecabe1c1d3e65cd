"""The secret address of a person's calendar: made, found by its token, noted as used, taken back. The caller commits."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Final

from flask import current_app
from sqlalchemy import delete, or_, select, update

from pop_campaigns.accounts.models import PersonalFeed, User
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.core.locks import lock_row
from pop_campaigns.core.tokens import hash_token

USED_EVERY: Final = timedelta(minutes=5)
"""How exactly is noted when a feed was last used."""
_LONGEST_TOKEN: Final = 100


def feed_of(user: User) -> PersonalFeed | None:
    """Return a person's feed, also one that opens nothing any more."""
    return db.session.scalar(select(PersonalFeed).where(PersonalFeed.user_id == user.id))


def make_feed(user: User, alarm_minutes: int, *, now: datetime) -> str:
    """Give a person a new secret address, in the place of the one they had; return it whole: it is shown this once."""
    lock_row(user)
    _delete(user)
    token = secrets.token_urlsafe(32)
    assert user.role is not None  # noqa: S101  # the guard lets nobody else in
    db.session.add(
        PersonalFeed(
            user_id=user.id, token_hash=hash_token(token), role=user.role.value,
            organisation_id=user.organisation_id, alarm_minutes=alarm_minutes, made_at=now,
        )
    )  # fmt: skip
    note("user.feed_made", user, by=user, now=now)
    return f"{str(current_app.config['BASE_URL']).rstrip('/')}/feed/{token}.ics"


def set_alarm(feed: PersonalFeed, alarm_minutes: int) -> None:
    """Let programs remind so long before an event; the address stays."""
    feed.alarm_minutes = alarm_minutes


def revoke_feed(user: User, *, now: datetime) -> None:
    """Take a person's secret address back: it opens nothing from now on."""
    if _delete(user):
        note("user.feed_revoked", user, by=user, now=now)


def find_feed(token: str) -> PersonalFeed | None:
    """Return the feed of this token as long as it is good; None for any other text."""
    if not 0 < len(token) <= _LONGEST_TOKEN:
        return None
    feed = db.session.scalar(select(PersonalFeed).where(PersonalFeed.token_hash == hash_token(token)))
    return feed if feed is not None and feed.is_good else None


def note_use(feed_id: int, program: str, *, now: datetime) -> None:
    """Note when and by which program a feed was last used."""
    seldom = or_(PersonalFeed.last_used_at.is_(None), PersonalFeed.last_used_at < now - USED_EVERY)
    used = update(PersonalFeed).where(PersonalFeed.id == feed_id, seldom)
    db.session.execute(used.values(last_used_at=now, last_used_by=program[:120]))


def _delete(user: User) -> bool:
    gone = db.session.execute(
        delete(PersonalFeed).where(PersonalFeed.user_id == user.id).returning(PersonalFeed.id)
    )
    return bool(gone.all())

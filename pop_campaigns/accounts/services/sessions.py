"""Sessions of signed-in people: begun, ended, counted. The caller commits.

A person is signed in while the row of their session is there, not ended and not over its time; the cookie alone proves
nothing. Visitors have no row. What a request does with all this stands in :mod:`accounts.sign_in.session_cookie`; what ends
sessions by itself (password, role, organisation, deactivation) in :mod:`accounts.services.session_ends`.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from flask import current_app, g, has_request_context, request, session
from flask_security import current_user
from sqlalchemy import ColumnElement, inspect, or_, select
from sqlalchemy.orm import joinedload

from pop_campaigns.accounts.models import User, UserSession
from pop_campaigns.accounts.rules.sessions import SessionEnd, browser_words, masked_address, session_lasts
from pop_campaigns.core import clock
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.core.tokens import hash_token

COOKIE_KEY = "sid"
"""Where the signed cookie holds the session's id."""


def start_session(user: User, *, now: datetime) -> str:
    """Add a session for ``user`` and return its id (32 random bytes), which only the cookie may hold."""
    fresh = secrets.token_urlsafe(32)
    row = UserSession(user=user, id_hash=hash_token(fresh), created_at=now, last_seen_at=now)
    if has_request_context():
        row.user_agent_words = browser_words(request.user_agent.string)
        row.masked_address = masked_address(request.remote_addr)
    db.session.add(row)
    return fresh


def end_session(
    row: UserSession, *, by: User | None, now: datetime, why: SessionEnd = SessionEnd.ENDED
) -> None:
    """End one session, if it is not ended already; whose and by whom is in that person's history."""
    if row.ended_at is not None:
        return
    row.ended_at, row.ended_why = now, why
    action = "user.signed_out" if why is SessionEnd.LOG_OUT else "user.session_ended"
    note(action, row.user, by=by, now=now, address=row.masked_address, browser=row.user_agent_words)


def end_sessions(
    user: User, *, now: datetime, why: str, by: User | None, keep: UserSession | None = None
) -> int:
    """End the sessions of ``user`` and return how many that were; ``keep`` stays, under a new id.

    ``why`` is a value of :class:`SessionEnd`. Cookies made before are worth nothing any more, also those of a sign-in
    that is under way in another process: the person's key in the cookie is made anew.
    """
    reason = SessionEnd(why)
    if keep is not None:
        keep.kept = True
    rows = db.session.scalars(
        select(UserSession).where(UserSession.user_id == user.id, UserSession.ended_at.is_(None))
    )
    ended = [row for row in rows if not row.kept]
    counted = sum(_lasts(row, now) for row in ended)
    for row in ended:
        row.ended_at, row.ended_why = now, reason
    if not inspect(user).attrs.fs_uniquifier.history.has_changes():
        user.fs_uniquifier = uuid4().hex
    if keep is not None:
        renew_session(keep)
    if counted:
        note("user.sessions_ended", user, by=by, now=now, why=reason.value, count=counted)
    return counted


def renew_session(row: UserSession) -> None:
    """Renew the id of a session if it is that of this request, in its row and its cookie; another's session stays as it is."""
    if row is current_session():
        fresh = secrets.token_urlsafe(32)
        row.id_hash = hash_token(fresh)
        session[COOKIE_KEY], session["_user_id"] = fresh, row.user.fs_uniquifier


def sessions_of(user: User) -> Sequence[UserSession]:
    """Return the open sessions of a person, newest first."""
    rows = select(UserSession).where(UserSession.user_id == user.id, *still_open(clock.now()))
    return db.session.scalars(rows.order_by(UserSession.created_at.desc(), UserSession.id.desc())).all()


def current_session() -> UserSession | None:
    """Return the session that this request came with, None for a visitor (and outside a request)."""
    if not has_request_context() or not current_user.is_authenticated:
        return None
    row: UserSession | None = g.get("user_session")
    return row


def find_session(ident: str, *, now: datetime) -> UserSession | None:
    """Return the open session of an id from a cookie.

    Every request of a signed-in person asks this, so the person's roles come in the same statement.
    """
    asked = select(UserSession).options(joinedload(UserSession.user).joinedload(User.roles))
    open_row = UserSession.id_hash == hash_token(ident), UserSession.ended_at.is_(None)
    row = db.session.scalars(asked.where(*open_row)).unique().one_or_none()
    return row if row is not None and _lasts(row, now) else None


def still_open(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions that a session is neither ended nor over its time."""
    rest, longest = session_times()
    return (
        UserSession.ended_at.is_(None),
        UserSession.last_seen_at > now - rest,
        UserSession.created_at > now - longest,
    )


def over_since(instant: datetime) -> ColumnElement[bool]:
    """Return the condition that a session had ended by then, or had rested or grown too old by then."""
    rest, longest = session_times()
    return or_(
        UserSession.ended_at < instant,
        UserSession.last_seen_at < instant - rest,
        UserSession.created_at < instant - longest,
    )


def session_times() -> tuple[timedelta, timedelta]:
    """Return after how long without a request, and after how long at all, a session is over."""
    settings = current_app.config
    return timedelta(hours=settings["SESSION_REST_HOURS"]), timedelta(days=settings["SESSION_LONGEST_DAYS"])


def _lasts(row: UserSession, now: datetime) -> bool:
    rest, longest = session_times()
    return session_lasts(row.created_at, row.last_seen_at, now, rest=rest, longest=longest)

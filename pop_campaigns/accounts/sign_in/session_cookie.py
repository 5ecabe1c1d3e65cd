"""What a request does with sessions: finds its own, begins one at sign-in, ends it at log-out, notes when it was seen."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

import structlog
from flask import Flask, after_this_request, current_app, g, session
from flask_login import user_logged_in, user_logged_out
from flask_security.utils import set_request_attr
from sqlalchemy import update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from pop_campaigns.accounts.models import User, UserSession
from pop_campaigns.accounts.rules.sessions import SEEN_EVERY, SessionEnd
from pop_campaigns.accounts.services import session_ends  # listens as soon as it is imported
from pop_campaigns.accounts.services.sessions import (
    COOKIE_KEY,
    end_session,
    find_session,
    renew_session,
    start_session,
)
from pop_campaigns.accounts.sign_in.kept_words import csrf_value
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note

_WAIT_MILLISECONDS = 250
"""How long noting the time may wait for the database; whoever asks for a page does not wait longer for that."""


def init_session_cookie(app: Flask) -> None:
    """Let the row decide who is signed in; call it after Flask-Security's own init_app, whose loaders it replaces."""
    manager: Any = app.login_manager  # type: ignore[attr-defined]
    manager.user_loader(_load_user)
    # Flask-Security also takes a token from the address or a header, which would outlive every session.
    manager.request_loader(lambda _request: None)
    # The row says when it is over; the cookie only has to live as long.
    app.config["PERMANENT_SESSION_LIFETIME"] = timedelta(days=app.config["SESSION_LONGEST_DAYS"])
    user_logged_in.connect(_begin, app)
    user_logged_out.connect(_end, app)
    app.teardown_request(_note_seen)


def _load_user(user_id: str) -> User | None:
    """Return the person of the cookie's session. ``user_id`` is their key when they signed in; a newer one ends it too."""
    row = _of_cookie(now())
    if row is None or not row.user.active or row.user.fs_uniquifier != user_id:
        return None
    g.user_session, g.session_seen = row, (row.id, row.last_seen_at)
    set_request_attr("fs_authn_via", "session")
    set_request_attr("fs_paa", session.get("fs_paa", 0))
    return row.user


def _of_cookie(at: datetime) -> UserSession | None:
    ident = session.get(COOKIE_KEY)
    return find_session(ident, now=at) if isinstance(ident, str) else None


def _begin(_app: Flask, user: User) -> None:
    """Begin a session under a new id, whatever the browser held before; the caller commits.

    A person who signs in again within their own session, as after changing the password, keeps it, renewed.
    """
    at = now()
    if session.pop("_remember", None) == "set":
        session.permanent = True  # not by a second cookie, which would outlive the row
    present: UserSession | None = g.get("user_session")
    if present is not None and present.user_id == user.id and present.ended_at is None:
        present.kept = True
        renew_session(present)
        return
    if left := present or _of_cookie(at):
        end_session(left, by=left.user, now=at, why=SessionEnd.LOG_OUT)
    db.session.flush()  # a password hashed anew at sign-in gives the person a new key
    _renew_csrf_token(user)
    session["_user_id"] = user.fs_uniquifier
    session[COOKIE_KEY] = start_session(user, now=at)
    g.user_session = row = _of_cookie(at)
    where = {"address": row.masked_address, "browser": row.user_agent_words} if row else {}
    note("user.signed_in", user, by=user, now=at, **where)


def _renew_csrf_token(user: User) -> None:
    """Set a new CSRF secret; its tokens say for whom a page was made, which :mod:`accounts.sign_in.kept_words` asks."""
    name = current_app.config["WTF_CSRF_FIELD_NAME"]
    session[name] = csrf_value(user)
    g.pop(name, None)


def _end(_app: Flask, **_event: Any) -> None:
    """End the session of this request: its cookie is worth nothing from now on, wherever it was copied to."""
    row = g.pop("user_session", None) or _of_cookie(now())
    session.pop(COOKIE_KEY, None)
    session.permanent = False
    if row is not None:
        end_session(row, by=row.user, now=now(), why=SessionEnd.LOG_OUT)
        after_this_request(_commit)


def _commit(answer: Response) -> Response:
    db.session.commit()
    return answer


def _note_seen(_error: BaseException | None) -> None:
    """Write when the session was last seen, at most every SEEN_EVERY, after the request has let go of the database."""
    ident, last_seen = g.pop("session_seen", (None, None))
    at = now()
    if ident is None or at - last_seen < SEEN_EVERY:
        return
    db.session.remove()  # on SQLite a form that was refused still holds the lock we are about to ask for
    started = time.monotonic()
    try:
        _write_seen(ident, at)
    except SQLAlchemyError as error:
        structlog.get_logger().warning(
            "session not noted as seen", error=type(error).__name__, waited=time.monotonic() - started
        )


def _write_seen(ident: int, at: datetime) -> None:
    statement = (
        update(UserSession)
        .where(UserSession.id == ident, UserSession.ended_at.is_(None), UserSession.last_seen_at < at)
        .values(last_seen_at=at)
    )
    with db.engine.connect() as connection:
        before = _wait_at_most(connection, _WAIT_MILLISECONDS)
        try:
            with connection.begin():
                if connection.dialect.name == "postgresql":
                    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {_WAIT_MILLISECONDS}")
                connection.execute(statement)
        finally:
            _wait_at_most(connection, before)


def _wait_at_most(connection: Connection, milliseconds: int) -> int:
    """Set how long SQLite waits for its lock, before a transaction asks for it; return what it was."""
    if connection.dialect.name != "sqlite":
        return milliseconds
    raw: Any = connection.connection.driver_connection
    (before,) = raw.execute("PRAGMA busy_timeout").fetchone()
    raw.execute(f"PRAGMA busy_timeout = {milliseconds}")
    return int(before)


__all__ = ["init_session_cookie", "session_ends"]

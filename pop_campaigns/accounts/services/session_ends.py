"""What ends the sessions of a person by itself, so that no page or command can forget it.

It listens to the database session, not to pages: whoever changes the password, the role, the organisation or the
activity of a :class:`User` ends that person's sessions in the same transaction.
"""

from __future__ import annotations

from typing import Any, Final

from flask import has_request_context
from flask_security import current_user
from sqlalchemy import event, inspect
from sqlalchemy.orm import Session
from sqlalchemy.orm.unitofwork import UOWTransaction

from pop_campaigns.accounts.models import User, UserSession
from pop_campaigns.accounts.rules.sessions import SessionEnd
from pop_campaigns.accounts.services.sessions import current_session, end_sessions
from pop_campaigns.core.clock import now

# The first that changed says why. A new key alone is Flask-Security's way to end all sessions.
ENDED_BY: Final = (
    ("active", SessionEnd.CLOSED),
    ("password", SessionEnd.PASSWORD),
    ("roles", SessionEnd.ROLE),
    ("organisation", SessionEnd.ROLE),
    ("organisation_id", SessionEnd.ROLE),
    ("fs_uniquifier", SessionEnd.ENDED),
)


@event.listens_for(Session, "before_flush")
def end_sessions_of_changed_users(database: Session, _flush: UOWTransaction, _instances: Any | None) -> None:
    """End the sessions of every user whose rights change in this flush, but the one marked as kept."""
    for user in [row for row in database.dirty if isinstance(row, User)]:
        why = _reason(user)
        if why is not None:
            end_sessions(user, now=now(), why=why, by=_whoever_acts(), keep=_kept(database, user))


def _reason(user: User) -> SessionEnd | None:
    attributes = inspect(user).attrs
    return next((why for name, why in ENDED_BY if attributes[name].history.has_changes()), None)


def _kept(database: Session, user: User) -> UserSession | None:
    rows = (row for row in database.identity_map.values() if isinstance(row, UserSession) and row.kept)
    return next((row for row in rows if row.user_id == user.id), None)


def _whoever_acts() -> User | None:
    if has_request_context() and current_session() is not None:
        user: User = current_user._get_current_object()
        return user
    return None

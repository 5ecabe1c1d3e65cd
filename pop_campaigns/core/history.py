"""Who changed what, when: one row per change, written in the same transaction as the change."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import JSON, ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, mapped_column

from pop_campaigns.core.db import Base, Line, UTCDateTime, db


class Actor(Protocol):
    """Whoever acts: a signed-in user, as far as history needs to know."""

    id: int
    name: str


class History(Base):
    """One change. ``details`` holds what a reader needs to understand it, never secrets or message bodies."""

    __tablename__ = "history"
    __table_args__ = (Index("ix_history_subject", "subject_type", "subject_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime())
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    actor_name: Mapped[str] = mapped_column(Line(200), default="")
    action: Mapped[str] = mapped_column(String(60))
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int]
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


def note(
    action: str, subject: Any, *, by: Actor | None, now: datetime, actor_name: str = "", **details: Any
) -> History:
    """Add a history row for ``subject`` (flushed, so that it has an id) to the current transaction.

    ``action`` is a verb with an object (``invitation.answered``); ``by`` is None for guests and for the service
    itself, with ``actor_name`` saying who.
    """
    if subject.id is None:
        db.session.flush()
    row = History(
        at=now,
        actor_id=by.id if by else None,
        actor_name=by.name if by else actor_name,
        action=action,
        subject_type=subject.__tablename__,
        subject_id=subject.id,
        details=details,
    )
    db.session.add(row)
    return row


def history_of(subject: Any, limit: int = 200) -> list[History]:
    """Return the changes of one record, newest first."""
    rows = select(History).where(
        History.subject_type == subject.__tablename__, History.subject_id == subject.id
    )
    return list(db.session.scalars(rows.order_by(History.id.desc()).limit(limit)))

"""The table of reminders."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import Base, Line, UTCDateTime
from pop_campaigns.core.once import MadeOnce
from pop_campaigns.core.versions import Versioned


class FollowUp(Versioned, MadeOnce, Base):
    """One reminder: on the local day ``due_on`` somebody wants to come back to a thing, ``why`` in their words.

    ``subject_type`` and ``subject_id`` name the thing, as in history. ``organisation_id`` is whose reminder it is (NULL:
    the network's own people), ``assignee_id`` who is reminded; NULL is everybody of that organisation.
    """

    __tablename__ = "follow_ups"
    __table_args__ = (
        CheckConstraint("done_by_id IS NULL OR done_at IS NOT NULL", name="done_by_when_done"),
        Index("ix_follow_ups_subject", "subject_type", "subject_id"),
        Index("ix_follow_ups_due", "done_at", "due_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int]
    due_on: Mapped[date] = mapped_column(Date)
    why: Mapped[str] = mapped_column(Line(300), default="")
    made_at: Mapped[datetime] = mapped_column(UTCDateTime())
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    done_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))

    assignee: Mapped[User | None] = relationship(foreign_keys=assignee_id)
    done_by: Mapped[User | None] = relationship(foreign_keys=done_by_id)

    @property
    def subject(self) -> tuple[str, int]:
        """What it is about: table and number."""
        return self.subject_type, self.subject_id

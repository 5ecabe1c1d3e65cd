"""Tables: the agenda of an event, point by point."""

from __future__ import annotations

from datetime import datetime, time

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, Time
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pop_campaigns.contacts.models.institutions import Office
from pop_campaigns.core.db import Base, Line, Prose, UTCDateTime, choice
from pop_campaigns.core.once import MadeOnce
from pop_campaigns.core.versions import Versioned
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.agenda import LONGEST_POINT, LONGEST_SPEAKER, LONGEST_TITLE, PointState


class Agenda(Versioned, Base):
    """The points of an event as a whole: which order somebody saw, and when it was changed last."""

    __tablename__ = "agendas"

    event_id: Mapped[int] = mapped_column(
        Integer, ForeignKey("events.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime())


class AgendaPoint(Versioned, MadeOnce, Base):
    """One point. ``clock`` is a time on the clocks of the event's zone, ``minutes`` how long it takes.

    ``speaker`` is a name as typed, ``speaker_office`` for which office they speak. ``put_to`` is the office to which the
    point is put; only such a point has an ``office_answer``, in the office's words as noted.
    """

    __tablename__ = "agenda_points"
    __table_args__ = (
        CheckConstraint("position >= 1", name="position_counts_up"),
        CheckConstraint("title_sq <> ''", name="has_title"),
        CheckConstraint(f"minutes IS NULL OR minutes BETWEEN 1 AND {LONGEST_POINT}", name="takes_some_time"),
        CheckConstraint("office_answer = '' OR put_to_id IS NOT NULL", name="answered_by_an_office"),
        Index("ix_agenda_points_event", "event_id", "position", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"))
    position: Mapped[int]
    clock: Mapped[time | None] = mapped_column(Time)
    minutes: Mapped[int | None]
    title_sq: Mapped[str] = mapped_column(Line(LONGEST_TITLE))
    title_en: Mapped[str] = mapped_column(Line(LONGEST_TITLE), default="")
    words_sq: Mapped[str] = mapped_column(Prose(), default="")
    words_en: Mapped[str] = mapped_column(Prose(), default="")
    speaker: Mapped[str] = mapped_column(Line(LONGEST_SPEAKER), default="")
    speaker_office_id: Mapped[int | None] = mapped_column(ForeignKey("offices.id"), index=True)
    put_to_id: Mapped[int | None] = mapped_column(ForeignKey("offices.id"), index=True)
    state: Mapped[PointState] = mapped_column(choice(PointState), default=PointState.PLANNED)
    office_answer: Mapped[str] = mapped_column(Prose(), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime())

    event: Mapped[Event] = relationship()
    speaker_office: Mapped[Office | None] = relationship(foreign_keys=[speaker_office_id], lazy="joined")
    put_to: Mapped[Office | None] = relationship(foreign_keys=[put_to_id], lazy="joined")

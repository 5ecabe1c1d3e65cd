"""Tables: what one kind of event has beside what all have."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Integer
from sqlalchemy.orm import Mapped, mapped_column

from pop_campaigns.core.db import Base, Line, Prose, UTCDateTime
from pop_campaigns.core.versions import Versioned
from pop_campaigns.events.rules.details import MOST_PEOPLE


class EventDetails(Versioned, Base):
    """What was typed for some kind of event; which of it is shown says the event's kind (:data:`events.rules.details.DETAILS`).

    ``sides`` (of a round table) and ``deputies`` (who sat at a hearing) are one a line. ``testimony_until`` is when written
    testimony is taken to. ``took_part`` is a number and nobody's name; ``took_part_roughly``: it was estimated.
    """

    __tablename__ = "event_details"
    __table_args__ = (
        CheckConstraint(
            f"took_part IS NULL OR took_part BETWEEN 0 AND {MOST_PEOPLE}", name="people_are_counted"
        ),
    )

    event_id: Mapped[int] = mapped_column(
        Integer, ForeignKey("events.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    moderator: Mapped[str] = mapped_column(Line(160), default="")
    sides: Mapped[str] = mapped_column(Prose(), default="")
    embargo_until: Mapped[datetime | None] = mapped_column(UTCDateTime(), index=True)
    testimony_until: Mapped[datetime | None] = mapped_column(UTCDateTime())
    testimony_sq: Mapped[str] = mapped_column(Prose(), default="")
    testimony_en: Mapped[str] = mapped_column(Prose(), default="")
    deputies: Mapped[str] = mapped_column(Prose(), default="")
    council_number: Mapped[str] = mapped_column(Line(40), default="")
    agenda_url: Mapped[str] = mapped_column(Line(500), default="")
    took_part: Mapped[int | None]
    took_part_roughly: Mapped[bool] = mapped_column(default=True)

"""Tables: by which rules the guests of an event are reminded, and what was decided of each reminder."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Connection, ForeignKey, UniqueConstraint, event, false, insert
from sqlalchemy.orm import Mapped, Mapper, mapped_column, relationship

from pop_campaigns.core.db import Base, UTCDateTime, choice
from pop_campaigns.core.versions import Versioned
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventState
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.rules.reminders import (
    DEFAULT_HOUR,
    DEFAULT_RULES,
    MOST_DAYS,
    Audience,
    ReminderOutcome,
    ReminderReason,
)
from pop_campaigns.mail.models import OutgoingMail


class ReminderRule(Versioned, Base):
    """To whom a reminder of an event goes, how many days before, at which hour in Tirana.

    ``holds_from`` is when it was made, moved or taken up again: it reaches back no further. A rule is stopped, never deleted.
    """

    __tablename__ = "reminder_rules"
    __table_args__ = (
        UniqueConstraint("event_id", "audience", "days_before"),
        CheckConstraint(f"days_before BETWEEN 1 AND {MOST_DAYS}", name="days_before_start"),
        CheckConstraint("hour BETWEEN 0 AND 23", name="hour_of_day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"))
    audience: Mapped[Audience] = mapped_column(choice(Audience))
    days_before: Mapped[int]
    hour: Mapped[int] = mapped_column(default=DEFAULT_HOUR)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime())
    holds_from: Mapped[datetime] = mapped_column(UTCDateTime())
    stopped_at: Mapped[datetime | None] = mapped_column(UTCDateTime())

    event: Mapped[Event] = relationship()


class Reminder(Base):
    """What was decided of one guest's reminder by one rule for one date of the event, once.

    ``late``: it was found well after it was due. ``pressed``: a person sent it. What became of one that was made says
    ``mail``; one that was dropped with a mail was called off when a worker held it.
    """

    __tablename__ = "reminders"
    __table_args__ = (
        UniqueConstraint("invitation_id", "rule_id", "date_version"),
        UniqueConstraint("mail_id"),
        CheckConstraint("(outcome = 'made') = (reason IS NULL)", name="no_mail_has_reason"),
        CheckConstraint("outcome <> 'made' OR mail_id IS NOT NULL", name="made_has_mail"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    invitation_id: Mapped[int] = mapped_column(ForeignKey("invitations.id", ondelete="CASCADE"))
    rule_id: Mapped[int] = mapped_column(ForeignKey("reminder_rules.id", ondelete="CASCADE"), index=True)
    date_version: Mapped[int]
    due_at: Mapped[datetime] = mapped_column(UTCDateTime())
    decided_at: Mapped[datetime] = mapped_column(UTCDateTime())
    outcome: Mapped[ReminderOutcome] = mapped_column(choice(ReminderOutcome))
    reason: Mapped[ReminderReason | None] = mapped_column(choice(ReminderReason))
    mail_id: Mapped[int | None] = mapped_column(ForeignKey("outgoing_mails.id"))
    late: Mapped[bool] = mapped_column(default=False, server_default=false())
    pressed: Mapped[bool] = mapped_column(default=False, server_default=false())

    invitation: Mapped[Invitation] = relationship()
    rule: Mapped[ReminderRule] = relationship()
    mail: Mapped[OutgoingMail | None] = relationship()


# Here and not in a service: every event has them, whoever makes it (a form, a copy, a template).
@event.listens_for(Event, "after_insert")
def _add_default_rules(_mapper: Mapper[Any], connection: Connection, made: Event) -> None:
    if made.from_record or made.state is not EventState.PLANNED:
        return
    common = {
        "event_id": made.id,
        "hour": DEFAULT_HOUR,
        "created_at": made.created_at,
        "holds_from": made.created_at,
    }
    rows = [common | {"audience": audience, "days_before": days} for audience, days in DEFAULT_RULES]
    connection.execute(insert(ReminderRule.__table__), rows)  # type: ignore[arg-type]

"""Tables: times put to the guests of an event before it has one, and who can come when."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pop_campaigns.core.db import Base, Line, Prose, UTCDateTime, choice
from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.rules.date_polls import Says
from pop_campaigns.invitations.rules.invitations import AnswerChannel, ToldHow


class DatePoll(Base):
    """The search for the date of one event. Whether it is open follows from the event, its guests and the slots."""

    __tablename__ = "date_polls"
    __table_args__ = (UniqueConstraint("event_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime())

    event: Mapped[Event] = relationship()
    slots: Mapped[list[DateSlot]] = relationship(
        back_populates="poll", order_by="(DateSlot.starts_at, DateSlot.id)"
    )


class DateSlot(Base):
    """One time that is put to the guests: instants, typed and shown by the clocks of the event's zone.

    One that was removed stays with what was said about it. The chosen one keeps what the event's time was ``before``
    (see ``services.date_polls.choose_slot``), so that choosing can be taken back.
    """

    __tablename__ = "date_slots"
    __table_args__ = (
        Index(
            "uq_date_slots_standing", "poll_id", "starts_at", unique=True,
            sqlite_where=text("removed_at IS NULL"), postgresql_where=text("removed_at IS NULL"),
        ),
        Index(
            "uq_date_slots_chosen", "poll_id", unique=True,
            sqlite_where=text("chosen_at IS NOT NULL"), postgresql_where=text("chosen_at IS NOT NULL"),
        ),
        CheckConstraint("ends_at IS NULL OR ends_at > starts_at", name="slot_ends_after_start"),
        CheckConstraint("chosen_at IS NULL OR removed_at IS NULL", name="chosen_slot_stands"),
        CheckConstraint("(chosen_at IS NULL) = (before IS NULL)", name="chosen_slot_knows_before"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    poll_id: Mapped[int] = mapped_column(ForeignKey("date_polls.id", ondelete="CASCADE"), index=True)
    starts_at: Mapped[datetime] = mapped_column(UTCDateTime())
    ends_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    added_at: Mapped[datetime] = mapped_column(UTCDateTime())
    removed_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    chosen_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    chosen_by: Mapped[str] = mapped_column(Line(200), default="")
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))

    poll: Mapped[DatePoll] = relationship(back_populates="slots")


class AskedGuest(Base):
    """A guest who was asked when they can: when first and when last we wrote, and what they wrote beside their answers."""

    __tablename__ = "asked_guests"
    __table_args__ = (UniqueConstraint("invitation_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    poll_id: Mapped[int] = mapped_column(ForeignKey("date_polls.id", ondelete="CASCADE"), index=True)
    invitation_id: Mapped[int] = mapped_column(ForeignKey("invitations.id", ondelete="CASCADE"))
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime())
    written_at: Mapped[datetime] = mapped_column(UTCDateTime())
    note: Mapped[str] = mapped_column(Prose(), default="")

    poll: Mapped[DatePoll] = relationship()
    invitation: Mapped[Invitation] = relationship()


class SlotAnswer(Base):
    """What one guest says of one time now; what they said before is told by history.

    ``recorded_by`` is who entered it, ``told_how`` and ``incoming_mail_id`` how it came to them; of an answer by the
    personal link nobody.
    """

    __tablename__ = "slot_answers"
    __table_args__ = (
        UniqueConstraint("slot_id", "invitation_id"),
        CheckConstraint("(channel = 'by_hand') = (told_how IS NOT NULL)", name="told_by_hand"),
        CheckConstraint("(channel = 'by_hand') = (recorded_by <> '')", name="by_hand_of_somebody"),
        CheckConstraint("incoming_mail_id IS NULL OR channel = 'by_hand'", name="mail_read_by_somebody"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slot_id: Mapped[int] = mapped_column(ForeignKey("date_slots.id", ondelete="CASCADE"))
    invitation_id: Mapped[int] = mapped_column(ForeignKey("invitations.id", ondelete="CASCADE"), index=True)
    says: Mapped[Says] = mapped_column(choice(Says))
    at: Mapped[datetime] = mapped_column(UTCDateTime())
    channel: Mapped[AnswerChannel] = mapped_column(choice(AnswerChannel, name="slot_channel"))
    told_how: Mapped[ToldHow | None] = mapped_column(choice(ToldHow, name="slot_told_how"))
    recorded_by: Mapped[str] = mapped_column(Line(200), default="")
    incoming_mail_id: Mapped[int | None] = mapped_column(ForeignKey("incoming_mails.id"))

    slot: Mapped[DateSlot] = relationship()
    invitation: Mapped[Invitation] = relationship()

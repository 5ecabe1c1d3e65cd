"""Tables: a message in somebody's own words to guests of an event, and its mails."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pop_campaigns.core.db import Base, Line, Prose, UTCDateTime, choice
from pop_campaigns.core.versions import Versioned
from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.rules.guest_messages import GuestChosen, GuestGroup, MessageState, Reached
from pop_campaigns.mail.models import OutgoingMail


class GuestMessage(Versioned, Base):
    """A message to guests. As long as it is a draft ``groups``, ``reached`` and ``guests`` say for whom it is meant.

    Who got it stands in ``mails``, frozen when it was sent. Its files are those of ``core.subject_files``.
    """

    __tablename__ = "guest_messages"
    __table_args__ = (
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent_message_has_time"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"), index=True)
    state: Mapped[MessageState] = mapped_column(choice(MessageState), default=MessageState.DRAFT)
    groups: Mapped[list[str]] = mapped_column(JSON, default=list)
    reached: Mapped[Reached] = mapped_column(choice(Reached), default=Reached.ALL)
    guests: Mapped[list[int]] = mapped_column(JSON, default=list)
    subject_sq: Mapped[str] = mapped_column(Line(200), default="")
    subject_en: Mapped[str] = mapped_column(Line(200), default="")
    text_sq: Mapped[str] = mapped_column(Prose(), default="")
    text_en: Mapped[str] = mapped_column(Prose(), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime())
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime())

    event: Mapped[Event] = relationship()
    mails: Mapped[list[GuestMessageMail]] = relationship(
        back_populates="message", order_by="GuestMessageMail.id", cascade="all, delete-orphan"
    )

    @property
    def chosen(self) -> GuestChosen:
        """For whom it is meant."""
        return GuestChosen(
            frozenset(GuestGroup(name) for name in self.groups if name in set(GuestGroup)),
            self.reached,
            frozenset(self.guests),
        )


class GuestMessageMail(Base):
    """The mail of a message to one guest; ``group`` is what the guest had answered when it was sent."""

    __tablename__ = "guest_message_mails"
    __table_args__ = (UniqueConstraint("message_id", "invitation_id"), UniqueConstraint("mail_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("guest_messages.id", ondelete="CASCADE"))
    invitation_id: Mapped[int] = mapped_column(ForeignKey("invitations.id", ondelete="CASCADE"), index=True)
    mail_id: Mapped[int] = mapped_column(ForeignKey("outgoing_mails.id"))
    group: Mapped[GuestGroup] = mapped_column(choice(GuestGroup))

    message: Mapped[GuestMessage] = relationship(back_populates="mails")
    invitation: Mapped[Invitation] = relationship()
    mail: Mapped[OutgoingMail] = relationship(lazy="joined")

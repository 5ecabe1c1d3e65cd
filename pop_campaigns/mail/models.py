"""Tables of the outbox. A row is *what to send to whom*; its bytes can be made again exactly."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, deferred, mapped_column, relationship

from pop_campaigns.core.db import Base, Line, UTCDateTime, choice
from pop_campaigns.mail.rules import MailState


class MailSkeleton(Base):
    """What all recipients of one message share: rendered once, with ``{placeholders}`` for what differs.

    ``calendar`` is the event as data (see ``calendars.invite``), or NULL.
    """

    __tablename__ = "mail_skeletons"

    id: Mapped[int] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(String(2))
    subject: Mapped[str] = mapped_column(Line(400))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    calendar: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime())

    attachments: Mapped[list[MailAttachment]] = relationship(order_by="MailAttachment.id")


class MailAttachment(Base):
    """A file that goes with a skeleton."""

    __tablename__ = "mail_attachments"

    id: Mapped[int] = mapped_column(primary_key=True)
    skeleton_id: Mapped[int] = mapped_column(ForeignKey("mail_skeletons.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(Line(200))
    media_type: Mapped[str] = mapped_column(String(120))
    content: Mapped[bytes] = deferred(mapped_column(LargeBinary))


class OutgoingMail(Base):
    """One message to one recipient.

    ``fields`` fill the skeleton's placeholders. ``links`` name secret links as ``{placeholder: {"path": "/a/{token}",
    "purpose": …, "nonce": …}}``: the token itself is derived when the message is made and stored nowhere.
    With ``signed`` in it the nonce goes along in the token.
    ``message_id``, ``dated_at`` and ``calendar_stamp`` are fixed when the mail is queued.
    ``once`` makes a second queueing of the same thing impossible.
    """

    __tablename__ = "outgoing_mails"
    __table_args__ = (
        CheckConstraint("(state = 'sending') = (lease_until IS NOT NULL)", name="sending_has_lease"),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent_has_time"),
        CheckConstraint("attempts >= 0", name="attempts_count_up"),
        Index("ix_outgoing_mails_due", "state", "available_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    once: Mapped[str] = mapped_column(String(120), unique=True)
    skeleton_id: Mapped[int] = mapped_column(ForeignKey("mail_skeletons.id"), index=True)
    to_address: Mapped[str] = mapped_column(String(254))
    to_name: Mapped[str] = mapped_column(Line(200), default="")
    from_address: Mapped[str] = mapped_column(String(254))
    from_name: Mapped[str] = mapped_column(Line(200), default="")
    message_id: Mapped[str] = mapped_column(String(200), unique=True)
    bounce_nonce: Mapped[str] = mapped_column(String(64), unique=True)
    fields: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    links: Mapped[dict[str, dict[str, str]]] = mapped_column(JSON, default=dict)
    auto_submitted: Mapped[bool] = mapped_column(default=False)
    state: Mapped[MailState] = mapped_column(choice(MailState), default=MailState.QUEUED)
    dated_at: Mapped[datetime] = mapped_column(UTCDateTime())
    queued_at: Mapped[datetime] = mapped_column(UTCDateTime())
    available_at: Mapped[datetime] = mapped_column(UTCDateTime())
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime())
    lease_owner: Mapped[str | None] = mapped_column(String(80))
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    last_code: Mapped[int | None]
    last_words: Mapped[str] = mapped_column(Line(500), default="")
    again_of_id: Mapped[int | None] = mapped_column(ForeignKey("outgoing_mails.id"))

    skeleton: Mapped[MailSkeleton] = relationship()
    tries: Mapped[list[MailTry]] = relationship(order_by="MailTry.id", back_populates="mail")


class MailTry(Base):
    """One attempt to hand a mail to the server, and what the server said."""

    __tablename__ = "mail_tries"
    __table_args__ = (UniqueConstraint("mail_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    mail_id: Mapped[int] = mapped_column(ForeignKey("outgoing_mails.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    at: Mapped[datetime] = mapped_column(UTCDateTime())
    outcome: Mapped[MailState] = mapped_column(choice(MailState))
    code: Mapped[int | None]
    words: Mapped[str] = mapped_column(Line(500), default="")

    mail: Mapped[OutgoingMail] = relationship(back_populates="tries")

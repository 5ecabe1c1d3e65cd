"""Tables of the outbox. A row is *what to send to whom*; its bytes can be made again exactly."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    false,
    func,
    text,
    true,
)
from sqlalchemy.orm import Mapped, deferred, mapped_column, relationship

from pop_campaigns.calendars.answer import CalendarAnswer
from pop_campaigns.core.db import Base, Line, Prose, UTCDateTime, choice
from pop_campaigns.mail.rules import (
    Dmarc,
    IncomingKind,
    IncomingState,
    IncomingWay,
    MailState,
    Review,
    SendingKind,
)

ACCOUNT_MAIL = "account."
"""How the kinds of mails about accounts begin."""


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


class Sending(Base):
    """What one person sent at one press: its mails leave at ``undo_until``, until then all of it can be taken back.

    ``subject_type`` and ``subject_id`` name what it was about as a whole (the event, the letter). ``form`` is what the form
    held and where it stood, ``before`` what has to be put back; both are emptied once the time is over.
    """

    __tablename__ = "sendings"
    __table_args__ = (
        CheckConstraint("undo_until > made_at", name="undo_takes_time"),
        Index("ix_sendings_subject", "subject_type", "subject_id"),
        Index("ix_sendings_undo_until", "undo_until"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[SendingKind] = mapped_column(choice(SendingKind))
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime())
    undo_until: Mapped[datetime] = mapped_column(UTCDateTime())
    undone_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    form: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class OutgoingMail(Base):
    """One message to one recipient.

    ``fields`` fill the skeleton's placeholders. ``links`` name secret links as ``{placeholder: {"path": "/a/{token}",
    "purpose": …, "nonce": …}}``: the token itself is derived when the message is made and stored nowhere.
    With ``signed`` in it the nonce goes along in the token.
    ``message_id``, ``dated_at`` and ``calendar_stamp`` are fixed when the mail is queued.
    ``bounce_local`` is the local part of its envelope sender (VERP), derived from the nonce; ``bounced_at`` and what
    follows say what came back there. ``once`` makes a second queueing of the same thing impossible; it is never read.
    ``subject_type`` and ``subject_id`` name the row a mail is about (a guest, a letter's recipient, …), as history does; NULL
    where it is about none. ``again_of_id`` is the mail in whose place this one was sent; ``original_id`` the first of those
    that say the same, NULL for itself.
    ``in_turn``: it leaves only after the earlier mails about the same row. ``handing_since``: a worker is handing it over at this
    moment, so that nobody knows whether it leaves. ``called_off_at`` says when it was called off in a worker's hands;
    ``perhaps_left`` that no 250 is known but the server may have it (the connection broke off after the content, or the
    worker was killed with the mail in hand).
    ``thread`` holds the Message-IDs of the mail this one answers and of what that answered, oldest first; NULL where it
    answers none. ``null_sender``: an automatic answer, to which nothing can come back (RFC 3834). ``incoming_mail_id`` is the
    mail that came in which a person answers with this one, or passes on. ``sending_id``: what a person sent and can take back
    as long as it has not left. ``paused_at``: it waits until somebody lets the mails about its row go on.
    """

    __tablename__ = "outgoing_mails"
    __table_args__ = (
        CheckConstraint("(state = 'sending') = (lease_until IS NOT NULL)", name="sending_has_lease"),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent_has_time"),
        CheckConstraint("attempts >= 0", name="attempts_count_up"),
        CheckConstraint("(bounced_at IS NULL) = (bounce_permanent IS NULL)", name="bounce_whole"),
        Index("ix_outgoing_mails_due", "state", "available_at"),
        Index("ix_outgoing_mails_subject", "subject_type", "subject_id"),
        Index("ix_outgoing_mails_to_address_lower", func.lower(text("to_address"))),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    once: Mapped[str] = mapped_column(String(120), unique=True)
    subject_type: Mapped[str | None] = mapped_column(String(40))
    subject_id: Mapped[int | None] = mapped_column(
        CheckConstraint("(subject_type IS NULL) = (subject_id IS NULL)", name="subject_whole")
    )
    skeleton_id: Mapped[int] = mapped_column(ForeignKey("mail_skeletons.id"), index=True)
    to_address: Mapped[str] = mapped_column(String(254))
    to_name: Mapped[str] = mapped_column(Line(200), default="")
    from_address: Mapped[str] = mapped_column(String(254))
    from_name: Mapped[str] = mapped_column(Line(200), default="")
    message_id: Mapped[str] = mapped_column(String(200), unique=True)
    bounce_nonce: Mapped[str] = mapped_column(String(64), unique=True)
    bounce_local: Mapped[str | None] = mapped_column(String(64), unique=True)
    fields: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    links: Mapped[dict[str, dict[str, str]]] = mapped_column(JSON, default=dict)
    auto_submitted: Mapped[bool] = mapped_column(default=False)
    thread: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    null_sender: Mapped[bool] = mapped_column(
        CheckConstraint("auto_submitted OR NOT null_sender", name="null_sender_is_automatic"),
        default=False,
        server_default=false(),
    )
    in_turn: Mapped[bool] = mapped_column(default=False, server_default=false())
    state: Mapped[MailState] = mapped_column(choice(MailState), default=MailState.QUEUED)
    dated_at: Mapped[datetime] = mapped_column(UTCDateTime())
    queued_at: Mapped[datetime] = mapped_column(UTCDateTime())
    available_at: Mapped[datetime] = mapped_column(UTCDateTime())
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime())
    lease_owner: Mapped[str | None] = mapped_column(String(80))
    handing_since: Mapped[datetime | None] = mapped_column(
        UTCDateTime(),
        CheckConstraint("handing_since IS NULL OR state = 'sending'", name="in_hand_while_sending"),
    )
    called_off_at: Mapped[datetime | None] = mapped_column(
        UTCDateTime(),
        CheckConstraint("called_off_at IS NULL OR state <> 'queued'", name="called_off_waits_no_more"),
    )
    paused_at: Mapped[datetime | None] = mapped_column(
        UTCDateTime(), CheckConstraint("paused_at IS NULL OR state <> 'sending'", name="paused_waits")
    )
    perhaps_left: Mapped[bool] = mapped_column(default=False, server_default=false())
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    last_code: Mapped[int | None]
    last_words: Mapped[str] = mapped_column(Line(500), default="")
    bounced_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    bounce_permanent: Mapped[bool | None]
    bounce_words: Mapped[str] = mapped_column(Line(500), default="")
    again_of_id: Mapped[int | None] = mapped_column(ForeignKey("outgoing_mails.id"))
    original_id: Mapped[int | None] = mapped_column(ForeignKey("outgoing_mails.id"))
    incoming_mail_id: Mapped[int | None] = mapped_column(ForeignKey("incoming_mails.id"), index=True)

    sending_id: Mapped[int | None] = mapped_column(ForeignKey("sendings.id"), index=True)

    @classmethod
    def shown_to(cls, role: str) -> ColumnElement[bool]:
        """Return the condition that a role may see a mail: who forgot a password or is invited, administrators alone."""
        return true() if role == "administrator" else cls.kind.not_like(f"{ACCOUNT_MAIL}%")

    def is_shown_to(self, role: str) -> bool:
        """Return whether a role may see this mail: about a forgotten password or an invited account, administrators alone."""
        return role == "administrator" or not self.kind.startswith(ACCOUNT_MAIL)

    @property
    def has_left(self) -> bool:
        """Whether the server has this mail, or may have it, and it has not come back for good."""
        return (self.state is MailState.SENT or self.perhaps_left) and not self.bounce_permanent

    @property
    def is_undecided(self) -> bool:
        """Whether a worker is handing it over at this moment, so that nobody knows yet whether it leaves."""
        return self.handing_since is not None

    skeleton: Mapped[MailSkeleton] = relationship()
    sending: Mapped[Sending | None] = relationship()
    tries: Mapped[list[MailTry]] = relationship(order_by="MailTry.id", back_populates="mail")
    copies: Mapped[list[OutgoingMail]] = relationship(
        primaryjoin="OutgoingMail.id == foreign(OutgoingMail.original_id)",
        viewonly=True,
        order_by="OutgoingMail.id",
    )


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


class WorkerBeat(Base):
    """A worker that runs, or ran until it was killed: since when, when it was last alive, which version of the service."""

    __tablename__ = "worker_beats"
    __table_args__ = (UniqueConstraint("instance"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    instance: Mapped[str] = mapped_column(String(80))
    version: Mapped[str] = mapped_column(String(80), default="")
    started_at: Mapped[datetime] = mapped_column(UTCDateTime())
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime())


class IncomingMail(Base):
    """One message that came in for one recipient: raw first, in a commit of its own, then what it was found to be.

    ``envelope_from`` is empty for the null sender. Everything from ``kind`` on is filled when it was read (RFC 5322,
    5545, 3464, 3834) and can be made again from ``raw``. ``text`` is the new words, ``body`` all of it. ``calendar``,
    ``bounce``, ``attachments`` and ``reasons`` are as ``mail explain`` prints them. ``organisation_id`` is whose matter it
    turned out to be; NULL is nobody's yet. ``duplicate_of_id`` is the same message that was filed before. ``review`` says why
    a mail, mostly an answer from a calendar, has not counted by itself, ``dmarc`` what our own mail server found out about the
    sender (NULL: nothing), ``brought_by_id`` who brought an upload: it acts for nobody else. ``signed``: taken out of a
    signature that nobody checked; ``perhaps_absent``: a person wrote it, or an absence note that does not say so. Of an answer
    whose calendar part cannot be read ``calendar`` holds only the PARTSTAT it names elsewhere.
    """

    __tablename__ = "incoming_mails"
    __table_args__ = (
        UniqueConstraint("sha256", "envelope_to"),
        CheckConstraint("(state = 'received') = (kind IS NULL)", name="read_has_kind"),
        CheckConstraint("(state = 'ignored') = (ignored_at IS NOT NULL)", name="ignored_has_time"),
        CheckConstraint("attempts >= 0", name="incoming_attempts_count_up"),
        CheckConstraint("review IS NULL OR kind IN ('calendar', 'human', 'auto')", name="review_of_words"),
        CheckConstraint("brought_by_id IS NULL OR way = 'upload'", name="brought_is_upload"),
        Index("ix_incoming_mails_state", "state", "id"),
        Index("ix_incoming_mails_from_address_lower", func.lower(text("from_address"))),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    received_at: Mapped[datetime] = mapped_column(UTCDateTime())
    way: Mapped[IncomingWay] = mapped_column(choice(IncomingWay))
    envelope_from: Mapped[str] = mapped_column(String(320), default="")
    envelope_to: Mapped[str] = mapped_column(String(320), default="")
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    raw: Mapped[bytes] = deferred(mapped_column(LargeBinary))
    state: Mapped[IncomingState] = mapped_column(choice(IncomingState), default=IncomingState.RECEIVED)
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime())
    kind: Mapped[IncomingKind | None] = mapped_column(choice(IncomingKind))
    message_id: Mapped[str] = mapped_column(String(998), default="", index=True)
    subject: Mapped[str] = mapped_column(Line(1000), default="")
    from_address: Mapped[str] = mapped_column(String(320), default="")
    from_name: Mapped[str] = mapped_column(Line(200), default="")
    dated_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    text: Mapped[str] = mapped_column(Prose(), default="")
    body: Mapped[str] = deferred(mapped_column(Prose(), default="", nullable=False))
    calendar: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    bounce: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    attachments: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    reasons: Mapped[list[str]] = mapped_column(JSON, default=list)
    review: Mapped[Review | None] = mapped_column(choice(Review))
    dmarc: Mapped[Dmarc | None] = mapped_column(choice(Dmarc))
    signed: Mapped[bool] = mapped_column(default=False, server_default=false())
    perhaps_absent: Mapped[bool] = mapped_column(default=False, server_default=false())
    brought_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    seen_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    ignored_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    ignored_by: Mapped[str] = mapped_column(Line(200), default="")
    ignored_reason: Mapped[str] = mapped_column(Line(300), default="")
    duplicate_of_id: Mapped[int | None] = mapped_column(ForeignKey("incoming_mails.id"))

    links: Mapped[list[IncomingLink]] = relationship(back_populates="mail", order_by="IncomingLink.id")

    @property
    def calendar_answer(self) -> CalendarAnswer:
        """What its calendar object says; of a mail without one, nothing."""
        return CalendarAnswer.from_json(self.calendar or {})


class IncomingLink(Base):
    """To what an incoming mail belongs, and how that was found.

    ``subject_type`` and ``subject_id`` name the row (``invitations``, ``letter_recipients``, ``outgoing_mails``), as
    history does: what lies above this package is no business of it. ``how`` is ``token``, ``bounce``, ``references``,
    ``uid``, ``register``, ``near_token``, ``sender``, ``sender_failed``, ``counted`` or ``by_hand``; a ``suggested`` link only
    proposes and changes nothing.
    """

    __tablename__ = "incoming_links"
    __table_args__ = (
        UniqueConstraint("incoming_mail_id", "subject_type", "subject_id"),
        Index("ix_incoming_links_subject", "subject_type", "subject_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    incoming_mail_id: Mapped[int] = mapped_column(ForeignKey("incoming_mails.id", ondelete="CASCADE"))
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int]
    how: Mapped[str] = mapped_column(String(20))
    suggested: Mapped[bool] = mapped_column(default=False)
    linked_by: Mapped[str] = mapped_column(Line(200), default="")
    at: Mapped[datetime] = mapped_column(UTCDateTime())

    mail: Mapped[IncomingMail] = relationship(back_populates="links")

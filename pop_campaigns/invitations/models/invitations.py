"""Tables: an invitation of an office or a person to an event, its mails, its answers."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from flask_babel import gettext as _
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, func, text, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pop_campaigns.contacts.models.institutions import Office
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.core.db import Base, Line, Prose, UTCDateTime, choice
from pop_campaigns.core.files import StoredFile
from pop_campaigns.core.i18n import current_language, frozen_in_language
from pop_campaigns.core.salutations import FormOfAddress
from pop_campaigns.core.versions import Versioned
from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.rules.invitations import (
    Answer,
    AnswerChannel,
    InvitationState,
    MailPurpose,
    ToldHow,
    Word,
    is_erased_address,
)
from pop_campaigns.mail.models import MailSkeleton, OutgoingMail

if TYPE_CHECKING:
    from sqlalchemy.engine.default import DefaultExecutionContext


def _as_recorded(context: DefaultExecutionContext) -> Any:
    """Return when a row was recorded: what is said at that very moment names no other."""
    return context.get_current_parameters()["at"]


class Invitation(Versioned, Base):
    """One guest of one event: an office (with whoever held it then) or a person.

    Name, title, institution, their dative, form of address and address are frozen as sent: a later mandate re-addresses
    nothing. ``side`` is for whom the guest of a round table sits there.
    ``token_hash`` finds the guest by the personal link, ``reply_local`` by the address they answer to.
    ``required``: they have to be there (REQ-PARTICIPANT of their calendar entry).
    ``mails_in_turn``: mails about a guest leave in the order in which they were queued (see ``mail.outbox``).
    """

    __tablename__ = "invitations"
    mails_in_turn: ClassVar = True
    __table_args__ = (
        UniqueConstraint("event_id", "office_id"),
        UniqueConstraint("event_id", "person_id"),
        UniqueConstraint("event_id", "address"),
        Index("ix_invitations_address_lower", func.lower(text("address"))),
        CheckConstraint("office_id IS NOT NULL OR person_id IS NOT NULL", name="asks_someone"),
        CheckConstraint("(state = 'draft') = (invited_at IS NULL)", name="invited_has_time"),
        CheckConstraint("(answer = 'NEEDS-ACTION') = (answered_at IS NULL)", name="answer_has_time"),
        CheckConstraint("state <> 'draft' OR answer = 'NEEDS-ACTION'", name="draft_has_no_answer"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"), index=True)
    office_id: Mapped[int | None] = mapped_column(ForeignKey("offices.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"), index=True)
    name: Mapped[str] = mapped_column(Line(160), default="")
    office_title: Mapped[str] = mapped_column(Line(160), default="")
    institution_name: Mapped[str] = mapped_column(Line(200), default="")
    dative: Mapped[str] = mapped_column(Line(400), default="", server_default="")
    form_of_address: Mapped[FormOfAddress | None] = mapped_column(choice(FormOfAddress))
    address: Mapped[str] = mapped_column(String(254))
    language: Mapped[str] = mapped_column(String(2))
    side: Mapped[str] = mapped_column(Line(60), default="", server_default="")
    state: Mapped[InvitationState] = mapped_column(choice(InvitationState), default=InvitationState.DRAFT)
    nonce: Mapped[str] = mapped_column(String(64))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    reply_local: Mapped[str] = mapped_column(String(64), unique=True)
    required: Mapped[bool] = mapped_column(default=True, server_default=true())
    invited_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    answer: Mapped[Answer] = mapped_column(choice(Answer), default=Answer.NEEDS_ACTION)
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    created_at: Mapped[datetime] = mapped_column(UTCDateTime())

    event: Mapped[Event] = relationship()
    office: Mapped[Office | None] = relationship(lazy="selectin")
    person: Mapped[Person | None] = relationship()
    answers: Mapped[list[GivenAnswer]] = relationship(
        back_populates="invitation",
        order_by="(GivenAnswer.event_sequence, GivenAnswer.said_at, GivenAnswer.id)",
    )
    mails: Mapped[list[InvitationMail]] = relationship(
        back_populates="invitation", order_by="InvitationMail.id"
    )

    @property
    def written_as(self) -> str:
        """Office and institution as they were frozen, else the person's name."""
        return ", ".join(part for part in (self.office_title, self.institution_name) if part) or self.name

    @property
    def shown_as(self) -> str:
        """Office and institution in the reader's language, else the person's name: how the guest is called on pages."""
        lang, institution = current_language(), self.office.institution if self.office else None
        parts = (
            frozen_in_language(self.office_title, self.office, "title", lang),
            frozen_in_language(self.institution_name, institution, "name", lang),
        )
        office = ", ".join(part for part in parts if part)
        return office or self.name or (str(_("Erased person")) if self.is_erased else "")

    @property
    def mails_paused_at(self) -> datetime | None:
        """Since when mails about the event wait for somebody to let them go; what is queued meanwhile waits as well."""
        return self.event.mails_paused_at

    @property
    def is_erased(self) -> bool:
        """Whether the guest was erased at their own wish: counted, but never written to."""
        return is_erased_address(self.address)


class GivenAnswer(Base):
    """Every answer ever given, in the order in which they were said; the latest is the invitation's ``answer``.

    Only one that was noted for the wrong guest is taken away again; history keeps that.

    ``said_at`` is when it was said, ``at`` when it was recorded: a word that arrives late does not outdo a newer one
    (see ``rules.Word``). ``event_sequence`` is what it answered, never more than the event's SEQUENCE. Of a delegation
    ``substitute_answer`` is what the substitute answered, NULL as long as nobody knows.

    ``sent_from`` is the sender's address of one that came by mail from elsewhere than the invited address ("" where the mail
    names none), else NULL. ``recorded_by`` is who entered it, or let a mail count. ``handed_over_by`` is who made the link by
    which it came, "" where that is the mailed one.
    """

    __tablename__ = "given_answers"
    __table_args__ = (
        CheckConstraint("answer <> 'NEEDS-ACTION'", name="says_something"),
        CheckConstraint(
            "substitute_answer IS NULL OR (answer = 'DELEGATED'"
            " AND substitute_answer IN ('ACCEPTED', 'TENTATIVE', 'DECLINED'))",
            name="substitute_of_delegation",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    invitation_id: Mapped[int] = mapped_column(ForeignKey("invitations.id", ondelete="CASCADE"), index=True)
    answer: Mapped[Answer] = mapped_column(choice(Answer, name="given_answer"))
    substitute: Mapped[str] = mapped_column(Line(200), default="")
    note: Mapped[str] = mapped_column(Prose(), default="")
    channel: Mapped[AnswerChannel] = mapped_column(choice(AnswerChannel))
    at: Mapped[datetime] = mapped_column(UTCDateTime())
    said_at: Mapped[datetime] = mapped_column(UTCDateTime(), default=_as_recorded)
    event_sequence: Mapped[int] = mapped_column(default=0)
    substitute_answer: Mapped[Answer | None] = mapped_column(choice(Answer, name="substitute_answer"))
    incoming_mail_id: Mapped[int | None] = mapped_column(ForeignKey("incoming_mails.id"))
    told_how: Mapped[ToldHow | None] = mapped_column(choice(ToldHow))
    recorded_by: Mapped[str] = mapped_column(Line(200), default="")
    handed_over_by: Mapped[str] = mapped_column(Line(200), default="", server_default="")
    sent_from: Mapped[str | None] = mapped_column(String(320))
    scan_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"))

    scan: Mapped[StoredFile | None] = relationship()
    invitation: Mapped[Invitation] = relationship(back_populates="answers")

    @property
    def word(self) -> Word:
        """Where it stands in the line of what the guest said."""
        return Word(self.event_sequence, self.said_at)


class TimeProposal(Base):
    """Another time that a guest proposed, from a calendar (RFC 5546 §3.2.7, COUNTER) or on their own page, and what became of it.

    Answered once: ``decided_at`` with ``accepted`` true (the event moved) or false (DECLINECOUNTER went back).
    """

    __tablename__ = "time_proposals"
    __table_args__ = (
        UniqueConstraint("incoming_mail_id"),
        CheckConstraint("(decided_at IS NULL) = (accepted IS NULL)", name="decision_whole"),
        CheckConstraint("ends_at IS NULL OR ends_at > starts_at", name="proposal_ends_after_start"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    invitation_id: Mapped[int] = mapped_column(ForeignKey("invitations.id", ondelete="CASCADE"), index=True)
    incoming_mail_id: Mapped[int | None] = mapped_column(ForeignKey("incoming_mails.id"))
    starts_at: Mapped[datetime] = mapped_column(UTCDateTime())
    ends_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    comment: Mapped[str] = mapped_column(Prose(), default="")
    event_sequence: Mapped[int] = mapped_column(default=0)
    at: Mapped[datetime] = mapped_column(UTCDateTime())
    accepted: Mapped[bool | None]
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    decided_by: Mapped[str] = mapped_column(Line(200), default="")

    invitation: Mapped[Invitation] = relationship()


class InvitationMail(Base):
    """A mail of an invitation: at most one per purpose, sequence and copy.

    ``behind`` is the mail that was being handed over when this one was queued. If that one never left, this one says what
    ``otherwise`` says; without it, nothing is to be said (see ``services.settling``).
    """

    __tablename__ = "invitation_mails"
    __table_args__ = (
        UniqueConstraint("invitation_id", "purpose", "sequence", "copy"),
        UniqueConstraint("mail_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    invitation_id: Mapped[int] = mapped_column(ForeignKey("invitations.id", ondelete="CASCADE"))
    mail_id: Mapped[int] = mapped_column(ForeignKey("outgoing_mails.id"))
    purpose: Mapped[MailPurpose] = mapped_column(choice(MailPurpose))
    sequence: Mapped[int]
    copy: Mapped[int] = mapped_column(default=0)
    behind_id: Mapped[int | None] = mapped_column(ForeignKey("outgoing_mails.id"))
    otherwise_id: Mapped[int | None] = mapped_column(
        ForeignKey("mail_skeletons.id"),
        CheckConstraint("otherwise_id IS NULL OR behind_id IS NOT NULL", name="otherwise_behind_one"),
    )

    invitation: Mapped[Invitation] = relationship(back_populates="mails")
    mail: Mapped[OutgoingMail] = relationship(lazy="joined", foreign_keys=mail_id)
    behind: Mapped[OutgoingMail | None] = relationship(foreign_keys=behind_id)
    otherwise: Mapped[MailSkeleton | None] = relationship()


class InvitationText(Versioned, Base):
    """What the coordinator adds to the invitation of one event, in both languages."""

    __tablename__ = "invitation_texts"

    event_id: Mapped[int] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"), primary_key=True)
    note_sq: Mapped[str] = mapped_column(Prose(), default="")
    note_en: Mapped[str] = mapped_column(Prose(), default="")

"""Tables: a letter (one text, one register number), its recipients with their clocks, their responses."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    false,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pop_campaigns.accounts.models import Organisation
from pop_campaigns.campaigns.models import Campaign
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.core.dates import DatePrecision
from pop_campaigns.core.db import Base, Line, Prose, Stemmed, UTCDateTime, choice
from pop_campaigns.core.files import StoredFile
from pop_campaigns.core.i18n import current_language, frozen_in_language, in_language
from pop_campaigns.core.once import MadeOnce
from pop_campaigns.core.places import Municipality
from pop_campaigns.core.salutations import FormOfAddress
from pop_campaigns.core.versions import Versioned
from pop_campaigns.letters.rules.letters import LetterState, RecipientRole, ResponseKind
from pop_campaigns.letters.rules.working_days import DayScope
from pop_campaigns.mail.models import OutgoingMail


class EnteredDay(Versioned, Base):
    """A day off, or with ``off`` False one that is worked, as somebody entered it after it was announced.

    It stands beside the days that come with the program (``rules.working_days``) and goes before them. ``scope`` is for whom
    it holds; ``source`` the decision, as people can look it up.
    """

    __tablename__ = "entered_days"
    __table_args__ = (
        CheckConstraint("(scope = 'municipality') = (municipality_id IS NOT NULL)", name="scope_has_place"),
        CheckConstraint("source <> ''", name="has_source"),
        Index(
            "uq_entered_days_day_scope_place",
            "day",
            "scope",
            text("coalesce(municipality_id, 0)"),
            unique=True,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(Date)
    off: Mapped[bool]
    scope: Mapped[DayScope] = mapped_column(choice(DayScope))
    municipality_id: Mapped[int | None] = mapped_column(ForeignKey("municipalities.id"))
    name: Mapped[str] = mapped_column(Line(160), default="")
    source: Mapped[str] = mapped_column(Line(300))
    entered_at: Mapped[datetime] = mapped_column(UTCDateTime())
    entered_by: Mapped[str] = mapped_column(Line(200), default="")

    municipality: Mapped[Municipality | None] = relationship(lazy="joined")


class Letter(Stemmed, Versioned, MadeOnce, Base):
    """An official letter. Its language versions are sent to each recipient in the recipient's language.

    ``register_year`` and ``register_count`` make the register number (numri i protokollit), given when the letter is
    sent, without gaps per organisation and year. A letter known only from a record has no number of ours. ``greeted``: it
    went with a salutation before a text that had none.
    """

    __tablename__ = "letters"
    __table_args__ = (
        UniqueConstraint("organisation_id", "register_year", "register_count"),
        CheckConstraint("(register_year IS NULL) = (register_count IS NULL)", name="register_number_whole"),
        CheckConstraint(
            "(state = 'sent') = (sent_at IS NOT NULL) OR state = 'archived'", name="sent_has_time"
        ),
        CheckConstraint("(precision = 'unknown') = (day_from IS NULL)", name="known_has_day"),
        CheckConstraint("precision <> 'moment'", name="dated_by_day"),
    )
    __sorted_by__ = "subject_sq"
    __searched_in__ = ("subject_sq", "subject_en")

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str | None] = mapped_column(String(120), unique=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaigns.id"), index=True)
    state: Mapped[LetterState] = mapped_column(choice(LetterState), default=LetterState.DRAFT)
    register_year: Mapped[int | None]
    register_count: Mapped[int | None]
    subject_sq: Mapped[str] = mapped_column(Line(300), default="")
    subject_en: Mapped[str] = mapped_column(Line(300), default="")
    body_sq: Mapped[str] = mapped_column(Prose(), default="")
    body_en: Mapped[str] = mapped_column(Prose(), default="")
    signed_by: Mapped[str] = mapped_column(Line(160), default="")
    signed_as: Mapped[str] = mapped_column(Line(160), default="")
    greeted: Mapped[bool] = mapped_column(default=False, server_default=false())
    basis: Mapped[str] = mapped_column(String(60), default="information_request")
    precision: Mapped[DatePrecision] = mapped_column(choice(DatePrecision), default=DatePrecision.UNKNOWN)
    day_from: Mapped[date | None] = mapped_column(Date)
    day_to: Mapped[date | None] = mapped_column(Date)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime())
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime())
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime())

    organisation: Mapped[Organisation | None] = relationship(lazy="joined")
    campaign: Mapped[Campaign | None] = relationship()
    recipients: Mapped[list[LetterRecipient]] = relationship(
        back_populates="letter", order_by="LetterRecipient.position", cascade="all, delete-orphan"
    )

    @property
    def register_number(self) -> str:
        """Register number as printed, ``12/2026``; empty while there is none."""
        return f"{self.register_count}/{self.register_year}" if self.register_count else ""


class LetterRecipient(Versioned, Base):
    """One recipient: *për* or *në dijeni*, frozen as sent, with a clock of its own.

    ``dative`` is how the Albanian text addresses it, "" where the rule knew no such form.

    ``clock_from`` is the local day the mail server took the mail (day 0); ``due_on`` and ``due_explained`` (the skipped
    days and the rule, as counted then) follow from it. They are NULL while nothing has arrived, and for a copy, which only
    informs unless it ``asks_answer`` too.
    """

    __tablename__ = "letter_recipients"
    __table_args__ = (
        UniqueConstraint("letter_id", "office_id"),
        UniqueConstraint("letter_id", "position"),
        UniqueConstraint("mail_id"),
        CheckConstraint("office_id IS NOT NULL OR institution_id IS NOT NULL", name="goes_to_someone"),
        CheckConstraint("(due_on IS NULL) = (clock_from IS NULL)", name="clock_whole"),
        Index("ix_letter_recipients_due_on", "due_on"),
        Index("ix_letter_recipients_address_lower", func.lower(text("address"))),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    letter_id: Mapped[int] = mapped_column(ForeignKey("letters.id", ondelete="CASCADE"), index=True)
    role: Mapped[RecipientRole] = mapped_column(choice(RecipientRole))
    position: Mapped[int]
    office_id: Mapped[int | None] = mapped_column(ForeignKey("offices.id"), index=True)
    institution_id: Mapped[int | None] = mapped_column(ForeignKey("institutions.id"))
    name: Mapped[str] = mapped_column(Line(160), default="")
    office_title: Mapped[str] = mapped_column(Line(160), default="")
    institution_name: Mapped[str] = mapped_column(Line(200), default="")
    dative: Mapped[str] = mapped_column(Line(400), default="", server_default="")
    form_of_address: Mapped[FormOfAddress | None] = mapped_column(choice(FormOfAddress))
    address: Mapped[str] = mapped_column(String(254), default="")
    language: Mapped[str] = mapped_column(String(2), default="sq")
    asks_answer: Mapped[bool] = mapped_column(default=False, server_default=false())
    reply_local: Mapped[str | None] = mapped_column(String(64), unique=True)
    mail_id: Mapped[int | None] = mapped_column(ForeignKey("outgoing_mails.id"))
    clock_from: Mapped[date | None] = mapped_column(Date)
    due_on: Mapped[date | None] = mapped_column(Date)
    due_explained: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))

    letter: Mapped[Letter] = relationship(back_populates="recipients")
    office: Mapped[Office | None] = relationship(lazy="selectin")
    institution: Mapped[Institution | None] = relationship(lazy="selectin")
    mail: Mapped[OutgoingMail | None] = relationship(lazy="joined")
    responses: Mapped[list[LetterResponse]] = relationship(
        back_populates="recipient",
        order_by="LetterResponse.id",
        lazy="selectin",
        cascade="all, delete-orphan",
    )

    @property
    def owes(self) -> bool:
        """Whether an answer is asked of the recipient: of an addressee, and of who has a copy where the letter asks them, too."""
        return self.role is RecipientRole.TO or self.asks_answer

    @property
    def written_as(self) -> str:
        """Office and institution as they were frozen, else the name."""
        return ", ".join(part for part in (self.office_title, self.institution_name) if part) or self.name

    @property
    def shown_as(self) -> str:
        """Office and institution in the reader's language, as pages name the recipient."""
        return ", ".join(part for part in self.office_in(current_language()) if part) or self.name

    def office_in(self, lang: str) -> tuple[str, str]:
        """Return office and institution as they were frozen, in ``lang`` where they still bear that name."""
        return (
            frozen_in_language(self.office_title, self.office, "title", lang),
            frozen_in_language(self.institution_name, self._institution_now, "name", lang),
        )

    def office_now(self, lang: str) -> tuple[str, str]:
        """Return office and institution as they are called now."""
        title = in_language(self.office, "title", lang) if self.office else ""
        return title, in_language(self._institution_now, "name", lang)

    @property
    def _institution_now(self) -> Institution | None:
        return self.office.institution if self.office else self.institution


class LetterResponse(Versioned, Base):
    """What one recipient answered, recorded by hand: date, kind, their register number, file.

    ``incoming_mail_id`` is the mail it was recorded from, NULL where somebody typed it from paper or memory.
    """

    __tablename__ = "letter_responses"

    id: Mapped[int] = mapped_column(primary_key=True)
    recipient_id: Mapped[int] = mapped_column(
        ForeignKey("letter_recipients.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[ResponseKind] = mapped_column(choice(ResponseKind))
    received_on: Mapped[date | None] = mapped_column(Date)
    their_number: Mapped[str] = mapped_column(Line(80), default="")
    summary: Mapped[str] = mapped_column(Prose(), default="")
    file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"))
    incoming_mail_id: Mapped[int | None] = mapped_column(ForeignKey("incoming_mails.id"), index=True)
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime())

    recipient: Mapped[LetterRecipient] = relationship(back_populates="responses")
    file: Mapped[StoredFile | None] = relationship()

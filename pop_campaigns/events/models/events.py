"""Tables: an event, who attended, who joined, what was promised there."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
    false,
    or_,
    true,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pop_campaigns.accounts.models import Organisation, User
from pop_campaigns.accounts.rules.roles import RoleName
from pop_campaigns.campaigns.models import Campaign
from pop_campaigns.contacts.models.institutions import Institution
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.core.clock import TIRANE
from pop_campaigns.core.dates import DatePrecision
from pop_campaigns.core.db import Base, Line, Prose, Stemmed, UTCDateTime, choice
from pop_campaigns.core.once import MadeOnce
from pop_campaigns.core.places import Municipality
from pop_campaigns.core.versions import Versioned
from pop_campaigns.events.rules.events import EventFormat, EventKind, EventState
from pop_campaigns.events.rules.visibility import EventVisibility


class Event(Stemmed, Versioned, MadeOnce, Base):
    """An event of any kind.

    With precision *moment* it has ``starts_at`` (an instant; its wall time is that of ``zone``, so the second
    02:30 of an October night is another instant than the first); with *day*, *month* or *period* it has days;
    *unknown* has neither. ``day_from`` is always the first local day where one is known: lists order by it.
    ``sequence`` follows RFC 5545 §3.8.7.4; ``date_version`` counts how often the start was moved, and nothing else.
    ``published_at`` is when it was first put on the site, and stays when it is taken from there: what was public once may
    have been read and noted down. ``no_names``: who takes part is counted and nobody is named, in no table, file or log.
    """

    __tablename__ = "events"
    __table_args__ = (
        CheckConstraint("(precision = 'moment') = (starts_at IS NOT NULL)", name="moment_has_start"),
        CheckConstraint("(precision = 'unknown') = (day_from IS NULL)", name="known_has_day"),
        CheckConstraint(
            "ends_at IS NULL OR (starts_at IS NOT NULL AND ends_at > starts_at)", name="ends_after_start"
        ),
        CheckConstraint("day_to IS NULL OR day_to >= day_from", name="last_day_after_first"),
        CheckConstraint("sequence >= 0", name="sequence_counts_up"),
        CheckConstraint("visibility <> 'public' OR published_at IS NOT NULL", name="public_since"),
        CheckConstraint("date_version >= 0", name="date_version_counts_up"),
        CheckConstraint("NOT no_names OR kind = 'protest'", name="no_names_at_actions"),
        Index("ix_events_day_from", "day_from"),
    )
    __sorted_by__ = "title_sq"
    __searched_in__ = ("title_sq", "title_en", "venue")

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str | None] = mapped_column(String(120), unique=True)
    uid: Mapped[str] = mapped_column(String(120), unique=True)
    kind: Mapped[EventKind] = mapped_column(choice(EventKind))
    format: Mapped[EventFormat | None] = mapped_column(choice(EventFormat))
    state: Mapped[EventState] = mapped_column(choice(EventState), default=EventState.PLANNED)
    title_sq: Mapped[str] = mapped_column(Line(200))
    title_en: Mapped[str] = mapped_column(Line(200), default="")
    description_sq: Mapped[str] = mapped_column(Prose(), default="")
    description_en: Mapped[str] = mapped_column(Prose(), default="")
    precision: Mapped[DatePrecision] = mapped_column(choice(DatePrecision))
    starts_at: Mapped[datetime | None] = mapped_column(UTCDateTime(), index=True)
    ends_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    zone: Mapped[str] = mapped_column(String(60), default=TIRANE)
    day_from: Mapped[date | None] = mapped_column(Date)
    day_to: Mapped[date | None] = mapped_column(Date)
    venue: Mapped[str] = mapped_column(Line(300), default="")
    join_url: Mapped[str] = mapped_column(Line(500), default="")
    more_url: Mapped[str] = mapped_column(Line(500), default="")
    visibility: Mapped[EventVisibility] = mapped_column(
        choice(EventVisibility), default=EventVisibility.DRAFT, server_default=EventVisibility.DRAFT.value
    )
    published_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    sequence: Mapped[int] = mapped_column(default=0)
    date_version: Mapped[int] = mapped_column(default=0, server_default="0")
    from_record: Mapped[bool] = mapped_column(default=False)
    no_names: Mapped[bool] = mapped_column(default=False, server_default=false())
    municipality_id: Mapped[int | None] = mapped_column(ForeignKey("municipalities.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaigns.id"), index=True)
    institution_id: Mapped[int | None] = mapped_column(ForeignKey("institutions.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime())
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime())
    mails_paused_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    mails_paused_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    mails_paused_by: Mapped[User | None] = relationship()
    municipality: Mapped[Municipality | None] = relationship(lazy="joined")
    organisation: Mapped[Organisation | None] = relationship(lazy="joined")
    campaign: Mapped[Campaign | None] = relationship()
    institution: Mapped[Institution | None] = relationship()
    attendances: Mapped[list[Attendance]] = relationship(
        back_populates="event", order_by="Attendance.position"
    )
    supporters: Mapped[list[Supporter]] = relationship(back_populates="event", order_by="Supporter.id")
    commitments: Mapped[list[Commitment]] = relationship(back_populates="event", order_by="Commitment.id")

    @hybrid_property
    def published(self) -> bool:
        """Whether it stands on the site."""
        return self.visibility is EventVisibility.PUBLIC

    @published.inplace.expression
    @classmethod
    def _published(cls) -> ColumnElement[bool]:
        return cls.visibility == EventVisibility.PUBLIC

    @classmethod
    def shown_to(cls, role: RoleName) -> ColumnElement[bool]:
        """Return the condition that a person in this role may see one: a draft, only who may change it."""
        if role is RoleName.ADMINISTRATOR:
            return true()
        no_draft = cls.visibility != EventVisibility.DRAFT
        # Whose it is, is asked beside this: what a coordinator sees is their own or the network's.
        return no_draft if role is RoleName.VIEWER else or_(no_draft, cls.organisation_id.is_not(None))

    def is_shown_to(self, role: RoleName) -> bool:
        """Return whether a person in this role may see it: a draft, only who may change it."""
        if role is RoleName.ADMINISTRATOR or self.visibility is not EventVisibility.DRAFT:
            return True
        return role is RoleName.COORDINATOR and self.organisation_id is not None


class Attendance(Base):
    """Someone who attended, by name and office as known then. Office-holders only: citizens are counted, not named."""

    __tablename__ = "attendances"
    __table_args__ = (UniqueConstraint("event_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"))
    name: Mapped[str] = mapped_column(Line(160))
    office_title: Mapped[str] = mapped_column(Line(160), default="")

    event: Mapped[Event] = relationship(back_populates="attendances")
    person: Mapped[Person | None] = relationship()

    def office_in(self, lang: str) -> tuple[str, str]:
        """Return the office as known then, and its language: ``lang`` where the office has such a title, else Albanian."""
        for mandate in self.person.mandates if self.person and lang == "en" else ():
            if mandate.office.title_sq == self.office_title and mandate.office.title_en:
                return mandate.office.title_en, "en"
        return self.office_title, "sq"


class Supporter(Versioned, Base):
    """A member organisation that joined an event of another one (a protest it supported with a message, if it left one)."""

    __tablename__ = "supporters"
    __table_args__ = (UniqueConstraint("event_id", "organisation_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    message_sq: Mapped[str] = mapped_column(Prose(), default="", server_default="")
    message_en: Mapped[str] = mapped_column(Prose(), default="", server_default="")

    event: Mapped[Event] = relationship(back_populates="supporters")
    organisation: Mapped[Organisation] = relationship(lazy="joined")


class Commitment(Base):
    """What an institution promised at an event, in the words of the source."""

    __tablename__ = "commitments"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"), index=True)
    institution_id: Mapped[int | None] = mapped_column(ForeignKey("institutions.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    words: Mapped[str] = mapped_column(Prose())
    due_on: Mapped[date | None] = mapped_column(Date)

    event: Mapped[Event] = relationship(back_populates="commitments")
    institution: Mapped[Institution | None] = relationship()
    organisation: Mapped[Organisation | None] = relationship()


LONGEST_NUMBER = 60


class PoliceNotice(Versioned, Base):
    """Written notice of a protest, as it was given: on which day, under which number of theirs ("" where none is known)."""

    __tablename__ = "police_notices"

    event_id: Mapped[int] = mapped_column(
        Integer, ForeignKey("events.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    given_on: Mapped[date] = mapped_column(Date)
    number: Mapped[str] = mapped_column(Line(LONGEST_NUMBER), default="")
    noted_at: Mapped[datetime] = mapped_column(UTCDateTime())

"""Tables: templates of events, and series: one template that several chapters hold, each as an event of its own."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, String, Time, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pop_campaigns.accounts.models import Organisation
from pop_campaigns.campaigns.models import Campaign
from pop_campaigns.contacts.models.institutions import Office
from pop_campaigns.core.db import Base, Line, Prose, UTCDateTime, choice
from pop_campaigns.core.once import MadeOnce
from pop_campaigns.core.places import Municipality
from pop_campaigns.core.versions import Versioned
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventFormat, EventKind
from pop_campaigns.events.rules.series import ProposalState


class EventTemplate(Versioned, MadeOnce, Base):
    """What an event is made from: its words, its usual hour and length, and the offices that are invited.

    It belongs to an organisation or, with ``organisation_id`` NULL, to the network. ``municipality_id`` is where it was
    written: offices of that place stand for those of any other (the mayor of Fier for every mayor). ``begins`` is an hour
    of the clocks in Tirana, ``minutes`` how long it lasts. ``points`` are those of the agenda, by column, without speakers.
    """

    __tablename__ = "event_templates"
    __table_args__ = (
        CheckConstraint("minutes IS NULL OR minutes BETWEEN 1 AND 10080", name="lasts_up_to_a_week"),
        CheckConstraint("name <> ''", name="has_name"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Line(120))
    kind: Mapped[EventKind] = mapped_column(choice(EventKind))
    format: Mapped[EventFormat | None] = mapped_column(choice(EventFormat))
    title_sq: Mapped[str] = mapped_column(Line(200))
    title_en: Mapped[str] = mapped_column(Line(200), default="")
    description_sq: Mapped[str] = mapped_column(Prose(), default="")
    description_en: Mapped[str] = mapped_column(Prose(), default="")
    note_sq: Mapped[str] = mapped_column(Prose(), default="")
    note_en: Mapped[str] = mapped_column(Prose(), default="")
    begins: Mapped[time | None] = mapped_column(Time)
    minutes: Mapped[int | None]
    points: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list, server_default="[]")
    municipality_id: Mapped[int | None] = mapped_column(ForeignKey("municipalities.id"))
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaigns.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime())
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime())

    municipality: Mapped[Municipality | None] = relationship()
    campaign: Mapped[Campaign | None] = relationship()
    organisation: Mapped[Organisation | None] = relationship()
    offices: Mapped[list[TemplateOffice]] = relationship(
        back_populates="template", cascade="all, delete-orphan", order_by="TemplateOffice.id"
    )


class TemplateOffice(Base):
    """An office that is invited to whatever is made from a template, and in which language."""

    __tablename__ = "event_template_offices"
    __table_args__ = (UniqueConstraint("template_id", "office_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    template_id: Mapped[int] = mapped_column(ForeignKey("event_templates.id", ondelete="CASCADE"))
    office_id: Mapped[int] = mapped_column(ForeignKey("offices.id"), index=True)
    language: Mapped[str] = mapped_column(String(2), default="sq")

    template: Mapped[EventTemplate] = relationship(back_populates="offices")
    office: Mapped[Office] = relationship()


class EventSeries(Versioned, MadeOnce, Base):
    """A template that a chapter or an administrator proposes to several chapters for a period."""

    __tablename__ = "event_series"
    __table_args__ = (
        CheckConstraint("name <> ''", name="has_name"),
        CheckConstraint("last_day >= first_day", name="period_in_order"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Line(120))
    message: Mapped[str] = mapped_column(Prose(), default="")
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    template_id: Mapped[int] = mapped_column(ForeignKey("event_templates.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime())

    template: Mapped[EventTemplate] = relationship()
    organisation: Mapped[Organisation | None] = relationship()
    proposals: Mapped[list[SeriesProposal]] = relationship(
        back_populates="series", order_by="SeriesProposal.id"
    )


class SeriesProposal(Versioned, Base):
    """What one chapter says to a series: nothing yet, yes with an event of its own, or no with a word why.

    The event of an accepted one may have been deleted while it was a draft: then there is none.
    """

    __tablename__ = "series_proposals"
    __table_args__ = (
        UniqueConstraint("series_id", "organisation_id"),
        UniqueConstraint("event_id"),
        CheckConstraint("(state = 'proposed') = (decided_at IS NULL)", name="decision_has_time"),
        CheckConstraint("event_id IS NULL OR state = 'accepted'", name="event_of_accepted"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    series_id: Mapped[int] = mapped_column(ForeignKey("event_series.id", ondelete="CASCADE"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    state: Mapped[ProposalState] = mapped_column(choice(ProposalState), default=ProposalState.PROPOSED)
    words: Mapped[str] = mapped_column(Prose(), default="")
    event_id: Mapped[int | None] = mapped_column(ForeignKey("events.id", ondelete="SET NULL"))
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime())

    series: Mapped[EventSeries] = relationship(back_populates="proposals")
    organisation: Mapped[Organisation] = relationship(lazy="joined")
    event: Mapped[Event | None] = relationship()

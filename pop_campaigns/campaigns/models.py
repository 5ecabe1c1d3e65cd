"""Tables: a campaign and who and where it concerns."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, Column, Date, ForeignKey, String, Table
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pop_campaigns.accounts.models import Organisation
from pop_campaigns.core.dates import DatePrecision
from pop_campaigns.core.db import Base, Line, Prose, Searchable, choice
from pop_campaigns.core.places import Municipality
from pop_campaigns.core.versions import Versioned

campaign_municipalities = Table(
    "campaign_municipalities",
    Base.metadata,
    Column("campaign_id", ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True),
    Column("municipality_id", ForeignKey("municipalities.id"), primary_key=True),
)
campaign_organisations = Table(
    "campaign_organisations",
    Base.metadata,
    Column("campaign_id", ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True),
    Column("organisation_id", ForeignKey("organisations.id"), primary_key=True),
)


class Campaign(Searchable, Versioned, Base):
    """A campaign. ``organisation_id`` NULL: the whole network's. Its period may be open at the end."""

    __tablename__ = "campaigns"
    __table_args__ = (
        CheckConstraint("day_to IS NULL OR day_from IS NULL OR day_to >= day_from", name="ends_after_start"),
    )
    __sorted_by__ = "title_sq"
    __searched_in__ = ("title_sq", "title_en")

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str | None] = mapped_column(String(60), unique=True)
    title_sq: Mapped[str] = mapped_column(Line(200))
    title_en: Mapped[str] = mapped_column(Line(200), default="")
    aims_sq: Mapped[str] = mapped_column(Prose(), default="")
    aims_en: Mapped[str] = mapped_column(Prose(), default="")
    precision: Mapped[DatePrecision] = mapped_column(choice(DatePrecision), default=DatePrecision.UNKNOWN)
    day_from: Mapped[date | None] = mapped_column(Date)
    day_to: Mapped[date | None] = mapped_column(Date)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)

    organisation: Mapped[Organisation | None] = relationship(foreign_keys=[organisation_id])
    municipalities: Mapped[list[Municipality]] = relationship(secondary=campaign_municipalities)
    organisations: Mapped[list[Organisation]] = relationship(secondary=campaign_organisations)

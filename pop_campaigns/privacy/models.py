"""Tables: the register of processing purposes, the register of breaches, what retention did."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pop_campaigns.accounts.models import Organisation
from pop_campaigns.core.db import Base, Line, Prose, UTCDateTime
from pop_campaigns.core.versions import Versioned


class ProcessingPurpose(Versioned, Base):
    """One entry of the register of processing activities (GDPR art. 30; law 124/2024): what for, whose data, how long."""

    __tablename__ = "processing_purposes"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str | None] = mapped_column(String(60), unique=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    name: Mapped[str] = mapped_column(Line(200))
    legal_basis: Mapped[str] = mapped_column(Line(300), default="")
    data_subjects: Mapped[str] = mapped_column(Prose(), default="")
    data_categories: Mapped[str] = mapped_column(Prose(), default="")
    recipients: Mapped[str] = mapped_column(Prose(), default="")
    retention: Mapped[str] = mapped_column(Prose(), default="")
    safeguards: Mapped[str] = mapped_column(Prose(), default="")
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime())

    organisation: Mapped[Organisation | None] = relationship()


class Breach(Versioned, Base):
    """One entry of the register of breaches (GDPR art. 33): what happened, what it means, what was done, who was told."""

    __tablename__ = "breaches"
    __table_args__ = (
        CheckConstraint("affected IS NULL OR affected >= 0", name="affected_counts_up"),
        CheckConstraint("happened_at IS NULL OR happened_at <= noticed_at", name="happened_before_noticed"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    happened_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    noticed_at: Mapped[datetime] = mapped_column(UTCDateTime())
    what: Mapped[str] = mapped_column(Prose())
    data_categories: Mapped[str] = mapped_column(Prose(), default="")
    affected: Mapped[int | None]
    consequences: Mapped[str] = mapped_column(Prose(), default="")
    measures: Mapped[str] = mapped_column(Prose(), default="")
    authority_told_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    persons_told_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    reported_by: Mapped[str] = mapped_column(Line(200), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime())

    organisation: Mapped[Organisation | None] = relationship()


class RetentionRun(Base):
    """What one run of the retention job did, by class: counts only."""

    __tablename__ = "retention_runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime())
    counts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

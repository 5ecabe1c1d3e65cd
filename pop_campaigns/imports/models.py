"""Tables: an import of contacts, its rows as they were read, and every change it made, for the way back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pop_campaigns.accounts.models import Organisation
from pop_campaigns.core.db import Base, Line, UTCDateTime, choice
from pop_campaigns.core.once import MadeOnce
from pop_campaigns.core.versions import Versioned
from pop_campaigns.imports.rules.drafts import ImportState, RowDecision


class ContactImport(Versioned, MadeOnce, Base):
    """A file that was uploaded, how its columns are understood, and how far it has come.

    ``columns`` are its headings as read; ``mapping`` says by column number which field each one fills; ``options``
    hold what is the same for all rows (kind of person, municipality, consent). ``done`` of ``total`` rows are worked.
    """

    __tablename__ = "contact_imports"
    __table_args__ = (CheckConstraint("done >= 0 AND done <= total", name="done_of_total"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    user_name: Mapped[str] = mapped_column(Line(200), default="")
    file_name: Mapped[str] = mapped_column(Line(200))
    encoding: Mapped[str] = mapped_column(String(40), default="")
    delimiter: Mapped[str] = mapped_column(String(4), default="")
    state: Mapped[ImportState] = mapped_column(choice(ImportState), default=ImportState.UPLOADED)
    columns: Mapped[list[str]] = mapped_column(JSON, default=list)
    mapping: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    options: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str] = mapped_column(Line(300), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime())
    ran_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    undone_at: Mapped[datetime | None] = mapped_column(UTCDateTime())

    organisation: Mapped[Organisation | None] = relationship()


class ImportRow(Base):
    """One row of the file: its cells, what is wrong with it, whom it looks like, and what shall become of it.

    ``match_id`` is the person or office (by ``match_type``: ``persons``, ``offices``) it looks like, ``match_reason``
    why (``email``, ``phone``, ``name``, ``row`` for a double within the file, ``erased``).
    """

    __tablename__ = "import_rows"
    __table_args__ = (
        UniqueConstraint("import_id", "number"),
        Index("ix_import_rows_decision", "import_id", "decision"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("contact_imports.id", ondelete="CASCADE"))
    number: Mapped[int]
    cells: Mapped[list[str]] = mapped_column(JSON, default=list)
    errors: Mapped[list[str]] = mapped_column(JSON, default=list)
    decision: Mapped[RowDecision] = mapped_column(choice(RowDecision), default=RowDecision.NEW)
    match_type: Mapped[str] = mapped_column(String(40), default="")
    match_id: Mapped[int | None]
    match_reason: Mapped[str] = mapped_column(String(20), default="")


class ImportChange(Base):
    """One row of a table that an import made (``before`` NULL) or changed (its values before)."""

    __tablename__ = "import_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("contact_imports.id", ondelete="CASCADE"), index=True)
    table: Mapped[str] = mapped_column(String(40))
    row_id: Mapped[int]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))

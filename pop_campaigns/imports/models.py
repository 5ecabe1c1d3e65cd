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
from pop_campaigns.imports.rules.states import ImportState, ImportWork, MappingOrigin, RowDecision


class ContactImport(Versioned, MadeOnce, Base):
    """A file that was uploaded, how its columns are understood, and how far it has come.

    ``sheets`` are those of a workbook that may be meant, where there are several; ``sheet`` is the one taken, None until somebody
    chose. ``raw_columns`` are the headings as bytes (:data:`.encodings.RAW`) while the encoding may be chosen otherwise.
    ``columns`` are its headings as read; ``mapping`` says by column number which field each one fills, ``mapped_by`` who
    said so; ``options`` hold what somebody chose for all rows (kind of person, municipality, consent). ``done`` of ``total``
    rows are worked; ``reached_row`` is the last row brought in, by its number in the file, which also counts empty lines.
    Who works on it holds a lease. ``failed_in`` and ``problem`` say at what it stopped and why. ``kept`` names the first of
    the ``kept_count`` records that stayed when it was taken back: table, number, reason.
    """

    __tablename__ = "contact_imports"
    __table_args__ = (
        CheckConstraint("done >= 0 AND done <= total", name="done_of_total"),
        CheckConstraint("(state = 'uploaded') = (mapped_by <> 'person')", name="chosen_once_uploaded"),
        CheckConstraint("(lease_owner IS NULL) = (lease_until IS NULL)", name="lease_whole"),
        CheckConstraint(
            "lease_owner IS NULL OR state IN ('checking', 'running', 'undoing')", name="lease_for_work"
        ),
        CheckConstraint(
            "(state = 'failed') = (failed_in IS NOT NULL) AND (state = 'failed') = (problem <> '')",
            name="failed_for_a_reason",
        ),
        CheckConstraint(
            "reached_row IS NULL OR (reached_row >= 1 AND ran_at IS NOT NULL)", name="reached_when_run"
        ),
        CheckConstraint("state NOT IN ('running', 'done') OR ran_at IS NOT NULL", name="run_has_time"),
        CheckConstraint("(state = 'undone') = (undone_at IS NOT NULL)", name="undone_has_time"),
        CheckConstraint(
            "kept_count = 0 OR (kept_count > 0 AND"
            " (state IN ('undoing', 'undone') OR coalesce(failed_in, '') = 'undoing'))",
            name="kept_when_undone",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    user_name: Mapped[str] = mapped_column(Line(200), default="")
    file_name: Mapped[str] = mapped_column(Line(200))
    encoding: Mapped[str] = mapped_column(String(40), default="")
    delimiter: Mapped[str] = mapped_column(String(4), default="")
    sheets: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list, server_default="[]")
    sheet: Mapped[int | None] = mapped_column(default=0, server_default="0")
    state: Mapped[ImportState] = mapped_column(choice(ImportState), default=ImportState.UPLOADED)
    columns: Mapped[list[str]] = mapped_column(JSON, default=list)
    raw_columns: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    mapping: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    mapped_by: Mapped[MappingOrigin] = mapped_column(
        choice(MappingOrigin), default=MappingOrigin.GUESS, server_default="guess"
    )
    options: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    reached_row: Mapped[int | None]
    lease_owner: Mapped[str | None] = mapped_column(String(80))
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime())
    failed_in: Mapped[ImportWork | None] = mapped_column(choice(ImportWork))
    problem: Mapped[str] = mapped_column(Line(300), default="")
    kept: Mapped[list[list[Any]]] = mapped_column(JSON, default=list, server_default="[]")
    kept_count: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime())
    ran_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    undone_at: Mapped[datetime | None] = mapped_column(UTCDateTime())

    organisation: Mapped[Organisation | None] = relationship()


class ImportRow(Base):
    """One row of the file: its cells, what is wrong with it, whom it looks like, and what shall become of it.

    ``raw`` are the cells as bytes, where there is more than one way to read them; forgotten when rows are brought in.
    ``match_id`` is the person or office (by ``match_type``: ``persons``, ``offices``) it looks like, ``match_reason``
    why (``email``, ``phone``, ``name``, ``row`` for a double within the file, ``erased``; ``same``
    where everything it says is there already).
    """

    __tablename__ = "import_rows"
    __table_args__ = (
        UniqueConstraint("import_id", "sheet", "number"),
        Index("ix_import_rows_decision", "import_id", "decision"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("contact_imports.id", ondelete="CASCADE"))
    sheet: Mapped[int] = mapped_column(default=0, server_default="0")
    number: Mapped[int]
    cells: Mapped[list[str]] = mapped_column(JSON, default=list)
    raw: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
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

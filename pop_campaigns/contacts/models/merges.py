"""Tables: records that were one, and what was made of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ColumnElement, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from pop_campaigns.accounts.rules.roles import RoleName
from pop_campaigns.core.db import Base, Line, UTCDateTime


class Mergeable:
    """A record that may turn out to be the same as another: then it points to it and is shown no more.

    ``shown_to`` and ``is_shown_to`` are asked by :mod:`accounts.scope` beside whose record it is.
    """

    merged_into_id: Mapped[int | None]

    @classmethod
    def shown_to(cls, role: RoleName) -> ColumnElement[bool]:  # noqa: ARG003  # persons ask for it
        """Return the condition that a person in this role may see a row."""
        return cls.merged_into_id.is_(None)

    def is_shown_to(self, role: RoleName) -> bool:
        """Return whether a person in this role may see this row."""
        return self.merged_into_id is None


class Merge(Base):
    """Two records found to be one: what was moved from which to which, so that it can be undone.

    ``moved`` lists ``[table, column, id]`` of every row that pointed to the record that went; ``changed`` holds the
    kept record's own values before.
    """

    __tablename__ = "merges"
    __table_args__ = (Index("ix_merges_of", "kind", "kept_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    kept_id: Mapped[int]
    gone_id: Mapped[int]
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"), index=True)
    moved: Mapped[list[list[Any]]] = mapped_column(JSON, default=list)
    changed: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    by_name: Mapped[str] = mapped_column(Line(200), default="")
    at: Mapped[datetime] = mapped_column(UTCDateTime())
    undone_at: Mapped[datetime | None] = mapped_column(UTCDateTime())

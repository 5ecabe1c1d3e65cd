"""Rows made in bulk, each written down for the way back: what it held, so that a later change is noticed."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert

from pop_campaigns.core.db import Searchable, Stemmed, db, keep_stems
from pop_campaigns.core.history import History
from pop_campaigns.core.text import sort_key
from pop_campaigns.imports.models import ContactImport, ImportChange
from pop_campaigns.imports.rules.drafts import RowDraft, fold


@dataclass
class Entry:
    """A row on its way: the contact it becomes or completes."""

    draft: RowDraft
    is_new: bool
    table: str
    ident: int = 0
    office_id: int | None = None
    medium_id: int | None = None
    above_id: int | None = None
    twin: Entry | None = None


class Ledger:
    """What one step of an import makes, changes, and tells the history."""

    def __init__(self, imported: ContactImport, now: datetime) -> None:
        self.imported, self.now = imported, now
        self._changes: list[dict[str, Any]] = []
        self._history: list[dict[str, Any]] = []

    def make(self, model: Any, rows: Sequence[Mapping[str, Any]]) -> list[int]:
        """Insert rows and return their numbers, in the order of the rows."""
        if not rows:
            return []
        records = [_whole(model, row) for row in rows]
        idents = db.session.scalars(
            insert(model).returning(model.id, sort_by_parameter_order=True), records
        ).all()
        if issubclass(model, Stemmed):
            keys = [row["search_key"] for row in records]
            keep_stems(db.session.connection(), model.__stems__, zip(idents, keys, strict=True))
        for ident, row in zip(idents, records, strict=True):
            self._change(model.__tablename__, ident, None, row)
        return list(idents)

    def fill(self, record: Any, values: Mapping[str, Any]) -> None:
        """Set fields of a record that were empty."""
        before = {name: getattr(record, name) for name in values}
        for name, value in values.items():
            setattr(record, name, value)
        self._change(record.__tablename__, record.id, before, values)

    def tell(self, action: str, table: str, ident: int, **details: Any) -> None:
        """Write history under a contact."""
        owner = self.imported.organisation_id
        self._history.append(
            {
                "at": self.now,
                "actor_id": self.imported.user_id,
                "actor_name": self.imported.user_name,
                "action": action,
                "subject_type": table,
                "subject_id": ident,
                "details": {"organisation_id": owner, "import_id": self.imported.id} | details,
            }
        )

    def write(self) -> None:
        """Keep what was noted, in the order in which it happened."""
        if self._changes:
            db.session.execute(insert(ImportChange), self._changes)
        if self._history:
            db.session.execute(insert(History), self._history)

    def _change(self, table: str, ident: int, before: Mapping[str, Any] | None, after: Any) -> None:
        self._changes.append(
            {
                "import_id": self.imported.id,
                "table": table,
                "row_id": ident,
                "before": None if before is None else as_json(before),
                "after": as_json(after),
            }
        )


def as_json(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as they are kept beside a change; how often a row was written is none."""
    return {name: _plain(value) for name, value in values.items() if name != "version"}


def _plain(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        return value.value
    return value.isoformat() if isinstance(value, date | datetime) else value


def _whole(model: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """Complete a row with what its columns take by themselves, and the keys for search and order."""
    row: dict[str, Any] = {}
    for column in model.__table__.columns:
        if column.name == "id":
            continue
        default = column.default.arg if column.default is not None and column.default.is_scalar else None
        row[column.name] = values.get(column.name, default)
    if issubclass(model, Searchable):
        row["sort_key"] = sort_key(row[model.__sorted_by__])[:2000]
        row["search_key"] = " ".join(fold(row[name]) for name in model.__searched_in__ if row[name])
        row |= model.name_keys(row)
    return row

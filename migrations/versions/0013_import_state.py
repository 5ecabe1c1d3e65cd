"""import_state: how far an import came, who works on it, at what it stopped and what stayed, as columns

They stood among the options that a person chose. As in 0011 nothing makes the table anew; SQLite takes a CHECK with a new
column only, so those over several columns come, and go, with the last one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TABLE = "contact_imports"
MAPPED_BY = ("guess", "memory", "person")
WORK = ("checking", "running", "undoing")
LEASE = timedelta(seconds=60)
CHECKS = {
    "chosen_once_uploaded": "(state = 'uploaded') = (mapped_by <> 'person')",
    "lease_whole": "(lease_owner IS NULL) = (lease_until IS NULL)",
    "lease_for_work": "lease_owner IS NULL OR state IN ('checking', 'running', 'undoing')",
    "failed_for_a_reason": "(state = 'failed') = (failed_in IS NOT NULL) AND (state = 'failed') = (problem <> '')",
    "reached_when_run": "reached_row IS NULL OR (reached_row >= 1 AND ran_at IS NOT NULL)",
    "run_has_time": "state NOT IN ('running', 'done') OR ran_at IS NOT NULL",
    "undone_has_time": "(state = 'undone') = (undone_at IS NOT NULL)",
    "kept_when_undone": "kept_count = 0 OR (kept_count > 0 AND"
    " (state IN ('undoing', 'undone') OR coalesce(failed_in, '') = 'undoing'))",
}
# What these columns say stood under these names.
STATE = ("chosen", "remembered", "at", "worker", "worker_since", "failed_in", "kept", "kept_count")

imports = sa.table(
    TABLE,
    sa.column("id", sa.Integer),
    sa.column("state", sa.String),
    sa.column("options", sa.JSON),
    sa.column("mapped_by", sa.String),
    sa.column("reached_row", sa.Integer),
    sa.column("lease_owner", sa.String),
    sa.column("lease_until", sa.DateTime(timezone=True)),
    sa.column("failed_in", sa.String),
    sa.column("problem", sa.String),
    sa.column("kept", sa.JSON),
    sa.column("kept_count", sa.Integer),
    sa.column("ran_at", sa.DateTime(timezone=True)),
)


def upgrade() -> None:
    _add("mapped_by VARCHAR(40) DEFAULT 'guess' NOT NULL", mappingorigin=_is_in("mapped_by", MAPPED_BY))
    op.add_column(TABLE, sa.Column("reached_row", sa.Integer(), nullable=True))
    op.add_column(TABLE, sa.Column("lease_owner", sa.String(length=80), nullable=True))
    op.add_column(TABLE, sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True))
    _add("failed_in VARCHAR(40)", importwork=_is_in("failed_in", WORK))
    op.add_column(TABLE, sa.Column("kept", sa.JSON(), nullable=False, server_default="[]"))
    counts = _options_to_columns()
    _add("kept_count INTEGER DEFAULT 0 NOT NULL", **CHECKS)
    for ident, count in counts.items():
        op.execute(imports.update().where(imports.c.id == ident).values(kept_count=count))


def downgrade() -> None:
    _columns_to_options()
    op.drop_column(TABLE, "kept_count")
    if op.get_bind().dialect.name != "sqlite":
        # Elsewhere a CHECK goes with a column it names, and these name none that goes.
        for name in ("run_has_time", "undone_has_time"):
            op.execute(f"ALTER TABLE {TABLE} DROP CONSTRAINT ck_{TABLE}_{name}")
    for name in ("kept", "failed_in", "lease_until", "lease_owner", "reached_row", "mapped_by"):
        op.drop_column(TABLE, name)


def _add(column: str, **checks: str) -> None:
    conditions = " ".join(f"CONSTRAINT ck_{TABLE}_{name} CHECK ({one})" for name, one in checks.items())
    op.execute(f"ALTER TABLE {TABLE} ADD COLUMN {column} {conditions}")


def _is_in(column: str, values: Sequence[str]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def _options_to_columns() -> dict[int, int]:
    """Move what options say into columns, and give by import how many records stayed, where any did."""
    connection, counts = op.get_bind(), {}
    rows = sa.select(imports.c.id, imports.c.state, imports.c.options, imports.c.problem, imports.c.ran_at)
    for ident, state, options, problem, ran_at in connection.execute(rows).all():
        options = options or {}
        values = _columns_of(state, options, problem, was_run=ran_at is not None)
        if values["kept"]:
            counts[ident] = options["kept_count"]
        chosen = {name: value for name, value in options.items() if name not in STATE}
        connection.execute(imports.update().where(imports.c.id == ident).values(options=chosen, **values))
    return counts


def _columns_of(state: str, options: Mapping[str, Any], problem: str, *, was_run: bool) -> dict[str, Any]:
    """Return what the options say of how far an import came; what was over by then, but never wiped out, is left."""
    failed = state == "failed"
    failed_in = options.get("failed_in", "checking") if failed else None
    since = options.get("worker_since")
    at_work = bool(state in WORK and options.get("worker") and since)
    stays = "undoing" in (state, failed_in) or state == "undone"
    remembered = "memory" if options.get("remembered") else "guess"
    return {
        "mapped_by": remembered if state == "uploaded" else "person",
        "reached_row": options.get("at") if was_run else None,
        "lease_owner": options["worker"] if at_work else None,
        "lease_until": _moment(since) + LEASE if at_work and since else None,
        "failed_in": failed_in,
        "problem": (problem or "unknown") if failed else "",
        "kept": options.get("kept", []) if stays else [],
    }


def _moment(written: str) -> datetime:
    return datetime.fromisoformat(written).astimezone(UTC)


def _columns_to_options() -> None:
    connection = op.get_bind()
    for row in connection.execute(sa.select(imports)).all():
        options = {
            "chosen": row.mapped_by == "person",
            "remembered": row.mapped_by == "memory",
            "at": row.reached_row,
            "worker": row.lease_owner,
            "worker_since": _since(row.lease_until),
            "failed_in": row.failed_in,
            "kept": row.kept if row.kept_count else None,
            "kept_count": row.kept_count,
        }
        told = {name: value for name, value in options.items() if value}
        change = imports.update().where(imports.c.id == row.id)
        connection.execute(change.values(options=(row.options or {}) | told))


def _since(until: datetime | None) -> str | None:
    if until is None:
        return None
    # SQLite keeps no zone; what it holds is UTC.
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return (until.astimezone(UTC) - LEASE).isoformat()

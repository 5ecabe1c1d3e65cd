"""versions: a number on every table that a form edits, counted up with each change

In plain SQL, alike on both databases: making a table anew (batch_alter_table) would lose indexes of expressions, and
SQLite adds and drops a column with its own CHECK as it is.
"""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

NEW = (
    "institutions", "offices", "persons", "mandates", "addresses", "consents", "contact_lists",
    "processing_purposes", "breaches", "letter_recipients", "letter_responses", "invitation_texts",
    "contact_imports", "users",
)  # fmt: skip
# These have counted since their first day, without a CHECK.
COUNTED = ("events", "letters", "invitations")


def upgrade() -> None:
    for table in NEW:
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN version INTEGER DEFAULT 1 NOT NULL {_check(table, 'version')}"
        )
    for table in COUNTED:
        if _on_sqlite():
            _counted_anew(table, f"DEFAULT 1 NOT NULL {_check(table, 'counted')}")
        else:
            op.execute(f"ALTER TABLE {table} ADD {_check(table, 'version')}")
            op.execute(f"ALTER TABLE {table} ALTER COLUMN version SET DEFAULT 1")


def downgrade() -> None:
    for table in reversed(COUNTED):
        if _on_sqlite():
            _counted_anew(table, "DEFAULT 1 NOT NULL")
        else:
            op.execute(f"ALTER TABLE {table} ALTER COLUMN version DROP DEFAULT")
            op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_version_counts_up")
    for table in reversed(NEW):
        op.execute(f"ALTER TABLE {table} DROP COLUMN version")


def _check(table: str, column: str) -> str:
    return f"CONSTRAINT ck_{table}_version_counts_up CHECK ({column} >= 1)"


def _counted_anew(table: str, column: str) -> None:
    """SQLite gives a CHECK to a new column only; its name follows when the column takes the old one's."""
    op.execute(f"ALTER TABLE {table} ADD COLUMN counted INTEGER {column}")
    op.execute(f"UPDATE {table} SET counted = version")  # noqa: S608  # a name of ours
    op.execute(f"ALTER TABLE {table} DROP COLUMN version")
    op.execute(f"ALTER TABLE {table} RENAME COLUMN counted TO version")


def _on_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"

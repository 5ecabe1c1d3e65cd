"""worked_off: from which mail that came in a response was recorded, and which one a mail of ours answers or passes on

As in 0011 nothing makes a table anew, which on SQLite would lose the indexes of expressions (0007).
"""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TABLES = ("letter_responses", "outgoing_mails")
COLUMN = "incoming_mail_id"


def upgrade() -> None:
    for table in TABLES:
        foreign_key = f"fk_{table}_{COLUMN}_incoming_mails"
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN {COLUMN} INTEGER CONSTRAINT {foreign_key} REFERENCES incoming_mails (id)"
        )
        op.create_index(f"ix_{table}_{COLUMN}", table, [COLUMN], unique=False)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_index(f"ix_{table}_{COLUMN}", table_name=table)
        op.execute(f"ALTER TABLE {table} DROP COLUMN {COLUMN}")

"""pointers: indexes of what names another contact, or to remove one row would read the whole table"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

POINTERS = (
    ("institutions", "merged_into_id"),
    ("institutions", "parent_id"),
    ("offices", "merged_into_id"),
    ("persons", "merged_into_id"),
)


def upgrade() -> None:
    for table, column in POINTERS:
        op.create_index(f"ix_{table}_{column}", table, [column], unique=False)


def downgrade() -> None:
    for table, column in reversed(POINTERS):
        op.drop_index(f"ix_{table}_{column}", table_name=table)

"""versions of names: campaigns, organisations and the network get their texts from a form, too"""

from __future__ import annotations

from alembic import op

revision = "0027"
down_revision = "0024"
branch_labels = None
depends_on = None

TABLES = ("campaigns", "organisations", "network")


def upgrade() -> None:
    for table in TABLES:
        check = f"CONSTRAINT ck_{table}_version_counts_up CHECK (version >= 1)"
        op.execute(f"ALTER TABLE {table} ADD COLUMN version INTEGER DEFAULT 1 NOT NULL {check}")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.execute(f"ALTER TABLE {table} DROP COLUMN version")

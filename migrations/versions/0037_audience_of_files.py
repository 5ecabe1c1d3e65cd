"""audience of files: who gets a file of an event, and which point of its agenda it belongs to"""

from __future__ import annotations

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE subject_files ADD COLUMN audience VARCHAR(40) DEFAULT 'inside' NOT NULL"
        " CONSTRAINT ck_subject_files_fileaudience CHECK (audience IN ('inside', 'guests', 'everybody'))"
    )
    op.execute("ALTER TABLE subject_files ADD COLUMN part INTEGER")


def downgrade() -> None:
    op.execute("ALTER TABLE subject_files DROP COLUMN part")
    op.execute("ALTER TABLE subject_files DROP COLUMN audience")

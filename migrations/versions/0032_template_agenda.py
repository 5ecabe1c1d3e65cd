"""template_agenda: a template keeps the points of the agenda

As in 0011 nothing makes a table anew, which on SQLite would lose the indexes of expressions (0007).
"""

from __future__ import annotations

from alembic import op

revision = "0032"
down_revision = "0055"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE event_templates ADD COLUMN points JSON DEFAULT '[]' NOT NULL")


def downgrade() -> None:
    op.execute("ALTER TABLE event_templates DROP COLUMN points")

"""sent forms: which form made which record, so that one sent again is met"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0023"
branch_labels = None
depends_on = None

TABLE = "sent_forms"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("once", sa.String(64), nullable=False),
        sa.Column("content", sa.String(64), nullable=False),
        sa.Column("subject_type", sa.String(40), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("page", sa.String(500), nullable=False),
        sa.Column("edit", sa.String(500), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sent_forms")),
        sa.UniqueConstraint("once", name=op.f("uq_sent_forms_once")),
    )
    op.create_index(op.f("ix_sent_forms_content"), TABLE, ["content"], unique=False)
    op.create_index(op.f("ix_sent_forms_made_at"), TABLE, ["made_at"], unique=False)


def downgrade() -> None:
    op.drop_table(TABLE)

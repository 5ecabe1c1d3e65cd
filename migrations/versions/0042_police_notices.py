"""police notices: that written notice of a protest was given, when and under which number"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

TABLE = "police_notices"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("event_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("number", sa.String(60), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_police_notices_version_counts_up")),
        sa.ForeignKeyConstraint(
            ["event_id"], ["events.id"], name=op.f("fk_police_notices_event_id_events"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_police_notices")),
    )


def downgrade() -> None:
    op.drop_table(TABLE)

"""bounces: where each mail bounces to, and what came back there"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("outgoing_mails", schema=None) as batch_op:
        batch_op.add_column(sa.Column("bounce_local", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("bounced_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("bounce_permanent", sa.Boolean(), nullable=True))
        batch_op.add_column(
            sa.Column("bounce_words", sa.String(length=500), nullable=False, server_default="")
        )
        batch_op.create_unique_constraint(batch_op.f("uq_outgoing_mails_bounce_local"), ["bounce_local"])
        batch_op.create_check_constraint("bounce_whole", "(bounced_at IS NULL) = (bounce_permanent IS NULL)")


def downgrade() -> None:
    with op.batch_alter_table("outgoing_mails", schema=None) as batch_op:
        batch_op.drop_constraint("bounce_whole", type_="check")
        batch_op.drop_constraint(batch_op.f("uq_outgoing_mails_bounce_local"), type_="unique")
        batch_op.drop_column("bounce_words")
        batch_op.drop_column("bounce_permanent")
        batch_op.drop_column("bounced_at")
        batch_op.drop_column("bounce_local")

"""personal feeds: the secret calendar address of each person, for the rights they had when they made it"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0032"
branch_labels = None
depends_on = None

TABLE = "personal_feeds"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("alarm_minutes", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_by", sa.String(120), nullable=False),
        sa.CheckConstraint("alarm_minutes >= 0", name=op.f("ck_personal_feeds_alarm_before")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_personal_feeds_user_id_users"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_personal_feeds_organisation_id_organisations"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_personal_feeds")),
        sa.UniqueConstraint("user_id", name=op.f("uq_personal_feeds_user_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_personal_feeds_token_hash")),
    )


def downgrade() -> None:
    op.drop_table(TABLE)

"""handed links: a guest's second link, handed over by a coordinator; answers say by whose link they came

In plain SQL where a column is made: see 0011.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0050"
branch_labels = None
depends_on = None

TABLE, LIVING = "handed_links", "uq_handed_links_living"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("invitation_id", sa.Integer(), nullable=False),
        sa.Column("nonce", sa.String(64), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        sa.Column("made_by", sa.String(200), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("revoked_at >= made_at", name=op.f("ck_handed_links_revoked_after_made")),
        sa.ForeignKeyConstraint(
            ["invitation_id"],
            ["invitations.id"],
            name=op.f("fk_handed_links_invitation_id_invitations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["users.id"], name=op.f("fk_handed_links_made_by_id_users"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handed_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_handed_links_token_hash")),
    )
    op.create_index(op.f("ix_handed_links_invitation_id"), TABLE, ["invitation_id"], unique=False)
    op.create_index(op.f("ix_handed_links_made_by_id"), TABLE, ["made_by_id"], unique=False)
    living = sa.text("revoked_at IS NULL")
    op.create_index(
        LIVING,
        TABLE,
        ["invitation_id", "made_by_id"],
        unique=True,
        sqlite_where=living,
        postgresql_where=living,
    )
    op.execute("ALTER TABLE given_answers ADD COLUMN handed_over_by VARCHAR(200) DEFAULT '' NOT NULL")


def downgrade() -> None:
    op.execute("ALTER TABLE given_answers DROP COLUMN handed_over_by")
    op.drop_table(TABLE)

"""sendings: what a person sent and can take back for a while, and the mails of it

In plain SQL where a column is made: see 0011.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0030"
branch_labels = None
depends_on = None

TABLE, MAILS, INDEX = "sendings", "outgoing_mails", "ix_outgoing_mails_sending_id"
KINDS = (
    *("invitations", "changes", "cancellation", "withdrawal", "reminders", "new_address", "message"),
    *("letter", "letter_elsewhere", "reply", "forward", "again"),
)


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(*KINDS, name="sendingkind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("subject_type", sa.String(40), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undo_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("form", sa.JSON(), nullable=True),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.CheckConstraint("undo_until > made_at", name=op.f("ck_sendings_undo_takes_time")),
        sa.ForeignKeyConstraint(
            ["by_id"], ["users.id"], name=op.f("fk_sendings_by_id_users"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sendings")),
    )
    op.create_index("ix_sendings_subject", TABLE, ["subject_type", "subject_id"], unique=False)
    op.create_index("ix_sendings_undo_until", TABLE, ["undo_until"], unique=False)
    op.create_index(op.f("ix_sendings_by_id"), TABLE, ["by_id"], unique=False)
    op.execute(
        f"ALTER TABLE {MAILS} ADD COLUMN sending_id INTEGER"
        " CONSTRAINT fk_outgoing_mails_sending_id_sendings REFERENCES sendings (id)"
    )
    op.create_index(INDEX, MAILS, ["sending_id"], unique=False)


def downgrade() -> None:
    op.drop_index(INDEX, MAILS)
    op.execute(f"ALTER TABLE {MAILS} DROP COLUMN sending_id")
    op.drop_table(TABLE)

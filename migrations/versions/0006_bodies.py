"""bodies: all that a mail says, with the history it quotes, beside its new words; mails found by their Message-ID"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("incoming_mails", schema=None) as batch_op:
        batch_op.add_column(sa.Column("body", sa.Text(), nullable=False, server_default=""))
        batch_op.create_index(batch_op.f("ix_incoming_mails_message_id"), ["message_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("incoming_mails", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_incoming_mails_message_id"))
        batch_op.drop_column("body")

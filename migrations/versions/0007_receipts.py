"""receipts: what an automatic answer answers, and indexes by which mails and guests are found by address

The indexes are of an expression, which SQLite's reflection cannot read: a later migration that makes one of these
tables anew (batch_alter_table) has to create them again.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ADDRESSES = (("invitations", "address"), ("letter_recipients", "address"), ("outgoing_mails", "to_address"))


def upgrade() -> None:
    op.add_column("outgoing_mails", sa.Column("thread", sa.JSON(none_as_null=True), nullable=True))
    for table, column in ADDRESSES:
        op.create_index(f"ix_{table}_{column}_lower", table, [sa.text(f"lower({column})")], unique=False)


def downgrade() -> None:
    for table, column in reversed(ADDRESSES):
        op.drop_index(f"ix_{table}_{column}_lower", table_name=table)
    op.drop_column("outgoing_mails", "thread")

"""mails in hand: which mails are being handed over, called off meanwhile, perhaps gone; who works, and since when

In plain SQL where columns are made: see 0011.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

MAILS, OF_GUESTS, BEATS = "outgoing_mails", "invitation_mails", "worker_beats"
OF_MAILS = (
    "in_turn BOOLEAN DEFAULT false NOT NULL",
    "handing_since {moment} CONSTRAINT ck_outgoing_mails_in_hand_while_sending"
    " CHECK (handing_since IS NULL OR state = 'sending')",
    "called_off_at {moment} CONSTRAINT ck_outgoing_mails_called_off_waits_no_more"
    " CHECK (called_off_at IS NULL OR state <> 'queued')",
    "perhaps_left BOOLEAN DEFAULT false NOT NULL",
)
OF_INVITATIONS = (
    "behind_id INTEGER CONSTRAINT fk_invitation_mails_behind_id_outgoing_mails REFERENCES outgoing_mails (id)",
    "otherwise_id INTEGER CONSTRAINT fk_invitation_mails_otherwise_id_mail_skeletons REFERENCES mail_skeletons (id)"
    " CONSTRAINT ck_invitation_mails_otherwise_behind_one"
    " CHECK (otherwise_id IS NULL OR behind_id IS NOT NULL)",
)


def upgrade() -> None:
    moment = "TIMESTAMP WITH TIME ZONE" if op.get_bind().dialect.name == "postgresql" else "DATETIME"
    for column in OF_MAILS:
        op.execute(f"ALTER TABLE {MAILS} ADD COLUMN {column.format(moment=moment)}")
    for column in OF_INVITATIONS:
        op.execute(f"ALTER TABLE {OF_GUESTS} ADD COLUMN {column}")
    op.execute("UPDATE outgoing_mails SET in_turn = true WHERE subject_type = 'invitations'")
    # Of these nobody knows how far their worker came.
    op.execute("UPDATE outgoing_mails SET handing_since = lease_until WHERE state = 'sending'")
    op.create_table(
        BEATS,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("instance", sa.String(length=80), nullable=False),
        sa.Column("version", sa.String(length=80), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker_beats")),
        sa.UniqueConstraint("instance", name=op.f("uq_worker_beats_instance")),
    )


def downgrade() -> None:
    """What was called off in a worker's hands stays called off: the code before would send it."""
    op.drop_table(BEATS)
    op.execute(
        "UPDATE outgoing_mails SET state = 'withdrawn', lease_until = NULL, lease_owner = NULL, handing_since = NULL"
        " WHERE state = 'sending' AND called_off_at IS NOT NULL"
    )
    for table, columns in ((OF_GUESTS, OF_INVITATIONS), (MAILS, OF_MAILS)):
        for column in reversed(columns):
            op.execute(f"ALTER TABLE {table} DROP COLUMN {column.split()[0]}")

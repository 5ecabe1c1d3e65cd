"""guest messages: what somebody writes to guests of an event in their own words, and to whom it went"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0042"
branch_labels = None
depends_on = None

MESSAGES, MAILS = "guest_messages", "guest_message_mails"


def _choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    op.create_table(
        MESSAGES,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("state", _choice("messagestate", "draft", "sent"), nullable=False),
        sa.Column("groups", sa.JSON(), nullable=False),
        sa.Column("reached", _choice("reached", "all", "arrived", "lost"), nullable=False),
        sa.Column("guests", sa.JSON(), nullable=False),
        sa.Column("subject_sq", sa.String(200), nullable=False),
        sa.Column("subject_en", sa.String(200), nullable=False),
        sa.Column("text_sq", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "(state = 'sent') = (sent_at IS NOT NULL)", name=op.f("ck_guest_messages_sent_message_has_time")
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_guest_messages_version_counts_up")),
        sa.ForeignKeyConstraint(
            ["event_id"], ["events.id"], name=op.f("fk_guest_messages_event_id_events"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guest_messages")),
    )
    op.create_index(op.f("ix_guest_messages_event_id"), MESSAGES, ["event_id"], unique=False)
    op.create_table(
        MAILS,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("invitation_id", sa.Integer(), nullable=False),
        sa.Column("mail_id", sa.Integer(), nullable=False),
        sa.Column(
            "group",
            _choice("guestgroup", "yes", "maybe", "substitute", "silent", "no", "withdrawn"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["guest_messages.id"],
            name=op.f("fk_guest_message_mails_message_id_guest_messages"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["invitation_id"],
            ["invitations.id"],
            name=op.f("fk_guest_message_mails_invitation_id_invitations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["mail_id"], ["outgoing_mails.id"], name=op.f("fk_guest_message_mails_mail_id_outgoing_mails")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guest_message_mails")),
        sa.UniqueConstraint(
            "message_id", "invitation_id", name=op.f("uq_guest_message_mails_message_id_invitation_id")
        ),
        sa.UniqueConstraint("mail_id", name=op.f("uq_guest_message_mails_mail_id")),
    )
    op.create_index(op.f("ix_guest_message_mails_invitation_id"), MAILS, ["invitation_id"], unique=False)


def downgrade() -> None:
    op.drop_table(MAILS)
    op.drop_table(MESSAGES)

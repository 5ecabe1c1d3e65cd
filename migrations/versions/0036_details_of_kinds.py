"""details of kinds: embargo, testimony, moderator, sides, no names, and the messages of who joined

As in 0011 nothing makes a table anew, which on SQLite would lose the indexes of expressions (0007).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0046"
branch_labels = None
depends_on = None

DETAILS = "event_details"


def upgrade() -> None:
    op.create_table(
        DETAILS,
        sa.Column("event_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("moderator", sa.String(160), nullable=False),
        sa.Column("sides", sa.Text(), nullable=False),
        sa.Column("embargo_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("testimony_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("testimony_sq", sa.Text(), nullable=False),
        sa.Column("testimony_en", sa.Text(), nullable=False),
        sa.Column("deputies", sa.Text(), nullable=False),
        sa.Column("council_number", sa.String(40), nullable=False),
        sa.Column("agenda_url", sa.String(500), nullable=False),
        sa.Column("took_part", sa.Integer(), nullable=True),
        sa.Column("took_part_roughly", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_event_details_version_counts_up")),
        sa.CheckConstraint(
            "took_part IS NULL OR took_part BETWEEN 0 AND 1000000",
            name=op.f("ck_event_details_people_are_counted"),
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["events.id"], name=op.f("fk_event_details_event_id_events"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_event_details")),
    )
    op.create_index(op.f("ix_event_details_embargo_until"), DETAILS, ["embargo_until"], unique=False)
    op.execute(
        "ALTER TABLE events ADD COLUMN no_names BOOLEAN DEFAULT false NOT NULL"
        " CONSTRAINT ck_events_no_names_at_actions CHECK (NOT no_names OR kind = 'protest')"
    )
    for name in ("message_sq", "message_en"):
        op.execute(f"ALTER TABLE supporters ADD COLUMN {name} TEXT DEFAULT '' NOT NULL")
    op.execute(
        "ALTER TABLE supporters ADD COLUMN version INTEGER DEFAULT 1 NOT NULL"
        " CONSTRAINT ck_supporters_version_counts_up CHECK (version >= 1)"
    )
    op.execute("ALTER TABLE invitations ADD COLUMN side VARCHAR(60) DEFAULT '' NOT NULL")


def downgrade() -> None:
    op.execute("ALTER TABLE invitations DROP COLUMN side")
    for name in ("version", "message_en", "message_sq"):
        op.execute(f"ALTER TABLE supporters DROP COLUMN {name}")
    op.execute("ALTER TABLE events DROP COLUMN no_names")
    op.drop_table(DETAILS)

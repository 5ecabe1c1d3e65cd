"""pauses: the mails about an event wait as long as somebody says so

In plain SQL where a column is made: see 0011.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True).compile(op.get_bind().dialect)
    op.execute(f"ALTER TABLE events ADD COLUMN mails_paused_at {moment}")
    op.execute(
        "ALTER TABLE events ADD COLUMN mails_paused_by_id INTEGER"
        " CONSTRAINT fk_events_mails_paused_by_id_users REFERENCES users (id)"
    )
    op.execute(
        f"ALTER TABLE outgoing_mails ADD COLUMN paused_at {moment}"
        " CONSTRAINT ck_outgoing_mails_paused_waits CHECK (paused_at IS NULL OR state <> 'sending')"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE outgoing_mails DROP COLUMN paused_at")
    op.execute("ALTER TABLE events DROP COLUMN mails_paused_by_id")
    op.execute("ALTER TABLE events DROP COLUMN mails_paused_at")

"""visibility: an event is a draft, internal or on the site; what is here keeps its state

As in 0011 nothing makes a table anew, which on SQLite would lose the indexes of expressions (0007).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0028"
branch_labels = None
depends_on = None

# What was once shown and then hidden may have been read: it counts as having been on the site.
SHOWN_BEFORE = """
    UPDATE events SET published_at = created_at WHERE NOT published AND EXISTS (
        SELECT 1 FROM history WHERE subject_type = 'events' AND subject_id = events.id
        AND action = 'event.changed' AND CAST(details AS TEXT) LIKE '%"published"%')
"""


def upgrade() -> None:
    moment = sa.DateTime(timezone=True).compile(op.get_bind().dialect)
    op.execute(
        "ALTER TABLE events ADD COLUMN visibility VARCHAR(40) DEFAULT 'draft' NOT NULL"
        " CONSTRAINT ck_events_eventvisibility CHECK (visibility IN ('draft', 'internal', 'public'))"
    )
    op.execute(
        f"ALTER TABLE events ADD COLUMN published_at {moment}"
        " CONSTRAINT ck_events_public_since CHECK (visibility <> 'public' OR published_at IS NOT NULL)"
    )
    op.execute("UPDATE events SET visibility = 'public', published_at = created_at WHERE published")
    op.execute("UPDATE events SET visibility = 'internal' WHERE NOT published")
    op.execute(SHOWN_BEFORE)
    op.execute("ALTER TABLE events DROP COLUMN published")


def downgrade() -> None:
    op.execute("ALTER TABLE events ADD COLUMN published BOOLEAN DEFAULT false NOT NULL")
    op.execute("UPDATE events SET published = true WHERE visibility = 'public'")
    op.execute("ALTER TABLE events DROP COLUMN published_at")
    op.execute("ALTER TABLE events DROP COLUMN visibility")

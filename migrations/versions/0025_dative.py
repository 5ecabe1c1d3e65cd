"""dative: whom a letter or invitation in Albanian is addressed to, and how a person is spoken to"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0019"
branch_labels = None
depends_on = None

IN_DATIVE = ("offices", "invitations", "letter_recipients")
SPOKEN_TO = ("persons", "invitations", "letter_recipients")
# In plain SQL: a table with an index of an expression is not copied (see 0011).
CHECK = "CONSTRAINT ck_{table}_formofaddress CHECK (form_of_address IN ('zoti', 'zonja'))"


def upgrade() -> None:
    for table in IN_DATIVE:
        op.execute(f"ALTER TABLE {table} ADD COLUMN dative VARCHAR(400) DEFAULT '' NOT NULL")
    for table in SPOKEN_TO:
        op.execute(f"ALTER TABLE {table} ADD COLUMN form_of_address VARCHAR(40) {CHECK.format(table=table)}")
    op.add_column("letters", sa.Column("greeted", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.execute("ALTER TABLE letters DROP COLUMN greeted")
    for table in reversed(IN_DATIVE):
        op.execute(f"ALTER TABLE {table} DROP COLUMN dative")
    for table in reversed(SPOKEN_TO):
        op.execute(f"ALTER TABLE {table} DROP COLUMN form_of_address")

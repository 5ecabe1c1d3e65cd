"""copies_and_days_off: who has a copy owes nothing unless asked, so has no due day; days off that people enter"""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

SCOPES = ("country", "state", "municipality")
recipients = sa.table(
    "letter_recipients",
    sa.column("id", sa.Integer),
    sa.column("role", sa.String),
    sa.column("clock_from", sa.Date),
    sa.column("due_on", sa.Date),
    sa.column("due_explained", sa.JSON(none_as_null=True)),
)


def upgrade() -> None:
    op.add_column(
        "letter_recipients", sa.Column("asks_answer", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    _let_copies_owe_nothing()
    op.create_table(
        "entered_days",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("off", sa.Boolean(), nullable=False),
        sa.Column(
            "scope",
            sa.Enum(*SCOPES, name="dayscope", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("municipality_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "(scope = 'municipality') = (municipality_id IS NOT NULL)",
            name=op.f("ck_entered_days_scope_has_place"),
        ),
        sa.CheckConstraint("source <> ''", name=op.f("ck_entered_days_has_source")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_entered_days_version_counts_up")),
        sa.ForeignKeyConstraint(
            ["municipality_id"],
            ["municipalities.id"],
            name=op.f("fk_entered_days_municipality_id_municipalities"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entered_days")),
    )
    op.create_index(
        "uq_entered_days_day_scope_place",
        "entered_days",
        ["day", "scope", sa.text("coalesce(municipality_id, 0)")],
        unique=True,
    )


def downgrade() -> None:
    op.drop_table("entered_days")
    # Not in a batch, which would make the table anew without its index on an expression. Clocks of copies stay stopped.
    op.execute("ALTER TABLE letter_recipients DROP COLUMN asks_answer")


def _let_copies_owe_nothing() -> None:
    """Take the due day from copies that arrived; when they did, and that it was on paper, is kept."""
    connection = op.get_bind()
    rows = sa.select(recipients).where(recipients.c.role == "cc", recipients.c.due_explained.is_not(None))
    for row in connection.execute(rows).mappings().all():
        explained: Any = row["due_explained"]
        explained = json.loads(explained) if isinstance(explained, str) else explained
        kept = {key: value for key, value in (explained or {}).items() if key in ("start", "by_hand")}
        connection.execute(
            recipients.update()
            .where(recipients.c.id == row["id"])
            .values(clock_from=None, due_on=None, due_explained=kept | {"informed": True})
        )
    connection.execute(
        recipients.update()
        .where(
            recipients.c.role == "cc", recipients.c.due_explained.is_(None), recipients.c.due_on.is_not(None)
        )
        .values(clock_from=None, due_on=None)
    )

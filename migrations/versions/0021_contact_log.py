"""contact log: what was said with an office or a person, whether anybody reads at an address; who wrote from where

In plain SQL where an index is of an expression: see 0011.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0018"
branch_labels = None
depends_on = None

LOG = "contact_log"
KINDS = ("call", "visit", "corridor", "message")
RESULTS = ("reached", "changed", "nobody", "again")
BELONGS_TO = (
    ("organisation_id", "organisations", None),
    ("institution_id", "institutions", None),
    ("office_id", "offices", None),
    ("person_id", "persons", None),
    ("writer_id", "users", "SET NULL"),
)
FROM_WHERE = "ix_incoming_mails_from_address_lower"


def _choice(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    op.create_table(
        LOG,
        sa.Column("id", sa.Integer(), nullable=False),
        *(sa.Column(column, sa.Integer(), nullable=True) for column, _table, _end in BELONGS_TO),
        sa.Column("kind", _choice("logkind", KINDS), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("hour", sa.Time(), nullable=True),
        sa.Column("with_whom", sa.String(length=200), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("checked_address", sa.String(length=254), nullable=True),
        sa.Column("result", _choice("checkresult", RESULTS), nullable=True),
        sa.Column("again_on", sa.Date(), nullable=True),
        sa.Column("writer_name", sa.String(length=200), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sort_key", sa.String(length=2000), nullable=False),
        sa.Column("search_key", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("once", sa.String(length=64), nullable=True),
        sa.CheckConstraint("version >= 1", name=op.f("ck_contact_log_version_counts_up")),
        sa.CheckConstraint(
            "institution_id IS NOT NULL OR office_id IS NOT NULL OR person_id IS NOT NULL",
            name=op.f("ck_contact_log_of_somebody"),
        ),
        sa.CheckConstraint(
            "(result IS NULL) = (checked_address IS NULL)", name=op.f("ck_contact_log_check_whole")
        ),
        sa.CheckConstraint(
            "again_on IS NULL OR result = 'again'", name=op.f("ck_contact_log_again_has_result")
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_contact_log_{column}_{table}"), ondelete=end
            )
            for column, table, end in BELONGS_TO
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_log")),
        sa.UniqueConstraint("once", name=op.f("uq_contact_log_once")),
    )
    for column, _table, _end in BELONGS_TO[:-1]:
        op.create_index(op.f(f"ix_contact_log_{column}"), LOG, [column], unique=False)
    op.create_index("ix_contact_log_checked", LOG, ["checked_address"], unique=False)
    op.create_index(op.f("ix_contact_log_sort_key"), LOG, ["sort_key"], unique=False)
    op.execute(f"CREATE INDEX {FROM_WHERE} ON incoming_mails (lower(from_address))")


def downgrade() -> None:
    op.drop_index(FROM_WHERE, table_name="incoming_mails")
    op.drop_table(LOG)

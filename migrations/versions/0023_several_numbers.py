"""several numbers: further phone numbers and post addresses with their use; an e-mail address for another use"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

DETAILS = "contact_details"
# The tables that addresses point at are not looked into: their indexes on expressions cannot be read back.
ALONE = {"resolve_fks": False}
ADDRESS_USES = ("main", "secretary", "protocol", "press")
KINDS = ("phone", "post")
USES = ("work", "mobile", "home", "secretary", "fax", "other")
BELONGS_TO = (
    ("institution_id", "institutions"),
    ("office_id", "offices"),
    ("person_id", "persons"),
    ("organisation_id", "organisations"),
)
OF_ONE_OWNER = (
    "(CASE WHEN institution_id IS NULL THEN 0 ELSE 1 END + CASE WHEN office_id IS NULL THEN 0 ELSE 1 END"
    " + CASE WHEN person_id IS NULL THEN 0 ELSE 1 END) = 1"
)


def _choice(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    op.create_table(
        DETAILS,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", _choice("detailkind", KINDS), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("use", _choice("detailuse", USES), nullable=False),
        *(sa.Column(column, sa.Integer(), nullable=True) for column, _table in BELONGS_TO),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_contact_details_version_counts_up")),
        sa.CheckConstraint(OF_ONE_OWNER, name=op.f("ck_contact_details_of_one_owner")),
        sa.CheckConstraint("value <> ''", name=op.f("ck_contact_details_says_something")),
        sa.CheckConstraint(
            "kind = 'phone' OR use IN ('work', 'home', 'other')",
            name=op.f("ck_contact_details_post_has_no_line"),
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_contact_details_{column}_{table}")
            )
            for column, table in BELONGS_TO
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_details")),
    )
    for column, _table in BELONGS_TO:
        op.create_index(op.f(f"ix_contact_details_{column}"), DETAILS, [column], unique=False)
    _allow_uses(*ADDRESS_USES, "other")


def downgrade() -> None:
    op.execute("UPDATE addresses SET use = 'main' WHERE use = 'other'")
    _allow_uses(*ADDRESS_USES)
    op.drop_table(DETAILS)


def _allow_uses(*uses: str) -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    with op.batch_alter_table("addresses", reflect_kwargs=ALONE) as batch_op:
        batch_op.drop_constraint("addressuse", type_="check")
        batch_op.create_check_constraint("addressuse", f"use IN ({', '.join(map(repr, uses))})")
        if on_sqlite:
            batch_op.drop_constraint("version_counts_up", type_="check")
    if on_sqlite:
        _carry_version_check()


def _carry_version_check() -> None:
    """The table made anew would hold the CHECK of ``version`` itself, and the column could not be dropped (0011)."""
    check = "CONSTRAINT ck_addresses_version_counts_up CHECK (counted >= 1)"
    op.execute(f"ALTER TABLE addresses ADD COLUMN counted INTEGER DEFAULT 1 NOT NULL {check}")
    op.execute("UPDATE addresses SET counted = version")
    op.execute("ALTER TABLE addresses DROP COLUMN version")
    op.execute("ALTER TABLE addresses RENAME COLUMN counted TO version")

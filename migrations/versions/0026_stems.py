"""stems of what is searched, kept and indexed; search keys folded anew, as signs and some letters now fold

Both are computed by the code of today; whoever changes :mod:`core.stems` or the folding writes them anew.
"""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

from pop_campaigns.core.stems import stems_in
from pop_campaigns.core.text import fold

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

STEMMED = ("contact_log", "events", "institutions", "letters", "offices", "persons")
SEARCHED = (*STEMMED, "campaigns", "contact_lists", "municipalities", "organisations")
AT_ONCE = 5_000


def upgrade() -> None:
    for name in STEMMED:
        op.create_table(
            f"stems_of_{name}",
            sa.Column("stem", sa.String(length=40), nullable=False),
            sa.Column("row_id", sa.Integer(), nullable=False),
            sa.ForeignKeyConstraint(
                ["row_id"], [f"{name}.id"], name=op.f(f"fk_stems_of_{name}_row_id_{name}"), ondelete="CASCADE"
            ),
            sa.PrimaryKeyConstraint("stem", "row_id", name=op.f(f"pk_stems_of_{name}")),
            sqlite_with_rowid=False,
        )
    for name in SEARCHED:
        for rows in _keys(name):
            _fold(name, rows)
            if name in STEMMED:
                _fill(name, rows)
    for name in STEMMED:
        op.create_index(op.f(f"ix_stems_of_{name}_row_id"), f"stems_of_{name}", ["row_id"])


def downgrade() -> None:
    for name in STEMMED:
        op.drop_table(f"stems_of_{name}")


def _keys(name: str) -> Iterator[list[tuple[int, str]]]:
    """Give the numbers and search keys of a table, so many at a time."""
    table, last = sa.table(name, sa.column("id"), sa.column("search_key")), 0
    rows = sa.select(table.c.id, table.c.search_key).order_by(table.c.id).limit(AT_ONCE)
    while found := op.get_bind().execute(rows.where(table.c.id > last)).all():
        yield [(ident, key) for ident, key in found]
        last = found[-1][0]


def _fold(name: str, rows: list[tuple[int, str]]) -> None:
    table = sa.table(name, sa.column("id"), sa.column("search_key"))
    change = (
        sa.update(table).where(table.c.id == sa.bindparam("ident")).values(search_key=sa.bindparam("key"))
    )
    changed = [{"ident": ident, "key": key} for ident, old in rows if (key := fold(old)) != old]
    if changed:
        op.get_bind().execute(change, changed)


def _fill(name: str, rows: list[tuple[int, str]]) -> None:
    stems = [{"stem": stem, "row_id": ident} for ident, key in rows for stem in stems_in(key)]
    if stems:
        # In the order of the table's own key: each row goes to where the last one went.
        stems.sort(key=lambda row: (row["stem"], row["row_id"]))
        op.get_bind().execute(
            sa.insert(sa.table(f"stems_of_{name}", sa.column("stem"), sa.column("row_id"))), stems
        )

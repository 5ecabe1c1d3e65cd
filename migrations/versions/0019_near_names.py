"""near names: by what those of a like name are found

The keys of the names that are there are computed by the code of today; whoever changes :mod:`core.names` writes them anew.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pop_campaigns.core.names import institution_key, person_keys

revision = "0019"
down_revision = "0021"
branch_labels = None
depends_on = None

PERSON_KEYS = ("name_key_first", "name_key_last", "name_key_other")
AT_ONCE = 1000


def upgrade() -> None:
    for name in PERSON_KEYS:
        op.execute(f"ALTER TABLE persons ADD COLUMN {name} VARCHAR(40) DEFAULT '' NOT NULL")
        op.create_index(op.f(f"ix_persons_{name}"), "persons", [name])
    op.execute("ALTER TABLE institutions ADD COLUMN name_key VARCHAR(200) DEFAULT '' NOT NULL")
    op.create_index(op.f("ix_institutions_name_key"), "institutions", ["name_key"])
    _fill_keys()


def downgrade() -> None:
    op.drop_index(op.f("ix_institutions_name_key"), "institutions")
    op.execute("ALTER TABLE institutions DROP COLUMN name_key")
    for name in reversed(PERSON_KEYS):
        op.drop_index(op.f(f"ix_persons_{name}"), "persons")
        op.execute(f"ALTER TABLE persons DROP COLUMN {name}")


def _fill_keys() -> None:
    connection = op.get_bind()
    persons = sa.table("persons", *map(sa.column, ("id", "name", "name_as_printed", *PERSON_KEYS)))
    rows = connection.execute(sa.select(persons.c.id, persons.c.name, persons.c.name_as_printed)).all()
    change = sa.update(persons).where(persons.c.id == sa.bindparam("ident"))
    values = [
        {"ident": ident} | dict(zip(PERSON_KEYS, person_keys(name, printed), strict=True))
        for ident, name, printed in rows
    ]
    for start in range(0, len(values), AT_ONCE):
        connection.execute(change, values[start : start + AT_ONCE])
    institutions = sa.table("institutions", *map(sa.column, ("id", "name_sq", "name_key")))
    for ident, name in connection.execute(sa.select(institutions.c.id, institutions.c.name_sq)).all():
        of_one = sa.update(institutions).where(institutions.c.id == ident)
        connection.execute(of_one.values(name_key=institution_key(name)))

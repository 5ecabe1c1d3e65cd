"""imports: the sheets of a workbook that may be meant, and rows as bytes while their encoding may be chosen"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("contact_imports", sa.Column("sheets", sa.JSON(), server_default="[]", nullable=False))
    op.add_column("contact_imports", sa.Column("sheet", sa.Integer(), server_default="0", nullable=True))
    op.add_column("contact_imports", sa.Column("raw_columns", sa.JSON(), nullable=True))
    with op.batch_alter_table("import_rows") as table:
        table.add_column(sa.Column("sheet", sa.Integer(), server_default="0", nullable=False))
        table.add_column(sa.Column("raw", sa.JSON(), nullable=True))
        table.drop_constraint("uq_import_rows_import_id_number", type_="unique")
        table.create_unique_constraint(
            "uq_import_rows_import_id_sheet_number", ["import_id", "sheet", "number"]
        )


def downgrade() -> None:
    # Of a file with several sheets only the one that was taken has a place.
    op.execute(
        "DELETE FROM import_rows WHERE sheet <> coalesce("
        "(SELECT contact_imports.sheet FROM contact_imports WHERE contact_imports.id = import_rows.import_id), 0)"
    )
    with op.batch_alter_table("import_rows") as table:
        table.drop_constraint("uq_import_rows_import_id_sheet_number", type_="unique")
        table.create_unique_constraint("uq_import_rows_import_id_number", ["import_id", "number"])
        table.drop_column("raw")
        table.drop_column("sheet")
    for column in ("raw_columns", "sheet", "sheets"):
        op.drop_column("contact_imports", column)

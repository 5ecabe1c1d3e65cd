"""files_and_reminders: files that belong to something, with a link each; reminders people set themselves"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

DELIVERIES = ("in_mail", "as_link")


def upgrade() -> None:
    op.create_table(
        "subject_files",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subject_type", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column(
            "delivery",
            sa.Enum(*DELIVERIES, name="filedelivery", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("link_nonce", sa.String(length=64), nullable=False),
        sa.Column("link_hash", sa.String(length=64), nullable=False),
        sa.Column("attached_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("position >= 1", name=op.f("ck_subject_files_position_counts_up")),
        sa.CheckConstraint("label <> ''", name=op.f("ck_subject_files_has_label")),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_files.id"], name=op.f("fk_subject_files_file_id_stored_files")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subject_files")),
        sa.UniqueConstraint("link_hash", name=op.f("uq_subject_files_link_hash")),
        sa.UniqueConstraint("link_nonce", name=op.f("uq_subject_files_link_nonce")),
        sa.UniqueConstraint(
            "subject_type",
            "subject_id",
            "position",
            name=op.f("uq_subject_files_subject_type_subject_id_position"),
        ),
    )
    op.create_index("ix_subject_files_file_id", "subject_files", ["file_id"])
    op.create_table(
        "follow_ups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("assignee_id", sa.Integer(), nullable=True),
        sa.Column("subject_type", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("why", sa.String(length=300), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("once", sa.String(length=64), nullable=True),
        sa.CheckConstraint("version >= 1", name=op.f("ck_follow_ups_version_counts_up")),
        sa.CheckConstraint(
            "done_by_id IS NULL OR done_at IS NOT NULL", name=op.f("ck_follow_ups_done_by_when_done")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_follow_ups_organisation_id_organisations"),
        ),
        sa.ForeignKeyConstraint(
            ["assignee_id"], ["users.id"], name=op.f("fk_follow_ups_assignee_id_users"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["users.id"], name=op.f("fk_follow_ups_made_by_id_users"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["done_by_id"], ["users.id"], name=op.f("fk_follow_ups_done_by_id_users"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_ups")),
        sa.UniqueConstraint("once", name=op.f("uq_follow_ups_once")),
    )
    op.create_index("ix_follow_ups_organisation_id", "follow_ups", ["organisation_id"])
    op.create_index("ix_follow_ups_assignee_id", "follow_ups", ["assignee_id"])
    op.create_index("ix_follow_ups_subject", "follow_ups", ["subject_type", "subject_id"])
    op.create_index("ix_follow_ups_due", "follow_ups", ["done_at", "due_on"])


def downgrade() -> None:
    op.drop_table("follow_ups")
    op.drop_table("subject_files")

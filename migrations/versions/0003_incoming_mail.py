"""incoming mail: the raw message, what it was found to be, to what it belongs; answers entered by hand, proposals"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "incoming_mails",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "way",
            sa.Enum(
                "pipe",
                "listener",
                "imap",
                "upload",
                name="incomingway",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("envelope_from", sa.String(length=320), nullable=False),
        sa.Column("envelope_to", sa.String(length=320), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "received",
                "matched",
                "held",
                "ignored",
                name="incomingstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "calendar",
                "bounce",
                "feedback",
                "receipt",
                "auto",
                "human",
                "unparsed",
                name="incomingkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("message_id", sa.String(length=998), nullable=False),
        sa.Column("subject", sa.String(length=1000), nullable=False),
        sa.Column("from_address", sa.String(length=320), nullable=False),
        sa.Column("from_name", sa.String(length=200), nullable=False),
        sa.Column("dated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("calendar", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("bounce", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("attachments", sa.JSON(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ignored_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ignored_by", sa.String(length=200), nullable=False),
        sa.Column("ignored_reason", sa.String(length=300), nullable=False),
        sa.Column("duplicate_of_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(state = 'ignored') = (ignored_at IS NOT NULL)", name=op.f("ck_incoming_mails_ignored_has_time")
        ),
        sa.CheckConstraint(
            "(state = 'received') = (kind IS NULL)", name=op.f("ck_incoming_mails_read_has_kind")
        ),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_incoming_mails_incoming_attempts_count_up")),
        sa.ForeignKeyConstraint(
            ["duplicate_of_id"],
            ["incoming_mails.id"],
            name=op.f("fk_incoming_mails_duplicate_of_id_incoming_mails"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_incoming_mails_organisation_id_organisations"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incoming_mails")),
        sa.UniqueConstraint("sha256", "envelope_to", name=op.f("uq_incoming_mails_sha256_envelope_to")),
    )
    with op.batch_alter_table("incoming_mails", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_incoming_mails_organisation_id"), ["organisation_id"], unique=False
        )
        batch_op.create_index("ix_incoming_mails_state", ["state", "id"], unique=False)

    op.create_table(
        "incoming_links",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incoming_mail_id", sa.Integer(), nullable=False),
        sa.Column("subject_type", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("how", sa.String(length=20), nullable=False),
        sa.Column("suggested", sa.Boolean(), nullable=False),
        sa.Column("linked_by", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["incoming_mail_id"],
            ["incoming_mails.id"],
            name=op.f("fk_incoming_links_incoming_mail_id_incoming_mails"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incoming_links")),
        sa.UniqueConstraint(
            "incoming_mail_id",
            "subject_type",
            "subject_id",
            name=op.f("uq_incoming_links_incoming_mail_id_subject_type_subject_id"),
        ),
    )
    with op.batch_alter_table("incoming_links", schema=None) as batch_op:
        batch_op.create_index("ix_incoming_links_subject", ["subject_type", "subject_id"], unique=False)

    op.create_table(
        "time_proposals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("invitation_id", sa.Integer(), nullable=False),
        sa.Column("incoming_mail_id", sa.Integer(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("event_sequence", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (accepted IS NULL)", name=op.f("ck_time_proposals_decision_whole")
        ),
        sa.CheckConstraint(
            "ends_at IS NULL OR ends_at > starts_at", name=op.f("ck_time_proposals_proposal_ends_after_start")
        ),
        sa.ForeignKeyConstraint(
            ["incoming_mail_id"],
            ["incoming_mails.id"],
            name=op.f("fk_time_proposals_incoming_mail_id_incoming_mails"),
        ),
        sa.ForeignKeyConstraint(
            ["invitation_id"],
            ["invitations.id"],
            name=op.f("fk_time_proposals_invitation_id_invitations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_time_proposals")),
        sa.UniqueConstraint("incoming_mail_id", name=op.f("uq_time_proposals_incoming_mail_id")),
    )
    with op.batch_alter_table("time_proposals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_time_proposals_invitation_id"), ["invitation_id"], unique=False)

    with op.batch_alter_table("given_answers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("incoming_mail_id", sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column(
                "told_how",
                sa.Enum(
                    "phone",
                    "paper",
                    "in_person",
                    "mail",
                    name="toldhow",
                    native_enum=False,
                    create_constraint=True,
                    length=40,
                ),
                nullable=True,
            )
        )
        batch_op.add_column(
            sa.Column("recorded_by", sa.String(length=200), nullable=False, server_default="")
        )
        batch_op.add_column(sa.Column("scan_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_given_answers_scan_id_stored_files"), "stored_files", ["scan_id"], ["id"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_given_answers_incoming_mail_id_incoming_mails"),
            "incoming_mails",
            ["incoming_mail_id"],
            ["id"],
        )


def downgrade() -> None:
    with op.batch_alter_table("given_answers", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_given_answers_incoming_mail_id_incoming_mails"), type_="foreignkey"
        )
        batch_op.drop_constraint(batch_op.f("fk_given_answers_scan_id_stored_files"), type_="foreignkey")
        batch_op.drop_column("scan_id")
        batch_op.drop_column("recorded_by")
        batch_op.drop_constraint("toldhow", type_="check")
        batch_op.drop_column("told_how")
        batch_op.drop_column("incoming_mail_id")

    with op.batch_alter_table("time_proposals", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_time_proposals_invitation_id"))

    op.drop_table("time_proposals")
    with op.batch_alter_table("incoming_links", schema=None) as batch_op:
        batch_op.drop_index("ix_incoming_links_subject")

    op.drop_table("incoming_links")
    with op.batch_alter_table("incoming_mails", schema=None) as batch_op:
        batch_op.drop_index("ix_incoming_mails_state")
        batch_op.drop_index(batch_op.f("ix_incoming_mails_organisation_id"))

    op.drop_table("incoming_mails")

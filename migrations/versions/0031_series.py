"""series: templates of events, and series of them that are proposed to the chapters"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "event_templates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "confrontation",
                "hearing",
                "press_conference",
                "round_table",
                "meeting",
                "public_forum",
                "council_session",
                "protest",
                name="eventkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "format",
            sa.Enum(
                "in_person",
                "online",
                "hybrid",
                name="eventformat",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("title_sq", sa.String(length=200), nullable=False),
        sa.Column("title_en", sa.String(length=200), nullable=False),
        sa.Column("description_sq", sa.Text(), nullable=False),
        sa.Column("description_en", sa.Text(), nullable=False),
        sa.Column("note_sq", sa.Text(), nullable=False),
        sa.Column("note_en", sa.Text(), nullable=False),
        sa.Column("begins", sa.Time(), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("municipality_id", sa.Integer(), nullable=True),
        sa.Column("campaign_id", sa.Integer(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("once", sa.String(length=64), nullable=True),
        sa.CheckConstraint("name <> ''", name=op.f("ck_event_templates_has_name")),
        sa.CheckConstraint(
            "minutes IS NULL OR minutes BETWEEN 1 AND 10080",
            name=op.f("ck_event_templates_lasts_up_to_a_week"),
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_event_templates_campaign_id_campaigns")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id"],
            ["municipalities.id"],
            name=op.f("fk_event_templates_municipality_id_municipalities"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_event_templates_organisation_id_organisations"),
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_event_templates_version_counts_up")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_templates")),
        sa.UniqueConstraint("once", name=op.f("uq_event_templates_once")),
    )
    op.create_index(
        op.f("ix_event_templates_organisation_id"), "event_templates", ["organisation_id"], unique=False
    )

    op.create_table(
        "event_series",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("template_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("once", sa.String(length=64), nullable=True),
        sa.CheckConstraint("name <> ''", name=op.f("ck_event_series_has_name")),
        sa.CheckConstraint("last_day >= first_day", name=op.f("ck_event_series_period_in_order")),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_event_series_organisation_id_organisations"),
        ),
        sa.ForeignKeyConstraint(
            ["template_id"], ["event_templates.id"], name=op.f("fk_event_series_template_id_event_templates")
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_event_series_version_counts_up")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_series")),
        sa.UniqueConstraint("once", name=op.f("uq_event_series_once")),
    )
    op.create_index(
        op.f("ix_event_series_organisation_id"), "event_series", ["organisation_id"], unique=False
    )
    op.create_index(op.f("ix_event_series_template_id"), "event_series", ["template_id"], unique=False)

    op.create_table(
        "event_template_offices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("template_id", sa.Integer(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.ForeignKeyConstraint(
            ["office_id"], ["offices.id"], name=op.f("fk_event_template_offices_office_id_offices")
        ),
        sa.ForeignKeyConstraint(
            ["template_id"],
            ["event_templates.id"],
            name=op.f("fk_event_template_offices_template_id_event_templates"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_template_offices")),
        sa.UniqueConstraint(
            "template_id", "office_id", name=op.f("uq_event_template_offices_template_id_office_id")
        ),
    )
    op.create_index(
        op.f("ix_event_template_offices_office_id"), "event_template_offices", ["office_id"], unique=False
    )

    op.create_table(
        "series_proposals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "proposed",
                "accepted",
                "declined",
                name="proposalstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "(state = 'proposed') = (decided_at IS NULL)", name=op.f("ck_series_proposals_decision_has_time")
        ),
        sa.CheckConstraint(
            "event_id IS NULL OR state = 'accepted'", name=op.f("ck_series_proposals_event_of_accepted")
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["events.id"], name=op.f("fk_series_proposals_event_id_events"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_series_proposals_organisation_id_organisations"),
        ),
        sa.ForeignKeyConstraint(
            ["series_id"],
            ["event_series.id"],
            name=op.f("fk_series_proposals_series_id_event_series"),
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_series_proposals_version_counts_up")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series_proposals")),
        sa.UniqueConstraint("event_id", name=op.f("uq_series_proposals_event_id")),
        sa.UniqueConstraint(
            "series_id", "organisation_id", name=op.f("uq_series_proposals_series_id_organisation_id")
        ),
    )
    op.create_index(
        op.f("ix_series_proposals_organisation_id"), "series_proposals", ["organisation_id"], unique=False
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_series_proposals_organisation_id"), table_name="series_proposals")

    op.drop_table("series_proposals")
    op.drop_index(op.f("ix_event_template_offices_office_id"), table_name="event_template_offices")

    op.drop_table("event_template_offices")
    op.drop_index(op.f("ix_event_series_template_id"), table_name="event_series")
    op.drop_index(op.f("ix_event_series_organisation_id"), table_name="event_series")

    op.drop_table("event_series")
    op.drop_index(op.f("ix_event_templates_organisation_id"), table_name="event_templates")

    op.drop_table("event_templates")

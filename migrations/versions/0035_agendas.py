"""agendas: the points of an event, and what became of each"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0045"
branch_labels = None
depends_on = None

AGENDAS, POINTS = "agendas", "agenda_points"


def upgrade() -> None:
    op.create_table(
        AGENDAS,
        sa.Column("event_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_agendas_version_counts_up")),
        sa.ForeignKeyConstraint(
            ["event_id"], ["events.id"], name=op.f("fk_agendas_event_id_events"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_agendas")),
    )
    op.create_table(
        POINTS,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("clock", sa.Time(), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("title_sq", sa.String(200), nullable=False),
        sa.Column("title_en", sa.String(200), nullable=False),
        sa.Column("words_sq", sa.Text(), nullable=False),
        sa.Column("words_en", sa.Text(), nullable=False),
        sa.Column("speaker", sa.String(160), nullable=False),
        sa.Column("speaker_office_id", sa.Integer(), nullable=True),
        sa.Column("put_to_id", sa.Integer(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "planned", "discussed", "left_out",
                name="pointstate", native_enum=False, create_constraint=True, length=40,
            ),
            nullable=False,
        ),
        sa.Column("office_answer", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("once", sa.String(64), nullable=True),
        sa.CheckConstraint("version >= 1", name=op.f("ck_agenda_points_version_counts_up")),
        sa.CheckConstraint("position >= 1", name=op.f("ck_agenda_points_position_counts_up")),
        sa.CheckConstraint("title_sq <> ''", name=op.f("ck_agenda_points_has_title")),
        sa.CheckConstraint(
            "minutes IS NULL OR minutes BETWEEN 1 AND 720", name=op.f("ck_agenda_points_takes_some_time")
        ),
        sa.CheckConstraint(
            "office_answer = '' OR put_to_id IS NOT NULL", name=op.f("ck_agenda_points_answered_by_an_office")
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["events.id"], name=op.f("fk_agenda_points_event_id_events"), ondelete="CASCADE"
        ),
        *(
            sa.ForeignKeyConstraint([column], ["offices.id"], name=op.f(f"fk_agenda_points_{column}_offices"))
            for column in ("speaker_office_id", "put_to_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agenda_points")),
        sa.UniqueConstraint("once", name=op.f("uq_agenda_points_once")),
    )  # fmt: skip
    op.create_index("ix_agenda_points_event", POINTS, ["event_id", "position", "id"], unique=False)
    for column in ("speaker_office_id", "put_to_id"):
        op.create_index(op.f(f"ix_agenda_points_{column}"), POINTS, [column], unique=False)


def downgrade() -> None:
    op.drop_table(POINTS)
    op.drop_table(AGENDAS)

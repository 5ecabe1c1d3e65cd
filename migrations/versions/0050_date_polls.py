"""date polls: times put to the guests of an event, who can when, and which guests have to be there"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Plainly: a rebuilt table would lose its indexes on expressions.
    op.add_column(
        "invitations", sa.Column("required", sa.Boolean(), server_default=sa.true(), nullable=False)
    )
    op.create_table(
        "date_polls",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _of("date_polls", "event_id", "events"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_date_polls")),
        sa.UniqueConstraint("event_id", name=op.f("uq_date_polls_event_id")),
    )
    _make_slots()
    op.create_table(
        "asked_guests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("poll_id", sa.Integer(), nullable=False),
        sa.Column("invitation_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        _of("asked_guests", "invitation_id", "invitations"),
        _of("asked_guests", "poll_id", "date_polls"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asked_guests")),
        sa.UniqueConstraint("invitation_id", name=op.f("uq_asked_guests_invitation_id")),
    )
    op.create_index(op.f("ix_asked_guests_poll_id"), "asked_guests", ["poll_id"], unique=False)
    _make_answers()


def _make_slots() -> None:
    op.create_table(
        "date_slots",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("poll_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("chosen_by", sa.String(200), nullable=False),
        sa.Column("before", sa.JSON(none_as_null=True), nullable=True),
        sa.CheckConstraint(
            "(chosen_at IS NULL) = (before IS NULL)", name=op.f("ck_date_slots_chosen_slot_knows_before")
        ),
        sa.CheckConstraint(
            "chosen_at IS NULL OR removed_at IS NULL", name=op.f("ck_date_slots_chosen_slot_stands")
        ),
        sa.CheckConstraint(
            "ends_at IS NULL OR ends_at > starts_at", name=op.f("ck_date_slots_slot_ends_after_start")
        ),
        _of("date_slots", "poll_id", "date_polls"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_date_slots")),
    )
    op.create_index(op.f("ix_date_slots_poll_id"), "date_slots", ["poll_id"], unique=False)
    _only_one("uq_date_slots_chosen", ["poll_id"], "chosen_at IS NOT NULL")
    _only_one("uq_date_slots_standing", ["poll_id", "starts_at"], "removed_at IS NULL")


def _make_answers() -> None:
    op.create_table(
        "slot_answers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slot_id", sa.Integer(), nullable=False),
        sa.Column("invitation_id", sa.Integer(), nullable=False),
        sa.Column("says", _choice("says", "yes", "maybe", "no"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel", _choice("slot_channel", "link", "calendar", "by_hand"), nullable=False),
        sa.Column("told_how", _choice("slot_told_how", "phone", "paper", "in_person", "mail"), nullable=True),
        sa.Column("recorded_by", sa.String(200), nullable=False),
        sa.Column("incoming_mail_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(channel = 'by_hand') = (recorded_by <> '')", name=op.f("ck_slot_answers_by_hand_of_somebody")
        ),
        sa.CheckConstraint(
            "(channel = 'by_hand') = (told_how IS NOT NULL)", name=op.f("ck_slot_answers_told_by_hand")
        ),
        sa.CheckConstraint(
            "incoming_mail_id IS NULL OR channel = 'by_hand'",
            name=op.f("ck_slot_answers_mail_read_by_somebody"),
        ),
        sa.ForeignKeyConstraint(
            ["incoming_mail_id"],
            ["incoming_mails.id"],
            name=op.f("fk_slot_answers_incoming_mail_id_incoming_mails"),
        ),
        _of("slot_answers", "invitation_id", "invitations"),
        _of("slot_answers", "slot_id", "date_slots"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slot_answers")),
        sa.UniqueConstraint("slot_id", "invitation_id", name=op.f("uq_slot_answers_slot_id_invitation_id")),
    )
    op.create_index(op.f("ix_slot_answers_invitation_id"), "slot_answers", ["invitation_id"], unique=False)


def _of(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete="CASCADE")


def _choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def _only_one(name: str, columns: list[str], where: str) -> None:
    on_both: dict[str, Any] = {"sqlite_where": sa.text(where), "postgresql_where": sa.text(where)}
    op.create_index(name, "date_slots", columns, unique=True, **on_both)


def downgrade() -> None:
    for table in ("slot_answers", "asked_guests", "date_slots", "date_polls"):
        op.drop_table(table)
    op.drop_column("invitations", "required")

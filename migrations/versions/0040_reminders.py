"""reminders: by which rules the guests of an event are reminded, what was decided of each, how often its start was moved

Events to come get the rules that new ones have, from now on: none of them reaches back.
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0035"
branch_labels = None
depends_on = None

RULES, REMINDERS, OF_GUESTS = "reminder_rules", "reminders", "invitation_mails"
PURPOSES = ("request", "change", "cancellation", "reminder")
REASONS = (
    "new_rule", "told_later", "answered", "not_coming", "answered_later", "proposes", "not_wanted", "unreachable",
    "too_late", "overtaken", "one_a_day", "cancelled", "begun", "withdrawn", "changed", "stopped",
)  # fmt: skip
DEFAULTS = (("yes", 7), ("silent", 5), ("silent", 2), ("yes", 1))
HOUR = 10


def _choice(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    check = "CONSTRAINT ck_events_date_version_counts_up CHECK (date_version >= 0)"
    op.execute(f"ALTER TABLE events ADD COLUMN date_version INTEGER DEFAULT 0 NOT NULL {check}")
    _allow_purposes(PURPOSES, (*PURPOSES, "attending"))
    rules = op.create_table(
        RULES,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("audience", _choice("audience", ("yes", "silent")), nullable=False),
        sa.Column("days_before", sa.Integer(), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        _moment("created_at"),
        _moment("holds_from"),
        _moment("stopped_at", nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_reminder_rules_version_counts_up")),
        sa.CheckConstraint("days_before BETWEEN 1 AND 60", name=op.f("ck_reminder_rules_days_before_start")),
        sa.CheckConstraint("hour BETWEEN 0 AND 23", name=op.f("ck_reminder_rules_hour_of_day")),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["events.id"],
            name=op.f("fk_reminder_rules_event_id_events"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder_rules")),
        sa.UniqueConstraint(
            "event_id",
            "audience",
            "days_before",
            name=op.f("uq_reminder_rules_event_id_audience_days_before"),
        ),
    )
    op.create_table(
        REMINDERS,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("invitation_id", sa.Integer(), nullable=False),
        sa.Column("rule_id", sa.Integer(), nullable=False),
        sa.Column("date_version", sa.Integer(), nullable=False),
        _moment("due_at"),
        _moment("decided_at"),
        sa.Column("outcome", _choice("reminderoutcome", ("made", "not_needed", "dropped")), nullable=False),
        sa.Column("reason", _choice("reminderreason", REASONS), nullable=True),
        sa.Column("mail_id", sa.Integer(), nullable=True),
        sa.Column("late", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("pressed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.CheckConstraint(
            "(outcome = 'made') = (reason IS NULL)", name=op.f("ck_reminders_no_mail_has_reason")
        ),
        sa.CheckConstraint(
            "outcome <> 'made' OR mail_id IS NOT NULL", name=op.f("ck_reminders_made_has_mail")
        ),
        sa.ForeignKeyConstraint(
            ["invitation_id"],
            ["invitations.id"],
            name=op.f("fk_reminders_invitation_id_invitations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["rule_id"],
            ["reminder_rules.id"],
            name=op.f("fk_reminders_rule_id_reminder_rules"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["mail_id"], ["outgoing_mails.id"], name=op.f("fk_reminders_mail_id_outgoing_mails")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminders")),
        sa.UniqueConstraint(
            "invitation_id",
            "rule_id",
            "date_version",
            name=op.f("uq_reminders_invitation_id_rule_id_date_version"),
        ),
        sa.UniqueConstraint("mail_id", name=op.f("uq_reminders_mail_id")),
    )
    op.create_index(op.f("ix_reminders_rule_id"), REMINDERS, ["rule_id"], unique=False)
    _give_rules(rules)


def downgrade() -> None:
    """Reminders to those who come are kept as reminders; rules and what was decided are forgotten."""
    op.drop_index(op.f("ix_reminders_rule_id"), table_name=REMINDERS)
    op.drop_table(REMINDERS)
    op.drop_table(RULES)
    # Numbered on from the others of the same guest and sequence.
    op.execute(
        "UPDATE invitation_mails SET copy = copy + 1000, purpose = 'reminder' WHERE purpose = 'attending'"
    )
    _allow_purposes((*PURPOSES, "attending"), PURPOSES)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE events DROP CONSTRAINT ck_events_date_version_counts_up")
    op.execute("ALTER TABLE events DROP COLUMN date_version")


def _allow_purposes(before: tuple[str, ...], after: tuple[str, ...]) -> None:
    """Let the CHECK allow other values.

    On SQLite in the schema's own words, as its documentation allows for CHECKs ("Making Other Kinds Of Table Schema
    Changes"): a table made anew would hold the constraints of 0018 otherwise than it can take them back.
    """
    was, holds = (f"purpose IN ({', '.join(map(repr, values))})" for values in (before, after))
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        name = f"ck_{OF_GUESTS}_mailpurpose"
        op.execute(f"ALTER TABLE {OF_GUESTS} DROP CONSTRAINT {name}")
        op.execute(f"ALTER TABLE {OF_GUESTS} ADD CONSTRAINT {name} CHECK ({holds})")
        return
    number = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    connection.exec_driver_sql(
        "UPDATE sqlite_schema SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = ?",
        (was, holds, OF_GUESTS),
    )
    connection.exec_driver_sql(f"PRAGMA schema_version = {number + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = OFF")


def _give_rules(rules: sa.Table) -> None:
    now = datetime.now(UTC)
    events = sa.table(
        "events",
        sa.column("id", sa.Integer),
        sa.column("state", sa.String),
        sa.column("from_record", sa.Boolean),
        sa.column("starts_at", sa.DateTime(timezone=True)),
    )
    coming = sa.or_(events.c.starts_at.is_(None), events.c.starts_at > now)
    wanted = sa.select(events.c.id).where(events.c.state == "planned", sa.not_(events.c.from_record), coming)
    rows = [
        {
            "event_id": event_id, "audience": audience, "days_before": days, "hour": HOUR, "created_at": now,
            "holds_from": now, "version": 1,
        }
        for event_id in op.get_bind().scalars(wanted).all()
        for audience, days in DEFAULTS
    ]  # fmt: skip
    if rows:
        op.bulk_insert(rules, rows)

"""proof: why an answer waits, what is known of a sender, who brought a message, from where an answer was sent"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

REVIEWS = (
    "not_a_reply", "proposes_time", "no_time", "day_only", "same_time", "no_answer", "wrong_address", "other_event",
    "other_guest", "stranger", "unproven", "older", "too_late",
)  # fmt: skip
# What the reason was called before.
OLD_NAMES = {"unproven": "stranger"}
PREFIX = "review: "

mails = sa.table(
    "incoming_mails",
    sa.column("id", sa.Integer),
    sa.column("kind", sa.String),
    sa.column("way", sa.String),
    sa.column("reasons", sa.JSON),
    sa.column("review", sa.String),
    sa.column("brought_by_id", sa.Integer),
)
history = sa.table(
    "history",
    sa.column("action", sa.String),
    sa.column("subject_type", sa.String),
    sa.column("subject_id", sa.Integer),
    sa.column("actor_id", sa.Integer),
)


def _choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    op.add_column("given_answers", sa.Column("sent_from", sa.String(length=320), nullable=True))
    with op.batch_alter_table("incoming_mails", schema=None) as batch_op:
        batch_op.add_column(sa.Column("review", _choice("review", *REVIEWS), nullable=True))
        batch_op.add_column(sa.Column("dmarc", _choice("dmarc", "pass", "fail"), nullable=True))
        batch_op.add_column(sa.Column("brought_by_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_incoming_mails_brought_by_id_users"), "users", ["brought_by_id"], ["id"],
            ondelete="SET NULL",
        )  # fmt: skip
        batch_op.create_check_constraint("review_of_calendar", "review IS NULL OR kind = 'calendar'")
        batch_op.create_check_constraint("brought_is_upload", "brought_by_id IS NULL OR way = 'upload'")
    _reasons_to_column()
    brought = sa.select(sa.func.min(history.c.actor_id)).where(
        history.c.action == "incoming.brought",
        history.c.subject_type == "incoming_mails",
        history.c.subject_id == mails.c.id,
    )
    op.execute(mails.update().where(mails.c.way == "upload").values(brought_by_id=brought.scalar_subquery()))


def downgrade() -> None:
    _column_to_reasons()
    with op.batch_alter_table("incoming_mails", schema=None) as batch_op:
        batch_op.drop_constraint("brought_is_upload", type_="check")
        batch_op.drop_constraint("review_of_calendar", type_="check")
        batch_op.drop_constraint("review", type_="check")
        batch_op.drop_constraint("dmarc", type_="check")
        batch_op.drop_constraint(batch_op.f("fk_incoming_mails_brought_by_id_users"), type_="foreignkey")
        batch_op.drop_column("brought_by_id")
        batch_op.drop_column("dmarc")
        batch_op.drop_column("review")
    op.drop_column("given_answers", "sent_from")


def _reasons_to_column() -> None:
    """A reason was a text among others; now it is a column, and the texts are what was found when reading."""
    connection = op.get_bind()
    rows = sa.select(mails.c.id, mails.c.reasons).where(mails.c.kind == "calendar")
    for ident, reasons in connection.execute(rows).all():
        found = [one.removeprefix(PREFIX) for one in reasons or () if one.startswith(PREFIX)]
        review = next((one for one in reversed(found) if one in REVIEWS), None)
        if review is None:
            continue
        kept = [one for one in reasons if one != PREFIX + review]
        change = mails.update().where(mails.c.id == ident)
        connection.execute(change.values(review=review, reasons=kept))


def _column_to_reasons() -> None:
    connection = op.get_bind()
    rows = sa.select(mails.c.id, mails.c.reasons, mails.c.review).where(mails.c.review.is_not(None))
    for ident, reasons, review in connection.execute(rows).all():
        told = [*(reasons or ()), PREFIX + OLD_NAMES.get(review, review)]
        connection.execute(mails.update().where(mails.c.id == ident).values(reasons=told))

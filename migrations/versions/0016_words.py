"""words: when an answer was said, what a substitute answered, why more than calendar answers wait

No answer is to a SEQUENCE that the event never had. What came from calendars so far is no news any more.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# The tables they point at are not looked into: their indexes on expressions cannot be read back.
ALONE = {"resolve_fks": False}
REVIEWS = (
    "not_a_reply", "proposes_time", "no_time", "day_only", "same_time", "no_answer", "wrong_address", "other_event",
    "other_guest", "stranger", "unproven", "older", "too_late",
)  # fmt: skip
NEW_REVIEWS = ("unreadable", "winmail", "contradicts")
ANSWERS = ("NEEDS-ACTION", "ACCEPTED", "TENTATIVE", "DECLINED", "DELEGATED")
SUBSTITUTE = (
    "substitute_answer IS NULL OR (answer = 'DELEGATED'"
    " AND substitute_answer IN ('ACCEPTED', 'TENTATIVE', 'DECLINED'))"
)
REVIEWED = "review IS NULL OR kind IN ('calendar', 'human', 'auto')"


def _choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    op.add_column("given_answers", sa.Column("said_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE given_answers SET said_at = at")
    op.execute(
        "UPDATE given_answers SET event_sequence = (SELECT events.sequence FROM events JOIN invitations"
        " ON invitations.event_id = events.id WHERE invitations.id = given_answers.invitation_id)"
        " WHERE event_sequence > (SELECT events.sequence FROM events JOIN invitations"
        " ON invitations.event_id = events.id WHERE invitations.id = given_answers.invitation_id)"
    )
    with op.batch_alter_table("given_answers", reflect_kwargs=ALONE) as batch_op:
        batch_op.alter_column("said_at", existing_type=sa.DateTime(timezone=True), nullable=False)
        batch_op.add_column(
            sa.Column("substitute_answer", _choice("substitute_answer", *ANSWERS), nullable=True)
        )
        batch_op.create_check_constraint("substitute_of_delegation", SUBSTITUTE)
    with op.batch_alter_table("incoming_mails", reflect_kwargs=ALONE) as batch_op:
        batch_op.drop_constraint("review_of_calendar", type_="check")
        batch_op.drop_constraint("review", type_="check")
        batch_op.create_check_constraint("review", _is_in(*REVIEWS, *NEW_REVIEWS))
        batch_op.create_check_constraint("review_of_words", REVIEWED)
        for name in ("signed", "perhaps_absent"):
            batch_op.add_column(sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("UPDATE incoming_mails SET seen_at = received_at WHERE kind = 'calendar' AND seen_at IS NULL")


def downgrade() -> None:
    mails = sa.table("incoming_mails", sa.column("kind", sa.String), sa.column("review", sa.String))
    gone = sa.or_(mails.c.kind != "calendar", mails.c.review.in_(NEW_REVIEWS))
    op.execute(mails.update().where(gone).values(review=None))
    with op.batch_alter_table("incoming_mails", reflect_kwargs=ALONE) as batch_op:
        for name in ("perhaps_absent", "signed"):
            batch_op.drop_column(name)
        batch_op.drop_constraint("review_of_words", type_="check")
        batch_op.drop_constraint("review", type_="check")
        batch_op.create_check_constraint("review", _is_in(*REVIEWS))
        batch_op.create_check_constraint("review_of_calendar", "review IS NULL OR kind = 'calendar'")
    with op.batch_alter_table("given_answers", reflect_kwargs=ALONE) as batch_op:
        batch_op.drop_constraint("substitute_of_delegation", type_="check")
        batch_op.drop_constraint("substitute_answer", type_="check")
        batch_op.drop_column("substitute_answer")
        batch_op.drop_column("said_at")


def _is_in(*values: str) -> str:
    return f"review IN ({', '.join(repr(value) for value in values)})"

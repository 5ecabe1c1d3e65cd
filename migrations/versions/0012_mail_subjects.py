"""mail subjects: what a mail is about, what it repeats, whether it is an automatic answer: columns of their own

Until now ``once`` was read for the first two, and ``thread`` said the third by being there. In plain SQL where columns are
made: see 0011. The key ``once`` stays as it is, so that going back loses nothing.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TABLE = "outgoing_mails"
# How ``once`` begins, and the table whose row is named by the number that follows.
BEGINNINGS = {
    "invitation/": "invitations",
    "letter/": "letter_recipients",
    "account/link/": "account_links",
    "account/asked/": "account_links",
    "account/password/": "users",
}
PROPOSAL = "proposal/"
AGAIN = "/again/"
RECEIPT, IN_NAME = "invitation.receipt", "invitation.in_name"
COLUMNS = (
    "subject_type VARCHAR(40)",
    "subject_id INTEGER CONSTRAINT ck_outgoing_mails_subject_whole"
    " CHECK ((subject_type IS NULL) = (subject_id IS NULL))",
    "original_id INTEGER CONSTRAINT fk_outgoing_mails_original_id_outgoing_mails REFERENCES outgoing_mails (id)",
    "null_sender BOOLEAN DEFAULT false NOT NULL CONSTRAINT ck_outgoing_mails_null_sender_is_automatic"
    " CHECK (auto_submitted OR NOT null_sender)",
)

mails = sa.table(
    TABLE,
    sa.column("id", sa.Integer),
    sa.column("once", sa.String),
    sa.column("kind", sa.String),
    sa.column("thread", sa.JSON(none_as_null=True)),
    sa.column("auto_submitted", sa.Boolean),
    sa.column("subject_type", sa.String),
    sa.column("subject_id", sa.Integer),
    sa.column("original_id", sa.Integer),
    sa.column("null_sender", sa.Boolean),
)
proposals = sa.table("time_proposals", sa.column("id", sa.Integer), sa.column("invitation_id", sa.Integer))


def upgrade() -> None:
    for column in COLUMNS:
        op.execute(f"ALTER TABLE {TABLE} ADD COLUMN {column}")
    for beginning, table in BEGINNINGS.items():
        op.execute(
            mails.update()
            .where(mails.c.once.startswith(beginning))
            .values(subject_type=table, subject_id=_number_after(beginning))
        )
    _subjects_of_proposals()
    _originals()
    in_name = mails.c.once.like("invitation/%/in\\_name/%", escape="\\")
    op.execute(mails.update().where(mails.c.kind == RECEIPT, in_name).values(kind=IN_NAME))
    # All that answers a mail was an automatic answer until now; an empty list is a thread of no mail.
    answers = mails.c.thread.is_not(None)
    op.execute(mails.update().where(answers).values(null_sender=True, auto_submitted=True))
    op.create_index("ix_outgoing_mails_subject", TABLE, ["subject_type", "subject_id"])


def downgrade() -> None:
    """A person's answer loses its place in the thread: there was no column for it that did not take away its sender."""
    op.drop_index("ix_outgoing_mails_subject", table_name=TABLE)
    op.execute(mails.update().where(mails.c.kind == IN_NAME).values(kind=RECEIPT))
    op.execute(mails.update().where(sa.not_(mails.c.null_sender)).values(thread=sa.null()))
    nothing_answered = sa.and_(mails.c.null_sender, mails.c.thread.is_(None))
    op.execute(mails.update().where(nothing_answered).values(thread=sa.text("'[]'")))
    for column in reversed(COLUMNS):
        op.execute(f"ALTER TABLE {TABLE} DROP COLUMN {column.split()[0]}")


def _subjects_of_proposals() -> None:
    """What answers a proposed time is about the guest who proposed it; 0 is nobody, where the guest is gone."""
    guest = (
        sa.select(proposals.c.invitation_id)
        .where(proposals.c.id == _number_after(PROPOSAL))
        .correlate(mails)
        .scalar_subquery()
    )
    op.execute(
        mails.update()
        .where(mails.c.once.startswith(PROPOSAL))
        .values(subject_type="invitations", subject_id=sa.func.coalesce(guest, 0))
    )


def _originals() -> None:
    """A mail sent again was called like the first one, with a number behind; again of such a one, with two."""
    first = mails.alias("first")
    if op.get_bind().dialect.name == "sqlite":
        end = sa.func.instr(mails.c.once, AGAIN)
    else:
        end = sa.func.strpos(mails.c.once, AGAIN)
    named = sa.select(first.c.id).where(first.c.once == sa.func.substr(mails.c.once, 1, end - 1))
    op.execute(
        mails.update()
        .where(mails.c.once.contains(AGAIN))
        .values(original_id=named.correlate(mails).scalar_subquery())
    )


def _number_after(beginning: str) -> sa.ColumnElement[int]:
    """The number that follows, 0 where there is none."""
    rest = sa.func.substr(mails.c.once, len(beginning) + 1)
    if op.get_bind().dialect.name != "sqlite":
        rest = sa.func.coalesce(sa.func.substring(rest, "^[0-9]{1,9}"), "0")
    return sa.cast(rest, sa.Integer)

"""doors: tries that are counted, wrong ones that are told, links by which a password is set"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "throttles",
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        _moment("until"),
        _moment("last_at"),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_throttles")),
    )
    op.create_index(op.f("ix_throttles_last_at"), "throttles", ["last_at"])
    op.create_table(
        "failed_tries",
        sa.Column("key", sa.String(120), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("door", sa.String(20), nullable=False),
        sa.Column("network", sa.String(60), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        _moment("first_at"),
        _moment("last_at"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_failed_tries_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_failed_tries")),
    )
    op.create_index(op.f("ix_failed_tries_last_at"), "failed_tries", ["last_at"])
    op.create_index(op.f("ix_failed_tries_user_id"), "failed_tries", ["user_id"])
    _create_links()


def _create_links() -> None:
    kinds = sa.Enum(
        "reset", "invitation", name="linkkind", native_enum=False, create_constraint=True, length=40
    )
    op.create_table(
        "account_links",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("kind", kinds, nullable=False),
        sa.Column("nonce", sa.String(64), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        sa.Column("mail_id", sa.Integer(), nullable=True),
        _moment("created_at"),
        _moment("expires_at"),
        _moment("used_at", nullable=True),
        _moment("ended_at", nullable=True),
        _moment("asked_at", nullable=True),
        sa.CheckConstraint(
            "used_at IS NULL OR ended_at IS NULL", name=op.f("ck_account_links_used_or_ended")
        ),
        sa.CheckConstraint("expires_at > created_at", name=op.f("ck_account_links_expires_later")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_account_links_user_id_users"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["users.id"], name=op.f("fk_account_links_made_by_id_users"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["mail_id"],
            ["outgoing_mails.id"],
            name=op.f("fk_account_links_mail_id_outgoing_mails"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_account_links_token_hash")),
    )
    op.create_index("ix_account_links_user", "account_links", ["user_id", "kind", "id"])


def downgrade() -> None:
    op.drop_table("account_links")
    op.drop_table("failed_tries")
    op.drop_table("throttles")

"""Links by mail that let somebody set a password: a new one, or the first one of an invited person.

The token is in the mail alone (see :mod:`core.tokens`). It is spent by the POST that succeeds and by nothing else: mail
filters open every link. A newer link of the same kind ends the older one.
"""

from __future__ import annotations

import enum
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, select, update
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import Base, UTCDateTime, choice, db
from pop_campaigns.core.tokens import derive_token, hash_token, new_nonce
from pop_campaigns.mail.models import OutgoingMail


class LinkKind(enum.StrEnum):
    """What a link is for."""

    RESET = "reset"
    INVITATION = "invitation"


class LinkState(enum.StrEnum):
    """What became of a link."""

    OPEN = "open"
    USED = "used"
    EXPIRED = "expired"
    ENDED = "ended"


LASTS: Final = {LinkKind.RESET: timedelta(minutes=30), LinkKind.INVITATION: timedelta(hours=72)}
PATHS: Final = {LinkKind.RESET: "/reset/{token}", LinkKind.INVITATION: "/welcome/{token}"}


class AccountLink(Base):
    """One link. ``made_by`` is who invited; ``ended_at`` says that a newer one or a closed account took its place.

    ``asked_at``: whoever had it came too late and asked for a new one.
    """

    __tablename__ = "account_links"
    __table_args__ = (
        CheckConstraint("used_at IS NULL OR ended_at IS NULL", name="used_or_ended"),
        CheckConstraint("expires_at > created_at", name="expires_later"),
        Index("ix_account_links_user", "user_id", "kind", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[LinkKind] = mapped_column(choice(LinkKind))
    nonce: Mapped[str] = mapped_column(String(64))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    mail_id: Mapped[int | None] = mapped_column(ForeignKey("outgoing_mails.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime())
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime())
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime())
    asked_at: Mapped[datetime | None] = mapped_column(UTCDateTime())

    user: Mapped[User] = relationship(foreign_keys=[user_id])
    made_by: Mapped[User | None] = relationship(foreign_keys=[made_by_id])
    mail: Mapped[OutgoingMail | None] = relationship()

    def state(self, now: datetime) -> LinkState:
        """Return what became of it by ``now``."""
        if self.used_at is not None:
            return LinkState.USED
        if self.ended_at is not None:
            return LinkState.ENDED
        return LinkState.OPEN if now < self.expires_at else LinkState.EXPIRED

    def in_mail(self) -> dict[str, str]:
        """Return it as a mail keeps it (see ``OutgoingMail.links``): without the token."""
        return {"path": PATHS[self.kind], "purpose": purpose_of(self.kind), "nonce": self.nonce}


def purpose_of(kind: LinkKind) -> str:
    """Return what the token of such a link is derived for: one of another kind opens nothing."""
    return f"account {kind.value}"


def new_link(user: User, kind: LinkKind, *, by: User | None, now: datetime) -> AccountLink:
    """Add a link, which ends those of its kind that were open."""
    end_links(user, kind, now=now)
    nonce = new_nonce()
    link = AccountLink(
        user=user,
        kind=kind,
        nonce=nonce,
        token_hash=hash_token(derive_token(purpose_of(kind), nonce)),
        made_by=by,
        created_at=now,
        expires_at=now + LASTS[kind],
    )
    db.session.add(link)
    db.session.flush()
    return link


def end_links(user: User, kind: LinkKind | None = None, *, now: datetime) -> None:
    """End the links of a person that could still be used, of one kind or of all."""
    kinds = list(LinkKind) if kind is None else [kind]
    db.session.execute(
        update(AccountLink)
        .where(
            AccountLink.user_id == user.id, AccountLink.kind.in_(kinds),
            AccountLink.used_at.is_(None), AccountLink.ended_at.is_(None),
        )
        .values(ended_at=now)
    )  # fmt: skip


def find_link(token: str, kind: LinkKind) -> AccountLink | None:
    """Return the link of a token, whatever became of it; looking changes nothing."""
    return db.session.scalar(
        select(AccountLink).where(AccountLink.token_hash == hash_token(token), AccountLink.kind == kind)
    )


def spend_link(link: AccountLink, *, now: datetime) -> bool:
    """Use a link up, in one statement; False where it was used, ended or expired before, also a moment before."""
    spent = db.session.scalar(
        update(AccountLink)
        .where(
            AccountLink.id == link.id, AccountLink.used_at.is_(None), AccountLink.ended_at.is_(None),
            AccountLink.expires_at > now,
        )
        .values(used_at=now)
        .returning(AccountLink.id)
    )  # fmt: skip
    return spent is not None


def last_link(user: User, kind: LinkKind) -> AccountLink | None:
    """Return the newest link of a kind that a person was sent."""
    rows = select(AccountLink).where(AccountLink.user_id == user.id, AccountLink.kind == kind)
    return db.session.scalar(rows.order_by(AccountLink.id.desc()).limit(1))

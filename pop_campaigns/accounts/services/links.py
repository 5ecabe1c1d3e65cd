"""Links by mail that let somebody set a password: a new one, or the first one of an invited person.

The token is in the mail alone (see :mod:`core.tokens`). It is spent by the POST that succeeds and by nothing else: mail
filters open every link. A newer link of the same kind ends the older one.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from pop_campaigns.accounts.models import AccountLink, User
from pop_campaigns.accounts.rules.passwords import LASTS, LinkKind, purpose_of
from pop_campaigns.core.db import db
from pop_campaigns.core.tokens import derive_token, hash_token, new_nonce


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
    """Use a link up, in one statement; return False where it was used, ended or expired before, also a moment before."""
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

"""Reads about accounts, with names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from pop_campaigns.accounts.models import AccountLink, Organisation, User
from pop_campaigns.accounts.rules.passwords import LinkKind, LinkState
from pop_campaigns.core.db import db
from pop_campaigns.core.history import History
from pop_campaigns.core.text import sort_key
from pop_campaigns.mail.rules import MailState


@dataclass(frozen=True)
class UserRow:
    """A person in the list: ``state`` is *active*, *invited*, *expired* or *closed*."""

    user: User
    state: str
    invitation: AccountLink | None
    last_seen: datetime | None

    @property
    def mail_failed(self) -> bool:
        """Whether the invitation did not arrive."""
        mail = self.invitation.mail if self.invitation and self.state in ("invited", "expired") else None
        return mail is not None and (mail.state is MailState.FAILED or mail.bounced_at is not None)

    @property
    def asked(self) -> bool:
        """Whether the person asked for another invitation."""
        return (
            self.state == "expired" and self.invitation is not None and self.invitation.asked_at is not None
        )


def user_rows(*, now: datetime) -> list[UserRow]:
    """Return everybody who has or had access, or is invited: those to be looked after first, then by name."""
    users = db.session.scalars(select(User)).all()
    newest = select(func.max(AccountLink.id)).where(AccountLink.kind == LinkKind.INVITATION)
    links = db.session.scalars(
        select(AccountLink).where(AccountLink.id.in_(newest.group_by(AccountLink.user_id)))
    )
    by_user = {link.user_id: link for link in links}
    sign_ins = last_sign_ins()
    rows = [_row(user, by_user.get(user.id), sign_ins.get(user.id), now) for user in users]
    order = ("expired", "invited", "active", "closed")
    return sorted(rows, key=lambda row: (order.index(row.state), (row.user.name or row.user.email).lower()))


def active_users() -> Sequence[User]:
    """Return everybody who may sign in, by name."""
    users = db.session.scalars(select(User).where(User.active.is_(True))).unique().all()
    return sorted(users, key=lambda user: sort_key(user.name or user.email))


def user_row(user: User, *, now: datetime) -> UserRow:
    """Return one person as the list shows them."""
    return next(row for row in user_rows(now=now) if row.user.id == user.id)


def _row(user: User, link: AccountLink | None, last_seen: datetime | None, now: datetime) -> UserRow:
    if not user.active:
        state = "closed"
    elif user.password is not None:
        state = "active"
    else:
        state = "invited" if link is not None and link.state(now) is LinkState.OPEN else "expired"
    return UserRow(user, state, link, last_seen)


def last_sign_ins() -> dict[int, datetime]:
    """Return when each person signed in last."""
    rows = select(History.subject_id, func.max(History.at)).where(
        History.subject_type == User.__tablename__, History.action == "user.signed_in"
    )
    latest = db.session.execute(rows.group_by(History.subject_id))
    return {row[0]: row[1] for row in latest}


def select_user_changes() -> Select[Any]:
    """Select what happened to accounts, with whose each was, newest first."""
    statement: Any = select(History, User)
    rows: Select[Any] = statement.join(User, User.id == History.subject_id)
    return rows.where(History.subject_type == User.__tablename__).order_by(History.id.desc())


def member_organisations() -> Sequence[Organisation]:
    """Return the member organisations in Albanian order."""
    return db.session.scalars(select(Organisation).order_by(Organisation.sort_key)).all()

"""Verbs of administrators: invite, change role and organisation, end somebody's access, give it back. The caller commits.

Who is the last administrator stays one: whoever would take that away waits for the others who try the same at that moment.
Sessions end by themselves with role, organisation and access (:mod:`accounts.services.session_ends`).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from pop_campaigns.accounts.messages import mail_link
from pop_campaigns.accounts.models import AccountLink, Organisation, Role, User
from pop_campaigns.accounts.rules.passwords import LinkKind
from pop_campaigns.accounts.rules.roles import RoleName
from pop_campaigns.accounts.services.links import end_links, new_link
from pop_campaigns.accounts.services.users import add_user, refuse_unfit, role_row
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note


class CannotChangeUser(ValueError):
    """Raised with ``reason``: ``yourself``, ``last_administrator``, ``already_in`` or ``closed``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def invite_user(
    *,
    email: str,
    role: RoleName,
    organisation: Organisation | None,
    language: str,
    by: User | None,
    now: datetime,
) -> User:
    """Add a person who is still to set name and password, and send the link for that.

    :raises CannotCreateUser: with the reason; nothing was written.
    """
    refuse_unfit(role, organisation, language)
    user = add_user(
        email=email, name="", role=role, organisation=organisation, hashed=None, language=language, now=now
    )
    note(
        "user.invited",
        user,
        by=by,
        now=now,
        email=user.email,
        role=role.value,
        organisation=_of(organisation),
    )
    mail_link(new_link(user, LinkKind.INVITATION, by=by, now=now), now=now)
    return user


def invite_again(user: User, *, by: User, now: datetime) -> AccountLink:
    """Send a new link to an invited person; the one before is worth nothing from now on.

    :raises CannotChangeUser: when the person is in already, or the access was ended.
    """
    if user.password is not None:
        raise CannotChangeUser("already_in")
    if not user.active:
        raise CannotChangeUser("closed")
    link = new_link(user, LinkKind.INVITATION, by=by, now=now)
    mail_link(link, now=now)
    note("user.invited_again", user, by=by, now=now, email=user.email)
    return link


def change_role(
    user: User, role: RoleName, organisation: Organisation | None, *, by: User | None, now: datetime
) -> bool:
    """Set another role or organisation for a person; return whether anything is different.

    :raises CannotCreateUser: for a coordinator without an organisation.
    :raises CannotChangeUser: for oneself, or the last administrator.
    """
    refuse_unfit(role, organisation)
    if (user.role, user.organisation) == (role, organisation):
        return False
    _refuse_oneself(user, by)
    if role is not RoleName.ADMINISTRATOR:
        _keep_an_administrator(user)
    was, before = user.role, user.organisation
    user.roles, user.organisation = [role_row(role)], organisation
    note(
        "user.role_changed", user, by=by, now=now,
        was=was.value if was else "", role=role.value, was_of=_of(before), organisation=_of(organisation),
    )  # fmt: skip
    return True


def close_user(user: User, *, by: User | None, now: datetime) -> None:
    """End somebody's access: sessions and links end, the account and its history stay.

    :raises CannotChangeUser: for oneself, or the last administrator.
    """
    if not user.active:
        return
    _refuse_oneself(user, by)
    _keep_an_administrator(user)
    user.active = False
    end_links(user, now=now)
    note("user.closed", user, by=by, now=now)


def reopen_user(user: User, *, by: User | None, now: datetime) -> None:
    """Open a closed account again; the password is the one from before, an invitation has to be sent anew."""
    if user.active:
        return
    user.active = True
    note("user.reopened", user, by=by, now=now)


def _refuse_oneself(user: User, by: User | None) -> None:
    if by is not None and by.id == user.id:
        raise CannotChangeUser("yourself")


def _keep_an_administrator(user: User) -> None:
    """Refuse to take the last administrator away. The role's row is locked: two who try it on each other take turns."""
    if user.role is not RoleName.ADMINISTRATOR:
        return
    db.session.flush()
    db.session.execute(select(Role.id).where(Role.name == RoleName.ADMINISTRATOR.value).with_for_update())
    others = (
        select(User.id)
        .join(User.roles)
        .where(Role.name == RoleName.ADMINISTRATOR.value, User.id != user.id)
        .where(User.active, User.password.is_not(None))
    )
    if db.session.scalar(others.limit(1)) is None:
        raise CannotChangeUser("last_administrator")


def _of(organisation: Organisation | None) -> str:
    return organisation.name if organisation else ""

"""Verbs by which somebody sets a password: a new one by a link, the first one by an invitation, another one while signed in.

The caller commits. Whose sessions end with it is seen to by :mod:`accounts.services.session_ends`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from pop_campaigns.accounts.messages import mail_asked_again, mail_link, mail_password_changed
from pop_campaigns.accounts.models import AccountLink, User, UserSession
from pop_campaigns.accounts.rules.passwords import LinkKind, LinkState
from pop_campaigns.accounts.rules.sessions import SessionEnd
from pop_campaigns.accounts.services.failed_tries import record_failed_try
from pop_campaigns.accounts.services.known_browsers import know_browser
from pop_campaigns.accounts.services.links import end_links, last_link, new_link, spend_link
from pop_campaigns.accounts.services.sessions import end_sessions
from pop_campaigns.accounts.services.users import checked_password, known_of
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note

RESET_GAP: Final = timedelta(minutes=5)


class LinkIsOver(ValueError):
    """Raised when a link was used, replaced or came too late, also in the moment between looking and pressing."""


def ask_reset(address: str, *, now: datetime) -> AccountLink | None:
    """Send a link for a new password to ``address``, if somebody who may sign in has it; None if not.

    For an address nobody has, and where a link was sent just now, all steps are taken for somebody else and taken back,
    so that each takes as long as the other.
    """
    nearest = (
        select(User.id)
        .where(User.active, User.password.is_not(None), User.roles.any())
        .order_by((User.email == address).desc(), User.id)
    )
    ident = db.session.scalar(nearest.limit(1))
    if ident is None:
        return None
    user = db.session.get_one(User, ident)
    sends = user.email == address and not _had_one(user, now)
    step = db.session.begin_nested()
    link = new_link(user, LinkKind.RESET, by=None, now=now)
    mail_link(link, now=now)
    note("user.reset_asked", user, by=None, now=now)
    db.session.flush()
    if sends:
        step.commit()
        return link
    step.rollback()
    record_failed_try(None, "reset", now=now)
    return None


def _had_one(user: User, now: datetime) -> bool:
    last = last_link(user, LinkKind.RESET)
    return last is not None and last.created_at > now - RESET_GAP


def reset_password(link: AccountLink, typed: str, *, now: datetime) -> None:
    """Set a new password by a link; the link is spent, all sessions end, nobody is signed in by it.

    :raises CannotCreateUser: for a password that is refused; the link stays good.
    :raises LinkIsOver: when it was spent meanwhile.
    """
    user = link.user
    hashed = checked_password(typed, own=own_words(user))
    if not user.active or not spend_link(link, now=now):
        raise LinkIsOver
    user.password = hashed
    end_links(user, now=now)
    note("user.password_reset", user, by=user, now=now)
    mail_password_changed(user, now=now)
    # Whoever has the mailbox and the new password gets in from here, though others go on guessing at the account.
    know_browser(user)


def change_password(user: User, typed: str, *, keep: UserSession | None, now: datetime) -> None:
    """Set another password for who is signed in and knows the present one; all sessions but ``keep`` end.

    :raises CannotCreateUser: for a password that is refused.
    """
    hashed = checked_password(typed, own=own_words(user))
    end_sessions(user, now=now, why=SessionEnd.PASSWORD, by=user, keep=keep)
    user.password = hashed
    end_links(user, now=now)
    note("user.password_changed", user, by=user, now=now)
    mail_password_changed(user, now=now)


def accept_invitation(link: AccountLink, name: str, typed: str, *, now: datetime) -> User:
    """Set name and first password of an invited person; the link is spent.

    :raises CannotCreateUser: for a password that is refused; the link stays good.
    :raises LinkIsOver: when it was spent meanwhile.
    """
    user = link.user
    hashed = checked_password(typed, own=[name, *own_words(user)])
    if not user.active or not spend_link(link, now=now):
        raise LinkIsOver
    user.name, user.password = name, hashed
    note("user.accepted", user, by=user, now=now, name=user.name)
    know_browser(user)
    return user


def ask_invitation_again(link: AccountLink, *, now: datetime) -> None:
    """Note that an invited person came too late and asks for another invitation; who invited hears of it, once."""
    if link.asked_at is not None or link.state(now) is not LinkState.EXPIRED or not link.user.active:
        return
    link.asked_at = now
    note("user.invitation_asked", link.user, by=None, now=now, actor_name=link.user.email)
    if link.made_by is not None and link.made_by.active:
        mail_asked_again(link, link.made_by, now=now)


def own_words(user: User) -> list[str]:
    """Return what others know of a person: no good password is made of it."""
    return [user.email, user.name, *known_of(user.organisation)]

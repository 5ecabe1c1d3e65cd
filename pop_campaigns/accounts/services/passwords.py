"""The one place that makes and checks passwords: argon2id, few at once, and every check counts as a try."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import BoundedSemaphore
from typing import Final

from flask import current_app
from flask_security import Security, hash_password, verify_password
from sqlalchemy import select
from werkzeug.exceptions import ServiceUnavailable

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.services.failed_tries import record_failed_try
from pop_campaigns.accounts.services.known_browsers import know_browser
from pop_campaigns.accounts.services.throttles import count_try, take_back
from pop_campaigns.core.db import db
from pop_campaigns.core.tokens import new_nonce

# Each takes 64 MiB and half a core for a moment: more at once, in one process, would stand in everybody's way.
HASHES_AT_ONCE: Final = 4
_room = BoundedSemaphore(HASHES_AT_ONCE)


class TooBusy(ServiceUnavailable):
    """Raised when so many passwords are being looked at that one more would slow the service down for everybody."""

    def __init__(self) -> None:
        super().__init__(retry_after=2)


def normal_form(typed: str) -> str:
    """Return a password as it is compared: in whichever way *ë* was typed, it is the same letter (NFKD)."""
    return str(_security().password_util.normalize(typed))


def hash_of(typed: str) -> str:
    """Return what the database keeps of a password.

    :raises TooBusy: when there is no room for one more.
    """
    with _room_for_one():
        return str(hash_password(normal_form(typed)))


def whose_password(address: str, typed: str, *, where: str, now: datetime) -> User | None:
    """Return who has the address and this password, None for all others; the only way to ask, and each asking is a try.

    Known addresses, unknown ones and those whose access was ended take the same steps and the same time. ``where`` says by
    which door (``sign_in``, ``change``), for the record. Commits the count before it looks, and the failure; what a right
    one changes is the caller's to commit.

    :raises TooManyTries: when it comes too early.
    :raises TooBusy: when there is no room for one more; that is no try.
    """
    with _room_for_one():
        # Three values and no more, before: loading a person takes time, and looking, outside of a transaction, must
        # not keep others from writing (SQLite).
        named = select(User.id, User.password, User.active).where(User.email == address)
        ident, stored, active = db.session.execute(named).one_or_none() or (None, None, False)
        counters = count_try("password", address, ident, now=now)
        right, fresh = _compare(stored if active else None, normal_form(typed))
    if not right:
        record_failed_try(ident, where, now=now)
        db.session.commit()
        return None
    take_back(counters, now=now)
    user = db.session.get_one(User, ident)
    know_browser(user)
    user.password = fresh or user.password
    return user


def _compare(stored: str | None, normal: str) -> tuple[bool, str | None]:
    """Return whether the password is right, with a new hash of it where the old one is weaker than what is made today."""
    right = bool(verify_password(normal, stored or _nobodys_hash()))
    if not right or stored is None:
        return False, None
    stale = _security().pwd_context.needs_update(stored)
    return True, str(hash_password(normal)) if stale else None


def _nobodys_hash() -> str:
    """Return what is looked at where there is no password: made once, so that looking takes as long as ever."""
    cache: dict[str, str] = current_app.extensions.setdefault("nobodys_hash", {})
    if "hash" not in cache:
        cache["hash"] = str(hash_password(new_nonce()))
    return cache["hash"]


def _security() -> Security:
    security: Security = current_app.extensions["security"]
    return security


@contextmanager
def _room_for_one() -> Iterator[None]:
    if not _room.acquire(blocking=False):
        raise TooBusy
    try:
        yield
    finally:
        _room.release()

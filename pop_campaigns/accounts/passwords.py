"""The one place that makes and checks passwords: argon2id, few at once, and every check counts as a try."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import BoundedSemaphore
from typing import Final

from flask import current_app
from flask_security import Security, hash_password, verify_password
from werkzeug.exceptions import ServiceUnavailable

from pop_campaigns.accounts.failed_tries import record_failed_try
from pop_campaigns.accounts.known_browsers import know_browser
from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.throttles import count_try, take_back
from pop_campaigns.core.db import db

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


def password_is_right(user: User | None, typed: str, *, address: str, where: str, now: datetime) -> bool:
    """Tell whether ``typed`` is the password of ``user``; the only way to ask that, and each asking is a try.

    ``address`` is the account that was named, also when nobody has it: known and unknown take the same steps and the same
    time. ``where`` says by which door (``sign_in``, ``change``), for the record. Commits the count before it looks; what
    a right one changes (and the failure's record) is the caller's to commit.

    :raises TooManyTries: when it comes too early.
    :raises TooBusy: when there is no room for one more; that is no try.
    """
    with _room_for_one():
        # Read before: looking, outside of a transaction, must not keep others from writing (SQLite).
        stored = user.password if user is not None and user.active else None
        counters = count_try("password", address, user, now=now)
        right, fresh = _compare(stored, normal_form(typed))
    if right and user is not None:
        take_back(counters, now=now)
        know_browser(user)
        user.password = fresh or user.password
        return True
    record_failed_try(user, where, now=now)
    db.session.commit()
    return False


def _compare(stored: str | None, normal: str) -> tuple[bool, str | None]:
    """Tell whether it is right, with a new hash of it where the old one is weaker than what is made today."""
    if stored is None:
        hash_password(normal)  # as long as looking, for who measures
        return False, None
    right = bool(verify_password(normal, stored))
    stale = right and _security().pwd_context.needs_update(stored)
    return right, str(hash_password(normal)) if stale else None


def _security() -> Security:
    found: Security = current_app.extensions["security"]
    return found


@contextmanager
def _room_for_one() -> Iterator[None]:
    if not _room.acquire(blocking=False):
        raise TooBusy
    try:
        yield
    finally:
        _room.release()

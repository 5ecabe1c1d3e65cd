"""Guessing costs time: how often somebody tried in vain, counted in one table for all processes.

A try is counted *before* the secret is looked at and taken back when it was right, in one statement each: a hundred tries
at once, in as many processes, are a hundred tries. Nobody waits here: who comes too early is told how long to wait (429
with Retry-After, RFC 6585 section 4) and the worker is free.

Counted are the account that was named, whether it exists or not, and the remote address. A browser in which that account
signed in before (:mod:`known_browsers`) is counted by itself instead: who guesses at a coordinator's address from
elsewhere does not lock the coordinator out (OWASP, *device cookies*). Addresses are kept as keyed hashes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import request
from sqlalchemy import ColumnElement, case, delete, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite
from werkzeug.exceptions import TooManyRequests

from pop_campaigns.accounts.models import Throttle
from pop_campaigns.accounts.rules.throttles import (
    FREE_TRIES_FOR_ACCOUNT,
    FREE_TRIES_FROM_ADDRESS,
    LONGEST_WAIT,
    TRIES_FORGOTTEN_AFTER,
    network_of,
    tries_until_longest_wait,
    wait_after,
)
from pop_campaigns.accounts.services.known_browsers import browser_of
from pop_campaigns.core.db import UTCDateTime, db
from pop_campaigns.core.text import fold
from pop_campaigns.core.tokens import derive_token


class TooManyTries(TooManyRequests):
    """Raised when somebody tries again too early; ``retry_after`` is in seconds."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(retry_after=max(1, -int(-wait.total_seconds() // 1)))


@dataclass(frozen=True)
class Counter:
    """One of the things a try is counted by. ``lasts``: being right once does not make the others right."""

    key: str
    free: int
    lasts: bool


def count_try(kind: str, address: str, user_id: int | None, *, now: datetime) -> Sequence[Counter]:
    """Count one try of ``kind`` (``password``, ``reset``) at the account of ``address``, before it is looked at.

    ``user_id`` is whose that account is, None for nobody's. Commits: a try counts whatever becomes of the request.

    :raises TooManyTries: when it comes too early; then nothing was counted.
    """
    counters = _counters(kind, address, user_id)
    allowed = [_took(counter, now) for counter in counters]
    if all(allowed):
        db.session.commit()
        return counters
    db.session.rollback()
    keys = [counter.key for counter in counters]
    until = max(db.session.scalars(select(Throttle.until).where(Throttle.key.in_(keys))), default=now)
    db.session.rollback()
    raise TooManyTries(until - now)


def take_back(counters: Sequence[Counter], *, now: datetime) -> None:
    """Take a try back that was right: the account begins anew; a remote address keeps the wrong tries of others.

    ``now`` is that of the try.
    """
    for counter in counters:
        if counter.lasts:
            one_less = case((Throttle.tries > 1, Throttle.tries - 1), else_=0)
            # The wait that this very try began: as long as it lasts no other was counted.
            at_once = case((Throttle.last_at == now, literal(now, UTCDateTime())), else_=Throttle.until)
            db.session.execute(
                update(Throttle).where(Throttle.key == counter.key).values(tries=one_less, until=at_once),
                execution_options={"synchronize_session": False},
            )
        else:
            db.session.execute(delete(Throttle).where(Throttle.key == counter.key))
    # What is forgotten anyway need not be kept.
    db.session.execute(delete(Throttle).where(Throttle.last_at < now - 2 * TRIES_FORGOTTEN_AFTER))


def _counters(kind: str, address: str, user_id: int | None) -> list[Counter]:
    browser = browser_of(user_id) if user_id is not None else None
    if browser is not None:
        return [Counter(_key("browser", kind, browser), FREE_TRIES_FOR_ACCOUNT, lasts=False)]
    counters = [Counter(_key("account", kind, fold(address)), FREE_TRIES_FOR_ACCOUNT, lasts=False)]
    remote = network_of(request.remote_addr or "")
    if remote:  # behind a socket without a proxy's word there is none: nobody is then everybody
        counters.append(Counter(_key("remote", "any", remote), FREE_TRIES_FROM_ADDRESS, lasts=True))
    return counters


def _key(what: str, kind: str, whose: str) -> str:
    return f"{what}:{kind}:{derive_token('throttle', whose)}"


def _took(counter: Counter, now: datetime) -> bool:
    """Count one more try, in one statement; return False where none may be made yet."""
    insert: Any = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    first = {"tries": 1, "until": now + wait_after(1, counter.free), "last_at": now}
    more = case((_is_forgotten(now), 1), else_=Throttle.tries + 1)
    statement = (
        insert(Throttle)
        .values(key=counter.key, **first)
        .on_conflict_do_update(
            index_elements=[Throttle.key],
            set_={"tries": more, "until": _until(counter.free, now), "last_at": now},
            where=Throttle.until <= now,
        )
        .returning(Throttle.tries)
    )
    return db.session.scalar(statement) is not None


def _is_forgotten(now: datetime) -> ColumnElement[bool]:
    return Throttle.last_at < now - TRIES_FORGOTTEN_AFTER


def _until(free: int, now: datetime) -> ColumnElement[Any]:
    """Return until when the next try has to wait, by :func:`rules.throttles.wait_after`, as one expression of the row."""

    def after(tries: int) -> ColumnElement[Any]:
        return literal(now + wait_after(tries, free), UTCDateTime())

    steps = [
        (Throttle.tries == tries - 1, after(tries)) for tries in range(free, tries_until_longest_wait(free))
    ]
    return case(
        (_is_forgotten(now), after(1)),
        (Throttle.tries < free - 1, after(1)),
        *steps,
        else_=literal(now + LONGEST_WAIT, UTCDateTime()),
    )

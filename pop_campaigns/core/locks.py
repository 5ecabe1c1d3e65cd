"""Waiting in line: what one transaction at a time may hold.

On SQLite a writing transaction is alone from its beginning (BEGIN IMMEDIATE, :mod:`core.db`), and SQLAlchemy's dialect leaves
``FOR UPDATE`` out; on PostgreSQL somebody has to wait at a row or at a number. All is let go when the transaction ends.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from pop_campaigns.core.db import db


def lock_row(record: Any) -> None:
    """Hold the row of ``record`` and read it afresh: who comes second sees what the first one did."""
    db.session.flush()
    kind = record.__class__  # not type(): whoever is signed in comes as a proxy
    db.session.execute(select(kind.id).where(kind.id == record.id).with_for_update())
    db.session.refresh(record)


def wait_at(record: Any) -> None:
    """Wait until nobody else stands at ``record``, whose row is not changed and may be referred to meanwhile.

    For what has no row yet: two presses of one button look for the same name at once, and the second must see what the
    first one wrote.
    """
    kind = record.__class__
    waiting = select(kind.id).where(kind.id == record.id).with_for_update(key_share=True)
    db.session.execute(waiting).all()


def lock_number(space: int, number: int = 0) -> None:
    """Hold a number (32 bits) of a ``space`` that nothing else counts in, where there is no row to wait at."""
    if db.engine.dialect.name == "postgresql":
        db.session.execute(select(func.pg_advisory_xact_lock(space, number)))

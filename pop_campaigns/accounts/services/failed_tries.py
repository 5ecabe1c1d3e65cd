"""What administrators see of wrong passwords: how many, from which network, since when. Never what was typed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from flask import request
from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from pop_campaigns.accounts.models import FailedTries
from pop_campaigns.accounts.rules.sessions import masked_address
from pop_campaigns.core.clock import local_date
from pop_campaigns.core.db import db

KEPT_FOR: Final = timedelta(days=30)


def record_failed_try(user_id: int | None, door: str, *, now: datetime) -> None:
    """Count one wrong try, in one statement; what is older than 30 days goes."""
    network = masked_address(request.remote_addr)
    insert: Any = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    row = insert(FailedTries).values(
        key=f"{local_date(now)}/{door}/{user_id or 0}/{network}", user_id=user_id, door=door, network=network,
        number=1, first_at=now, last_at=now,
    )  # fmt: skip
    db.session.execute(
        row.on_conflict_do_update(
            index_elements=[FailedTries.key], set_={"number": FailedTries.number + 1, "last_at": now}
        )
    )
    db.session.execute(delete(FailedTries).where(FailedTries.last_at < now - KEPT_FOR))


def failed_tries_since(since: datetime, *, least: int = 1, limit: int = 50) -> Sequence[FailedTries]:
    """Return who was guessed at since then, the last ones first; ``least`` leaves out slips of the fingers."""
    rows = select(FailedTries).where(FailedTries.last_at >= since, FailedTries.number >= least)
    return db.session.scalars(rows.order_by(FailedTries.last_at.desc(), FailedTries.key).limit(limit)).all()

"""The heartbeat of workers: each writes now and then that it is alive, so that everybody sees when none is."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from sqlalchemy import delete, select, update

import pop_campaigns
from pop_campaigns.core.db import db
from pop_campaigns.mail.models import WorkerBeat

ALIVE_FOR = timedelta(seconds=60)
"""A worker not seen for so long is taken for dead; it writes every ten seconds."""
_FORGOTTEN_AFTER = timedelta(days=7)


@cache
def code_version() -> str:
    """Return a short name of the code this process was started with: the same code gives the same name anywhere."""
    digest = hashlib.sha256()
    folder = Path(pop_campaigns.__file__).parent
    for file in sorted(folder.rglob("*.py")):
        digest.update(str(file.relative_to(folder)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]


def beat(instance: str, *, started_at: datetime, now: datetime) -> None:
    """Write that a worker is alive, in a transaction of its own; forget those not seen for a week."""
    seen = update(WorkerBeat).where(WorkerBeat.instance == instance).values(seen_at=now)
    if not db.session.execute(seen).rowcount:  # type: ignore[attr-defined]
        db.session.execute(delete(WorkerBeat).where(WorkerBeat.seen_at < now - _FORGOTTEN_AFTER))
        db.session.add(
            WorkerBeat(instance=instance, version=code_version(), started_at=started_at, seen_at=now)
        )
    db.session.commit()


def end_beat(instance: str) -> None:
    """Write that a worker has ended as it was told to."""
    db.session.execute(delete(WorkerBeat).where(WorkerBeat.instance == instance))
    db.session.commit()


def workers_alive(now: datetime) -> Sequence[WorkerBeat]:
    """Return the workers seen within the last minute, the one that has run longest first."""
    rows = select(WorkerBeat).where(WorkerBeat.seen_at > now - ALIVE_FOR).order_by(WorkerBeat.started_at)
    return db.session.scalars(rows).all()

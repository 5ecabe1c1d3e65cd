"""The daily run of retention, for the worker and the command: commits by itself, a little at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

import structlog
from sqlalchemy import delete
from sqlalchemy.exc import SQLAlchemyError

from pop_campaigns.core.db import db
from pop_campaigns.privacy.models import RetentionRun
from pop_campaigns.privacy.rules.retention import RETENTION
from pop_campaigns.privacy.services.erasure import Erased, finish
from pop_campaigns.privacy.services.retention import AT_ONCE, claim_run, sweep

log = structlog.get_logger()


def run_daily(*, now: datetime, should_stop: Callable[[], bool] = lambda: False) -> RetentionRun | None:
    """Run retention if it has not run today; None if it has.

    Where the database fails, this raises its error, and a later round of the same day does it.
    """
    run = claim_run(now=now)
    ident = run.id if run else None
    db.session.commit()
    if run is None:
        return None
    try:
        _sweep_all(run, now, should_stop)
    except SQLAlchemyError:
        _give_back(ident)
        raise
    return run


def _give_back(ident: int | None) -> None:
    """Let another round do what this one could not, if the database lets us; else it is done tomorrow."""
    db.session.rollback()
    with suppress(SQLAlchemyError):
        db.session.execute(delete(RetentionRun).where(RetentionRun.id == ident))
        db.session.commit()


def run_now(*, now: datetime) -> RetentionRun:
    """Run retention at once, whenever it ran last."""
    run = RetentionRun(at=now, counts={})
    db.session.add(run)
    db.session.commit()
    _sweep_all(run, now, lambda: False)
    return run


def _sweep_all(run: RetentionRun, now: datetime, should_stop: Callable[[], bool]) -> None:
    total: Counter[str] = Counter()
    ident = run.id
    is_more_due = True
    while is_more_due and not should_stop():
        done = sweep(now=now)
        db.session.commit()
        total.update({rule.kept.value: done.counts[rule.kept.value] for rule in RETENTION})
        if any(done.counts.values()):
            finish(Erased(files=done.files))
        is_more_due = max(done.counts.values()) >= AT_ONCE
    row = db.session.get(RetentionRun, ident)
    if row is not None:
        # Stopped halfway, it says what it came to; the rest is done tomorrow.
        row.counts = dict(total)
    db.session.commit()
    if any(total.values()):
        log.info("retention", **total)

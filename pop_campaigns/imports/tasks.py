"""Long work on imports, step by step: each step is committed with how far it came, one worker at a time.

Who works renews a lease with each step; when a worker was killed another one goes on a minute later.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from pop_campaigns.core import clock
from pop_campaigns.core.db import db
from pop_campaigns.imports.models import ContactImport
from pop_campaigns.imports.rules.states import BUSY, ImportState, ImportWork
from pop_campaigns.imports.services.checking import check_rows
from pop_campaigns.imports.services.running import run_rows
from pop_campaigns.imports.services.undoing import undo_changes

LEASE = timedelta(seconds=60)
# So many rows are done while the reader waits; more are the worker's.
SMALL = 300
_WORK = {
    ImportWork.CHECKING: check_rows,
    ImportWork.RUNNING: run_rows,
    ImportWork.UNDOING: undo_changes,
}
log = structlog.get_logger()


def carry_on_all(should_stop: Callable[[], bool] = lambda: False) -> None:
    """Go on with every import that waits, the oldest first. Commits; call it with no open changes."""
    waiting = db.session.scalars(
        select(ContactImport.id).where(ContactImport.state.in_(BUSY)).order_by(ContactImport.id)
    ).all()
    db.session.rollback()
    for ident in waiting:
        if should_stop():
            return
        carry_on(ident, should_stop)


def carry_on(ident: int, should_stop: Callable[[], bool] = lambda: False) -> None:
    """Go on with one import until its present work is done, or somebody else is at it. Commits after each step."""
    owner = secrets.token_hex(8)
    try:
        _go(ident, owner, should_stop)
    except OperationalError:
        db.session.rollback()
        log.exception("an import waits for the database", import_id=ident)
        _give_back(ident, owner)
    except Exception as problem:  # whatever it is, the same rows would meet it again each minute
        db.session.rollback()
        log.exception("an import failed", import_id=ident)
        _fail(ident, type(problem).__name__)


def _go(ident: int, owner: str, should_stop: Callable[[], bool]) -> None:
    steps: Iterator[int] | None = None
    while True:
        now = clock.now()
        imported = _claim(ident, owner, now)
        if imported is None:
            db.session.rollback()
            return
        if steps is None:
            steps = _WORK[ImportWork(imported.state.value)](imported, now=now)
        over = next(steps, None) is None
        if over or should_stop():
            _release(imported)
        db.session.commit()
        if over or should_stop():
            return


def _claim(ident: int, owner: str, now: datetime) -> ContactImport | None:
    """Lock an import for one step; None if it needs no work or somebody else is at work on it."""
    row = select(ContactImport).where(ContactImport.id == ident).with_for_update()
    imported = db.session.scalars(row, execution_options={"populate_existing": True}).one_or_none()
    if imported is None or imported.state not in BUSY:
        return None
    if imported.lease_owner != owner and imported.lease_until is not None and now < imported.lease_until:
        return None
    imported.lease_owner, imported.lease_until = owner, now + LEASE
    return imported


def _release(imported: ContactImport) -> None:
    imported.lease_owner = imported.lease_until = None


def _give_back(ident: int, owner: str) -> None:
    """Let another round go on at once, if the database lets us; else the lease does."""
    with suppress(SQLAlchemyError):
        ours = ContactImport.id == ident, ContactImport.lease_owner == owner
        row = db.session.scalars(select(ContactImport).where(*ours).with_for_update()).one_or_none()
        if row is not None:
            _release(row)
        db.session.commit()
        return
    db.session.rollback()


def _fail(ident: int, problem: str) -> None:
    imported = db.session.get(ContactImport, ident)
    if imported is not None and imported.state in BUSY:
        _release(imported)
        imported.failed_in, imported.problem = ImportWork(imported.state.value), problem
        imported.state = ImportState.FAILED
        db.session.commit()

"""What the worker does when it is woken, and now and then by itself."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from flask import Flask
from huey import Huey

from pop_campaigns.core import clock
from pop_campaigns.core.db import db
from pop_campaigns.imports.tasks import carry_on_all
from pop_campaigns.incoming.tasks import file_received
from pop_campaigns.letters.services.clocks import settle_clocks
from pop_campaigns.mail.rules import LEASE
from pop_campaigns.privacy.tasks import run_daily
from pop_campaigns.worker.drain import DrainReport, drain_outbox

RING = "ring"
# In seconds. By then the worker's own round has done what the call asked for. After a long stop of the worker
# a heap of calls would else each knock at a mail server that may be down.
_CALL_LASTS = 60
log = structlog.get_logger()


def _go_on() -> bool:
    return False


@dataclass(frozen=True)
class Manners:
    """How a worker goes about it: for how long claimed mails stay its own, and what tells it to stop."""

    lease: timedelta = LEASE
    should_stop: Callable[[], bool] = _go_on


def add_tasks(queue: Huey, app: Flask) -> None:
    """Add the tasks to ``queue``, bound to ``app``."""

    @queue.task(name=RING, expires=_CALL_LASTS)
    def ring() -> None:
        work(app)

    app.extensions["outbox_tasks"] = {RING: ring}


def work(app: Flask) -> DrainReport:
    """Send what is due, let the clocks of letters follow their mails, let go of what is over its time, file what came in, import.

    Safe at any time, any number at once. Imports come last: mail never waits for them for longer than a round.
    """
    manners: Manners = app.extensions.get("worker_manners", Manners())
    report = drain_outbox(app, owner=_new_owner(), lease=manners.lease, should_stop=manners.should_stop)
    if report != DrainReport():
        log.info("outbox", **vars(report))
    with app.app_context():
        # Also where nothing was sent: a worker may have been killed between sending and this.
        settle_clocks(now=clock.now())
        db.session.commit()
        run_daily(now=clock.now(), should_stop=manners.should_stop)
        file_received(manners.should_stop)
        carry_on_all(manners.should_stop)
    return report


def _new_owner() -> str:
    # Random, because a container gives its next worker the process number of the one that was killed.
    return f"{socket.gethostname()[:40]}/{os.getpid()}/{secrets.token_hex(8)}"

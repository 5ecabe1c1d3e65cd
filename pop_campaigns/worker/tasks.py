"""What the worker does when it is woken, and now and then by itself.

The work falls into lanes that do not wait for each other: reminders, mail out, mail in, and all that has time. Each step of a
lane runs in an application context of its own, so with a database session of its own: what failed in one round, or in one
step, is no matter for the next.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Final

import structlog
from flask import Flask
from huey import Huey

from pop_campaigns.core import clock
from pop_campaigns.core.db import db
from pop_campaigns.imports.tasks import carry_on_all
from pop_campaigns.incoming.tasks import file_received
from pop_campaigns.invitations.tasks import remind_guests
from pop_campaigns.letters.services.clocks import settle_clocks
from pop_campaigns.mail.rules import LEASE
from pop_campaigns.mail.sendings import forget_forms
from pop_campaigns.privacy.tasks import run_daily
from pop_campaigns.worker.drain import DrainReport, drain_outbox, own_context

RING = "ring"
WAKE_LANES = "wake_lanes"
LOOK_AT_CLOCK = "look_at_clock"
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


Step = Callable[[Flask, Manners], object]


def add_tasks(queue: Huey, app: Flask) -> None:
    """Add the tasks to ``queue``, bound to ``app``."""

    @queue.task(name=RING, expires=_CALL_LASTS)
    def ring() -> None:
        wake = app.extensions.get(WAKE_LANES)
        if wake is None:
            work(app)
            return
        # In this thread, so that several calls send at the same time; the other lanes have threads of their own.
        wake()
        run_lane(app, "out")
        # What was queued may leave later than now, and sooner than the lane looks by itself.
        app.extensions.get(LOOK_AT_CLOCK, lambda: None)()

    app.extensions["outbox_tasks"] = {RING: ring}


def work(app: Flask) -> DrainReport:
    """Do everything once: send what is due, start clocks, file what came in, let go of what is over its time, import.

    Safe at any time, any number at once. A step that fails keeps no other from running; the first error is raised at the end.
    """
    report, problems = DrainReport(), list[Exception]()
    for name in LANES:
        results, failed = run_lane(app, name)
        report = next((made for made in results if isinstance(made, DrainReport)), report)
        problems += failed
    if problems:
        raise problems[0]
    return report


def run_lane(app: Flask, name: str) -> tuple[list[object], list[Exception]]:
    """Run each step of a lane once; return what the steps gave, and what went wrong (which is logged)."""
    manners: Manners = app.extensions.get("worker_manners", Manners())
    results, problems = list[object](), list[Exception]()
    for step in LANES[name]:
        if manners.should_stop():
            break
        try:
            with own_context(app):
                results.append(_run(step, app, manners))
        except Exception as problem:  # a database that is away for a while must not end the worker
            log.exception("a step of the worker failed; the next round tries again", step=step.__name__)
            problems.append(problem)
    return results, problems


def _run(step: Step, app: Flask, manners: Manners) -> object:
    try:
        return step(app, manners)
    except Exception:
        # In a caller's context the session lives on.
        with suppress(Exception):
            db.session.rollback()
        raise


def send_outbox(app: Flask, manners: Manners) -> DrainReport:
    """Send what is due."""
    report = drain_outbox(app, owner=_new_owner(), lease=manners.lease, should_stop=manners.should_stop)
    if report != DrainReport():
        log.info("outbox", **vars(report))
    return report


def settle_letter_clocks(_app: Flask, _manners: Manners) -> None:
    """Start the clocks of letters that left, also where nothing was sent: a worker may have been killed between the two."""
    settle_clocks(now=clock.now())
    db.session.commit()


def plan_reminders(_app: Flask, manners: Manners) -> int:
    """Queue the reminders that are due."""
    return remind_guests(now=clock.now(), should_stop=manners.should_stop)


def file_mail_in(_app: Flask, manners: Manners) -> int:
    """Read and file what came in."""
    return file_received(manners.should_stop)


def forget_undone(_app: Flask, _manners: Manners) -> None:
    """Let go of what was kept for undoing what cannot be undone any more."""
    forget_forms(now=clock.now())
    db.session.commit()


def do_daily(_app: Flask, manners: Manners) -> None:
    """Let go of what is over its time, once a day."""
    run_daily(now=clock.now(), should_stop=manners.should_stop)


def import_contacts(_app: Flask, manners: Manners) -> None:
    """Go on with imports that wait."""
    carry_on_all(manners.should_stop)


LANES: Final[Mapping[str, tuple[Step, ...]]] = MappingProxyType(
    {
        # Before mail goes out, so that one round of all sends what it queued; beside it, they wake each other.
        "remind": (plan_reminders,),
        "out": (send_outbox, settle_letter_clocks),
        "in": (file_mail_in,),
        "rest": (forget_undone, do_daily, import_contacts),
    }
)
"""What is done one after the other; the lanes themselves go beside each other."""


def _new_owner() -> str:
    # Random, because a container gives its next worker the process number of the one that was killed.
    return f"{socket.gethostname()[:40]}/{os.getpid()}/{secrets.token_hex(8)}"

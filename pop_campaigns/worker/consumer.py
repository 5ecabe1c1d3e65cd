"""The worker process: takes wake-up calls from the queue until it is told to stop."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable
from datetime import timedelta
from types import FrameType

from flask import Flask
from huey.consumer import Consumer

from pop_campaigns.mail.rules import LEASE
from pop_campaigns.worker.fetching import start_fetching
from pop_campaigns.worker.huey_app import queue_of
from pop_campaigns.worker.lanes import Lanes
from pop_campaigns.worker.tasks import Manners

ROUND_SECONDS = 60.0
_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_LOOK_SECONDS = 0.2
_HEALTH_SECONDS = 10.0
_FETCH_SECONDS = 10.0


class _Stop:
    """Set by the first SIGTERM or SIGINT; the second ends the process at once, which loses nothing either."""

    def __init__(self) -> None:
        self.asked = False

    def ask(self, number: int, _frame: FrameType | None) -> None:
        self.asked = True
        signal.signal(number, signal.SIG_DFL)


def run_worker(
    app: Flask,
    *,
    workers: int = 1,
    lease: timedelta = LEASE,
    every: float = ROUND_SECONDS,
    stop_with: int | None = None,
) -> None:
    """Work until SIGTERM or SIGINT; the mail in hand is finished first.

    ``workers`` threads wait for wake-up calls; ``every`` so many seconds, and at the start, each lane (mail out, mail in, the
    rest) looks by itself, so that mail also leaves while the queue is down. Where a mailbox is configured it is
    emptied beside this. ``lease`` is how long claimed mails stay with a worker that was killed. ``stop_with`` is the
    number of the process that started this one and without which it must not go on (told, not asked: it may be gone
    before we could ask).
    """
    _set_logging(app.config["LOG_LEVEL"])
    stop = _Stop()

    def is_over() -> bool:
        return stop.asked or stop_with not in (None, os.getppid())

    app.extensions["worker_manners"] = Manners(lease, is_over)
    queue = queue_of(app)
    # A queue in a file is looked at each second, which is what people notice; Redis says when there is something,
    # and there this is the pause after an error.
    pause = 10.0 if queue.storage.blocking else 1.0
    # Threads, not processes: the time goes into waiting for the mail server.
    consumer = queue.create_consumer(workers=workers, worker_type="thread", max_delay=pause, periodic=False)
    # Until our handlers stand in place of Huey's, which let SIGTERM cut a mail off between 250 and commit.
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    consumer.start()
    for number in _SIGNALS:
        signal.signal(number, stop.ask)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    lanes = Lanes(app, every=every, is_over=is_over)
    mailbox = start_fetching(app, is_over)
    _wait(consumer, is_over)
    stop.asked = True
    consumer.stop(graceful=True)
    lanes.end()
    if mailbox is not None:
        mailbox.join(_FETCH_SECONDS)  # if a server keeps it longer, its messages are fetched again


def _set_logging(level: str) -> None:
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # At INFO it tells of every look at the clock.
    logging.getLogger("huey").setLevel(logging.WARNING)
    # At DEBUG it tells of every command, also of those with people's addresses in them.
    logging.getLogger("imapclient").setLevel(logging.WARNING)


def _wait(consumer: Consumer, is_over: Callable[[], bool]) -> None:
    next_check = time.monotonic() + _HEALTH_SECONDS
    while not is_over():
        if time.monotonic() >= next_check:
            next_check = time.monotonic() + _HEALTH_SECONDS
            consumer.check_worker_health()
        time.sleep(_LOOK_SECONDS)

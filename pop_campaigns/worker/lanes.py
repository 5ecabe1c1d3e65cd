"""The threads of a worker: each goes over its lane when woken and now and then by itself; one says that the worker is alive."""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterable

import structlog
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from pop_campaigns.core import clock
from pop_campaigns.mail.beats import beat, end_beat
from pop_campaigns.mail.queries import next_due
from pop_campaigns.worker.tasks import LANES, LOOK_AT_CLOCK, WAKE_LANES, run_lane

BEAT_SECONDS = 10.0
# A mail in hand and a message that is being read are finished; whatever takes longer is taken up again by its lease.
_FINISH_SECONDS = 60.0
log = structlog.get_logger()


class Lane:
    """A thread that does ``work`` when it starts, when it is woken, and every so many seconds, until told to stop.

    ``due`` says in how many seconds there is something to do, where that may be sooner.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[], object],
        every: float,
        is_over: Callable[[], bool],
        due: Callable[[], float | None] = lambda: None,
    ) -> None:
        self._work, self._every, self._is_over, self._due = work, every, is_over, due
        self._asked = False
        self._woken = threading.Event()
        # A daemon: a server or a disk that hangs must not keep the process from ending.
        self.thread = threading.Thread(target=self._go, name=f"worker {name}", daemon=True)
        self.thread.start()

    def wake(self) -> None:
        """Have the work done now, or once more if it is being done."""
        self._asked = True
        self._woken.set()

    def look(self) -> None:
        """Have it asked anew when there is something to do; the work itself waits until then."""
        self._woken.set()

    def _go(self) -> None:
        while True:
            # Before the question: a call that comes after it, as the last one at the end does, is not forgotten.
            self._asked = False
            self._woken.clear()
            if self._is_over():
                return
            try:
                self._work()
            except Exception:  # this thread must live as long as the worker
                log.exception("a round of the worker failed; the next one tries again")
            self._wait()

    def _wait(self) -> None:
        """Return when there is something to do."""
        end = time.monotonic() + self._every
        while not self._asked:
            left, due = end - time.monotonic(), self._due()
            if not self._woken.wait(max(0.0, left if due is None else min(left, due))):
                return
            # Before the question in the loop, so that a call that comes between the two is not forgotten.
            self._woken.clear()


class Lanes:
    """All lanes of one worker, and its heartbeat."""

    def __init__(self, app: Flask, *, every: float, is_over: Callable[[], bool]) -> None:
        self._app = app
        # Random, because a container gives its next worker the process number of the one that was killed.
        self.instance = f"{socket.gethostname()[:40]}/{os.getpid()}/{secrets.token_hex(4)}"
        self._started_at = clock.now()
        self._lanes = {
            name: Lane(
                name,
                lambda name=name: run_lane(app, name),  # type: ignore[misc]
                every,
                is_over,
                self._next_mail if name == "out" else lambda: None,
            )
            for name in LANES
        }
        self._heart = Lane("heartbeat", self._beat, BEAT_SECONDS, is_over)
        app.extensions[WAKE_LANES] = lambda: self.wake(("in", "rest"))
        app.extensions[LOOK_AT_CLOCK] = self._lanes["out"].look

    def wake(self, names: Iterable[str] = tuple(LANES)) -> None:
        """Wake lanes by their names."""
        for name in names:
            self._lanes[name].wake()

    def end(self) -> None:
        """Wait until all lanes have seen that it is over, and say that this worker runs no more."""
        self._app.extensions.pop(WAKE_LANES, None)
        self._app.extensions.pop(LOOK_AT_CLOCK, None)
        lanes = (*self._lanes.values(), self._heart)
        for lane in lanes:
            lane.wake()
        until = clock.now().timestamp() + _FINISH_SECONDS
        for lane in lanes:
            lane.thread.join(max(0.0, until - clock.now().timestamp()))
        self._try(lambda: end_beat(self.instance))

    def _next_mail(self) -> float | None:
        """Return in how many seconds the next mail is due that waits for its hour."""
        try:
            with self._app.app_context():
                moment = clock.now()
                due = next_due(now=moment)
                return None if due is None else (due - moment).total_seconds()
        except SQLAlchemyError:
            return None  # the next round finds it

    def _beat(self) -> None:
        self._try(lambda: beat(self.instance, started_at=self._started_at, now=clock.now()))

    def _try(self, write: Callable[[], None]) -> None:
        try:
            with self._app.app_context():
                write()
        except SQLAlchemyError as problem:
            log.warning("the heartbeat could not be written", why=type(problem).__name__)

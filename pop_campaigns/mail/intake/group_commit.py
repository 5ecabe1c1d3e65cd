"""Many messages, one commit: while the disk writes one group, the next one gathers.

A commit that survives a loss of power waits for the disk, a hundred times longer than storing a message takes.
So messages that wait at the same time share it, and each is acknowledged only after it.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from flask import Flask
from sqlalchemy.exc import DBAPIError, OperationalError

from pop_campaigns.core import clock
from pop_campaigns.core.db import db
from pop_campaigns.mail.intake.store import Arrival, store_arrivals
from pop_campaigns.mail.wake_up import wake_worker

MOST_ARRIVALS = 200
MOST_BYTES = 32 * 1024 * 1024
_RING_SECONDS = 0.5
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Waiting:
    arrivals: Sequence[Arrival]
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[None]


class GroupCommit:
    """Stores for many connections through one thread; :meth:`close` stores what still waits."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._waiting: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._rang = threading.Event()
        self._closing = threading.Event()
        # Not daemons: what a client handed over is stored before the process ends.
        self._writer = threading.Thread(target=self._write, name="intake")
        self._ringer = threading.Thread(target=self._ring, name="intake-wake-up", daemon=True)
        self._writer.start()
        self._ringer.start()

    async def store(self, arrivals: Sequence[Arrival]) -> None:
        """Store ``arrivals`` and return once all are committed; raise the database's error if they are not."""
        loop = asyncio.get_running_loop()
        waiting = _Waiting(arrivals, loop, loop.create_future())
        self._waiting.put(waiting)
        await waiting.done

    def close(self) -> None:
        """Store what waits, wake the worker a last time, end both threads."""
        self._waiting.put(None)
        self._writer.join()
        self._closing.set()
        self._rang.set()
        self._ringer.join(timeout=10)

    def _write(self) -> None:
        with self._app.app_context():
            is_open = True
            while is_open:
                group, is_open = self._next_group()
                if group:
                    self._store(group)

    def _next_group(self) -> tuple[list[_Waiting], bool]:
        group: list[_Waiting] = []
        number = size = 0
        waiting = self._waiting.get()
        while waiting is not None:
            group.append(waiting)
            number += len(waiting.arrivals)
            size += sum(len(arrival.raw) for arrival in waiting.arrivals)
            if number >= MOST_ARRIVALS or size >= MOST_BYTES:
                return group, True
            try:
                waiting = self._waiting.get_nowait()
            except queue.Empty:
                return group, True
        return group, False

    def _store(self, group: list[_Waiting]) -> None:
        problem = self._try(group)
        if problem is not None and len(group) > 1 and not _concerns_all(problem):
            # One of them is at fault, and the others need not wait for it.
            for waiting in group:
                _tell([waiting], self._try([waiting]))
        else:
            _tell(group, problem)

    def _try(self, group: list[_Waiting]) -> Exception | None:
        try:
            store_arrivals(
                [arrival for waiting in group for arrival in waiting.arrivals],
                clock.now(),
                ring=self._rang.set,
            )
        except Exception as problem:  # whatever it is, the client is to come again
            with contextlib.suppress(Exception):
                db.session.remove()  # the next group begins on a connection that works
            log.error("mail could not be stored", why=_in_a_line(problem), messages=len(group))
            return problem
        return None

    def _ring(self) -> None:
        """Ring at most twice a second, and always once after the last commit."""
        with self._app.app_context():
            while not self._closing.is_set():
                self._rang.wait()
                self._rang.clear()
                wake_worker()
                if not self._closing.is_set():
                    time.sleep(_RING_SECONDS)


def _concerns_all(problem: Exception) -> bool:
    # Locked, full, gone: each of them would only wait for the same answer.
    return isinstance(problem, OperationalError)


def _tell(group: list[_Waiting], problem: Exception | None) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[_Waiting]] = {}
    for waiting in group:
        by_loop.setdefault(waiting.loop, []).append(waiting)
    for loop, settled in by_loop.items():
        loop.call_soon_threadsafe(_settle, settled, problem)


def _settle(group: list[_Waiting], problem: Exception | None) -> None:
    for waiting in group:
        if waiting.done.done():
            continue  # the client hung up meanwhile; it will deliver again, and that is one row
        if problem is None:
            waiting.done.set_result(None)
        else:
            waiting.done.set_exception(problem)


def _in_a_line(problem: Exception) -> str:
    """Return the database's own words, without the statement and its values."""
    cause = problem.orig if isinstance(problem, DBAPIError) and problem.orig else problem
    return " ".join(f"{type(cause).__name__}: {cause}".split())[:300]

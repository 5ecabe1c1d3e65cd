"""Waking the worker: whoever queued mail does, so that it need not wait for its next round."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from flask import Flask, current_app

log = structlog.get_logger()


def set_waker(app: Flask, wake: Callable[[], object]) -> None:
    """Set what wakes the worker (mail cannot know it; the app knows both)."""
    app.extensions["wake_worker"] = wake


def wake_worker() -> None:
    """Wake the worker; call it after the commit that queued mail.

    Never fails: the outbox is the truth and the worker looks at it every minute anyway. A queue that cannot be
    reached costs a line in the log and that minute, not the request.
    """
    wake = current_app.extensions.get("wake_worker")
    if wake is None:
        return
    try:
        wake()
    except Exception:  # each kind of queue fails with errors of its own
        log.exception("the worker could not be woken; it will look by itself within a minute")

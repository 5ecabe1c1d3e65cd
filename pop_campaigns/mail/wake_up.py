"""The bell at the outbox: whoever queued mail rings it, so that the worker need not wait for its next round."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from flask import Flask, current_app

log = structlog.get_logger()


def set_bell(app: Flask, ring: Callable[[], object]) -> None:
    """Tell what happens when the bell is rung (mail cannot know the worker; the app knows both)."""
    app.extensions["outbox_bell"] = ring


def ring_bell() -> None:
    """Wake the worker; call it after the commit that queued mail.

    Never fails: the outbox is the truth and the worker looks at it every minute anyway. A queue that cannot be
    reached costs a line in the log and that minute, not the request.
    """
    ring = current_app.extensions.get("outbox_bell")
    if ring is None:
        return
    try:
        ring()
    except Exception:  # each kind of queue fails with errors of its own
        log.exception("the worker could not be woken; it will look by itself within a minute")

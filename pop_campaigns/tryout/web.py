"""Gunicorn's settings under `make run`: ``gunicorn -c python:pop_campaigns.tryout.web wsgi:app``."""

from __future__ import annotations

import os
import threading
import time
from typing import Any

bind = f"127.0.0.1:{os.environ.get('PORT', '8000')}"
# Two processes, so that one long page (a PDF, an import) does not stop everything on a machine of two cores.
workers = 2
threads = 4
worker_class = "gthread"
# Loaded once and shared: starts in half the time. Nothing is connected yet when the processes part.
preload_app = True
timeout = 60
graceful_timeout = 2
keepalive = 5
accesslog = None
loglevel = "warning"
control_socket_disable = True
# Told by the supervisor: asked here, it might be gone already.
_parent = int(os.environ.get("SUPERVISOR_PID") or os.getppid())


def when_ready(server: Any) -> None:
    """End with the supervisor, even where it was killed and could not say so."""
    threading.Thread(target=_watch_parent, args=(server,), daemon=True).start()


def _watch_parent(server: Any) -> None:
    while os.getppid() == _parent:
        time.sleep(0.5)
    server.log.warning("the supervisor is gone")
    os._exit(1)  # its workers notice within a second and end too

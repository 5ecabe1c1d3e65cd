"""The queue between the pages and the worker: it carries wake-up calls and nothing that could be lost.

Huey forgets a task the moment a worker takes it. So every task only says *look*; what there is to do stands in
the database.
"""

from __future__ import annotations

import threading
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from huey import Huey
from huey.serializer import SignedSerializer
from huey.storage import MemoryStorage, RedisStorage, SqliteStorage
from redis import ConnectionPool
from redis.backoff import NoBackoff
from redis.retry import Retry

from config import SettingsError
from pop_campaigns.core.private_files import create_private_database
from pop_campaigns.mail.wake_up import set_waker
from pop_campaigns.worker.tasks import RING, add_tasks

# Waiting longer for a wake-up call than people wait for a page makes no sense.
_REDIS_SECONDS = 3
_making = threading.Lock()


def init_worker(app: Flask) -> None:
    """Connect what wakes the worker with the queue; the queue itself is opened when it is first needed."""
    _storage_of(app.config["HUEY_URL"])
    set_waker(app, lambda: ring_worker(app))


def queue_of(app: Flask) -> Huey:
    """Return the application's queue with its tasks, opened at the first call.

    Raise the errors of its storage (``sqlite3.Error``, ``redis.RedisError``, OSError) if it cannot be opened.
    """
    with _making:
        if "huey" not in app.extensions:
            kind, options = _storage_of(app.config["HUEY_URL"])
            if kind is SqliteStorage:
                create_private_database(options["filename"])
            queue = Huey(
                "pop_campaigns",
                results=False,
                storage_class=kind,
                immediate=kind is MemoryStorage,
                # A pickled message is a program: whoever can write to the queue must also know our key.
                serializer=SignedSerializer(secret=app.config["SECRET_KEY"], salt="pop_campaigns.queue"),
                **options,
            )
            add_tasks(queue, app)
            app.extensions["huey"] = queue
        return app.extensions["huey"]


def ring_worker(app: Flask) -> None:
    """Put a wake-up call into the queue. Raise the errors of its storage."""
    queue_of(app)
    app.extensions["outbox_tasks"][RING]()


def _storage_of(url: str) -> tuple[type, dict[str, Any]]:
    """Return the kind of storage and its options. ``immediate:`` does each task at once, for tests.

    :raises SettingsError: for an address of another kind.
    """
    scheme = urlsplit(url).scheme
    if url.startswith("sqlite:///"):
        return SqliteStorage, {"filename": url.removeprefix("sqlite:///"), "timeout": 5}
    if scheme in ("redis", "rediss", "unix"):
        pool = ConnectionPool.from_url(
            url,
            socket_connect_timeout=_REDIS_SECONDS,
            socket_timeout=_REDIS_SECONDS,
            retry=Retry(NoBackoff(), 1),
        )
        return RedisStorage, {"connection_pool": pool}
    if url == "immediate:":
        return MemoryStorage, {}
    raise SettingsError("POP_HUEY_URL must be sqlite:///… or redis://….")

"""Files with people's data that somebody takes along: each leaves a row in the history, so it takes a press (POST)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from flask import Response
from sqlalchemy import select

from pop_campaigns.core.clock import local_date
from pop_campaigns.core.db import db
from pop_campaigns.core.downloads import give_file
from pop_campaigns.core.history import Actor, History, note

HANDED_OUT: Final = (
    "contacts.exported",
    "list.exported",
    "event.guests_exported",
    "person.exported",
    "purposes.exported",
    "breaches.exported",
)
"""Actions of history that mean: data left the service as a file."""


def hand_out(
    content: bytes,
    media_type: str,
    name: str,
    /,
    *,
    action: str,
    subject: Any,
    by: Actor,
    now: datetime,
    **details: Any,
) -> Response:
    """Return a file to be saved as ``name-DAY.ENDING`` and note who took what; the view commits.

    ``details`` say how many rows and what they were filtered by. The words of a search are not kept: they name
    people, and would be found here after those are erased.
    """
    assert action in HANDED_OUT, action  # noqa: S101  # else no page would show it
    note(action, subject, by=by, now=now, **details)
    stem, _dot, ending = name.rpartition(".")
    return give_file(content, f"{stem}-{local_date(now):%Y-%m-%d}.{ending}", media_type)


def handed_out(by: Any, limit: int = 50) -> list[History]:
    """Return what was taken along, newest first; ``by`` is a query for the ids of those who did, None for everybody."""
    rows = select(History).where(History.action.in_(HANDED_OUT))
    if by is not None:
        rows = rows.where(History.actor_id.in_(by))
    return list(db.session.scalars(rows.order_by(History.id.desc()).limit(limit)))

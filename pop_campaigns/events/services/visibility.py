"""Verbs that decide who sees an event. The caller commits."""

from __future__ import annotations

from datetime import datetime

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.core.locks import lock_row
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventState
from pop_campaigns.events.rules.visibility import EventVisibility, visibility_off_site


class CancelledStaysHidden(ValueError):
    """A cancelled event that was never on the site is not put there."""


def publish_event(event: Event, *, by: User | None, now: datetime) -> bool:
    """Put an event on the site; return False where it is there already.

    :raises CancelledStaysHidden: it is cancelled.
    """
    lock_row(event)
    if event.visibility is EventVisibility.PUBLIC:
        return False
    if event.state is EventState.CANCELLED:
        raise CancelledStaysHidden(event.id)
    event.published_at = event.published_at or now
    _set(event, EventVisibility.PUBLIC, "event.published", by, now)
    return True


def keep_internal(event: Event, *, by: User | None, now: datetime) -> bool:
    """Make a draft an event that the network knows and the site does not; return False where it is no draft."""
    lock_row(event)
    if event.visibility is not EventVisibility.DRAFT:
        return False
    _set(event, EventVisibility.INTERNAL, "event.kept_internal", by, now)
    return True


def end_draft(event: Event, visibility: EventVisibility, *, by: User | None, now: datetime) -> bool:
    """Make of a draft what was chosen; return False where it is no draft any more or is to stay one."""
    if event.visibility is not EventVisibility.DRAFT:
        return False
    if visibility is EventVisibility.PUBLIC:
        return publish_event(event, by=by, now=now)
    return visibility is EventVisibility.INTERNAL and keep_internal(event, by=by, now=now)


def take_off_site(event: Event, *, told: bool, by: User | None, now: datetime) -> bool:
    """Take an event from the site: internal if anybody was ``told``, else a draft again. False: it is not there."""
    lock_row(event)
    if event.visibility is not EventVisibility.PUBLIC:
        return False
    _set(event, visibility_off_site(told=told), "event.taken_off_site", by, now)
    return True


def _set(event: Event, visibility: EventVisibility, action: str, by: User | None, now: datetime) -> None:
    event.visibility, event.changed_at = visibility, now
    note(action, event, by=by, now=now, visibility=visibility.value)
    db.session.flush()

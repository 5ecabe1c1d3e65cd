"""Reminding guests as a task of the worker: one small transaction a batch."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog

from pop_campaigns.core.db import db
from pop_campaigns.invitations.queries.reminders import events_with_due_rules
from pop_campaigns.invitations.rules.reminders import may_leave
from pop_campaigns.invitations.services.reminders import plan_reminders
from pop_campaigns.mail.wake_up import wake_worker

log = structlog.get_logger()


def remind_guests(*, now: datetime, should_stop: Callable[[], bool] = lambda: False) -> int:
    """Decide on all reminders that are due and queue those that go; return how many mails that makes. Commits by itself."""
    if not may_leave(now):
        return 0
    events = events_with_due_rules(now)
    db.session.rollback()  # nothing is held between batches
    queued = 0
    for event_id in events:
        decided = 1
        while decided and not should_stop():
            decided, made = plan_reminders(event_id, now=now)
            db.session.commit()
            queued += made
    if queued:
        log.info("reminders", queued=queued)
        wake_worker()
    return queued

"""Verbs that change reminders. The caller commits."""

from __future__ import annotations

from datetime import date, datetime

from pop_campaigns.accounts.models import User
from pop_campaigns.core.clock import local_date
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.core.once import insert_or_find, once_key
from pop_campaigns.core.text import clean_line
from pop_campaigns.follow_ups.models import FollowUp
from pop_campaigns.follow_ups.rules import LONGEST_WHY, DayRefusal, refuse_day


class DayRefused(ValueError):
    """No reminder is set for that day; ``reason`` says why."""

    def __init__(self, reason: DayRefusal) -> None:
        super().__init__(reason.value)
        self.reason = reason


def add_follow_up(
    subject: tuple[str, int],
    due_on: date,
    why: str = "",
    *,
    for_all: bool = False,
    by: User,
    now: datetime,
    once: str = "",
) -> FollowUp:
    """Set a reminder about a thing (table and number, which the caller has looked up with the user's eyes).

    It is for whoever sets it, with ``for_all`` for everybody of their organisation. The same ``once`` from the same
    person returns the one it made the first time.

    :raises DayRefused: the day is past, or too far away to be meant.
    """
    _check_day(due_on, now)

    def make() -> FollowUp:
        return FollowUp(
            organisation_id=by.organisation_id,
            assignee_id=None if for_all else by.id,
            subject_type=subject[0],
            subject_id=subject[1],
            due_on=due_on,
            why=clean_line(why)[:LONGEST_WHY],
            made_at=now,
            made_by_id=by.id,
        )

    row, is_new = insert_or_find(FollowUp, once_key("follow_up", once, by), make)
    if is_new:
        note("follow_up.made", row, by=by, now=now, due=due_on.isoformat())
    return row


def change_follow_up(row: FollowUp, due_on: date, why: str, *, by: User, now: datetime) -> None:
    """Give a reminder another day or other words. An unchanged day may be past.

    :raises DayRefused: the day is past, or too far away to be meant.
    """
    if due_on != row.due_on:
        _check_day(due_on, now)
    was = row.due_on
    row.due_on, row.why = due_on, clean_line(why)[:LONGEST_WHY]
    if db.session.is_modified(row):
        note("follow_up.changed", row, by=by, now=now, was=was.isoformat(), due=due_on.isoformat())


def finish_follow_up(row: FollowUp, *, by: User, now: datetime) -> bool:
    """Note that what a reminder was for is done; return False where it was done already."""
    if row.done_at is not None:
        return False
    row.done_at, row.done_by_id = now, by.id
    note("follow_up.done", row, by=by, now=now)
    return True


def reopen_follow_up(row: FollowUp, *, by: User, now: datetime) -> bool:
    """Take *done* back; return False where the reminder is open."""
    if row.done_at is None:
        return False
    row.done_at = row.done_by_id = None
    note("follow_up.reopened", row, by=by, now=now)
    return True


def _check_day(day: date, now: datetime) -> None:
    refused = refuse_day(day, local_date(now))
    if refused is not None:
        raise DayRefused(refused)

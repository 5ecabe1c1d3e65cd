"""How long what is kept, and how long a breach may wait; pure."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta


class Kept(enum.StrEnum):
    """A class of data that is not kept for ever."""

    ANSWERS = "answers"
    MAILS = "mails"
    INCOMING = "incoming"
    PROOFS = "proofs"
    IMPORTS = "imports"
    SESSIONS = "sessions"
    LOOSE_FILES = "loose_files"


@dataclass(frozen=True)
class Retention:
    """For how many days a class is kept; ``setting`` (without ``POP_``) changes them, "" cannot be changed."""

    kept: Kept
    days: int
    setting: str = ""


RETENTION = (
    Retention(Kept.ANSWERS, 30, "RETENTION_ANSWERS_DAYS"),
    Retention(Kept.MAILS, 365, "RETENTION_MAILS_DAYS"),
    Retention(Kept.INCOMING, 365, "RETENTION_MAILS_DAYS"),
    Retention(Kept.PROOFS, 1095, "RETENTION_PROOFS_DAYS"),
    Retention(Kept.IMPORTS, 30, "RETENTION_IMPORTS_DAYS"),
    Retention(Kept.SESSIONS, 30),
    Retention(Kept.LOOSE_FILES, 1),
)
"""Citizens' answers are counted from the end of the event, mails from their queueing or
coming in, proofs from the withdrawal of the consent, imported rows from the run, sessions from their end or from when
they were last seen and could not be used any more."""

RUNS_EVERY = timedelta(days=1)


def run_is_due(last_at: datetime | None, now: datetime) -> bool:
    """Return whether retention runs again: once a day, also after a clock that went wrong and came back."""
    return last_at is None or now - last_at >= RUNS_EVERY or last_at > now + RUNS_EVERY


# Law 124/2024 and GDPR art. 33: within 72 hours of becoming aware of it.
TELL_WITHIN = timedelta(hours=72)


class BreachClock(enum.StrEnum):
    """Where the telling of the authority stands."""

    RUNNING = "running"
    OVERDUE = "overdue"
    TOLD = "told"
    TOLD_LATE = "told_late"


def breach_clock(noticed_at: datetime, told_at: datetime | None, now: datetime) -> tuple[BreachClock, int]:
    """Return where the clock of a breach stands, and the whole hours left, over, or needed to tell.

    What is left is rounded down and what is over rounded up: nobody is told of an hour they do not have.
    """
    if told_at is not None:
        late = told_at - noticed_at > TELL_WITHIN
        return (BreachClock.TOLD_LATE if late else BreachClock.TOLD), _hours_up(told_at - noticed_at)
    time_left = noticed_at + TELL_WITHIN - now
    if time_left < timedelta(0):
        return BreachClock.OVERDUE, _hours_up(-time_left)
    return BreachClock.RUNNING, int(time_left.total_seconds() // 3600)


def _hours_up(span: timedelta) -> int:
    return max(0, int(-(-span.total_seconds() // 3600)))

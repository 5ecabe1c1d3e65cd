"""How a mail moves through the queue; pure."""

from __future__ import annotations

import enum
from datetime import datetime, timedelta


class MailState(enum.StrEnum):
    """Where a mail stands: waiting for its turn, in a worker's hands, taken by the server, refused for good, called off."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


class IncomingState(enum.StrEnum):
    """Where a mail that came in stands: stored, filed where it belongs, waiting for a person, put aside by one.

    Nothing is ever deleted by code: the four add up to all that came.
    """

    RECEIVED = "received"
    MATCHED = "matched"
    HELD = "held"
    IGNORED = "ignored"


class IncomingKind(enum.StrEnum):
    """What a mail that came in is, in the order in which it is asked."""

    CALENDAR = "calendar"
    BOUNCE = "bounce"
    FEEDBACK = "feedback"
    RECEIPT = "receipt"
    AUTO = "auto"
    HUMAN = "human"
    UNPARSED = "unparsed"


class IncomingWay(enum.StrEnum):
    """Through which door a mail came in."""

    PIPE = "pipe"
    LISTENER = "listener"
    IMAP = "imap"
    UPLOAD = "upload"


LEASE = timedelta(minutes=5)
GIVE_UP_AFTER = timedelta(days=2)
_WAITS = (60, 300, 900, 1800, 3600)  # seconds after the 1st, 2nd, … attempt; the last one repeats


def next_attempt(attempts: int, now: datetime) -> datetime:
    """Give when to try again after ``attempts`` temporary refusals: 1, 5, 15, 30 minutes, then hourly."""
    return now + timedelta(seconds=_WAITS[min(max(attempts, 1), len(_WAITS)) - 1])


def gives_up(queued_at: datetime, now: datetime) -> bool:
    """Tell whether a temporary refusal has lasted so long (two days) that it counts as final."""
    return now - queued_at >= GIVE_UP_AFTER

"""How a mail moves through the queue; pure."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pop_campaigns.mail.words.bounces import speaks_of_nobody, speaks_of_policy


class MailState(enum.StrEnum):
    """Where a mail stands: waiting for its turn, in a worker's hands, taken by the server, refused for good, called off."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


class SendingKind(enum.StrEnum):
    """What a person sent at one press."""

    INVITATIONS = "invitations"
    CHANGES = "changes"
    CANCELLATION = "cancellation"
    WITHDRAWAL = "withdrawal"
    REMINDERS = "reminders"
    NEW_ADDRESS = "new_address"
    MESSAGE = "message"
    LETTER = "letter"
    LETTER_ELSEWHERE = "letter_elsewhere"
    REPLY = "reply"
    FORWARD = "forward"
    AGAIN = "again"


HOLDING = frozenset({SendingKind.CHANGES, SendingKind.CANCELLATION})
"""While one of these can be undone, nothing else about the same thing leaves: it may say what will not hold."""
WHOLE = frozenset({SendingKind.CANCELLATION, SendingKind.WITHDRAWAL, SendingKind.MESSAGE, SendingKind.LETTER})
"""Undone as a whole or not at all: an event cannot be off for some of its guests, nor a message half a draft."""


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


class Review(enum.StrEnum):
    """Why a mail, mostly an answer from a calendar, changes nothing by itself: most wait for a person."""

    NOT_A_REPLY = "not_a_reply"
    PROPOSES_TIME = "proposes_time"  # of mail that came before proposals were taken up
    NO_TIME = "no_time"
    DAY_ONLY = "day_only"
    SAME_TIME = "same_time"
    NO_ANSWER = "no_answer"
    WRONG_ADDRESS = "wrong_address"
    OTHER_EVENT = "other_event"
    OTHER_GUEST = "other_guest"
    STRANGER = "stranger"  # of mail that came while the sender was believed
    UNPROVEN = "unproven"
    OLDER = "older"
    TOO_LATE = "too_late"
    UNREADABLE = "unreadable"
    WINMAIL = "winmail"
    CONTRADICTS = "contradicts"


class Dmarc(enum.StrEnum):
    """What a trusted server found out about the sender (RFC 7489); where none said anything there is no value."""

    PASSED = "pass"
    FAILED = "fail"


LEASE = timedelta(minutes=5)
GIVE_UP_AFTER = timedelta(days=2)
_WAITS = (60, 300, 900, 1800, 3600)  # seconds after the 1st, 2nd, … attempt; the last one repeats


HARD_BOUNCES = 3
BOUNCES_OVER = timedelta(days=7)
ARRIVED_AFTER = timedelta(days=7)
"""A mail that has not come back by then arrived: servers give up within five days."""
DEAD_FOR = timedelta(days=90)
"""After so long without a bounce one more mail goes to a dead address: mailboxes are repaired, too."""
_CODE = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_REPLY = re.compile(r"(?<![\d.])([45]\d\d)(?=[ -]|$)")
# RFC 3463, RFC 7372. 4: for now. 5.7: refused by a policy; 5.1.7 and 5.1.8: our own address was not liked; with the next none
# about the mailbox: too large, the server's own trouble, not to be read, no such feature.
_NOT_THE_ADDRESS = re.compile(r"4\.|5\.(7\.|1\.[78]$|2\.3$|3\.|5\.|6\.)")


@dataclass(frozen=True)
class CameBack:
    """An address from which mails came back for good: how many, since when, the last time."""

    number: int
    since: datetime
    last: datetime


def says_dead(bounce_words: str) -> bool:
    """Return whether a hard bounce (status and the server's words) speaks of the address, not of this mail or of us.

    The code that says most counts: the first that is not x.y.0. Where a server speaks of a policy, of reputation or of our
    own address, it is not the mailbox that is dead, whatever the code. In doubt mail still goes there.
    """
    if speaks_of_policy(bounce_words):
        return False
    codes = [code[0] for code in _CODE.finditer(bounce_words)]
    code = next((code for code in codes if not code.endswith(".0")), "")
    if code:
        return not _NOT_THE_ADDRESS.match(code)
    if any(code.startswith("4") for code in codes):
        return False
    reply = _REPLY.search(bounce_words)
    # 554 says no more than that the transaction failed, 552 that a mailbox or a mail is too large (RFC 5321).
    return (
        not reply
        or reply[1] in ("550", "551", "553")
        or (reply[1][0] == "5" and speaks_of_nobody(bounce_words))
    )


def is_dead(bounced: Iterable[datetime], arrived: datetime | None, now: datetime) -> CameBack | None:
    """Return what keeps mail from an address: its bounces; None where mail goes there.

    ``bounced`` are the hard bounces, ``arrived`` is when the last mail left that did not come back. Three bounces over at
    least seven days with nothing arriving in between: one bad day of a server is not enough.
    """
    counted = sorted(at for at in bounced if arrived is None or at > arrived)
    if len(counted) < HARD_BOUNCES or counted[-1] - counted[0] < BOUNCES_OVER:
        return None
    return None if now - counted[-1] >= DEAD_FOR else CameBack(len(counted), counted[0], counted[-1])


SILENT_MAILS = 3
SILENT_SINCE = timedelta(days=60)
ANSWERED_WITHIN = timedelta(days=7)
"""A mail younger than this may still be answered or come back: it does not count yet."""


@dataclass(frozen=True)
class Silence:
    """Mails to an address from which nothing ever came back: how many that are, when the first and the last left."""

    number: int
    first: datetime
    last: datetime


def is_silent(sent: Iterable[datetime], now: datetime, heard: datetime | None = None) -> Silence | None:
    """Return what went into silence at an address; None as long as it says nothing: three mails, the first 60 days ago.

    ``sent`` is when mails left, ``heard`` when a call found out that somebody reads there: then only later ones count.
    """
    counted = sorted(at for at in sent if now - at >= ANSWERED_WITHIN and (heard is None or at > heard))
    if len(counted) < SILENT_MAILS or now - counted[0] < SILENT_SINCE:
        return None
    return Silence(len(counted), counted[0], counted[-1])


def next_attempt(attempts: int, now: datetime) -> datetime:
    """Return when to try again after ``attempts`` temporary refusals: 1, 5, 15, 30 minutes, then hourly."""
    return now + timedelta(seconds=_WAITS[min(max(attempts, 1), len(_WAITS)) - 1])


def gives_up(queued_at: datetime, now: datetime) -> bool:
    """Return whether a temporary refusal has lasted so long (two days) that it counts as final."""
    return now - queued_at >= GIVE_UP_AFTER


QUIET_FOR = timedelta(minutes=5)
"""So long a mail may wait while a worker runs before anybody is told."""
RATE_OVER = timedelta(minutes=1)
"""Over which time it is counted how fast mails leave."""
QUIET_WITHOUT_WORKER = timedelta(minutes=1)


@dataclass(frozen=True)
class SameReason:
    """Mails that wait for one reason: the server's last answer, or none yet. ``again_at`` is when the first is tried again."""

    code: int | None
    words: str
    number: int
    since: datetime
    again_at: datetime


@dataclass(frozen=True)
class Unsent:
    """Mails that should have left: how many, since when the first waits, and why.

    Without ``works`` no worker runs; else ``reason`` is the server's answer to most of them that got one, None where none did.
    """

    number: int
    since: datetime
    works: bool
    reason: SameReason | None = None


def sum_up_unsent(waiting: Iterable[SameReason], *, works: bool) -> Unsent | None:
    """Sum up mails that wait too long; None where none does."""
    groups = list(waiting)
    if not groups:
        return None
    answered = [group for group in groups if group.words]
    most = max(answered, key=lambda group: group.number, default=None)
    number, since = sum(group.number for group in groups), min(group.since for group in groups)
    return Unsent(number, since, works, most if works else None)

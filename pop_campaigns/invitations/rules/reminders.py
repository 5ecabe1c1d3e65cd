"""When guests are reminded of an event, and when not; pure.

A rule says: to whom, how many days before, at which hour of the wall clock in Tirana. Each guest gets at most one mail for each
rule and each date of the event (``date_version``): a move makes the question new, and whether the guest was told of the new date
after the reminder's hour answers it.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from pop_campaigns.invitations.rules.invitations import REMINDER_GAP, Answer


class Audience(enum.StrEnum):
    """Whom a rule reminds: those who come, perhaps come or send somebody; those who have not answered."""

    YES = "yes"
    SILENT = "silent"


COMING: Final = frozenset({Answer.ACCEPTED, Answer.TENTATIVE, Answer.DELEGATED})
"""A *maybe* is reminded with those who come: the mail says how to make it a yes or a no."""


class ReminderOutcome(enum.StrEnum):
    """What was decided of one reminder. What became of one that was made says its mail."""

    MADE = "made"
    NOT_NEEDED = "not_needed"
    DROPPED = "dropped"


class ReminderReason(enum.StrEnum):
    """Why there is no reminder: not needed, or dropped."""

    NEW_RULE = "new_rule"
    TOLD_LATER = "told_later"
    ANSWERED = "answered"
    NOT_COMING = "not_coming"
    ANSWERED_LATER = "answered_later"
    PROPOSES = "proposes"
    NOT_WANTED = "not_wanted"
    UNREACHABLE = "unreachable"
    TOO_LATE = "too_late"
    OVERTAKEN = "overtaken"
    ONE_A_DAY = "one_a_day"
    CANCELLED = "cancelled"
    BEGUN = "begun"
    WITHDRAWN = "withdrawn"
    CHANGED = "changed"
    STOPPED = "stopped"


FIRST_HOUR, LAST_HOUR = 8, 19
"""The hours of Tirana's clock in which a reminder may leave: from 8:00 to before 20:00, and on no Sunday."""
MOST_DAYS: Final = 60
DEFAULT_HOUR: Final = 10
DEFAULT_RULES: Final = (
    (Audience.YES, 7),
    (Audience.SILENT, 5),
    (Audience.SILENT, 2),
    (Audience.YES, 1),
)
LEAST_BEFORE: Final = timedelta(hours=3)
"""A reminder that is late goes as long as this is left: somebody can still come, or answer."""
LATE_AFTER: Final = timedelta(minutes=15)
REMINDER_KINDS: Final = ("invitation.reminder", "invitation.attending")
"""``OutgoingMail.kind`` of reminders, by hand or by a rule."""
_TIRANE: Final = ZoneInfo("Europe/Tirane")
_SUNDAY: Final = 6
_HOUR: Final = timedelta(hours=1)


def due_moment(starts_at: datetime, zone: str, days: int, hour: int) -> datetime:
    """Return when a reminder is due (UTC), ``days`` (at least 1) before the local day of the start, at ``hour`` in Tirana.

    What falls into the night or on a Sunday is due at the last allowed hour before.
    """
    day = starts_at.astimezone(ZoneInfo(zone)).date() - timedelta(days=days)
    if hour < FIRST_HOUR:
        day, hour = day - timedelta(days=1), LAST_HOUR
    if day.weekday() == _SUNDAY:
        day, hour = day - timedelta(days=1), LAST_HOUR
    return datetime.combine(day, time(min(hour, LAST_HOUR)), _TIRANE).astimezone(UTC)


def may_leave(moment: datetime) -> bool:
    """Return whether reminders may leave at a moment: neither at night nor on a Sunday."""
    local = moment.astimezone(_TIRANE)
    return local.weekday() != _SUNDAY and FIRST_HOUR <= local.hour <= LAST_HOUR


def next_hour(moment: datetime, *, another_day: bool = False) -> datetime:
    """Return the first moment (UTC) from ``moment`` on at which reminders may leave; with ``another_day`` none of its day."""
    if not another_day and may_leave(moment):
        return moment
    local = moment.astimezone(_TIRANE)
    later = another_day or local.hour > LAST_HOUR
    day = local.date() + timedelta(days=1 if later else 0)
    if day.weekday() == _SUNDAY:
        day += timedelta(days=1)
    return datetime.combine(day, time(FIRST_HOUR), _TIRANE).astimezone(UTC)


@dataclass(frozen=True)
class Occasion:
    """One rule of one event as it stands: when it is due, since when it holds, whether a later one of its audience is due."""

    audience: Audience
    starts_at: datetime
    due_at: datetime
    holds_from: datetime
    overtaken: bool = False


@dataclass(frozen=True)
class Reminded:
    """A guest as reminders see one.

    ``told_at`` is when they were last told the time that holds now, None where they know an older one. ``had_today``: they had
    another reminder on this day of Tirana.
    """

    answer: Answer
    answered_at: datetime | None = None
    told_at: datetime | None = None
    sends_nobody: bool = False
    proposes: bool = False
    refused: bool = False
    unreachable: bool = False
    had_today: bool = False


Verdict = tuple[ReminderOutcome, ReminderReason | None]
_MAKE: Final[Verdict] = (ReminderOutcome.MADE, None)


def decide(occasion: Occasion, guest: Reminded, now: datetime) -> Verdict | None:
    """Decide on one reminder; None: not yet.

    Not before it is due, at night, on a Sunday, while the guest knows an older time (the change has to be told first), or on a
    day on which they had a reminder. Nothing about the start goes after the start.
    """
    if now < occasion.due_at or now >= occasion.starts_at or not may_leave(now):
        return None
    if occasion.due_at <= occasion.holds_from:
        return ReminderOutcome.NOT_NEEDED, ReminderReason.NEW_RULE
    if guest.told_at is None:
        return None
    needless = _needless(occasion, guest)
    if needless is not None:
        return ReminderOutcome.NOT_NEEDED, needless
    senseless = _senseless(occasion, guest, now)
    if senseless is not None:
        return ReminderOutcome.DROPPED, senseless
    if not guest.had_today:
        return _MAKE
    if occasion.starts_at - next_hour(now, another_day=True) < LEAST_BEFORE:
        return ReminderOutcome.DROPPED, ReminderReason.ONE_A_DAY
    return None


def _needless(occasion: Occasion, guest: Reminded) -> ReminderReason | None:
    """Return why a guest needs no reminder: what they were told or said already."""
    assert guest.told_at is not None  # noqa: S101  # see decide
    if occasion.due_at < guest.told_at + REMINDER_GAP:
        return ReminderReason.TOLD_LATER
    other = not_of_audience(occasion.audience, guest.answer, sends_nobody=guest.sends_nobody)
    if other is not None:
        return other
    if occasion.audience is Audience.SILENT:
        return ReminderReason.PROPOSES if guest.proposes else None
    if guest.answered_at is not None and guest.answered_at > occasion.due_at:
        return ReminderReason.ANSWERED_LATER
    return None


def _senseless(occasion: Occasion, guest: Reminded, now: datetime) -> ReminderReason | None:
    """Return why a reminder that would be needed is dropped."""
    if guest.refused:
        return ReminderReason.NOT_WANTED
    if guest.unreachable:
        return ReminderReason.UNREACHABLE
    if occasion.starts_at - now < LEAST_BEFORE:
        return ReminderReason.TOO_LATE
    return ReminderReason.OVERTAKEN if occasion.overtaken else None


def not_of_audience(
    audience: Audience, answer: Answer, *, sends_nobody: bool = False
) -> ReminderReason | None:
    """Return why a guest who answered so is none of whom a rule reminds; None where they are."""
    if audience is Audience.SILENT:
        return None if answer is Answer.NEEDS_ACTION else ReminderReason.ANSWERED
    return None if answer in COMING and not sends_nobody else ReminderReason.NOT_COMING


@dataclass(frozen=True)
class Claimed:
    """A reminder that a worker holds, and what is true of event and guest at this moment.

    ``pressed``: a person sent it, at whatever hour. ``knows_time``: since it was made, nothing changed that guests act on.
    """

    audience: Audience
    answer: Answer
    starts_at: datetime | None
    cancelled: bool = False
    withdrawn: bool = False
    knows_time: bool = True
    stopped: bool = False
    pressed: bool = False


def why_not_sent(claimed: Claimed, now: datetime) -> ReminderReason | None:
    """Return why a claimed reminder is not handed over; None where it says what is still true."""
    if claimed.cancelled:
        return ReminderReason.CANCELLED
    if claimed.withdrawn:
        return ReminderReason.WITHDRAWN
    if claimed.starts_at is None or not claimed.knows_time:
        return ReminderReason.CHANGED
    if claimed.starts_at <= now:
        return ReminderReason.BEGUN
    if claimed.stopped:
        return ReminderReason.STOPPED
    other = not_of_audience(claimed.audience, claimed.answer)
    if other is not None or claimed.pressed:
        return other
    # Judged by when it can leave: at night it waits for the morning.
    return ReminderReason.TOO_LATE if claimed.starts_at - next_hour(now) < LEAST_BEFORE else None

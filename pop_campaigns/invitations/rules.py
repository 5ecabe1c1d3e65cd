"""Decisions about invitations and answers; pure."""

from __future__ import annotations

import enum
from datetime import datetime, timedelta


class Answer(enum.StrEnum):
    """What a guest says (RFC 5545 §3.2.12, PARTSTAT)."""

    NEEDS_ACTION = "NEEDS-ACTION"
    ACCEPTED = "ACCEPTED"
    TENTATIVE = "TENTATIVE"
    DECLINED = "DECLINED"
    DELEGATED = "DELEGATED"


class InvitationState(enum.StrEnum):
    """On the guest list but not yet asked; asked; asked no longer."""

    DRAFT = "draft"
    INVITED = "invited"
    WITHDRAWN = "withdrawn"


class MailPurpose(enum.StrEnum):
    """Why an invitation's mail goes out. A change and a cancellation carry a higher SEQUENCE (RFC 5546 §2.1.4)."""

    REQUEST = "request"
    CHANGE = "change"
    CANCELLATION = "cancellation"
    REMINDER = "reminder"


class AnswerChannel(enum.StrEnum):
    """How an answer came."""

    LINK = "link"
    CALENDAR = "calendar"
    BY_HAND = "by_hand"


class NotInvitable(enum.StrEnum):
    """Why an event takes no invitations now."""

    CANCELLED = "cancelled"
    OVER = "over"
    NO_MOMENT = "no_moment"


class NotAnswerable(enum.StrEnum):
    """Why an answer is no longer taken."""

    CANCELLED = "cancelled"
    WITHDRAWN = "withdrawn"
    STARTED = "started"


LINK_LIVES_AFTER_END = timedelta(days=1)


def may_invite(*, cancelled: bool, starts_at: datetime | None, now: datetime) -> NotInvitable | None:
    """Decide whether an event can be invited to; None means yes.

    A calendar entry needs a moment, and nobody is invited to the past.
    """
    if cancelled:
        return NotInvitable.CANCELLED
    if starts_at is None:
        return NotInvitable.NO_MOMENT
    return NotInvitable.OVER if starts_at <= now else None


def may_answer(
    *, cancelled: bool, withdrawn: bool, starts_at: datetime | None, now: datetime
) -> NotAnswerable | None:
    """Decide whether a guest's answer is still taken; None means yes. Minds may change until the event starts."""
    if cancelled:
        return NotAnswerable.CANCELLED
    if withdrawn:
        return NotAnswerable.WITHDRAWN
    if starts_at is not None and starts_at <= now:
        return NotAnswerable.STARTED
    return None


def link_lives(ends_at: datetime | None, starts_at: datetime | None, now: datetime) -> bool:
    """Tell whether a personal link still opens: until a day after the event."""
    end = ends_at or starts_at
    return end is None or now < end + LINK_LIVES_AFTER_END

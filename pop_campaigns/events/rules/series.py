"""One template, several cities: what a chapter has said to it and what is to be done next; pure."""

from __future__ import annotations

import enum
from datetime import datetime, timedelta


class ProposalState(enum.StrEnum):
    """What a chapter said to a series that was proposed to it."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    DECLINED = "declined"


def length_of(starts_at: datetime | None, ends_at: datetime | None) -> int | None:
    """Return how long an event lasts, in minutes; None where its end is not known."""
    if starts_at is None or ends_at is None:
        return None
    return max(1, min(int((ends_at - starts_at) / timedelta(minutes=1)), 10_080))


class BoardStep(enum.StrEnum):
    """The one next thing to do in a city."""

    ANSWER = "answer"
    PLACE_AGAIN = "place_again"
    INVITE = "invite"
    SEND = "send"
    PUBLISH = "publish"
    REMIND = "remind"
    SAY_HELD = "say_held"
    LOOK = "look"


def next_step(  # one question after the other, each by what is known
    state: ProposalState,
    *,
    has_event: bool,
    draft: bool,
    cancelled: bool,
    held: bool,
    over: bool,
    waiting: int,
    invited: int,
    silent: int,
) -> BoardStep | None:
    """Return what is next in a city. ``waiting`` guests are on the list, ``invited`` were asked, ``silent`` say nothing."""
    if state is ProposalState.DECLINED or cancelled:
        return None
    if state is ProposalState.PROPOSED:
        return BoardStep.ANSWER
    if not has_event:
        return BoardStep.PLACE_AGAIN
    if held:
        return BoardStep.LOOK
    if over:
        return BoardStep.SAY_HELD
    if waiting:
        return BoardStep.SEND
    if not invited:
        return BoardStep.INVITE
    if draft:
        return BoardStep.PUBLISH
    return BoardStep.REMIND if silent else BoardStep.LOOK

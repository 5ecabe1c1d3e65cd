"""What events are and when they may change; pure."""

from __future__ import annotations

import enum
from datetime import datetime, timedelta


class EventKind(enum.StrEnum):
    """Kinds of event of the network."""

    CONFRONTATION = "confrontation"
    HEARING = "hearing"
    PRESS_CONFERENCE = "press_conference"
    ROUND_TABLE = "round_table"
    MEETING = "meeting"
    PUBLIC_FORUM = "public_forum"
    COUNCIL_SESSION = "council_session"
    PROTEST = "protest"


class EventFormat(enum.StrEnum):
    """How people come together."""

    IN_PERSON = "in_person"
    ONLINE = "online"
    HYBRID = "hybrid"


class EventState(enum.StrEnum):
    """Where an event stands. An event in the past is *held* only when a source or a coordinator says so."""

    PLANNED = "planned"
    HELD = "held"
    CANCELLED = "cancelled"


def is_over(starts_at: datetime | None, ends_at: datetime | None, now: datetime) -> bool:
    """Tell whether an event with a known moment has ended (without an end: two hours after its start)."""
    if starts_at is None:
        return False
    return (ends_at or starts_at + timedelta(hours=2)) <= now


def may_cancel(state: EventState) -> bool:
    """Tell whether an event can (still, or again) be called off: what was held cannot."""
    return state is not EventState.HELD

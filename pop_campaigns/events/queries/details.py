"""Named reads of what a kind of event has beside what all have."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, or_, select

from pop_campaigns.core.db import db
from pop_campaigns.events.models.agenda import AgendaPoint
from pop_campaigns.events.models.details import EventDetails
from pop_campaigns.events.models.events import Attendance, Event, Supporter
from pop_campaigns.events.rules.details import is_embargoed, read_sides
from pop_campaigns.events.rules.events import EventKind


def details_of(event: Event) -> EventDetails | None:
    """Return the details of an event; None where nothing was ever typed."""
    return db.session.get(EventDetails, event.id)


def sides_of(event: Event) -> list[str]:
    """Return the sides of a round table; other events have none."""
    details = details_of(event) if event.kind is EventKind.ROUND_TABLE else None
    return read_sides(details.sides) if details else []


def embargo_of(event: Event, now: datetime) -> datetime | None:
    """Return until when the words of an event are under embargo; None where they are not, or not any more."""
    if event.kind is not EventKind.PRESS_CONFERENCE:
        return None
    details = details_of(event)
    until = details.embargo_until if details else None
    return until if is_embargoed(event.kind, until, now) else None


def under_embargo(now: datetime) -> ColumnElement[bool]:
    """Return the condition that an event is under embargo: the twin of the rule for the database."""
    later = exists().where(EventDetails.event_id == Event.id, EventDetails.embargo_until > now)
    return and_(Event.kind == EventKind.PRESS_CONFERENCE, later)


def last_embargo(now: datetime) -> datetime | None:
    """Return when an embargo ended last: from then on pages and calendars say more."""
    ended = select(EventDetails.embargo_until).where(EventDetails.embargo_until <= now)
    return db.session.scalar(ended.order_by(EventDetails.embargo_until.desc()).limit(1))


_named_above: list[Callable[[Event], bool]] = []


def ask_who_is_named(source: Callable[[Event], bool]) -> None:
    """Register who else knows whether anybody is named at an event (invitations do)."""
    _named_above[:] = [source]


def is_named(event: Event) -> bool:
    """Return whether anybody is named at an event: as a guest, as who attended or as who speaks."""
    attended = exists().where(Attendance.event_id == event.id)
    speaks = exists().where(AgendaPoint.event_id == event.id, AgendaPoint.speaker != "")
    return bool(db.session.scalar(select(or_(attended, speaks)))) or any(
        named(event) for named in _named_above
    )


def supporter_of(event: Event, organisation_id: int) -> Supporter | None:
    """Return what a chapter said when it joined; None where it has not."""
    rows = select(Supporter).where(
        Supporter.event_id == event.id, Supporter.organisation_id == organisation_id
    )
    return db.session.scalar(rows)

"""Named reads of agendas."""

from __future__ import annotations

from sqlalchemy import select

from pop_campaigns.core.db import db
from pop_campaigns.events.models.agenda import Agenda, AgendaPoint
from pop_campaigns.events.models.events import Event


def agenda_points(event: Event) -> list[AgendaPoint]:
    """Return the points of an event in their order, with their offices; one query."""
    rows = select(AgendaPoint).where(AgendaPoint.event_id == event.id)
    return list(db.session.scalars(rows.order_by(AgendaPoint.position, AgendaPoint.id)).unique())


def agenda_of(event: Event) -> Agenda | None:
    """Return what is known of an agenda as a whole; None for an event that never had a point."""
    return db.session.get(Agenda, event.id)


def point_of(event: Event, ident: int) -> AgendaPoint | None:
    """Return one point of an event by its number; None where it is none of this one's."""
    return next((point for point in agenda_points(event) if point.id == ident), None)

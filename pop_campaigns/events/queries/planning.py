"""What is asked about an event before it is saved; notices of protests.

Who looks knows more than events do: the app sets who (:func:`set_doubt_finder`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import Flask, current_app
from sqlalchemy import select

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import own
from pop_campaigns.core.db import db
from pop_campaigns.events.models.events import Event, PoliceNotice
from pop_campaigns.events.queries.events import lies_ahead
from pop_campaigns.events.rules.events import EventKind, EventState
from pop_campaigns.events.rules.planning import Plan

_FINDER: Final = "doubts_about_events"


@dataclass(frozen=True)
class Doubt:
    """One thing that speaks against a time or a place, in words, with the page it is about ("" for none)."""

    words: str
    url: str = ""
    link: str = ""


DoubtFinder = Callable[[Plan, Plan | None, Event | None, User], Sequence[Doubt]]


def set_doubt_finder(finder: DoubtFinder, app: Flask) -> None:
    """Set who looks for what speaks against an event."""
    app.extensions[_FINDER] = finder


def doubts_about(plan: Plan, before: Plan | None, event: Event | None, user: User) -> Sequence[Doubt]:
    """Return what speaks against what is new in an event as it is typed, as far as the user may see it.

    ``before`` it was so, and ``event`` is the one that is changed; None for a new one.
    """
    finder: DoubtFinder = current_app.extensions[_FINDER]
    return finder(plan, before, event, user)


def notice_of(event: Event) -> PoliceNotice | None:
    """Return the notice that the police were given of an event."""
    return db.session.get(PoliceNotice, event.id)


def protests_without_notice(user: User, now: datetime) -> Sequence[Event]:
    """Return the protests of the user's work of whose notice nobody has said that it was given, the next first."""
    given = select(PoliceNotice.event_id)
    rows = select(Event).where(
        own(Event, user), Event.kind == EventKind.PROTEST, Event.state == EventState.PLANNED,
        Event.day_from.is_not(None), lies_ahead(now), Event.id.not_in(given),
    )  # fmt: skip
    return db.session.scalars(rows.order_by(Event.day_from, Event.id).limit(50)).unique().all()

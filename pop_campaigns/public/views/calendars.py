"""The addresses of calendars: the network's feed, the file of one event."""

from __future__ import annotations

from datetime import datetime

from flask import Response, abort, g, request
from sqlalchemy import select

from pop_campaigns.calendars.event import CalendarEvent
from pop_campaigns.calendars.feed import feed_etag, write_event_file
from pop_campaigns.core.db import db
from pop_campaigns.core.downloads import give_file
from pop_campaigns.core.headers import for_everybody
from pop_campaigns.core.places import Municipality, municipality_key
from pop_campaigns.events.models.events import Event
from pop_campaigns.public.blueprint import FEEDS_KEPT_FOR, bp, keepable
from pop_campaigns.public.queries.events import find_public_event
from pop_campaigns.public.words.feed import last_change, public_entry, read_feed

_PUBLISHED = "text/calendar; charset=utf-8"


@bp.get("/calendar.ics")
@for_everybody(FEEDS_KEPT_FOR)
def calendar() -> Response:
    """Show the calendar to subscribe to: ``?municipality=fier`` for one municipality, ``&lang=en`` for English."""
    municipality = _municipality()
    key, name = (municipality.key, municipality.name) if municipality else ("", "")
    changed = last_change()
    feed = read_feed(g.lang, key, name)
    return _answer(feed.body, feed.etag, changed)


@bp.get("/<any(sq, en):lang>/events/<int:event_id>.ics")
@for_everybody(FEEDS_KEPT_FOR)
def event_calendar(event_id: int) -> Response:
    """Show the calendar file of one event whose day is known."""
    event = find_public_event(event_id)
    if event is None:
        abort(404)
    entry = _entry(event, g.lang)
    if entry is None:
        abort(404)
    text = write_event_file(entry)
    answer = give_file(text.encode(), f"pop-{event.id}.ics", "text/calendar")
    answer.content_type = _PUBLISHED
    return keepable(answer, feed_etag(text), event.changed_at)


def has_file(event: Event, lang: str) -> bool:
    """Return whether an event can be put into a calendar: its day is known and calendars can hold it."""
    return _entry(event, lang) is not None


def _entry(event: Event, lang: str) -> CalendarEvent | None:
    try:
        return public_entry(event, lang)
    except ValueError:
        return None


def _municipality() -> Municipality | None:
    """Return the municipality asked for, None for the whole network; a wrong one is 404, not somebody else's events."""
    typed = request.args.get("municipality", "")
    if not typed:
        return None
    key = municipality_key(typed[:80])
    municipality = db.session.scalar(select(Municipality).where(Municipality.key == key))
    if municipality is None:
        abort(404)
    return municipality


def _answer(body: bytes, etag: str, changed: datetime | None) -> Response:
    return keepable(Response(body, content_type=_PUBLISHED), etag, changed)

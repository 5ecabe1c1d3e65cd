"""The addresses of calendars: the network's feed, the file of one event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from flask import Response, abort, g, render_template, request
from sqlalchemy import func, select

from pop_campaigns.accounts.models import Organisation
from pop_campaigns.calendars.event import CalendarEvent
from pop_campaigns.calendars.feed import feed_etag, write_event_file
from pop_campaigns.campaigns.models import Campaign
from pop_campaigns.core.db import db
from pop_campaigns.core.downloads import give_file
from pop_campaigns.core.headers import for_everybody
from pop_campaigns.core.i18n import in_language
from pop_campaigns.core.places import Municipality, municipality_key
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventKind
from pop_campaigns.events.words.labels import SEVERAL_EVENTS
from pop_campaigns.public.blueprint import FEEDS_KEPT_FOR, PAGES_KEPT_FOR, base_url, bp, keepable
from pop_campaigns.public.queries.events import (
    FeedFilter,
    fed_events,
    find_public_event,
    public_campaigns,
    public_municipalities,
    public_organisations,
)
from pop_campaigns.public.words.feed import feed_name, last_change, public_entry, read_feed

_PUBLISHED = "text/calendar; charset=utf-8"
_NAMES: Final = frozenset({"kind", "municipality", "organisation", "campaign", "lang"})


@bp.get("/calendar.ics")
@for_everybody(FEEDS_KEPT_FOR)
def calendar() -> Response:
    """Show the calendar to subscribe to: by kind, municipality, organisation, campaign; ``&lang=en`` for English."""
    chosen = _chosen()
    changed = last_change()
    feed = read_feed(g.lang, chosen.wanted, chosen.names)
    return _answer(feed.body, feed.etag, changed)


@bp.get("/<any(sq, en):lang>/calendar")
@for_everybody(PAGES_KEPT_FOR)
def subscribe() -> str:
    """Let people put together the calendar they subscribe to, and copy its address."""
    chosen = _chosen()
    arguments = chosen.wanted.as_arguments()
    g.kept = arguments
    address = f"{base_url()}/calendar.ics?{urlencode(arguments | {'lang': g.lang})}"
    return render_template(
        "public/subscribe.html",
        address=address,
        webcal=f"webcal://{address.partition('://')[2]}",
        name=feed_name(g.lang, chosen.wanted, chosen.names),
        number=db.session.scalar(fed_events(chosen.wanted, func.count())),
        arguments=arguments,
        kinds=SEVERAL_EVENTS,
        municipalities=public_municipalities(),
        organisations=public_organisations(),
        campaigns=public_campaigns(),
        canonical=base_url() + request.path,
    )


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


@dataclass(frozen=True)
class _Chosen:
    """A filter and what its rows are called in the language of the address."""

    wanted: FeedFilter
    names: tuple[str, ...]


def _chosen() -> _Chosen:
    """Return what is asked for. A name or a value nobody knows is 404: it must not give every event, nor somebody else's."""
    asked = request.args
    if set(asked) - _NAMES or any(len(asked.getlist(name)) > 1 for name in asked):
        abort(404)
    kind = asked.get("kind", "")
    if kind and kind not in set(EventKind):
        abort(404)
    municipality = _row(Municipality, municipality_key(asked.get("municipality", "")[:80]), "municipality")
    organisation = _row(Organisation, asked.get("organisation", "")[:60], "organisation")
    campaign = _row(Campaign, asked.get("campaign", "")[:60], "campaign")
    if campaign and campaign not in public_campaigns():
        abort(404)
    names = (
        municipality.name if municipality else "",
        in_language(organisation, "name", g.lang) if organisation else "",
        in_language(campaign, "title", g.lang) if campaign else "",
    )
    keys = (row.key if row else "" for row in (municipality, organisation, campaign))
    return _Chosen(
        FeedFilter(EventKind(kind) if kind else None, *keys), tuple(name for name in names if name)
    )


def _row(model: type[Any], key: str, name: str) -> Any:
    """Return the row that an address names, None where it names none; a wrong one is 404."""
    if not request.args.get(name):
        return None
    row = db.session.scalar(select(model).where(model.key == key)) if key else None
    if row is None:
        abort(404)
    return row


def _answer(body: bytes, etag: str, changed: datetime | None) -> Response:
    return keepable(Response(body, content_type=_PUBLISHED), etag, changed)

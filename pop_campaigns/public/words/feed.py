"""The calendar everybody can subscribe to, and the file of one event, fast for thousands of subscribers.

Programs ask for the feed every quarter of an hour; almost always nothing has changed. So each event's part is kept
as text until the event changes, and the whole until any of its events does. Nothing is kept by time: what is read
from the database on each request says whether a copy still holds.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import structlog
from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import lazyload

from pop_campaigns.calendars.event import CalendarEvent
from pop_campaigns.calendars.feed import feed_etag, write_event_block, write_feed
from pop_campaigns.core.clock import TIRANE, now
from pop_campaigns.core.dates import DatePrecision
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import in_language, speaking
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.queries.details import embargo_of, last_embargo, under_embargo
from pop_campaigns.events.words.calendar import calendar_event
from pop_campaigns.events.words.labels import SEVERAL_EVENTS
from pop_campaigns.public.queries.events import FeedFilter, fed_events, published
from pop_campaigns.public.words.events import public_link, public_text

_WITH_DAY: Final = (DatePrecision.MOMENT, DatePrecision.DAY)
_AT_ONCE: Final = 500
_MOST_BLOCKS, _MOST_FEEDS = 50_000, 64
_ALL: Final = FeedFilter()

# One event as read from the database: id, UID, version, instant of its last change, whether it is under embargo.
Stamp = tuple[int, str, int, datetime, bool]


@dataclasses.dataclass(frozen=True)
class Feed:
    """A feed as it is sent, its entity tag, and the stamps of the events it was made of."""

    body: bytes
    etag: str
    stamps: Sequence[Stamp]
    name: str


@dataclasses.dataclass
class Kept:
    """What this process keeps: the text of events by (id, language), whole feeds by language and filter."""

    blocks: dict[tuple[int, str], tuple[Stamp, str]] = dataclasses.field(default_factory=dict)
    feeds: dict[tuple[str, FeedFilter], Feed] = dataclasses.field(default_factory=dict)


def public_entry(event: Event, lang: str) -> CalendarEvent | None:
    """Return an event for everybody's calendar, or None while its day is not known: without the link to join."""
    entry = calendar_event(event, lang)
    if entry is None:
        return None
    return dataclasses.replace(
        entry,
        summary=public_text(event, entry.summary),
        description="" if embargo_of(event, now()) else _description(event, lang),
        location=public_text(event, event.venue),
        join_url=None,
    )


def read_feed(lang: str, wanted: FeedFilter = _ALL, names: Sequence[str] = ()) -> Feed:
    """Return the feed of the published events with a day that a filter leaves; ``names`` say the filter in words."""
    store: Kept = current_app.extensions.setdefault("public_feed", Kept())
    stamps, name = _stamps(wanted), feed_name(lang, wanted, names)
    known = store.feeds.get((lang, wanted))
    if known is not None and (known.stamps, known.name) == (stamps, name):
        return known
    _forget(store)
    _write_missing(store, stamps, lang)
    blocks = (store.blocks[stamp[0], lang][1] for stamp in stamps)
    text = write_feed((block for block in blocks if block), zones=[TIRANE], name=name)
    feed = Feed(text.encode(), feed_etag(text), stamps, name)
    store.feeds[lang, wanted] = feed
    return feed


def feed_name(lang: str, wanted: FeedFilter, names: Sequence[str]) -> str:
    """Return what subscribers see in their list; ``names`` are those of the place, the organisation, the campaign."""
    with speaking(lang):
        if wanted.kind is not None:
            return _("POP: %(what)s", what=" · ".join([str(SEVERAL_EVENTS[wanted.kind]), *names]))
        if wanted.municipality and len(names) == 1:
            return _("POP: events in %(municipality)s", municipality=names[0])
        return " · ".join([_("POP: events"), *names])


def last_change() -> datetime | None:
    """Return when any event last changed: also one taken from the site or moved elsewhere changes feeds, no draft does.

    So does the end of an embargo.
    """
    changed = db.session.scalar(select(func.max(Event.changed_at)).where(Event.published_at.is_not(None)))
    return max((moment for moment in (changed, last_embargo(now())) if moment), default=None)


def _stamps(wanted: FeedFilter) -> list[Stamp]:
    rows = fed_events(wanted, Event.id, Event.uid, Event.version, Event.changed_at, under_embargo(now()))
    rows = rows.where(Event.precision.in_(_WITH_DAY))
    return [tuple(row) for row in db.session.execute(rows.order_by(Event.day_from, Event.id))]


def _write_missing(store: Kept, stamps: Sequence[Stamp], lang: str) -> None:
    known = store.blocks
    missing = {stamp[0]: stamp for stamp in stamps if known.get((stamp[0], lang), (None,))[0] != stamp}
    idents = list(missing)
    for start in range(0, len(idents), _AT_ONCE):
        portion = published().where(Event.id.in_(idents[start : start + _AT_ONCE]))
        for event in db.session.scalars(portion.options(lazyload("*"))):
            # The stamp as it was read before, even if the event has changed since: then the next request sees that.
            known[event.id, lang] = (missing.pop(event.id), _block(event, lang))
    for ident, stamp in missing.items():
        # Withdrawn between the two reads.
        known[ident, lang] = (stamp, "")


def _block(event: Event, lang: str) -> str:
    try:
        entry = public_entry(event, lang)
        return write_event_block(entry) if entry else ""
    except ValueError:
        # One event that no calendar can hold must not take the others from all subscribers.
        structlog.get_logger().warning("event left out of the feed", event_id=event.id, exc_info=True)
        return ""


def _forget(store: Kept) -> None:
    """Keep memory bounded; what is thrown away is written again when it is asked for."""
    if len(store.blocks) > _MOST_BLOCKS:
        store.blocks.clear()
    if len(store.feeds) >= _MOST_FEEDS:
        store.feeds.clear()


def _description(event: Event, lang: str) -> str:
    text, link = public_text(event, in_language(event, "description", lang)), public_link(event)
    if not link:
        return text
    with speaking(lang):
        more = str(_("More information: %(link)s", link=link))
    return f"{text}\n\n{more}" if text else more

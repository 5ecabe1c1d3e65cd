"""An event as a calendar entry, for the public feed and for invitations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from flask import current_app
from flask_babel import gettext as _
from flask_babel import pgettext

from pop_campaigns.calendars.event import CalendarEvent
from pop_campaigns.calendars.text import usable_link
from pop_campaigns.core.dates import DatePrecision
from pop_campaigns.core.i18n import in_language, speaking
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.queries.details import details_of
from pop_campaigns.events.rules.events import EventKind, EventState
from pop_campaigns.events.words.agenda import AgendaLine, point_words
from pop_campaigns.events.words.details import embargo_words
from pop_campaigns.events.words.labels import EVENT_KINDS


def calendar_event(event: Event, lang: str, agenda: Sequence[AgendaLine] = ()) -> CalendarEvent | None:
    """Return an event for calendars in ``lang``, or None while its day is not known; with its ``agenda`` for guests.

    The one place that makes an entry of an event: feeds leave the link out of it, mails add who invites whom. A day is a
    DATE with an exclusive end (RFC 5545 §3.6.1). Online, the link stands as the place; the public page is named only if
    there is one. A link from an old record that no calendar can carry is left out, not the event.
    """
    moments = _moments(event)
    if moments is None:
        return None
    with speaking(lang):
        kind = str(EVENT_KINDS[event.kind])
        description = _description(event, lang, agenda)
    page = f"{str(current_app.config['BASE_URL']).rstrip('/')}/{lang}/events/{event.id}"
    return CalendarEvent(
        uid=event.uid,
        sequence=event.sequence,
        dtstamp=event.changed_at,
        starts=moments[0],
        ends=moments[1],
        zone=event.zone,
        summary=in_language(event, "title", lang),
        description=description,
        location=event.venue,
        join_url=usable_link(event.join_url) or None,
        url=page if event.published else None,
        status="CANCELLED" if event.state is EventState.CANCELLED else "CONFIRMED",
        categories=(kind,),
        organizer_name="",
        organizer_address="",
        last_modified=event.changed_at,
    )


def _moments(event: Event) -> tuple[date, date | None] | None:
    if event.precision is DatePrecision.MOMENT and event.starts_at is not None:
        return event.starts_at, event.ends_at
    if event.precision is DatePrecision.DAY and event.day_from is not None:
        return event.day_from, (event.day_to or event.day_from) + timedelta(days=1)
    return None


def _description(event: Event, lang: str, agenda: Sequence[AgendaLine]) -> str:
    details = details_of(event) if event.kind is EventKind.PRESS_CONFERENCE else None
    until = details.embargo_until if details else None
    parts = [embargo_words(until, event, lang)] if until else []
    parts.append(in_language(event, "description", lang))
    if agenda:
        parts.append("\n".join([pgettext("mail text", "Agenda:"), *map(point_words, agenda)]))
    join_url, more_url = usable_link(event.join_url), usable_link(event.more_url)
    if join_url:
        parts.append(_("Join online: %(link)s", link=join_url))
    if more_url:
        parts.append(_("More information: %(link)s", link=more_url))
    return "\n\n".join(part for part in parts if part)

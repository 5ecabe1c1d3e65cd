"""The words for kinds, formats and states of events, translated when shown.

*Veprimtari* is feminine in Albanian (*e anuluar*), so whatever agrees with it carries the context "event".
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from flask_babel.speaklater import LazyString

from pop_campaigns.core.chips import Chip, Tone
from pop_campaigns.core.clock import TIRANE, local_date
from pop_campaigns.core.dates import DatePrecision, date_words, span_words
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import (
    EventFormat,
    EventKind,
    EventState,
    EventWhen,
    EventWhose,
    is_over,
)
from pop_campaigns.events.rules.visibility import EventVisibility, NotDeletable

EVENT_KINDS: Final[dict[EventKind, LazyString]] = {
    EventKind.CONFRONTATION: _l("Confrontation"),
    EventKind.HEARING: _l("Hearing"),
    EventKind.PRESS_CONFERENCE: _l("Press conference"),
    EventKind.ROUND_TABLE: _l("Round table"),
    EventKind.MEETING: _l("Meeting with officials"),
    EventKind.PUBLIC_FORUM: _l("Public forum"),
    EventKind.COUNCIL_SESSION: _l("Council session"),
    EventKind.PROTEST: _l("Protest"),
}

SEVERAL_EVENTS: Final[dict[EventKind, LazyString]] = {
    EventKind.CONFRONTATION: _l("Confrontations"),
    EventKind.HEARING: _l("Hearings"),
    EventKind.PRESS_CONFERENCE: _l("Press conferences"),
    EventKind.ROUND_TABLE: _l("Round tables"),
    EventKind.MEETING: _l("Meetings with officials"),
    EventKind.PUBLIC_FORUM: _l("Public forums"),
    EventKind.COUNCIL_SESSION: _l("Council sessions"),
    EventKind.PROTEST: _l("Protests"),
}
"""Kinds over a number of events."""

EVENT_FORMATS: Final[dict[EventFormat, LazyString]] = {
    EventFormat.IN_PERSON: _l("In person"),
    EventFormat.ONLINE: _l("Online"),
    EventFormat.HYBRID: _lp("event", "Hybrid"),
}

EVENT_STATES: Final[dict[EventState, LazyString]] = {
    EventState.PLANNED: _lp("event", "Planned"),
    EventState.HELD: _lp("event", "Held"),
    EventState.CANCELLED: _lp("event", "Cancelled"),
}

NOT_DELETABLE: Final[dict[NotDeletable, LazyString]] = {
    NotDeletable.FROM_RECORD: _l("It comes from the record of the network, which is kept."),
    NotDeletable.TOLD: _l("Guests know of it: mails were written, or somebody has answered."),
    NotDeletable.RECORDED: _l("Who attended, who joined or what was promised there is on record."),
    NotDeletable.WAS_PUBLIC: _l("It has stood on the site, where people may have read or noted it."),
}

EVENT_WHENS: Final[dict[EventWhen, LazyString]] = {
    EventWhen.ALL: _lp("event", "All"),
    EventWhen.UPCOMING: _lp("event", "Upcoming"),
    EventWhen.PAST: _lp("event", "Past"),
    EventWhen.UNDATED: _lp("event", "Undated"),
}

EVENT_WHOSE: Final[dict[EventWhose, LazyString]] = {
    EventWhose.ALL: _lp("whose events", "All"),
    EventWhose.OURS: _lp("whose events", "Ours"),
    EventWhose.NETWORK: _lp("whose events", "The network’s"),
}

DATE_PRECISIONS: Final[dict[DatePrecision, LazyString]] = {
    DatePrecision.MOMENT: _l("Day and hour"),
    DatePrecision.DAY: _l("The day only"),
    DatePrecision.MONTH: _l("The month only"),
    DatePrecision.PERIOD: _l("A period, from one day to another"),
    DatePrecision.UNKNOWN: _l("Not known yet"),
}

ZONES: Final[dict[str, LazyString]] = {
    TIRANE: _l("Tirana"),
    "Europe/Brussels": _l("Brussels, Vienna, Rome"),
    "Europe/London": _l("London"),
    "Europe/Athens": _l("Athens"),
    "Europe/Istanbul": _l("Istanbul"),
    "America/New_York": _l("New York"),
    "UTC": _l("Universal time (UTC)"),
}
"""The zones a form offers: where the network's partners sit."""


_SIGNS: Final[dict[EventState, tuple[str, Tone]]] = {
    EventState.PLANNED: ("○", "info"),
    EventState.HELD: ("●", "good"),
    EventState.CANCELLED: ("✕", "bad"),
}


def state_chip(event: Event, now: datetime) -> Chip:
    """Return the chip of an event as its people see it: first of all whether it is a draft."""
    if event.visibility is EventVisibility.DRAFT and event.state is not EventState.CANCELLED:
        return Chip("◌", _lp("event", "Draft"), "warn")
    return public_chip(event, now)


def public_chip(event: Event, now: datetime) -> Chip:
    """Return the chip of an event on the site. What was planned and is over is just that: nobody said that it was held."""
    if event.state is EventState.PLANNED and is_over(event, now, local_date(now)):
        return Chip("–", _lp("event", "Over"), "quiet")
    mark, tone = _SIGNS[event.state]
    return Chip(mark, EVENT_STATES[event.state], tone)


def when_words(event: Event, lang: str) -> str:
    """Return an event's date in words, as exact as it is known; another zone than Tirana's is named."""
    if event.starts_at is None:
        return date_words(event.precision, event.day_from, event.day_to, lang)
    words = span_words(event.starts_at, event.ends_at, lang, event.zone)
    return words if event.zone == TIRANE else f"{words} ({zone_words(event.zone)})"


def zone_words(zone: str) -> str:
    """Return the name of a zone: its city, in the reader's language where a form offers it."""
    return str(ZONES[zone]) if zone in ZONES else zone.rpartition("/")[2].replace("_", " ")

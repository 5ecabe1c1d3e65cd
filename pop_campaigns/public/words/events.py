"""How events are shown to everybody: the date column, what a line says, who attended. Never the link to join."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pop_campaigns.calendars.text import usable_link
from pop_campaigns.core.clock import TIRANE, local_date
from pop_campaigns.core.dates import (
    DatePrecision,
    clock_words,
    date_words,
    month_words,
    relative_day_words,
    weekday_words,
)
from pop_campaigns.core.i18n import in_language
from pop_campaigns.events.models.events import Attendance, Event
from pop_campaigns.events.rules.events import EventFormat, EventState
from pop_campaigns.events.words.labels import EVENT_KINDS, when_words, zone_words

_EXACT = (DatePrecision.MOMENT, DatePrecision.DAY)
_RELATIVE_FOR = 31
_SHARED_LENGTH = 200
HIDDEN_LINK = "…"


@dataclass(frozen=True)
class DateColumn:
    """The date at the side of a list: ``day`` is large and empty where no day is known, ``below`` stands under it."""

    day: str
    below: str
    iso: str


@dataclass(frozen=True)
class OfficeHolder:
    """Someone who attended in an office; ``lang`` is the language of the title, as far as it exists."""

    name: str
    office: str
    lang: str


def date_column(event: Event, lang: str) -> DateColumn:
    """Return an event's date as exactly as it is known; several days of one month as *27–28*."""
    first, last = event.day_from, event.day_to
    if first is None or event.precision not in _EXACT:
        return DateColumn("", date_words(event.precision, first, last, lang), "")
    day = str(first.day)
    if last and last != first and (last.year, last.month) == (first.year, first.month):
        day = f"{first.day}–{last.day}"
    return DateColumn(day, month_words(first, lang), first.isoformat())


def time_words(event: Event, lang: str) -> str:
    """Return what the date column leaves out: *e martë, ora 10:00–12:00*; *e martë – e enjte*; a long span as a whole."""
    first = event.day_from
    if first is None or event.precision not in _EXACT:
        return ""
    last = local_date(event.ends_at, event.zone) if event.ends_at else event.day_to or first
    weekday = weekday_words(first, lang)
    if event.starts_at is not None:
        return f"{weekday}, {_hours(event, lang)}" if last == first else when_words(event, lang)
    if last == first:
        return weekday
    same_month = (last.year, last.month) == (first.year, first.month)
    return f"{weekday} – {weekday_words(last, lang)}" if same_month else when_words(event, lang)


def _hours(event: Event, lang: str) -> str:
    moments = [moment for moment in (event.starts_at, event.ends_at) if moment is not None]
    hours = "–".join(clock_words(moment, event.zone) for moment in moments)
    zone = "" if event.zone == TIRANE else f" ({zone_words(event.zone)})"
    return f"{'ora ' if lang == 'sq' else ''}{hours}{zone}"


def distance_words(event: Event, now: datetime) -> str:
    """Return *tomorrow*, *in 3 days*, *5 days ago*, where the day is known and near enough to be worth saying."""
    if event.day_from is None or event.precision not in _EXACT or event.state is EventState.CANCELLED:
        return ""
    today = local_date(now)
    near = abs((event.day_from - today).days) <= _RELATIVE_FOR or event.day_from > today
    return relative_day_words(event.day_from, today) if near else ""


def title_language(event: Event, lang: str) -> str:
    """Return the language a title is shown in: the reader's, unless it was never translated."""
    return lang if getattr(event, f"title_{lang}") else "en" if lang == "sq" else "sq"


def text_language(event: Event, lang: str) -> str:
    """Return the language a description is shown in."""
    return lang if getattr(event, f"description_{lang}") else "en" if lang == "sq" else "sq"


def public_text(event: Event, text: str) -> str:
    """Return a text of an event without the link to join, wherever it was typed: strangers must not walk in."""
    link = event.join_url.strip()
    for written in (link, link.rstrip("/")):
        if written:
            text = text.replace(written, HIDDEN_LINK)
    return text


def public_link(event: Event) -> str:
    """Return the address of more information if a browser can open it safely, and never the link to join."""
    if not event.more_url or public_text(event, event.more_url) != event.more_url:
        return ""
    return usable_link(event.more_url)


def is_online(event: Event) -> bool:
    """Return whether one can take part from afar."""
    return bool(event.join_url) or event.format in (EventFormat.ONLINE, EventFormat.HYBRID)


def office_holders(attendances: Iterable[Attendance], lang: str) -> tuple[list[OfficeHolder], int]:
    """Return those who attended in an office, and how many others there were: citizens are counted, not named."""
    named, others = [], 0
    for attendance in attendances:
        if attendance.office_title:
            named.append(OfficeHolder(attendance.name, *attendance.office_in(lang)))
        else:
            others += 1
    return named, others


def share_words(event: Event, lang: str, *, embargoed: bool = False) -> str:
    """Return the sentence that stands under a shared link: kind, date, where, and how the description begins.

    Of what is under embargo there is no description yet.
    """
    place = event.municipality.name if event.municipality else ""
    facts = [str(EVENT_KINDS[event.kind]), when_words(event, lang), public_text(event, event.venue), place]
    words = " · ".join(fact for fact in facts if fact)
    text = " ".join(public_text(event, in_language(event, "description", lang)).split())
    whole = f"{words}. {text}" if text and not embargoed else words
    return whole if len(whole) <= _SHARED_LENGTH else whole[: _SHARED_LENGTH - 1].rsplit(" ", 1)[0] + "…"

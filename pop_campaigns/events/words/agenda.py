"""The points of an agenda in words, for pages, mails, calendars and paper: one place that says a point."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from flask_babel import lazy_pgettext as _lp
from flask_babel import pgettext
from flask_babel.speaklater import LazyString

from pop_campaigns.contacts.models.institutions import Office
from pop_campaigns.core.chips import Chip, Tone
from pop_campaigns.core.dates import clock_words
from pop_campaigns.core.i18n import in_language, speaking
from pop_campaigns.events.models.agenda import AgendaPoint
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.agenda import PointState, Slot, lay_out

POINT_STATES: Final[dict[PointState, LazyString]] = {
    PointState.PLANNED: _lp("point of an agenda", "Planned"),
    PointState.DISCUSSED: _lp("point of an agenda", "Discussed"),
    PointState.LEFT_OUT: _lp("point of an agenda", "Not reached"),
}
_SIGNS: Final[dict[PointState, tuple[str, Tone]]] = {
    PointState.PLANNED: ("○", "info"),
    PointState.DISCUSSED: ("●", "good"),
    PointState.LEFT_OUT: ("–", "warn"),
}


@dataclass(frozen=True)
class AgendaLine:
    """A point in one language; any part but number and title may be empty.

    ``speaker`` is name and office, ``speaker_in_public`` the same where an office is named, else "": pages for everybody
    name nobody without one. ``title_lang`` and ``words_lang`` are the languages they are really in.
    """

    id: int
    number: int
    when: str
    title: str
    title_lang: str
    words: str
    words_lang: str
    speaker: str
    speaker_in_public: str
    put_to: str
    office_answer: str
    state: PointState
    minutes: int | None = None
    early: bool = False


def agenda_lines(event: Event, points: Sequence[AgendaPoint], lang: str) -> list[AgendaLine]:
    """Return points (all of one event, in their order) in words; the times are those of the event's zone."""
    slots = lay_out(points, event.starts_at, event.zone)
    with speaking(lang):
        return [
            _line(number, point, slot, event, lang)
            for number, (point, slot) in enumerate(zip(points, slots, strict=True), start=1)
        ]


@dataclass(frozen=True)
class AgendaPart:
    """What the page of an event shows of its agenda; ``url`` is where it is changed, "" for who may not."""

    lines: list[AgendaLine]
    url: str
    chip: Callable[[PointState], Chip]


def agenda_part(event: Event, points: Sequence[AgendaPoint], lang: str, *, url: str) -> AgendaPart:
    """Return what ``templates/events/_agenda.html`` shows."""
    return AgendaPart(agenda_lines(event, points, lang), url, point_chip)


def point_chip(state: PointState) -> Chip:
    """Return the chip of a point."""
    mark, tone = _SIGNS[state]
    return Chip(mark, POINT_STATES[state], tone)


def point_words(line: AgendaLine) -> str:
    """Return a point in one line, as calendars have it: *10:00–10:20 Hapja (Emri, Kryetar)*."""
    head = f"{line.when} {line.title}" if line.when else f"{line.number}. {line.title}"
    return f"{head} ({line.speaker})" if line.speaker else head


def office_words(office: Office, lang: str) -> str:
    """Return an office with its institution."""
    return f"{in_language(office, 'title', lang)}, {in_language(office.institution, 'name', lang)}"


def _line(number: int, point: AgendaPoint, slot: Slot, event: Event, lang: str) -> AgendaLine:
    office = office_words(point.speaker_office, lang) if point.speaker_office else ""
    speaker = ", ".join(part for part in (point.speaker, office) if part)
    return AgendaLine(
        id=point.id,
        number=number,
        when=_when(slot, event),
        title=in_language(point, "title", lang),
        title_lang=_language_of(point, "title", lang),
        words=in_language(point, "words", lang),
        words_lang=_language_of(point, "words", lang),
        speaker=speaker,
        speaker_in_public=speaker if office else "",
        put_to=office_words(point.put_to, lang) if point.put_to else "",
        office_answer=point.office_answer,
        state=point.state,
        minutes=point.minutes,
        early=slot.early,
    )


def _when(slot: Slot, event: Event) -> str:
    if slot.begins is None:
        return ""
    zone = event.zone if event.starts_at else "UTC"
    begins = clock_words(slot.begins, zone)
    return f"{begins}–{clock_words(slot.ends, zone)}" if slot.ends else begins


def _language_of(point: AgendaPoint, field: str, lang: str) -> str:
    if getattr(point, f"{field}_{lang}"):
        return lang
    return "en" if lang == "sq" else "sq"


def length_words(minutes: int) -> str:
    """Return a length as a line shows it: *20 min*."""
    return pgettext("length", "%(minutes)d min", minutes=minutes)

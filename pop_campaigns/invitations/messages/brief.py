"""The brief of an event: one or two pages to take along, with the agenda, who is invited and room for notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import ngettext, pgettext

from pop_campaigns.core.clock import local_date
from pop_campaigns.core.dates import day_words
from pop_campaigns.core.i18n import frozen_in_language, in_language, speaking
from pop_campaigns.core.text import sort_key
from pop_campaigns.core.typesetting import typeset
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.queries.agenda import agenda_points
from pop_campaigns.events.queries.details import embargo_of
from pop_campaigns.events.rules.events import EventFormat
from pop_campaigns.events.words.agenda import AgendaLine, agenda_lines
from pop_campaigns.events.words.details import embargo_words
from pop_campaigns.events.words.labels import EVENT_KINDS, when_words
from pop_campaigns.invitations.messages.invitations import sender_name
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.queries.guests import guests_of
from pop_campaigns.invitations.rules.invitations import Answer, InvitationState
from pop_campaigns.invitations.words.labels import ANSWER_CHIPS

_NOTE_LINES: Final = 9
# A page of names is no brief: whoever stands beyond it is counted.
_MOST_GUESTS: Final = 40
_LONGEST_SUMMARY: Final = 700


@dataclass(frozen=True, slots=True)
class Brief:
    """All that is printed, in one language. ``guests`` are offices; everybody else is counted in ``others``."""

    lang: str
    kind: str
    title: str
    when: str
    place: str
    organiser: str
    summary: list[str]
    embargo: str
    points: list[dict[str, Any]]
    guests: list[dict[str, str]]
    others: str
    note_lines: int
    made: str
    words: dict[str, str]


def render_brief(event: Event, lang: str, *, now: datetime) -> bytes:
    """Return the brief of an event as a PDF file, with offices by name and all other guests as a number."""
    with speaking(lang):
        return typeset("events/brief.typ", "brief", asdict(_brief(event, lang, now)), at=now)


def _brief(event: Event, lang: str, now: datetime) -> Brief:
    asked = [guest for guest in guests_of(event) if guest.state is not InvitationState.WITHDRAWN]
    offices = [guest for guest in asked if guest.office_id is not None]
    until = embargo_of(event, now)
    shown = sorted(offices, key=lambda guest: sort_key(guest.shown_as))[:_MOST_GUESTS]
    summary = in_language(event, "description", lang)
    return Brief(
        lang=lang,
        kind=str(EVENT_KINDS[event.kind]),
        title=in_language(event, "title", lang),
        when=when_words(event, lang),
        place=_place(event),
        organiser=sender_name(event, lang),
        summary=_lines(summary) if len(summary) <= _LONGEST_SUMMARY else [],
        embargo=embargo_words(until, event, lang) if until else "",
        points=[_point(line) for line in agenda_lines(event, agenda_points(event), lang)],
        guests=[_guest(guest, lang) for guest in shown],
        others=_others(shown, len(asked) - len(shown)),
        note_lines=_NOTE_LINES,
        made=_("printed on %(day)s", day=day_words(local_date(now), lang, weekday=False)),
        words={
            "agenda": _("Agenda"),
            "guests": _("Guests"),
            "notes": _("Notes"),
            "answer": _("The office’s answer"),
        },
    )


def _lines(words: str) -> list[str]:
    return [line for line in words.split("\n") if line.strip()]


def _place(event: Event) -> str:
    online = (
        pgettext("mail text", "Online")
        if event.format is not EventFormat.IN_PERSON and event.join_url
        else ""
    )
    return " · ".join(part for part in (event.venue, online) if part)


def _point(line: AgendaLine) -> dict[str, Any]:
    put_to = pgettext("mail text", "Put to: %(office)s", office=line.put_to) if line.put_to else ""
    speaker = pgettext("mail text", "Speaks: %(who)s", who=line.speaker) if line.speaker else ""
    return {
        "number": line.number,
        "when": line.when,
        "title": line.title,
        "under": [words for words in (put_to, speaker) if words],
        "words": _lines(line.words),
        "answer": _lines(line.office_answer),
        "put": bool(line.put_to),
    }


def _guest(guest: Invitation, lang: str) -> dict[str, str]:
    institution = guest.office.institution if guest.office else None
    parts = (
        frozen_in_language(guest.office_title, guest.office, "title", lang),
        frozen_in_language(guest.institution_name, institution, "name", lang),
    )
    answered = guest.answer is not Answer.NEEDS_ACTION
    return {
        "office": ", ".join(part for part in parts if part),
        "name": guest.name,
        "answer": str(ANSWER_CHIPS[guest.answer].words) if answered else "",
    }


def _others(offices: Sequence[Invitation], number: int) -> str:
    if not number:
        return ""
    if offices:
        return ngettext("and one more guest", "and %(num)d more guests", number)
    return ngettext("One guest", "%(num)d guests", number)

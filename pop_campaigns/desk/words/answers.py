"""Answers of guests as sentences: who said what, to which event, when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from pop_campaigns.core.chips import Chip
from pop_campaigns.core.clock import local_date
from pop_campaigns.core.dates import clock_words, relative_day_words
from pop_campaigns.core.i18n import in_language
from pop_campaigns.invitations.models.invitations import GivenAnswer
from pop_campaigns.invitations.rules.invitations import Answer
from pop_campaigns.invitations.words.handed_links import came_by_words
from pop_campaigns.invitations.words.labels import (
    ANSWER_CHIPS,
    SUBSTITUTE_CHIPS,
)
from pop_campaigns.mail.secrets import mask_secrets

ANSWER_SENTENCES: Final[dict[Answer, LazyString]] = {
    Answer.ACCEPTED: _l("%(guest)s comes"),
    Answer.TENTATIVE: _l("%(guest)s comes perhaps"),
    Answer.DECLINED: _l("%(guest)s does not come"),
    Answer.DELEGATED: _l("%(guest)s sends someone else"),
}

SUBSTITUTE_SENTENCES: Final[dict[Answer, LazyString]] = {
    Answer.ACCEPTED: _l("%(substitute)s comes in the place of %(guest)s"),
    Answer.TENTATIVE: _l("%(substitute)s comes perhaps in the place of %(guest)s"),
    Answer.DECLINED: _l("%(substitute)s, whom %(guest)s sends, does not come"),
}

_NAMELESS: Final[dict[Answer, LazyString]] = {
    Answer.ACCEPTED: _l("The substitute of %(guest)s comes"),
    Answer.TENTATIVE: _l("The substitute of %(guest)s comes perhaps"),
    Answer.DECLINED: _l("The substitute of %(guest)s does not come"),
}


@dataclass(frozen=True)
class AnswerLine:
    """One answer, readable in one line."""

    text: str
    chip: Chip
    note: str
    event: str
    url: str
    when: str
    at: datetime
    came_by: str = ""


def answer_sentence(answer: Answer, guest: str, substitute: str = "") -> str:
    """Return what a guest answered; the substitute by name where one is known."""
    if answer is Answer.DELEGATED and substitute:
        return _("%(guest)s sends %(substitute)s", guest=guest, substitute=substitute)
    if answer not in ANSWER_SENTENCES:
        return guest
    return str(ANSWER_SENTENCES[answer]) % {"guest": guest}


def substitute_sentence(answer: Answer, guest: str, substitute: str = "") -> str:
    """Return what whom a guest sends answered; by name where one is known."""
    sentences = SUBSTITUTE_SENTENCES if substitute else _NAMELESS
    return str(sentences[answer]) % {"guest": guest, "substitute": substitute}


def answer_lines(answers: Sequence[GivenAnswer], today: date, lang: str) -> list[AnswerLine]:
    """Return the answers of ``recent_answers``, one for each guest, as lines."""
    return [_line(guest_answer, today, lang) for guest_answer in answers]


def _line(guest_answer: GivenAnswer, today: date, lang: str) -> AnswerLine:
    event = guest_answer.invitation.event
    day = relative_day_words(local_date(guest_answer.at), today)
    theirs, substitute = guest_answer.substitute_answer, mask_secrets(guest_answer.substitute)
    guest = guest_answer.invitation.shown_as
    return AnswerLine(
        text=substitute_sentence(theirs, guest, substitute)
        if theirs
        else answer_sentence(guest_answer.answer, guest, substitute),
        chip=SUBSTITUTE_CHIPS[theirs] if theirs else ANSWER_CHIPS[guest_answer.answer],
        note=mask_secrets(guest_answer.note),
        event=in_language(event, "title", lang),
        url=url_for("desk.event", event_id=event.id),
        when=_("%(day)s at %(hour)s", day=day, hour=clock_words(guest_answer.at)),
        at=guest_answer.at,
        came_by=came_by_words(guest_answer),
    )

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
from pop_campaigns.invitations.models import GivenAnswer
from pop_campaigns.invitations.rules import Answer
from pop_campaigns.invitations.words.labels import ANSWER_CHIPS, sent_from_words
from pop_campaigns.mail.secrets import mask_secrets

ANSWER_SENTENCES: Final[dict[Answer, LazyString]] = {
    Answer.ACCEPTED: _l("%(guest)s comes"),
    Answer.TENTATIVE: _l("%(guest)s comes perhaps"),
    Answer.DECLINED: _l("%(guest)s does not come"),
    Answer.DELEGATED: _l("%(guest)s sends someone else"),
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
    sent_from: str = ""


def answer_sentence(answer: Answer, guest: str, substitute: str = "") -> str:
    """Return what a guest answered; the substitute by name where one is known."""
    if answer is Answer.DELEGATED and substitute:
        return _("%(guest)s sends %(substitute)s", guest=guest, substitute=substitute)
    if answer not in ANSWER_SENTENCES:
        return guest
    return str(ANSWER_SENTENCES[answer]) % {"guest": guest}


def answer_lines(answers: Sequence[GivenAnswer], today: date, lang: str) -> list[AnswerLine]:
    """Return each guest's newest answer, newest first: who changed their mind stands there once."""
    newest: dict[int, GivenAnswer] = {}
    for guest_answer in answers:
        newest.setdefault(guest_answer.invitation_id, guest_answer)
    return [_line(guest_answer, today, lang) for guest_answer in newest.values()]


def _line(guest_answer: GivenAnswer, today: date, lang: str) -> AnswerLine:
    event = guest_answer.invitation.event
    day = relative_day_words(local_date(guest_answer.at), today)
    return AnswerLine(
        text=answer_sentence(
            guest_answer.answer, guest_answer.invitation.shown_as, mask_secrets(guest_answer.substitute)
        ),
        chip=ANSWER_CHIPS[guest_answer.answer],
        note=mask_secrets(guest_answer.note),
        event=in_language(event, "title", lang),
        url=url_for("desk.event", event_id=event.id),
        when=_("%(day)s at %(hour)s", day=day, hour=clock_words(guest_answer.at)),
        at=guest_answer.at,
        sent_from=sent_from_words(guest_answer.sent_from) if guest_answer.sent_from is not None else "",
    )

"""Pages of letters: the list, one letter as on paper with its recipients, its PDF. Others add themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from flask import Response, abort, render_template, request
from flask_security import current_user

from pop_campaigns.accounts.guard import reader
from pop_campaigns.accounts.scope import get_visible, may_change
from pop_campaigns.campaigns.queries import visible_campaigns
from pop_campaigns.core.chips import Chip
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.dates import date_words, day_words, moment_words, short_day_words
from pop_campaigns.core.downloads import show_pdf
from pop_campaigns.core.history import history_of
from pop_campaigns.core.i18n import current_language
from pop_campaigns.core.numbers import row_number
from pop_campaigns.core.pages import paged
from pop_campaigns.letters.blueprint import bp
from pop_campaigns.letters.messages.papers import paper_of, pdf_of, readable_languages
from pop_campaigns.letters.models import Letter, LetterRecipient, LetterResponse
from pop_campaigns.letters.queries.letters import (
    RecipientLine,
    days_until,
    delivery_of,
    lines_of,
    select_letters,
)
from pop_campaigns.letters.rules.letters import (
    Delivery,
    LetterState,
    RecipientRole,
    may_edit,
    may_record_response,
    soon_until,
)
from pop_campaigns.letters.services.letters import may_hand_over
from pop_campaigns.letters.words import pages as wording
from pop_campaigns.letters.words.labels import DELIVERIES, RESPONSES, ROLES
from pop_campaigns.letters.words.pages import DueStory

SHOWN = ("all", "draft", "waiting", "overdue", "answered")


@bp.context_processor
def days_in_words() -> dict[str, Callable[..., str]]:
    """Let the pages of letters say days in the reader's language."""
    lang = current_language()
    return {
        "short_day": partial(short_day_words, lang=lang),
        "long_day": partial(day_words, lang=lang),
        "known_date": lambda letter: date_words(letter.precision, letter.day_from, letter.day_to, lang),
    }


@dataclass(frozen=True)
class RecipientRow:
    """One recipient as the letter's page shows it."""

    line: RecipientLine
    chip: Chip
    delivery: str
    trouble: str
    due_on: date | None
    due_words: str
    story: DueStory | None
    responses: list[LetterResponse]
    by_hand: bool
    may_hand_over: bool


@bp.get("/letters")
@reader
def index() -> str:
    """List letters: drafts first, then the newest."""
    today = local_date(now())
    typed = request.args.get("q", "")[:200]
    show = request.args.get("show", "all")
    show = show if show in SHOWN else "all"
    campaign = request.args.get("campaign", "")[:10]
    campaign_id = row_number(campaign)
    found = select_letters(current_user, typed=typed, show=show, campaign_id=campaign_id, today=today)
    return render_template(
        "letters/index.html",
        page=paged(found),
        typed=typed,
        show=show,
        campaign_id=campaign_id,
        campaigns=visible_campaigns(current_user),
        filtered=bool(typed or show != "all" or campaign_id),
        today=today,
        soon=soon_until(today),
        wording=wording,
    )


@bp.get("/letters/<int:letter_id>")
@reader
def show(letter_id: int) -> str:
    """Show a letter as on paper, beside it who received it and when an answer is due."""
    letter = get_visible(Letter, letter_id)
    moment, lang = now(), current_language()
    today = local_date(moment)
    lines = lines_of(letter, current_user, today, lang=lang)
    return render_template(
        "letters/show.html",
        letter=letter,
        paper=paper_of(letter, request.args.get("in", lang), user=current_user, at=moment),
        languages=readable_languages(letter),
        rows=recipient_rows(letter, lines, today, lang),
        chip=wording.letter_chip(letter, today, soon_until(today)),
        history=history_items(letter, lang),
        may_edit=may_edit(letter.state) and may_change(letter),
        may_respond=may_record_response(letter.state) and may_change(letter),
        recorded=letter.state is LetterState.RECORDED,
        RESPONSES=RESPONSES,
        ROLES=ROLES,
        basis=wording.shipped_basis(letter.basis),
        wording=wording,
        mail_on_its_way=any(_moves_by_itself(line.recipient) for line in lines),
    )


def _moves_by_itself(one: LetterRecipient) -> bool:
    """Tell whether the page changes without anybody's doing: the mail waits, or left and its clock starts next."""
    no_clock = one.clock_from is None and one.due_explained is None
    return delivery_of(one) is Delivery.QUEUED or bool(one.mail and one.mail.sent_at and no_clock)


@bp.get("/letters/<int:letter_id>/letter.pdf")
@reader
def pdf(letter_id: int) -> Response:
    """Give the letter as it is printed: of a letter that was sent, the very file that went."""
    letter = get_visible(Letter, letter_id)
    lang = request.args.get("in", current_language())
    if lang not in readable_languages(letter):
        abort(404)
    name, content = pdf_of(letter, lang, user=current_user, at=now())
    return show_pdf(content, name)


def recipient_rows(letter: Letter, lines: list[RecipientLine], today: date, lang: str) -> list[RecipientRow]:
    """Give the recipients with everything the page says about each."""
    soon, changeable = soon_until(today), may_change(letter)
    rows = []
    for line in lines:
        one, delivery = line.recipient, delivery_of(line.recipient)
        due_words = ""
        # Of a copy nothing is demanded, so nothing is counted down.
        if one.due_on and line.role is RecipientRole.TO and not wording.is_answered(one):
            due_words = wording.days_words(*days_until(one, one.due_on, today))
        rows.append(
            RecipientRow(
                line=line,
                chip=wording.recipient_chip(one, today, soon),
                delivery=str(DELIVERIES[delivery]),
                trouble=wording.mail_trouble(one.mail),
                due_on=one.due_on,
                due_words=due_words,
                story=wording.due_story(one, lang),
                responses=one.responses,
                by_hand=bool((one.due_explained or {}).get("by_hand")),
                may_hand_over=changeable and may_hand_over(one, delivery),
            )
        )
    return rows


def history_items(letter: Letter, lang: str) -> list[dict[str, Any]]:
    """Give the letter's history as the time line wants it, newest first; ``names`` are whom a joint line is about."""
    return [
        {
            "text": wording.group_words(group, lang),
            "when": moment_words(group[0].at, lang),
            "iso": group[0].at.isoformat(),
            "who": group[0].actor_name,
            "names": [row.details.get("who", "") for row in reversed(group)] if len(group) > 1 else [],
        }
        for group in wording.group_history(history_of(letter))
    ]

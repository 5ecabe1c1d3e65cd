"""Pages of letters: the list, and the PDF of one. The page of one letter shows mails, so it stands on the desk."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from flask import Response, abort, render_template, request
from flask_security import current_user

from pop_campaigns.accounts.guard import reader
from pop_campaigns.accounts.scope import get_visible
from pop_campaigns.campaigns.queries import visible_campaigns
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.dates import date_words, day_words, short_day_words
from pop_campaigns.core.downloads import show_pdf
from pop_campaigns.core.i18n import current_language
from pop_campaigns.core.numbers import row_number
from pop_campaigns.core.pages import paged
from pop_campaigns.letters.blueprint import bp
from pop_campaigns.letters.messages.papers import pdf_of, readable_languages
from pop_campaigns.letters.models import Letter
from pop_campaigns.letters.queries.entered_days import entered_days
from pop_campaigns.letters.queries.letters import (
    select_letters,
)
from pop_campaigns.letters.queries.replies import unread_replies
from pop_campaigns.letters.rules.letters import (
    soon_until,
)
from pop_campaigns.letters.words import pages as wording

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
    letters = select_letters(current_user, typed=typed, show=show, campaign_id=campaign_id, today=today)
    page, entered = paged(letters), entered_days()
    return render_template(
        "letters/index.html",
        page=page,
        typed=typed,
        show=show,
        campaign_id=campaign_id,
        campaigns=visible_campaigns(current_user),
        filtered=bool(typed or show != "all" or campaign_id),
        today=today,
        soon=soon_until(today, entered.everywhere()),
        entered=entered,
        unread=unread_replies([recipient.id for letter in page.items for recipient in letter.recipients]),
        wording=wording,
    )


@bp.get("/letters/<int:letter_id>/letter.pdf")
@reader
def pdf(letter_id: int) -> Response:
    """Return the letter as it is printed: of a letter that was sent, the very file that went."""
    letter = get_visible(Letter, letter_id)
    lang = request.args.get("in", current_language())
    if lang not in readable_languages(letter):
        abort(404)
    name, content = pdf_of(letter, lang, user=current_user, at=now())
    return show_pdf(content, name)

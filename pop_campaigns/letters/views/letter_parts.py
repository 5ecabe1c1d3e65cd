"""What letters give to the page of one letter, which stands on the desk: its paper, its recipients, its history."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_security import current_user

from pop_campaigns.accounts.scope import may_change
from pop_campaigns.core.chips import Chip
from pop_campaigns.core.clock import local_date
from pop_campaigns.core.dates import moment_words
from pop_campaigns.core.history import history_of
from pop_campaigns.letters.messages.papers import paper_of, readable_languages
from pop_campaigns.letters.models import Letter, LetterRecipient, LetterResponse
from pop_campaigns.letters.queries.entered_days import EnteredDays, entered_days
from pop_campaigns.letters.queries.letters import RecipientLine, lines_of
from pop_campaigns.letters.queries.recipients import (
    clock_counts,
    days_until,
    delivery_of,
    is_answered,
    state_of,
)
from pop_campaigns.letters.queries.replies import unread_replies
from pop_campaigns.letters.rules.letters import (
    Delivery,
    LetterState,
    may_edit,
    may_record_response,
    soon_until,
)
from pop_campaigns.letters.services.clocks import may_hand_over
from pop_campaigns.letters.services.resending import may_send_elsewhere
from pop_campaigns.letters.words import pages as wording
from pop_campaigns.letters.words.labels import DELIVERIES, RESPONSES, ROLES
from pop_campaigns.letters.words.pages import DueStory


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
    may_send_elsewhere: bool


def letter_parts(letter: Letter, *, shown_in: str, now: datetime, lang: str) -> dict[str, Any]:
    """Return what the templates of one letter's parts are filled with; ``shown_in`` is the paper's language."""
    today = local_date(now)
    lines = lines_of(letter, current_user, today, lang=lang)
    unread = unread_replies([recipient.id for recipient in letter.recipients])
    return {
        "letter": letter,
        "paper": paper_of(letter, shown_in, user=current_user, at=now),
        "languages": readable_languages(letter),
        "rows": recipient_rows(letter, lines, today, lang, unread),
        "chip": wording.letter_chip(letter, today, soon_until(today, entered_days().everywhere()), unread),
        "history": history_items(letter, lang),
        "may_edit": may_edit(letter.state) and may_change(letter),
        "may_respond": may_record_response(letter.state) and may_change(letter),
        "recorded": letter.state is LetterState.RECORDED,
        "RESPONSES": RESPONSES,
        "ROLES": ROLES,
        "basis": wording.shipped_basis(letter.basis),
        "wording": wording,
        "mail_on_its_way": any(_moves_by_itself(line.recipient) for line in lines),
    }


def _moves_by_itself(recipient: LetterRecipient) -> bool:
    """Return whether the page changes without anybody's doing: the mail waits, or left and its clock starts next."""
    no_clock = recipient.clock_from is None and recipient.due_explained is None
    return delivery_of(recipient) is Delivery.QUEUED or bool(
        recipient.mail and recipient.mail.sent_at and not recipient.mail.bounce_permanent and no_clock
    )


def recipient_rows(
    letter: Letter, lines: list[RecipientLine], today: date, lang: str, unread: Collection[int]
) -> list[RecipientRow]:
    """Return the recipients with everything the page says about each."""
    entered, changeable = entered_days(), may_change(letter)
    soon = soon_until(today, entered.everywhere())
    rows = []
    for line in lines:
        recipient, delivery = line.recipient, delivery_of(line.recipient)
        # Of a copy nothing is demanded, and what is not there has no clock: nothing is counted down.
        counts = recipient.owes and clock_counts(state_of(recipient, today, soon, unread))
        due_on = recipient.due_on if counts else None
        silent = not is_answered(recipient) and recipient.id not in unread
        rows.append(
            RecipientRow(
                line=line,
                chip=wording.recipient_chip(recipient, today, soon, unread),
                delivery=str(DELIVERIES[delivery]),
                trouble=wording.mail_trouble(recipient.mail),
                due_on=due_on,
                due_words=_days_left(recipient, due_on, today, entered) if due_on and silent else "",
                story=wording.due_story(recipient, lang) if counts else None,
                responses=recipient.responses,
                by_hand=bool((recipient.due_explained or {}).get("by_hand")),
                may_hand_over=changeable and may_hand_over(recipient, delivery),
                may_send_elsewhere=changeable and may_send_elsewhere(recipient),
            )
        )
    return rows


def _days_left(recipient: LetterRecipient, due_on: date, today: date, entered: EnteredDays) -> str:
    return wording.days_words(*days_until(recipient, due_on, today, entered))


def history_items(letter: Letter, lang: str) -> list[dict[str, Any]]:
    """Return the letter's history as the time line wants it, newest first; ``names`` are whom a joint line is about."""
    return [
        {
            "text": wording.group_words(group, lang),
            "when": moment_words(group[0].at, lang),
            "at": group[0].at,
            "who": group[0].actor_name,
            "names": [row.details.get("who", "") for row in reversed(group)] if len(group) > 1 else [],
        }
        for group in wording.group_history(history_of(letter))
    ]

"""The blueprint of reminders, and what any page may show of them: the form and those there are (``_remind.html``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint
from flask_security import current_user

from pop_campaigns.accounts.rules.roles import MAY_WRITE
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.dates import day_words
from pop_campaigns.core.i18n import current_language
from pop_campaigns.core.once import new_key
from pop_campaigns.follow_ups.models import FollowUp
from pop_campaigns.follow_ups.queries.follow_ups import follow_ups_of
from pop_campaigns.follow_ups.rules import LONGEST_WHY, QuickDay, quick_days
from pop_campaigns.follow_ups.words import QUICK_DAYS, due_words, for_words

bp = Blueprint("follow_ups", __name__, url_prefix="/follow-ups")


@dataclass(frozen=True)
class Reminder:
    """One reminder as a page shows it."""

    row: FollowUp
    when: str
    who: str
    late: bool


@dataclass(frozen=True)
class RemindPart:
    """What the part of a page is filled with; ``quick`` are the days of one press, with their words."""

    subject_type: str
    subject_id: int
    reminders: Sequence[Reminder]
    quick: Sequence[tuple[QuickDay, str, str]]
    today: date
    once: str
    longest_why: int = LONGEST_WHY


@bp.app_template_global()
def remind_part(subject: Any, due_on: date | None = None) -> RemindPart | None:
    """Return the reminders about a record and the choices for a new one; None for those who set none.

    ``due_on`` is the day on which the thing itself is due, where it has one.
    """
    if not current_user.is_authenticated or current_user.role not in MAY_WRITE:
        return None
    today, lang = local_date(now()), current_language()
    rows = follow_ups_of(subject.__tablename__, subject.id, current_user)
    return RemindPart(
        subject.__tablename__,
        subject.id,
        [
            Reminder(row, due_words(row, today, lang), for_words(row, current_user.id), row.due_on < today)
            for row in rows
        ],
        [
            (choice, str(QUICK_DAYS[choice]), day_words(day, lang))
            for choice, day in quick_days(today, due_on).items()
        ],
        today,
        new_key(),
    )

"""Reminders in words."""

from __future__ import annotations

from datetime import date
from typing import Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from pop_campaigns.core.dates import day_words, relative_day_words
from pop_campaigns.follow_ups.models import FollowUp
from pop_campaigns.follow_ups.rules import DayRefusal, QuickDay

QUICK_DAYS: Final[dict[QuickDay, LazyString]] = {
    QuickDay.TOMORROW: _l("Tomorrow"),
    QuickDay.IN_A_WEEK: _l("In a week"),
    QuickDay.DAY_BEFORE: _l("The day before it is due"),
}
REFUSALS: Final[dict[DayRefusal, LazyString]] = {
    DayRefusal.PAST: _l("This day is over. Choose today or a later day."),
    DayRefusal.TOO_FAR: _l("This day is more than five years away. Check the year."),
}


def due_words(row: FollowUp, today: date, lang: str) -> str:
    """Return for which day a reminder is set: *tuesday, 1 December 2026 · in 2 days*."""
    return f"{day_words(row.due_on, lang)} · {relative_day_words(row.due_on, today)}"


def for_words(row: FollowUp, user_id: int) -> str:
    """Return who is reminded; "" where it is the reader."""
    if row.assignee_id == user_id:
        return ""
    return row.assignee.name if row.assignee else str(_("for everybody here"))

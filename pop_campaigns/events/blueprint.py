"""The blueprint of events and what its pages share."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, url_for

from pop_campaigns.core.dates import (
    clock_words,
    day_words,
    moment_words,
    month_words,
    relative_day_words,
    weekday_words,
)

bp = Blueprint("events", __name__)


@bp.app_template_global()
def event_url(event_id: int) -> str:
    """Return the address of an event's page, which belongs to the desk because it shows letters and mails too."""
    return url_for("desk.event", event_id=event_id)


@bp.context_processor
def words_for_dates() -> dict[str, Any]:
    """Return the words for dates that the pages of events use."""
    return {
        "clock_words": clock_words,
        "day_words": day_words,
        "moment_words": moment_words,
        "month_words": month_words,
        "relative_day_words": relative_day_words,
        "weekday_words": weekday_words,
    }

"""Pages of the desk, by what they do.

The blueprint is taken from here, where all its pages are on it.
"""

from __future__ import annotations

from pop_campaigns.desk.blueprint import bp
from pop_campaigns.desk.views import (
    board,
    copying,
    event,
    feed,
    guest_bulk,
    letter,
    mail,
    mail_progress,
    offices,
    search,
    sendings,
    today,
    translations,
    visibility,
)

__all__ = [
    "board",
    "bp",
    "copying",
    "event",
    "feed",
    "guest_bulk",
    "letter",
    "mail",
    "mail_progress",
    "offices",
    "search",
    "sendings",
    "today",
    "translations",
    "visibility",
]

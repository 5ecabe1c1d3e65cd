"""Moments in few words, for lists and time lines."""

from __future__ import annotations

from datetime import datetime

from pop_campaigns.core.dates import moment_words, short_moment_words
from pop_campaigns.core.i18n import current_language


def in_short(instant: datetime) -> str:
    """Give *16 qer 2020, 10:00* in Tirana's time, in the reader's language."""
    return short_moment_words(instant, current_language())


def in_full(instant: datetime) -> str:
    """Give *e martë, 16 qershor 2020, ora 10:00* likewise."""
    return moment_words(instant, current_language())

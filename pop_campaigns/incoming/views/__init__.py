"""Pages of mail that came in, by what they do.

The blueprint is taken from here, where all its pages are on it.
"""

from __future__ import annotations

from pop_campaigns.incoming.blueprint import bp
from pop_campaigns.incoming.views import (
    filing,
    messages,
    originals,
    proposals,
    recording,
    recording_dates,
    review,
    work_list,
    writing,
)

__all__ = [
    "bp",
    "filing",
    "messages",
    "originals",
    "proposals",
    "recording",
    "recording_dates",
    "review",
    "work_list",
    "writing",
]

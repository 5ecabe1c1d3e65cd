"""Pages of invitations, by what they do.

The blueprint is taken from here, where all its pages are on it.
"""

from __future__ import annotations

from pop_campaigns.invitations.blueprint import bp

# Adds its condition to those of lists.
from pop_campaigns.invitations.queries import list_conditions
from pop_campaigns.invitations.views import (
    agenda,
    answer,
    by_hand,
    calls,
    choosing,
    date_answers,
    date_polls,
    files,
    follow_up,
    from_list,
    guest_messages,
    guest_table,
    hand_over,
    message_files,
    notice_words,
    other_time,
    reminders,
    sides,
    steps,
)

__all__ = [
    "agenda",
    "answer",
    "bp",
    "by_hand",
    "calls",
    "choosing",
    "date_answers",
    "date_polls",
    "files",
    "follow_up",
    "from_list",
    "guest_messages",
    "guest_table",
    "hand_over",
    "list_conditions",
    "message_files",
    "notice_words",
    "other_time",
    "reminders",
    "sides",
    "steps",
]

"""Which program asks for a calendar; pure."""

from __future__ import annotations

import re
from typing import Final

_PROGRAMS: Final = (
    ("Google Calendar", r"google-calendar|googlecalendar"),
    ("Outlook", r"outlook|microsoft|exchange"),
    ("Apple Calendar", r"dataaccessd|calendaragent|calendarstore|\bios/|remindd|accountsd"),
    ("Thunderbird", r"thunderbird|lightning"),
    ("Nextcloud", r"nextcloud"),
    ("Android", r"android|icsx5|davx"),
)
_LONGEST_READ: Final = 400


def program_words(user_agent: str) -> str:
    """Return the calendar program by name, "" for one not known here: nobody's own words are kept."""
    text = user_agent[:_LONGEST_READ].lower()
    return next((name for name, signs in _PROGRAMS if re.search(signs, text)), "")

"""Pages of reminders, by what they do.

The blueprint is taken from here, where all its pages are on it.
"""

from __future__ import annotations

from pop_campaigns.follow_ups.blueprint import bp
from pop_campaigns.follow_ups.views import follow_ups

__all__ = ["bp", "follow_ups"]

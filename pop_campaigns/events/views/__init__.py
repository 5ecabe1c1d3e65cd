"""Pages of events, by what they do. The page of one event is the desk's.

The blueprint is taken from here, where all its pages are on it.
"""

from __future__ import annotations

from pop_campaigns.events.blueprint import bp
from pop_campaigns.events.views import events, joining, notices

__all__ = ["bp", "events", "joining", "notices"]

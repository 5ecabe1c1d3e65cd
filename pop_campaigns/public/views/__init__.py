"""Pages of the public pages, by what they do.

The blueprint is taken from here, where all its pages are on it.
"""

from __future__ import annotations

from pop_campaigns.public.blueprint import bp, previews
from pop_campaigns.public.views import calendars, open_data, pages, search_engines

__all__ = ["bp", "calendars", "open_data", "pages", "previews", "search_engines"]

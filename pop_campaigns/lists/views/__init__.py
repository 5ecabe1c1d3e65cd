"""Pages of lists, by what they do.

The blueprint is taken from here, where all its pages are on it.
"""

from __future__ import annotations

from pop_campaigns.lists.blueprint import bp
from pop_campaigns.lists.views import filters, lists, members

__all__ = ["bp", "filters", "lists", "members"]

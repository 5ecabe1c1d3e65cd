"""Pages of contacts, by what they do.

The blueprint is taken from here, where all its pages are on it.
"""

from __future__ import annotations

from pop_campaigns.contacts.blueprint import bp
from pop_campaigns.contacts.views import institutions, merging, persons

__all__ = ["bp", "institutions", "merging", "persons"]

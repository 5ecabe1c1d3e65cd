"""Pages of contacts, by what they do.

The blueprint is taken from here, where all its pages are on it.
"""

from __future__ import annotations

from pop_campaigns.contacts.blueprint import bp
from pop_campaigns.contacts.views import contact_log, institutions, merging, persons, phone_checks

__all__ = ["bp", "contact_log", "institutions", "merging", "persons", "phone_checks"]

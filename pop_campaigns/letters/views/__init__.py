"""Pages of letters, by what they do.

The blueprint is taken from here, where all its pages are on it.
"""

from __future__ import annotations

from pop_campaigns.letters.blueprint import bp
from pop_campaigns.letters.views import days_off, drafts, letters, recipients, responses

__all__ = ["bp", "days_off", "drafts", "letters", "recipients", "responses"]

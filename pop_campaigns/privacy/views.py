"""Pages about personal data, by what they do."""

from __future__ import annotations

from pop_campaigns.privacy import erase_pages, unsubscribe_page  # the import adds the pages to the blueprint
from pop_campaigns.privacy.blueprint import bp
from pop_campaigns.privacy.unsubscribe_page import LIMITS

__all__ = ["LIMITS", "bp", "erase_pages", "unsubscribe_page"]

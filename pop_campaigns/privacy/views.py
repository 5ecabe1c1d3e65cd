"""Pages about personal data, by what they do."""

from __future__ import annotations

# The imports add the pages to the blueprint.
from pop_campaigns.privacy import (
    access_pages,
    erase_pages,
    index_page,
    register_pages,
    retention_pages,
    unsubscribe_page,
)
from pop_campaigns.privacy.blueprint import bp
from pop_campaigns.privacy.unsubscribe_page import LIMITS

__all__ = [
    "LIMITS",
    "access_pages",
    "bp",
    "erase_pages",
    "index_page",
    "register_pages",
    "retention_pages",
    "unsubscribe_page",
]

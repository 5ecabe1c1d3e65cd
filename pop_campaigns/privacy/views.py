"""Pages about personal data, by what they do."""

from __future__ import annotations

from pop_campaigns.privacy import erase_pages  # the import adds the pages to the blueprint
from pop_campaigns.privacy.blueprint import bp

__all__ = ["bp", "erase_pages"]

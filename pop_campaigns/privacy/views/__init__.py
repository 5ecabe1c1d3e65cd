"""Pages of personal data, by what they do.

The blueprint is taken from here, where all its pages are on it.
"""

from __future__ import annotations

from pop_campaigns.privacy.blueprint import bp
from pop_campaigns.privacy.views import access, erasure, registers, retention, unsubscribe

__all__ = ["access", "bp", "erasure", "registers", "retention", "unsubscribe"]

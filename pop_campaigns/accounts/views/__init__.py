"""Pages of accounts, by what they do.

The blueprint is taken from here, where all its pages are on it.
"""

from __future__ import annotations

from pop_campaigns.accounts.blueprint import bp
from pop_campaigns.accounts.views import account, feed, links, sent_before, users

__all__ = ["account", "bp", "feed", "links", "sent_before", "users"]

"""Pages for trying out: what was delivered, and answering it as its receiver would.

The blueprint is taken from here, where all its pages are on it.
"""

from __future__ import annotations

from pop_campaigns.tryout.blueprint import bp
from pop_campaigns.tryout.views import local_mailbox

__all__ = ["bp", "local_mailbox"]

"""Named reads of campaigns."""

from __future__ import annotations

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import select_visible
from pop_campaigns.campaigns.models import Campaign
from pop_campaigns.core.db import db


def visible_campaigns(user: User) -> list[Campaign]:
    """Return the campaigns a user may read, the network's included, in Albanian order."""
    rows = select_visible(Campaign, user).order_by(Campaign.sort_key, Campaign.id)
    return list(db.session.scalars(rows))

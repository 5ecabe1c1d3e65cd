"""Pages of the desk: the work list, one event, mail, the local mailbox, search."""

from __future__ import annotations

from pop_campaigns.desk import event, inbox, mail, office_pages, search, today
from pop_campaigns.desk.blueprint import bp

__all__ = ["bp", "event", "inbox", "mail", "office_pages", "search", "today"]

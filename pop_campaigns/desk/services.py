"""Verbs of the desk. The caller commits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from pop_campaigns.accounts.models import Network, Organisation, User
from pop_campaigns.campaigns.models import Campaign
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.services.records import change_values
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.services.events import change_words

_ACTIONS: Final[dict[type, str]] = {
    Campaign: "campaign.translated",
    Organisation: "organisation.translated",
    Network: "network.translated",
}


def give_translation(record: Any, texts: Mapping[str, str], *, by: User, now: datetime) -> None:
    """Set texts of a record in one language, by column, and note what they were. Nobody is told: words are not material."""
    if isinstance(record, Event):
        change_words(record, texts, by=by, now=now)
    elif isinstance(record, Institution):
        change_values(record, "institution.changed", dict(texts), by, now, named="name_sq")
    elif isinstance(record, Office):
        change_values(record, "office.changed", dict(texts), by, now, named="title_sq")
    else:
        was = {name: getattr(record, name) for name in texts}
        for name, text in texts.items():
            setattr(record, name, text)
        changed = {name: before for name, before in was.items() if getattr(record, name) != before}
        if changed:
            note(_ACTIONS[type(record)], record, by=by, now=now, was=changed)
    db.session.flush()

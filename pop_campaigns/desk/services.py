"""Verbs of the desk. The caller commits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, select

from pop_campaigns.accounts.models import Network, Organisation, User
from pop_campaigns.campaigns.models import Campaign
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.services.records import change_values
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.core.locks import lock_row
from pop_campaigns.core.sent_forms import SentForm
from pop_campaigns.core.subject_files import detach_all
from pop_campaigns.desk.queries.events import ties_of
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.visibility import NotDeletable, why_not_deletable
from pop_campaigns.events.services.events import change_words
from pop_campaigns.follow_ups.models import FollowUp
from pop_campaigns.invitations.models.invitations import Invitation

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


class EventStays(ValueError):
    """An event of which somebody was told, or which is on record; ``reason`` says why."""

    def __init__(self, reason: NotDeletable) -> None:
        super().__init__(reason.value)
        self.reason = reason


def delete_event(event: Event, *, by: User, now: datetime) -> None:
    """Delete an event nobody was told of, with its list of guests, its files and the reminders about it.

    :raises EventStays: somebody was told of it, it was on the site, or it is on record.
    """
    lock_row(event)
    ties = ties_of(event)
    reason = why_not_deletable(ties, was_public=event.published_at is not None, from_record=event.from_record)
    if reason is not None:
        raise EventStays(reason)
    for guest in db.session.scalars(select(Invitation).where(Invitation.event_id == event.id)).unique():
        detach_all(guest, by=by, now=now)
    detach_all(event, by=by, now=now)
    note("event.deleted", event, by=by, now=now, title=event.title_sq, guests=ties.guests)
    db.session.flush()
    db.session.expunge(event)
    db.session.execute(delete(Invitation).where(Invitation.event_id == event.id))
    # Its number may become another row's: nothing may point at it.
    for pointing in (FollowUp, SentForm):
        about = (pointing.subject_type == Event.__tablename__, pointing.subject_id == event.id)
        db.session.execute(delete(pointing).where(*about))
    db.session.execute(delete(Event).where(Event.id == event.id))

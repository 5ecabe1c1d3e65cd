"""Verbs that change what a kind of event has beside what all have, and who joined. The caller commits."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Final

from pop_campaigns.accounts.models import Organisation, User
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.core.locks import lock_row
from pop_campaigns.events.models.details import EventDetails
from pop_campaigns.events.models.events import Event, Supporter
from pop_campaigns.events.queries.details import is_named, supporter_of
from pop_campaigns.events.rules.details import may_set_no_names
from pop_campaigns.events.rules.events import EventKind

# Columns of the event itself.
_OF_THE_EVENT: Final = ("institution_id", "no_names")
# What names people, of whichever kind: an event that stores no names keeps none of it.
_NAMES: Final = ("moderator", "deputies")


class NamesAreThere(ValueError):
    """*No names* cannot be chosen, or given up, any more."""


@dataclass(frozen=True)
class DetailsDraft:
    """What a form says about the details of an event, by column. None for ``no_names``: it was not asked."""

    institution_id: int | None = None
    no_names: bool | None = None
    moderator: str = ""
    sides: str = ""
    embargo_until: datetime | None = None
    testimony_until: datetime | None = None
    testimony_sq: str = ""
    testimony_en: str = ""
    deputies: str = ""
    council_number: str = ""
    agenda_url: str = ""
    took_part: int | None = None
    took_part_roughly: bool = True


def details_draft(event: Event) -> DetailsDraft:
    """Return the details of an event as the draft they could have come from."""
    row = db.session.get(EventDetails, event.id)
    values = {name: getattr(event, name) for name in _OF_THE_EVENT}
    if row is not None:
        values |= {
            field.name: getattr(row, field.name) for field in fields(DetailsDraft) if field.name not in values
        }
    return DetailsDraft(**values)


def save_details(event: Event, draft: DetailsDraft, *, by: User, now: datetime) -> list[str]:
    """Make the details of an event what the draft says; return what changed, by column. Nothing of it is material.

    :raises NamesAreThere: *no names* was chosen or given up where that is too late, or the event is of another kind.
    """
    before, values = asdict(details_draft(event)), asdict(draft)
    if draft.no_names is None:
        values["no_names"] = before["no_names"]
    changed = sorted(name for name, value in values.items() if value != before[name])
    if "no_names" in changed:
        _check_no_names(event)
    if values["no_names"]:
        values |= dict.fromkeys(_NAMES, "")
        changed = sorted(name for name, value in values.items() if value != before[name])
    if not changed:
        return []
    row = db.session.get(EventDetails, event.id)
    if row is None and set(changed) - set(_OF_THE_EVENT):
        row = EventDetails(event_id=event.id)
        db.session.add(row)
    for name in changed:
        setattr(event if name in _OF_THE_EVENT else row, name, values[name])
    event.changed_at = now
    note("event.details_changed", event, by=by, now=now, changed=changed)
    db.session.flush()
    return changed


def filled_details(event: Event) -> list[str]:
    """Return which details of an event hold something, by column."""
    draft = asdict(details_draft(event))
    return [
        name
        for name, value in draft.items()
        if value not in (None, "", False) and name != "took_part_roughly"
    ]


def copy_details(event: Event, to: Event) -> None:
    """Give another event the details of this one that hold for a repetition: no moments, nothing of what happened.

    A second copy of the same press changes nothing.
    """
    if db.session.get(EventDetails, to.id) is not None:
        return
    kept = details_draft(event)
    row = EventDetails(
        event_id=to.id, moderator=kept.moderator, sides=kept.sides,
        testimony_sq=kept.testimony_sq, testimony_en=kept.testimony_en,
    )  # fmt: skip
    db.session.add(row)
    to.institution_id, to.no_names = kept.institution_id, kept.no_names or False
    db.session.flush()


def join_event(
    event: Event, organisation: Organisation, message: tuple[str, str], *, by: User, now: datetime
) -> Supporter:
    """Let a chapter join another one's public action with a message (Albanian, English), or change its message."""
    lock_row(event)
    row = supporter_of(event, organisation.id)
    joined = row is None
    if row is None:
        row = Supporter(event=event, organisation=organisation)
        db.session.add(row)
    row.message_sq, row.message_en = message
    event.changed_at = now
    note(
        "event.joined" if joined else "event.message_changed",
        event,
        by=by,
        now=now,
        organisation=organisation.name,
    )
    db.session.flush()
    return row


def leave_event(event: Event, organisation: Organisation, *, by: User, now: datetime) -> None:
    """Take back that a chapter joined; once is enough."""
    lock_row(event)
    row = supporter_of(event, organisation.id)
    if row is None:
        return
    event.supporters.remove(row)
    db.session.delete(row)
    event.changed_at = now
    note("event.left", event, by=by, now=now, organisation=organisation.name)
    db.session.flush()


def may_join(event: Event, user: User) -> bool:
    """Return whether a user's chapter may join: a public action of another one that stands on the site."""
    theirs: Any = user.organisation_id
    return (
        event.kind is EventKind.PROTEST
        and event.published
        and theirs is not None
        and theirs != event.organisation_id
    )


def _check_no_names(event: Event) -> None:
    was_public = event.published_at is not None
    if not may_set_no_names(event.kind, named=is_named(event), was_public=was_public):
        raise NamesAreThere(event.id)

"""Named reads of the files of events: for guests, for everybody, by point of the agenda."""

from __future__ import annotations

from datetime import datetime

from pop_campaigns.core.db import db
from pop_campaigns.core.mail_files import FileAudience
from pop_campaigns.core.subject_files import SubjectFile, file_of, files_of
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.queries.details import embargo_of
from pop_campaigns.events.rules.visibility import EventVisibility


def files_for_guests(event: Event) -> list[SubjectFile]:
    """Return the files that go with an invitation, in it or as a link."""
    return [row for row in files_of(event) if row.audience is FileAudience.GUESTS]


def files_for_everybody(event: Event, now: datetime) -> list[SubjectFile]:
    """Return the files that the public page of an event gives; none before its embargo ends, none of what is not there."""
    if not event.published or embargo_of(event, now) is not None:
        return []
    return [
        row for row in files_of(event) if row.audience is FileAudience.EVERYBODY and row.file.path.is_file()
    ]


def public_file(event: Event, ident: int, now: datetime) -> SubjectFile | None:
    """Return one of the files that the public page of an event gives."""
    row = file_of(event, ident)
    return row if row in files_for_everybody(event, now) else None


def is_open(row: SubjectFile) -> bool:
    """Return whether the link of a file may be followed: those of an event while it is no draft, and for its guests."""
    if row.subject_type != Event.__tablename__:
        return True
    event = db.session.get(Event, row.subject_id)
    known = event is not None and event.visibility is not EventVisibility.DRAFT
    return known and row.audience is FileAudience.GUESTS

"""Verbs that change templates of events. The caller commits."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.core.locks import lock_row
from pop_campaigns.core.subject_files import detach_all
from pop_campaigns.events.models.series import EventTemplate
from pop_campaigns.events.queries.series import is_proposed

_FIELDS: Final = (
    *("name", "title_sq", "title_en", "description_sq", "description_en", "note_sq", "note_en", "begins"),
)


class TemplateInUse(ValueError):
    """A series is made of the template."""


def change_template(
    template: EventTemplate, values: Mapping[str, Any], offices: Collection[int], *, by: User, now: datetime
) -> None:
    """Set the words of a template and its hour, and keep of its offices those named by number. Events made of it stay."""
    changed = [name for name in _FIELDS if getattr(template, name) != (values[name] or _empty(name))]
    for name in changed:
        setattr(template, name, values[name] or _empty(name))
    gone = [row for row in template.offices if row.office_id not in offices]
    for row in gone:
        template.offices.remove(row)
    if changed or gone:
        template.changed_at = now
        note("event_template.changed", template, by=by, now=now, name=template.name, changed=sorted(changed))
    db.session.flush()


def delete_template(template: EventTemplate, *, by: User, now: datetime) -> None:
    """Delete a template with its files; events made of it stay.

    :raises TemplateInUse: a series is made of it.
    """
    lock_row(template)
    if is_proposed(template):
        raise TemplateInUse(template.id)
    detach_all(template, by=by, now=now)
    note("event_template.deleted", template, by=by, now=now, name=template.name)
    db.session.delete(template)
    db.session.flush()


def _empty(name: str) -> str | None:
    return None if name == "begins" else ""

"""Whose records may name a person: those of the organisation the person's record belongs to, and the network's."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, or_, true

from pop_campaigns.contacts.models import Person


def belongs_to(model: Any, person: Person) -> ColumnElement[bool]:
    """Give the condition that a record is of the person's organisation or the network; of a network's person: any."""
    if person.organisation_id is None:
        return true()
    return or_(model.organisation_id.is_(None), model.organisation_id == person.organisation_id)

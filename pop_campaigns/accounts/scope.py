"""What a signed-in person sees and changes: the one place that turns the rules into queries.

A record belongs to an organisation, or, with ``organisation_id`` NULL, to the whole network: then every
member reads it and administrators change it.
"""

from __future__ import annotations

from typing import Any, TypeVar

from flask import abort
from flask_security import current_user
from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, true

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.rules.roles import RoleName, may_change_record, may_read_record
from pop_campaigns.core.db import db

Record = TypeVar("Record")


def visible(model: Any, user: User, *, scanned: bool = False) -> ColumnElement[bool]:
    """Return the condition that ``user`` may read rows of ``model`` (which has ``organisation_id``); fails closed.

    A model may hide rows by ``shown_to`` (and ``is_shown_to`` for one row): merged or erased records, citizens.
    ``scanned`` says that the query reads the whole table anyway: then the condition leaves the index of organisations
    alone, by which SQLite would fetch a hundred thousand rows one by one.
    """
    owned = _owned(model, user, scanned)
    if user.role is not None and hasattr(model, "shown_to"):
        return and_(owned, model.shown_to(user.role))
    return owned


def _owned(model: Any, user: User, scanned: bool) -> ColumnElement[bool]:
    if user.role in (RoleName.ADMINISTRATOR, RoleName.VIEWER):
        return true()
    if user.role is RoleName.COORDINATOR:
        if scanned:  # no record has the number 0
            return func.coalesce(model.organisation_id, 0).in_((0, user.organisation_id or 0))
        return or_(model.organisation_id.is_(None), model.organisation_id == user.organisation_id)
    return false()


def own(model: Any, user: User) -> ColumnElement[bool]:
    """Return the condition that rows belong to the user's work lists: an organisation's own, or all for the network's people."""
    if user.role in (RoleName.ADMINISTRATOR, RoleName.VIEWER):
        return model.shown_to(user.role) if hasattr(model, "shown_to") else true()
    if user.role is RoleName.COORDINATOR and user.organisation_id is not None:
        return model.organisation_id == user.organisation_id
    return false()


def of_network_or(model: Any, owner: int | None) -> ColumnElement[bool]:
    """Return the condition that a row is the network's or ``owner``'s: those a new row stands beside."""
    return or_(model.organisation_id.is_(None), model.organisation_id == owner)


class NoOrganisation(ValueError):
    """A coordinator who belongs to no organisation has nobody to add records for."""


def owner_of_new(by: User | None, asked: int | None = None) -> int | None:
    """Return whose a record will be that ``by`` adds; None is the network's.

    ``asked`` is what a form or the record beside it says. It counts for an administrator and where nobody adds it (a
    record being loaded); a coordinator's is their organisation's.

    :raises NoOrganisation: for a coordinator without one.
    """
    if by is None or by.role is RoleName.ADMINISTRATOR:
        return asked
    if by.organisation_id is None:
        raise NoOrganisation(by.id)
    return by.organisation_id


def select_visible(model: type[Record], user: User) -> Select[Record]:
    """Start a query of what ``user`` may read."""
    return select(model).where(visible(model, user))


def get_visible(model: type[Record], ident: int, user: User | None = None) -> Record:
    """Return a record the user may read, else 404: a stranger's record is not even known to exist."""
    user = user or current_user
    row: Any = db.session.get(model, ident) if 0 < ident < 2**31 else None
    if row is None or user.role is None:
        abort(404)
    if not may_read_record(user.role, user.organisation_id, row.organisation_id):
        abort(404)
    if hasattr(row, "is_shown_to") and not row.is_shown_to(user.role):
        abort(404)
    return row


def get_changeable(model: type[Record], ident: int, user: User | None = None) -> Record:
    """Return a record the user may change, else 404."""
    user = user or current_user
    row: Any = get_visible(model, ident, user)
    if not may_change(row, user):
        abort(404)
    return row


def may_change(row: Any, user: User | None = None) -> bool:
    """Return whether the user may change a record (templates ask before they show a button)."""
    user = user or current_user
    return user.role is not None and may_change_record(user.role, user.organisation_id, row.organisation_id)

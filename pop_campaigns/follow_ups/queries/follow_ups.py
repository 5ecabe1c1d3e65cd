"""Whose reminders are due, and which there are about a thing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from flask import abort
from sqlalchemy import ColumnElement, and_, case, false, or_, select, true

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.rules.roles import RoleName
from pop_campaigns.core.db import db
from pop_campaigns.follow_ups.models import FollowUp


def due_follow_ups(user: User, until: date) -> Sequence[FollowUp]:
    """Return the open reminders of a person up to a day, the oldest first: their own, and those for all of their people."""
    for_all = and_(FollowUp.assignee_id.is_(None), _of_their_people(user))
    mine = or_(FollowUp.assignee_id == user.id, for_all)
    rows = select(FollowUp).where(_seen(user), mine, FollowUp.done_at.is_(None), FollowUp.due_on <= until)
    return db.session.scalars(rows.order_by(FollowUp.due_on, FollowUp.id)).all()


def follow_ups_of(subject_type: str, subject_id: int, user: User) -> Sequence[FollowUp]:
    """Return the reminders about a thing that a person may see, open ones first; of those done the newest few."""
    about = and_(FollowUp.subject_type == subject_type, FollowUp.subject_id == subject_id)
    open_first = case((FollowUp.done_at.is_(None), 0), else_=1)
    rows = select(FollowUp).where(_seen(user), about)
    return db.session.scalars(
        rows.order_by(open_first, FollowUp.done_at.desc(), FollowUp.due_on, FollowUp.id).limit(20)
    ).all()


def next_reminders(subject_type: str, idents: Collection[int], user: User) -> dict[int, FollowUp]:
    """Return the next open reminder about each of several things that a person may see, by the number of the thing."""
    rows = select(FollowUp).where(
        _seen(user),
        FollowUp.subject_type == subject_type,
        FollowUp.subject_id.in_(list(idents)),
        FollowUp.done_at.is_(None),
    )
    latest_first = db.session.scalars(rows.order_by(FollowUp.due_on.desc(), FollowUp.id.desc()))
    return {row.subject_id: row for row in latest_first}


def get_follow_up(ident: int, user: User) -> FollowUp:
    """Return a reminder of the person or of their organisation, else 404."""
    row = db.session.scalar(select(FollowUp).where(FollowUp.id == ident, _seen(user)))
    if row is None:
        abort(404)
    return row


def _seen(user: User) -> ColumnElement[bool]:
    """Return the condition that a reminder is the person's or of their organisation; administrators see all of them.

    Who only reads has none and sees none.
    """
    if user.role is RoleName.ADMINISTRATOR:
        return true()
    if user.role is not RoleName.COORDINATOR:
        return false()
    return or_(FollowUp.assignee_id == user.id, _of_their_people(user))


def _of_their_people(user: User) -> ColumnElement[bool]:
    owner: Any = FollowUp.organisation_id
    return owner.is_not_distinct_from(user.organisation_id)

"""Named reads of templates and series: which one may see, and what waits for one's own chapter."""

from __future__ import annotations

from datetime import date

from flask import abort
from sqlalchemy import ColumnElement, false, func, or_, select, true
from sqlalchemy.orm import selectinload

from pop_campaigns.accounts.models import Organisation, User
from pop_campaigns.accounts.rules.roles import RoleName, may_change_record
from pop_campaigns.accounts.scope import select_visible
from pop_campaigns.core.db import db
from pop_campaigns.core.places import Municipality
from pop_campaigns.events.models.series import EventSeries, EventTemplate, SeriesProposal
from pop_campaigns.events.rules.series import ProposalState


def templates_of(user: User) -> list[EventTemplate]:
    """Return the templates a person may use, by kind and name."""
    rows = select_visible(EventTemplate, user).options(selectinload(EventTemplate.offices))
    return list(
        db.session.scalars(
            rows.order_by(EventTemplate.kind, func.lower(EventTemplate.name), EventTemplate.id)
        )
    )


def is_proposed(template: EventTemplate) -> bool:
    """Return whether a series is made of a template: then it stays."""
    return bool(
        db.session.scalar(select(EventSeries.id).where(EventSeries.template_id == template.id).limit(1))
    )


def series_seen(user: User) -> ColumnElement[bool]:
    """Return the condition that a person sees a series: whose chapter proposed it or was asked, and who sees everything."""
    if user.role in (RoleName.ADMINISTRATOR, RoleName.VIEWER):
        return true()
    if user.role is not RoleName.COORDINATOR or user.organisation_id is None:
        return false()
    asked = select(SeriesProposal.series_id).where(SeriesProposal.organisation_id == user.organisation_id)
    return or_(EventSeries.organisation_id == user.organisation_id, EventSeries.id.in_(asked))


def visible_series(user: User) -> list[EventSeries]:
    """Return the series a person sees, the newest first."""
    rows = select(EventSeries).where(series_seen(user)).options(selectinload(EventSeries.template))
    return list(db.session.scalars(rows.order_by(EventSeries.id.desc()).limit(100)))


def get_series(ident: int, user: User) -> EventSeries:
    """Return a series the person sees, else 404."""
    rows = select(EventSeries).where(EventSeries.id == ident, series_seen(user))
    series = db.session.scalar(rows) if 0 < ident < 2**31 else None
    if series is None:
        abort(404)
    return series


def may_withdraw(series: EventSeries, user: User) -> bool:
    """Return whether a person may take a series back: who may change what its proposer's are, while somebody has not answered."""
    if user.role is None or not may_change_record(user.role, user.organisation_id, series.organisation_id):
        return False
    return any(proposal.state is ProposalState.PROPOSED for proposal in series.proposals)


def get_proposal(ident: int, user: User) -> SeriesProposal:
    """Return what is proposed to a chapter the person speaks for, else 404."""
    rows = select(SeriesProposal).where(SeriesProposal.id == ident, speaks_for(user))
    proposal = db.session.scalar(rows) if 0 < ident < 2**31 else None
    if proposal is None:
        abort(404)
    return proposal


def speaks_for(user: User) -> ColumnElement[bool]:
    """Return the condition that a person answers for the chapter of a proposal: its coordinators, and administrators."""
    if user.role is RoleName.ADMINISTRATOR:
        return true()
    if user.role is RoleName.COORDINATOR and user.organisation_id is not None:
        return SeriesProposal.organisation_id == user.organisation_id
    return false()


def proposals_waiting(user: User) -> list[SeriesProposal]:
    """Return what is proposed to a coordinator's own chapter and not answered, the oldest first."""
    if user.role is not RoleName.COORDINATOR:
        return []
    rows = select(SeriesProposal).join(SeriesProposal.series)
    rows = rows.where(speaks_for(user), SeriesProposal.state == ProposalState.PROPOSED)
    return list(db.session.scalars(rows.order_by(SeriesProposal.id)))


def chapters(today: date) -> list[Organisation]:
    """Return the organisations that are members now, by municipality in Albanian order."""
    rows = (
        select(Organisation)
        .outerjoin(Municipality, Organisation.municipality_id == Municipality.id)
        .where(or_(Organisation.member_to.is_(None), Organisation.member_to >= today))
        .order_by(Municipality.sort_key.nulls_last(), Organisation.sort_key, Organisation.id)
    )
    return list(db.session.scalars(rows).unique())

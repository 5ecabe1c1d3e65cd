"""Named reads of an agenda together with the guests: whose offices it may name, who knows an older one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import visible
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.core.db import db
from pop_campaigns.events.models.agenda import AgendaPoint
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.queries.agenda import agenda_of
from pop_campaigns.events.queries.details import ask_who_is_named
from pop_campaigns.invitations.models.invitations import Invitation, InvitationMail
from pop_campaigns.invitations.rules.invitations import InvitationState, MailPurpose
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.rules import MailState

MOST_OFFICES: Final = 400
"""How many offices a choice offers: those of the guests first, so that nobody asked is missing."""


def offices_to_choose(event: Event, user: User, point: AgendaPoint | None = None) -> Sequence[Office]:
    """Return the offices a point may name: those it names, those invited, those of the place, then the others.

    Within each, by institution in Albanian order.
    """
    named = {ident for ident in (point and point.speaker_office_id, point and point.put_to_id) if ident}
    asked = select(Invitation.office_id).where(
        Invitation.event_id == event.id,
        Invitation.office_id.is_not(None),
        Invitation.state != InvitationState.WITHDRAWN,
    )
    invited = set(db.session.scalars(asked))
    near = Institution.municipality_id == event.municipality_id if event.municipality_id else None
    order = [Office.id.in_(named | invited).desc()]
    if near is not None:
        order.append(func.coalesce(near, False).desc())
    rows = (
        select(Office)
        .join(Office.institution)
        .where(visible(Office, user) & Office.merged_into_id.is_(None) | Office.id.in_(named))
        .options(joinedload(Office.institution))
        .order_by(*order, Institution.sort_key, Institution.id, Office.sort_key, Office.id)
        .limit(MOST_OFFICES)
    )
    return db.session.scalars(rows).unique().all()


def count_older_agendas(event: Event) -> int:
    """Count the invited guests whose last mail with the agenda was made before the agenda was changed last."""
    agenda = agenda_of(event)
    if agenda is None:
        return 0
    told = (
        select(InvitationMail.invitation_id, func.max(OutgoingMail.dated_at).label("at"))
        .join(InvitationMail.mail)
        .join(Invitation, Invitation.id == InvitationMail.invitation_id)
        .where(
            Invitation.event_id == event.id,
            Invitation.state == InvitationState.INVITED,
            InvitationMail.purpose.in_((MailPurpose.REQUEST, MailPurpose.CHANGE)),
            OutgoingMail.state != MailState.WITHDRAWN,
        )
        .group_by(InvitationMail.invitation_id)
        .subquery()
    )
    return db.session.scalar(select(func.count()).where(told.c.at < agenda.changed_at)) or 0


def has_guests(event: Event) -> bool:
    """Return whether anybody was ever put on the list of an event."""
    return (
        db.session.scalar(select(Invitation.id).where(Invitation.event_id == event.id).limit(1)) is not None
    )


ask_who_is_named(has_guests)

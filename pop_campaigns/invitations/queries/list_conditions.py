"""What lists of contacts may ask about invitations: who said yes to an event that took place.

Who came is not recorded yet, so a filter says *said yes*. Only persons whom the record of an event names among those
present count as well. Protests are no choice: who goes to one shows a political opinion.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, or_, select

from pop_campaigns.contacts.models.institutions import Office
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.queries.addresses import Reach
from pop_campaigns.core.clock import now
from pop_campaigns.events.models.events import Attendance, Event
from pop_campaigns.events.queries.events import has_begun
from pop_campaigns.events.rules.events import EventKind, EventState
from pop_campaigns.events.words.labels import EVENT_KINDS
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.rules.invitations import Answer, InvitationState
from pop_campaigns.lists.queries.conditions import Condition, register
from pop_campaigns.lists.rules import Happened, Subject

ACCEPTED = "accepted"
KINDS = {kind.value: words for kind, words in EVENT_KINDS.items() if kind is not EventKind.PROTEST}


def said_yes(of: Subject, happened: Happened, reach: Reach, _on: date) -> ColumnElement[bool]:
    """Return the condition on offices or persons that they accepted an invitation to such an event, which then began."""
    events = _took_place(happened, reach)
    invited: Any = Invitation.office_id if of is Subject.OFFICES else Invitation.person_id
    accepted = select(invited).where(
        invited.is_not(None),
        Invitation.answer == Answer.ACCEPTED,
        Invitation.state == InvitationState.INVITED,
        Invitation.event_id.in_(events),
    )
    if of is Subject.OFFICES:
        return Office.id.in_(accepted)
    present = select(Attendance.person_id).where(
        Attendance.person_id.is_not(None), Attendance.event_id.in_(events)
    )
    return or_(Person.id.in_(accepted), Person.id.in_(present))


def _took_place(happened: Happened, reach: Reach) -> Any:
    """Return the events that have begun, by their first local day within the dates."""
    kinds = [EventKind(happened.kind)] if happened.kind else [EventKind(kind) for kind in KINDS]
    wanted = [reach.sees(Event), Event.kind.in_(kinds), Event.state != EventState.CANCELLED, has_begun(now())]
    if happened.first:
        wanted.append(Event.day_from >= happened.first)
    if happened.last:
        wanted.append(Event.day_from <= happened.last)
    return select(Event.id).where(*wanted)


register(ACCEPTED, Condition(_l("Said yes to an event that took place"), KINDS, said_yes))

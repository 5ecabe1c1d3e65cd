"""Named reads: whom to call because they have not answered, at which numbers, and when somebody last spoke with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from pop_campaigns.accounts.models import User
from pop_campaigns.contacts.models.contact_log import LogEntry
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.queries.contact_log import last_entries
from pop_campaigns.contacts.queries.details import Further, further_of
from pop_campaigns.contacts.rules import DetailUse
from pop_campaigns.core.db import db
from pop_campaigns.events.models.events import Event
from pop_campaigns.follow_ups.models import FollowUp
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.queries.guests import guests_of, is_lost, mails_of, unreachable
from pop_campaigns.invitations.rules.invitations import Answer, InvitationState, Sight
from pop_campaigns.invitations.sight import seen_among

Contact = Office | Person | Institution


@dataclass(frozen=True)
class Number:
    """A phone number (E.164): of the institution itself where ``of_institution``, its ``use`` where one is known."""

    value: str
    use: DetailUse | None = None
    of_institution: bool = False


@dataclass(frozen=True)
class CallRow:
    """A guest to be called. ``bounced``: our mail did not reach them. ``again_on``: somebody wants to try again that day."""

    guest: Invitation
    numbers: list[Number]
    last: LogEntry | None
    again_on: date | None
    bounced: bool


def calls_for(event: Event, user: User) -> list[CallRow]:
    """Return the invited guests who have not answered and whose words the user sees, who has a number first.

    A fixed number of queries, however many they are.
    """
    silent = [
        guest
        for guest in guests_of(event, InvitationState.INVITED)
        if guest.answer is Answer.NEEDS_ACTION and not guest.is_erased
    ]
    heard = seen_among(silent, user, Sight.WORDS)
    guests = [guest for guest in silent if guest.id in heard]
    further = further_of(_owners(guests), user)
    last = last_entries([contact for guest in guests if (contact := contact_of(guest))], user)
    again, mails, dead = _next_tries(guests, user), mails_of(guests), unreachable(guests)
    rows = [
        CallRow(
            guest,
            numbers_of(guest, further),
            last.get(_key(contact)) if (contact := contact_of(guest)) else None,
            again.get(guest.id),
            guest.id in dead or bool(mails[guest.id] and is_lost(mails[guest.id][-1].mail)),
        )
        for guest in guests
    ]
    return sorted(rows, key=lambda row: (not row.numbers, row.guest.shown_as.casefold()))


def contact_of(guest: Invitation) -> Office | Person | None:
    """Return whom a guest is called as: the office, else the person."""
    return guest.office or guest.person


def numbers_of(guest: Invitation, further: Further) -> list[Number]:
    """Return every number of a guest, those of the office or person before those of the institution, each once."""
    numbers: dict[str, Number] = {}
    contact = contact_of(guest)
    owners: list[Contact] = [contact] if contact else []
    if isinstance(contact, Office):
        owners.append(contact.institution)
    for owner in owners:
        at_institution = isinstance(owner, Institution)
        known = [Number(owner.phone, None, at_institution)] if owner.phone else []
        known += [Number(row.value, row.use, at_institution) for row in further.phones(owner)]
        for number in known:
            if number.use is not DetailUse.FAX:
                numbers.setdefault(number.value, number)
    return list(numbers.values())


def _owners(guests: Iterable[Invitation]) -> list[Contact]:
    owners: dict[tuple[str, int], Contact] = {}
    for guest in guests:
        contact = contact_of(guest)
        for owner in (contact, contact.institution if isinstance(contact, Office) else None):
            if owner is not None:
                owners[_key(owner)] = owner
    return list(owners.values())


def _key(contact: Contact) -> tuple[str, int]:
    return contact.__tablename__, contact.id


def _next_tries(guests: Sequence[Invitation], user: User) -> dict[int, date]:
    """Return the day on which somebody of the user's organisation wants to call a guest again, by the guest's number."""
    rows = (
        select(FollowUp.subject_id, func.min(FollowUp.due_on))
        .where(
            FollowUp.subject_type == Invitation.__tablename__,
            FollowUp.subject_id.in_([guest.id for guest in guests]),
            FollowUp.done_at.is_(None),
            FollowUp.organisation_id.is_not_distinct_from(user.organisation_id),
        )
        .group_by(FollowUp.subject_id)
    )
    return dict(db.session.execute(rows).all()) if guests else {}

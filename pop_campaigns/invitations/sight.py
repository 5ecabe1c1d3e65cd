"""Who sees a guest, and what a guest left behind: answers, proposed times, mails, files.

The decision is ``rules.sight_of_guest``. Here it stands once more as conditions for queries, so that no list asks row by
row; a test compares the two for everybody and every kind of guest. They add to whose event or mail it is
(:mod:`accounts.scope`), never replace it, and where nothing is known, nothing is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from flask import abort
from flask_babel import gettext as _
from flask_security import current_user
from sqlalchemy import ColumnElement, and_, exists, false, or_, select, true
from sqlalchemy.orm import aliased

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.rules.roles import RoleName
from pop_campaigns.accounts.scope import get_visible, of_network_or, own
from pop_campaigns.contacts.models.institutions import Office
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.rules import PRIVATE_KINDS
from pop_campaigns.core.db import db
from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.rules.invitations import GuestFacts, Sight, sight_of_guest
from pop_campaigns.mail.models import OutgoingMail

_AT_ONCE = 500
_GUEST = Invitation.__tablename__
_LETTER = "letter_recipients"  # of a package above this one


def guests_seen(user: User, sight: Sight = Sight.ANSWER, *, scanned: bool = False) -> ColumnElement[bool]:
    """Return the condition on ``Invitation`` that the user sees at least so much of a guest.

    ``scanned`` says that the query reads very many guests: then whom the user sees is looked up once for all of them.
    """
    if user.role is RoleName.ADMINISTRATOR:
        return true()
    person, event, office = _tables_beside()
    if user.role is RoleName.VIEWER:
        if sight is Sight.WORDS:
            return and_(Invitation.office_id.is_not(None), Invitation.person_id.is_(None))
        shown = _is_of(Invitation.person_id, person, person.kind.not_in(PRIVATE_KINDS), scanned=scanned)
        return and_(_of_a_contact(), or_(Invitation.person_id.is_(None), shown))
    if user.role is not RoleName.COORDINATOR:
        return false()
    mine = user.organisation_id
    at_event, at_office, theirs = (
        _is_of(column, model, of_network_or(model, mine), scanned=scanned)
        for column, model in (
            (Invitation.event_id, event),
            (Invitation.office_id, office),
            (Invitation.person_id, person),
        )
    )
    known = and_(
        _of_a_contact(),
        at_event,
        or_(Invitation.office_id.is_(None), at_office),
        or_(Invitation.person_id.is_(None), theirs),
    )
    if mine is None:
        return known
    own_event = _is_of(Invitation.event_id, event, event.organisation_id == mine, scanned=scanned)
    return or_(known, and_(~_of_a_contact(), own_event))


@cache
def _tables_beside() -> tuple[type[Person], type[Event], type[Office]]:
    # Each stands in an EXISTS or IN of its own, so that all conditions can share them: making one anew takes longer
    # than asking the database.
    return aliased(Person), aliased(Event), aliased(Office)


def _is_of(column: Any, model: Any, condition: ColumnElement[bool], *, scanned: bool) -> ColumnElement[bool]:
    if scanned:
        return column.in_(select(model.id).where(condition))
    return exists().where(model.id == column, condition).correlate(Invitation)


def _of_a_contact() -> ColumnElement[bool]:
    return or_(Invitation.office_id.is_not(None), Invitation.person_id.is_not(None))


def sight_of(guest: Invitation, user: User | None = None) -> Sight:
    """Return how much of one guest the user sees."""
    user = user or current_user
    office, person = guest.office, guest.person
    facts = GuestFacts(
        event_of=guest.event.organisation_id,
        office=office is not None,
        office_of=office.organisation_id if office else None,
        kind=person.kind if person else None,
        person_of=person.organisation_id if person else None,
    )
    return sight_of_guest(user.role, user.organisation_id, facts)


@dataclass(frozen=True)
class Seen:
    """Of several guests, by number: how much the user sees of each, and who of the counted ones is no citizen."""

    sights: dict[int, Sight]
    others: frozenset[int] = frozenset()

    def at_least(self, sight: Sight) -> set[int]:
        """Return the guests, by number, of whom the user sees so much."""
        return {ident for ident, seen in self.sights.items() if seen >= sight}


def look_at(guests: Iterable[Invitation], user: User) -> Seen:
    """Look at guests with the user's eyes; one query for 500 events, however many guests they have."""
    wanted = {guest.id: guest.event_id for guest in guests}
    if user.role is RoleName.ADMINISTRATOR:
        return Seen(dict.fromkeys(wanted, Sight.WORDS))
    (person, _event, _office), events = _tables_beside(), sorted(set(wanted.values()))
    known = exists().where(person.id == Invitation.person_id, person.kind.not_in(PRIVATE_KINDS))
    other = or_(Invitation.office_id.is_not(None), known.correlate(Invitation))
    rows = select(Invitation.id, guests_seen(user), guests_seen(user, Sight.WORDS), other)
    sights: dict[int, Sight] = dict.fromkeys(wanted, Sight.COUNTED)
    others = set()
    for start in range(0, len(events), _AT_ONCE):
        some = Invitation.event_id.in_(events[start : start + _AT_ONCE])
        for ident, seen, heard, is_other in db.session.execute(rows.where(some)):
            if ident in wanted:
                sights[ident] = Sight.WORDS if seen and heard else Sight.ANSWER if seen else Sight.COUNTED
                others |= {ident} if is_other and not seen else set()
    return Seen(sights, frozenset(others))


def seen_among(
    guests: Iterable[Invitation], user: User | None = None, sight: Sight = Sight.ANSWER
) -> set[int]:
    """Return those of the guests, by number, of whom the user sees so much."""
    return look_at(guests, user or current_user).at_least(sight)


def only_seen(guests: Sequence[Invitation], user: User | None = None) -> list[Invitation]:
    """Return those of the guests whom the user sees by name, in their order."""
    seen = seen_among(guests, user)
    return [guest for guest in guests if guest.id in seen]


def named_as(guest: Invitation, user: User | None = None) -> str:
    """Return how a guest is called on pages, without the name where the user sees only a number."""
    return guest.shown_as if sight_of(guest, user) >= Sight.ANSWER else str(_("a guest"))


def mails_seen(user: User, *, scanned: bool = False) -> ColumnElement[bool]:
    """Return the condition on ``OutgoingMail`` that the user sees to whom it went and what it says (see :func:`guests_seen`).

    A mail to a guest as the guest's words; a letter as the letter; what is about neither only in one's own organisation.
    """
    if user.role is RoleName.ADMINISTRATOR:
        return true()
    if user.role is None:
        return false()
    words = guests_seen(user, Sight.WORDS, scanned=scanned)
    to_guest = exists().where(Invitation.id == OutgoingMail.subject_id, words)
    return or_(
        and_(OutgoingMail.subject_type == _GUEST, to_guest.correlate(OutgoingMail)),
        OutgoingMail.subject_type == _LETTER,
        and_(OutgoingMail.subject_type.is_distinct_from(_GUEST), _works_for(user, OutgoingMail)),
    )


def _works_for(user: User, model: Any) -> ColumnElement[bool]:
    if user.role is not RoleName.COORDINATOR or user.organisation_id is None:
        return false()
    return model.organisation_id == user.organisation_id


def mails_of_work(user: User) -> ColumnElement[bool]:
    """Return the condition that a mail belongs to the user's work list and may be read there."""
    return and_(own(OutgoingMail, user), mails_seen(user, scanned=True))


def sees_mail(mail: OutgoingMail, user: User | None = None) -> bool:
    """Return whether the user sees to whom a mail went and what it says, as :func:`mails_seen` decides it for many."""
    user = user or current_user
    if user.role is RoleName.ADMINISTRATOR:
        return True
    if mail.subject_type == _GUEST:
        guest = db.session.get(Invitation, mail.subject_id)
        return guest is not None and sight_of(guest, user) is Sight.WORDS
    if mail.subject_type == _LETTER:
        return user.role is not None
    mine = user.organisation_id
    return user.role is RoleName.COORDINATOR and mine is not None and mail.organisation_id == mine


def seen_mail(mail_id: int) -> OutgoingMail:
    """Return a mail of the outbox that the person of this request may read, else 404."""
    mail = get_visible(OutgoingMail, mail_id)
    if not sees_mail(mail):
        abort(404)
    return mail


def check_sight(guest: Invitation, sight: Sight = Sight.WORDS) -> None:
    """Answer 404 unless the person of this request sees so much of a guest: words and files, if not said otherwise."""
    if sight_of(guest) < sight:
        abort(404)

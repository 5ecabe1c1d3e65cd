"""What an office and a person were asked, and what they answered: reads for the pages of both.

An office answers; a person speaks. What was sent keeps the name it was sent to, so that a new holder inherits what is
open at the office, never the record of who held it before.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.orm import contains_eager

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import visible
from pop_campaigns.contacts.models.institutions import Office
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.core.clock import local_date
from pop_campaigns.core.db import db
from pop_campaigns.core.text import fold
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventState, has_begun, is_coming
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.rules.invitations import Answer, InvitationState
from pop_campaigns.invitations.sight import guests_seen
from pop_campaigns.letters.models import Letter, LetterRecipient
from pop_campaigns.letters.queries.recipients import state_of
from pop_campaigns.letters.queries.replies import unread_replies
from pop_campaigns.letters.rules.letters import LetterState, RecipientState

# Beyond this the newest are listed; the counts are of all.
LISTED = 100


@dataclass
class Tally:
    """Counts under one name: answers to invitations, and where the letters that ask for a reply stand.

    ``silent`` are invitations without an answer to events that have begun; ``open`` those still to come.
    """

    name: str = ""
    answers: Counter[Answer] = field(default_factory=Counter)
    silent: int = 0
    open: int = 0
    letters: Counter[RecipientState] = field(default_factory=Counter)

    @property
    def asked(self) -> int:
        """Number of invitations."""
        return sum(self.answers.values()) + self.silent + self.open


@dataclass(frozen=True)
class TrackRecord:
    """All of it, by the name of who held the office then, and the newest items themselves."""

    whole: Tally
    by_name: list[Tally]
    invitations: Sequence[Invitation]
    letters: Sequence[tuple[LetterRecipient, RecipientState]]


def record_of_office(office: Office, user: User, now: datetime) -> TrackRecord:
    """Return what an office was asked and answered, as far as the user may see the events and letters."""
    return _record(Invitation.office_id == office.id, LetterRecipient.office_id == office.id, user, now)


def record_of_person(person: Person, user: User, now: datetime) -> TrackRecord:
    """Return what a person was asked: by name in an office they hold or held, or as themselves."""
    held = [mandate.office_id for mandate in person.mandates]
    names = {person.name, person.name_as_printed} - {""}
    in_office: ColumnElement[bool] = (
        and_(Invitation.office_id.in_(held), Invitation.name.in_(names)) if held else false()
    )
    letters: ColumnElement[bool] = (
        and_(LetterRecipient.office_id.in_(held), LetterRecipient.name.in_(names)) if held else false()
    )
    return _record(or_(Invitation.person_id == person.id, in_office), letters, user, now)


def _record(
    of_invitations: ColumnElement[bool], of_letters: ColumnElement[bool], user: User, now: datetime
) -> TrackRecord:
    invitations = _invitations(of_invitations, user)
    letters = _letters(of_letters, user, local_date(now))
    whole = Tally()
    named: defaultdict[str, Tally] = defaultdict(Tally)
    for invitation in invitations:
        for tally in (whole, named[fold(invitation.name)]):
            tally.name = tally.name or invitation.name
            _count(tally, invitation, now)
    for recipient, state in letters:
        if recipient.owes:
            for tally in (whole, named[fold(recipient.name)]):
                tally.name = tally.name or recipient.name
                tally.letters[state] += 1
    ordered = sorted(named.items(), key=lambda pair: (pair[0] == "", pair[0]))
    return TrackRecord(whole, [tally for _key, tally in ordered], invitations[:LISTED], letters[:LISTED])


def _count(tally: Tally, invitation: Invitation, now: datetime) -> None:
    if invitation.answer is not Answer.NEEDS_ACTION:
        tally.answers[invitation.answer] += 1
    elif has_begun(invitation.event, now, local_date(now)):
        tally.silent += 1
    else:
        tally.open += 1


def _invitations(condition: ColumnElement[bool], user: User) -> Sequence[Invitation]:
    rows = (
        select(Invitation)
        .join(Invitation.event)
        .options(contains_eager(Invitation.event))
        .where(
            condition,
            visible(Event, user),
            guests_seen(user),
            Invitation.state == InvitationState.INVITED,
            Event.state != EventState.CANCELLED,
        )
        .order_by(Event.starts_at.desc(), Invitation.id.desc())
    )
    return db.session.scalars(rows).all()


def _letters(
    condition: ColumnElement[bool], user: User, today: date
) -> list[tuple[LetterRecipient, RecipientState]]:
    rows = (
        select(LetterRecipient)
        .join(LetterRecipient.letter)
        .options(contains_eager(LetterRecipient.letter))
        .where(
            condition,
            visible(Letter, user),
            Letter.state.not_in((LetterState.DRAFT, LetterState.APPROVED)),
        )
        .order_by(Letter.day_from.desc(), LetterRecipient.id.desc())
    )
    recipients = db.session.scalars(rows).unique().all()
    unread = unread_replies([recipient.id for recipient in recipients])
    return [(recipient, state_of(recipient, today, unread=unread)) for recipient in recipients]


OPEN_LETTERS = frozenset(
    {
        RecipientState.ON_THE_WAY,
        RecipientState.FAILED,
        RecipientState.WAITING,
        RecipientState.DUE_SOON,
        RecipientState.OVERDUE,
        RecipientState.TO_BE_READ,
    }
)


@dataclass(frozen=True)
class OpenMatters:
    """What an office still owes or is still asked to: invitations to come, letters without an answer."""

    invitations: list[Invitation]
    letters: list[tuple[LetterRecipient, RecipientState]]

    def __bool__(self) -> bool:
        return bool(self.invitations or self.letters)


def open_matters_of(office: Office, user: User, now: datetime) -> OpenMatters:
    """Return what stays open at an office when its holder changes, as far as the user may see it."""
    invitations = [
        invitation
        for invitation in _invitations(Invitation.office_id == office.id, user)
        if is_coming(invitation.event.starts_at, now)
    ]
    letters = _letters(LetterRecipient.office_id == office.id, user, local_date(now))
    owed = [(recipient, state) for recipient, state in letters if recipient.owes and state in OPEN_LETTERS]
    return OpenMatters(invitations, owed)


def names_of(matters: Iterable[Invitation | LetterRecipient]) -> list[str]:
    """Return the names to whom open matters were sent, each once."""
    return list(dict.fromkeys(matter.name for matter in matters if matter.name))

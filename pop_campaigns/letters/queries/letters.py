"""Reads with names: whom a letter can go to, who its recipients are, who owes an answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import own, visible
from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.queries.addresses import Contact, Reach, best_addresses
from pop_campaigns.contacts.queries.reach import holders_of
from pop_campaigns.contacts.rules import Unmailed
from pop_campaigns.core.db import as_typed_first, db, like_folded
from pop_campaigns.core.i18n import current_language
from pop_campaigns.core.salutations import FormOfAddress
from pop_campaigns.core.text import search_words
from pop_campaigns.letters.models import Letter, LetterRecipient, LetterResponse
from pop_campaigns.letters.queries.entered_days import EnteredDays, entered_days
from pop_campaigns.letters.queries.recipient_options import unmailed_at
from pop_campaigns.letters.queries.recipients import days_until, has_answered, is_there, owes_answer, state_of
from pop_campaigns.letters.queries.replies import has_unread_reply, unread_replies
from pop_campaigns.letters.rules.letters import (
    LetterState,
    RecipientRole,
    RecipientState,
    asked_number,
    read_register_number,
    soon_until,
)
from pop_campaigns.letters.rules.working_days import Unit
from pop_campaigns.mail.addresses import is_sample_address
from pop_campaigns.mail.queries import dead_among
from pop_campaigns.mail.rules import CameBack

UNSENT: Final = (LetterState.DRAFT, LetterState.APPROVED)


@dataclass(frozen=True)
class RecipientLine:
    """A recipient as named in the letter: as it would go out today, or frozen as sent.

    ``unmailed`` says why no mail goes to it: then there is no ``address``, the one it has is the ``held_address``.
    ``dative`` is how a text in Albanian addresses it, whatever the language of the line.
    """

    recipient: LetterRecipient
    name: str
    office_title: str
    institution_name: str
    address: str
    dative: str = ""
    form_of_address: FormOfAddress | None = None
    unmailed: Unmailed | None = None
    held_address: str = ""
    came_back: CameBack | None = None

    @property
    def sample(self) -> bool:
        """Whether it is only a sample address."""
        return is_sample_address(self.address)

    @property
    def written_as(self) -> str:
        """Office and institution in the language of the line, else the name."""
        return ", ".join(part for part in (self.office_title, self.institution_name) if part) or self.name

    @property
    def shown_as(self) -> str:
        """The same in the reader's language, for pages."""
        if self.recipient.letter.state not in UNSENT:
            return self.recipient.shown_as
        return ", ".join(part for part in self.recipient.office_now(current_language()) if part) or self.name

    @property
    def role(self) -> RecipientRole:
        """*Për* or *në dijeni*."""
        return self.recipient.role

    @property
    def language(self) -> str:
        """The language the recipient reads."""
        return self.recipient.language


@dataclass(frozen=True)
class DueRecipient:
    """A recipient whose answer is due. ``days`` of ``unit`` are left until ``due_on``; negative: late by so many.

    ``unread`` is the number of a message that came in for it and is to be read first; None without one.
    """

    recipient: LetterRecipient
    state: RecipientState
    due_on: date
    days: int
    unit: Unit
    unread: int | None = None


def reach_of(letter: Letter, user: User) -> Reach:
    """Return whose addresses a letter may use: the network's and those of its organisation, whoever writes it."""
    return Reach(user, letter.organisation_id)


def lines_of(letter: Letter, user: User, on: date, *, lang: str = "") -> list[RecipientLine]:
    """Return the recipients, addressees before copies, each in its order.

    Before the letter is sent they are named as their office stands on the day, each in its own language or,
    as one version of the letter prints them, all in ``lang``. Afterwards as they were frozen, in the language
    each was written to in; ``lang`` then asks for the same titles in that language, see `_frozen`. What a
    version that went named is kept with its mails and their file, and not read from here.
    """
    ordered = sorted(
        letter.recipients, key=lambda recipient: (recipient.role is not RecipientRole.TO, recipient.position)
    )
    if letter.state not in UNSENT:
        return [_frozen(recipient, lang or recipient.language) for recipient in ordered]
    reach = reach_of(letter, user)
    holders = holders_of([recipient.office_id for recipient in ordered if recipient.office_id], on, reach)
    written_to = [contact for recipient in ordered if (contact := recipient.office or recipient.institution)]
    addresses = best_addresses(written_to, reach)
    lines = [
        _as_it_stands(recipient, holders, addresses, lang or recipient.language) for recipient in ordered
    ]
    reasons = unmailed_at([line.address for line in lines], reach)
    dead = dead_among({line.address for line in lines if line.address})
    return [_held_back(line, reasons.get(number), dead) for number, line in enumerate(lines)]


def _held_back(line: RecipientLine, reason: Unmailed | None, dead: Mapping[str, CameBack]) -> RecipientLine:
    if reason is None:
        return line
    came_back = dead.get(line.address) if reason is Unmailed.CAME_BACK else None
    return replace(line, address="", unmailed=reason, held_address=line.address, came_back=came_back)


def select_letters(
    user: User, *, typed: str = "", show: str = "all", campaign_id: int | None = None, today: date
) -> Select[Letter]:
    """Start the list of letters a user may read: drafts first, then the newest.

    ``show`` is all, draft, waiting, overdue or answered. A letter waits, is overdue or answered by its
    addressees: who has a copy was informed and owes nothing, unless the letter asks them, too. Those come first that have
    the typed words in their own subject, as they were typed.
    """
    shown = {
        "draft": Letter.state.in_(UNSENT),
        "waiting": _some_addressee_owes(),
        "overdue": _some_addressee_owes(LetterRecipient.due_on < today, ~has_unread_reply(), is_there()),
        "answered": and_(_has_addressee(has_answered()), ~_has_addressee(~has_answered())),
    }
    rows = select(Letter).where(visible(Letter, user), *_letter_words(typed))
    if show in shown:
        rows = rows.where(shown[show])
    if campaign_id is not None:
        rows = rows.where(Letter.campaign_id == campaign_id)
    drafts_first = case((Letter.state.in_(UNSENT), 0), else_=1)
    as_typed = [as_typed_first(Letter.search_key, typed)] if typed.strip() else []
    return rows.options(
        selectinload(Letter.recipients).joinedload(LetterRecipient.office).joinedload(Office.institution),
        selectinload(Letter.recipients).joinedload(LetterRecipient.institution),
    ).order_by(*as_typed, drafts_first, Letter.day_from.desc().nulls_last(), Letter.id.desc())


def due_recipients(user: User, today: date) -> list[DueRecipient]:
    """Return who owes an answer that is overdue or due soon, the longest overdue first.

    Of letters in the user's own work only; a letter of the record is never due. Those who have a copy owe
    nothing and are left out, unless the letter asks them, too.
    """
    entered = entered_days()
    soon = soon_until(today, entered.everywhere())
    rows = (
        select(LetterRecipient)
        .join(LetterRecipient.letter)
        .options(
            contains_eager(LetterRecipient.letter),
            # The place tells which days off count: without these, each recipient would ask for its own.
            joinedload(LetterRecipient.office)
            .joinedload(Office.institution)
            .joinedload(Institution.municipality),
            joinedload(LetterRecipient.institution).joinedload(Institution.municipality),
        )
        .where(
            own(Letter, user),
            Letter.state == LetterState.SENT,
            owes_answer(),
            LetterRecipient.due_on <= soon,
            ~has_answered(),
        )
        .order_by(LetterRecipient.due_on, LetterRecipient.id)
    )
    owing = db.session.scalars(rows).unique().all()
    unread = unread_replies([recipient.id for recipient in owing])
    candidates = (_due(recipient, today, soon, entered, unread) for recipient in owing)
    late_or_soon = (RecipientState.OVERDUE, RecipientState.DUE_SOON, RecipientState.TO_BE_READ)
    return [due for due in candidates if due is not None and due.state in late_or_soon]


def last_register_count(organisation_id: int | None, year: int) -> int:
    """Return the last number an organisation (None: the network itself) gave in a year, 0 before the first."""
    whose = Letter.organisation_id.is_not_distinct_from(organisation_id)
    return (
        db.session.scalar(select(func.max(Letter.register_count)).where(whose, Letter.register_year == year))
        or 0
    )


def _due(
    recipient: LetterRecipient, today: date, soon: date, entered: EnteredDays, unread: Mapping[int, int]
) -> DueRecipient | None:
    if recipient.due_on is None:
        return None
    days, unit = days_until(recipient, recipient.due_on, today, entered)
    state = state_of(recipient, today, soon, unread)
    return DueRecipient(recipient, state, recipient.due_on, days, unit, unread.get(recipient.id))


def _has_addressee(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(LetterRecipient.letter_id == Letter.id, owes_answer(), *conditions)


def _some_addressee_owes(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return and_(Letter.state == LetterState.SENT, _has_addressee(~has_answered(), *conditions))


def _letter_words(typed: str) -> Iterable[ColumnElement[bool]]:
    """Return the condition that every word occurs in the subject or in the name of an office or institution written to.

    A number is that of our register, or one under which an office answered (*Prot. 1/2026*, *1234/2*).
    """
    number, words = asked_number(typed[:200])
    matches = [_letter_matches(word) for word in search_words(words)]
    return [_numbered(number), *matches] if number else matches


def _numbered(number: str) -> ColumnElement[bool]:
    answered = exists().where(
        LetterRecipient.letter_id == Letter.id,
        LetterResponse.recipient_id == LetterRecipient.id,
        LetterResponse.their_number.contains(number, autoescape=True),
    )
    ours = read_register_number(number)
    if ours is None:
        return or_(answered, like_folded(Letter.search_key, number))
    year, count = ours
    named = and_(Letter.register_year == year, Letter.register_count == count)
    return or_(named, answered, like_folded(Letter.search_key, number))


def _letter_matches(word: str) -> ColumnElement[bool]:
    named = or_(
        exists().where(
            Office.id == LetterRecipient.office_id,
            Institution.id == Office.institution_id,
            or_(like_folded(Office.search_key, word), like_folded(Institution.search_key, word)),
        ),
        exists().where(
            Institution.id == LetterRecipient.institution_id, like_folded(Institution.search_key, word)
        ),
    )
    written_to = exists().where(LetterRecipient.letter_id == Letter.id, named)
    return or_(like_folded(Letter.search_key, word), written_to)


def _frozen(recipient: LetterRecipient, lang: str) -> RecipientLine:
    """Name a recipient as it was written to; in the other language by that language's title for the same name.

    An office renamed since keeps the name it was sent under, in whatever language that was.
    """
    title, name = recipient.office_title, recipient.institution_name
    if lang != recipient.language:
        title, name = recipient.office_in(lang)
    return RecipientLine(
        recipient, recipient.name, title, name, recipient.address, recipient.dative, recipient.form_of_address
    )


def _as_it_stands(
    recipient: LetterRecipient, holders: dict[int, Person], addresses: dict[Contact, Address], lang: str
) -> RecipientLine:
    office = recipient.office
    institution = office.institution if office else recipient.institution
    contact = office or institution
    address = addresses.get(contact) if contact else None
    title, institution_name = recipient.office_now(lang)
    holder = holders.get(office.id) if office else None
    form = holder.form_of_address if holder else None
    in_dative = office.in_dative(form) if office else institution.in_dative() if institution else ""
    return RecipientLine(
        recipient=recipient,
        name=holder.name if holder else "",
        office_title=title,
        institution_name=institution_name,
        address=address.email if address else "",
        dative=in_dative,
        form_of_address=form,
    )

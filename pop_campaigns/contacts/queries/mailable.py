"""Who gets mail and who does not: :func:`rules.why_unmailed` asked of many at once, and its twin for the database."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any, NamedTuple, TypeVar

from flask import current_app
from sqlalchemy import ColumnElement, and_, case, exists, literal, or_, select

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import of_network_or
from pop_campaigns.contacts.models.consents import Consent
from pop_campaigns.contacts.models.institutions import Institution
from pop_campaigns.contacts.models.persons import Mandate, Person
from pop_campaigns.contacts.queries.addresses import Reach
from pop_campaigns.contacts.queries.reach import in_force
from pop_campaigns.contacts.queries.refusals import suppressed_among
from pop_campaigns.contacts.rules import (
    Basis,
    InstitutionKind,
    Mailable,
    PersonKind,
    Purpose,
    Unmailed,
    basis_of,
    why_unmailed,
)
from pop_campaigns.core.db import db
from pop_campaigns.mail.addresses import is_sample_address
from pop_campaigns.mail.queries import dead_among

Key = TypeVar("Key", bound=Hashable)
_AT_ONCE = 500
_BASES = {basis.value: basis for basis in Basis}


class Asked(NamedTuple):
    """An office or a person with the address a mail would take ("" where there is none), and what it rests on."""

    email: str
    basis: Basis = Basis.OFFICE
    consented: bool = False
    withdrew: bool = False


def samples_are_mailed() -> bool:
    """Return whether sample addresses are used like others: while trying out; in production nothing leaves for them."""
    return bool(current_app.config["MODE"] != "production")


def basis_column(purpose: Purpose, reach: Reach, on: date) -> ColumnElement[str]:
    """Return on what mail to a person rests on a day, as the organisation that writes knows it: ``rules.basis_of``."""
    holds_office = exists().where(Mandate.person_id == Person.id, in_force(on), reach.sees(Mandate))
    of_press = exists().where(
        Institution.id == Person.works_for_id,
        Institution.kind == InstitutionKind.MEDIUM,
        reach.sees(Institution),
    )

    def in_sql(kind: PersonKind) -> ColumnElement[str]:
        # The rule itself is asked for every answer, so that the two cannot part.
        answers = {
            (holds, press): basis_of(kind, purpose, holds_office=holds, of_press=press).value
            for holds in (True, False)
            for press in (True, False)
        }
        if len(set(answers.values())) == 1:
            return literal(answers[False, False])
        return case(
            (and_(holds_office, of_press), answers[True, True]),
            (holds_office, answers[True, False]),
            (of_press, answers[False, True]),
            else_=answers[False, False],
        )

    return case(*((Person.kind == kind, in_sql(kind)) for kind in PersonKind))


def consented(purpose: Purpose, reach: Reach) -> ColumnElement[bool]:
    """Return the condition that a person's consent for a purpose stands: given to the sender or to the network."""
    return exists().where(
        Consent.person_id == Person.id,
        Consent.purpose == purpose,
        Consent.withdrawn_at.is_(None),
        of_network_or(Consent, reach.sender),
    )


def withdrew(purpose: Purpose, reach: Reach) -> ColumnElement[bool]:
    """Return the condition that a person took a consent for a purpose back, from the sender or the network."""
    return exists().where(
        Consent.person_id == Person.id,
        Consent.purpose == purpose,
        Consent.withdrawn_at.is_not(None),
        of_network_or(Consent, reach.sender),
    )


def agreed(purpose: Purpose, reach: Reach, on: date) -> ColumnElement[bool]:
    """Return the condition that a person may be written to for a purpose: by what it rests on, or by their consent."""
    return or_(basis_column(purpose, reach, on) != Basis.CONSENT.value, consented(purpose, reach))


def asked_columns(purpose: Purpose, reach: Reach, on: date) -> Sequence[ColumnElement[Any]]:
    """Return what a query about persons asks for, beside the address, and :func:`read_asked` reads."""
    return basis_column(purpose, reach, on), consented(purpose, reach), withdrew(purpose, reach)


def read_asked(email: str, basis: str, agrees: Any, took_back: Any) -> Asked:
    """Return what a row of :func:`asked_columns` says."""
    return Asked(email, _BASES[basis], bool(agrees), bool(took_back))


def asked_persons(emails: Mapping[int, str], purpose: Purpose, reach: Reach, on: date) -> dict[int, Asked]:
    """Return persons, by number, with what mail to them rests on; ``emails`` has the address each is written at."""
    idents, asked = list(emails), {}
    for start in range(0, len(idents), _AT_ONCE):
        rows = select(Person.id, *asked_columns(purpose, reach, on))
        for ident, *how in db.session.execute(rows.where(Person.id.in_(idents[start : start + _AT_ONCE]))):
            asked[ident] = read_asked(emails[ident], *how)
    return asked


@cache
def _before_refusals(basis: Basis, has_address: bool, sample: bool, agrees: bool) -> Unmailed | None:
    """Return the rule's answer without what is known of the address: of a hundred thousand there are few different ones."""
    return why_unmailed(Mailable(basis, has_address=has_address, sample=sample, consented=agrees))


def unmailed_among(asked: Mapping[Key, Asked], purpose: Purpose, sender: int | None) -> dict[Key, Unmailed]:
    """Return who of those asked gets no mail of ``sender`` (None: the network) for a purpose, and why."""
    kept_back = not samples_are_mailed()
    at_first = {
        key: _before_refusals(
            who.basis, bool(who.email), kept_back and is_sample_address(who.email), who.consented
        )
        for key, who in asked.items()
    }
    # Only who would get mail is looked up among the refusals: the hashes are what takes the time.
    left = {key: who for key, who in asked.items() if at_first[key] is None}
    persons = {who.email for who in left.values() if who.basis is not Basis.OFFICE}
    refusing = suppressed_among(persons, purpose, sender)
    dead = dead_among({who.email for who in left.values()})
    reasons = {key: reason for key, reason in at_first.items() if reason is not None}
    for key, who in left.items():
        # Who took a consent back refuses at whatever address is known since.
        refuses = who.email in refusing or (who.withdrew and not who.consented)
        if refuses or who.email in dead:
            reason = why_unmailed(
                Mailable(who.basis, consented=who.consented, refuses=refuses, came_back=who.email in dead)
            )
            if reason is not None:
                reasons[key] = reason
    return reasons


def mail_of_person(
    person: Person, email: str, purpose: Purpose, user: User, on: date
) -> tuple[Basis, Unmailed | None]:
    """Return what mail to a person at an address rests on, and why none goes; as the person's own organisation writes."""
    sender = person.organisation_id if person.organisation_id is not None else user.organisation_id
    asked = asked_persons({person.id: email}, purpose, Reach(user, sender), on)
    return asked[person.id].basis, unmailed_among(asked, purpose, sender).get(person.id)

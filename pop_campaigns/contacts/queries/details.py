"""Further phone numbers and post addresses of contacts, as far as a user may see them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, or_, select, true

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import select_visible, visible
from pop_campaigns.contacts.models.addresses import ContactDetail
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.rules import DetailKind
from pop_campaigns.core.db import db

Contact = Institution | Office | Person
_LIKE_A_PHONE: Final = re.compile(r"[+(]?[0-9][0-9 ()/.-]*")
FEWEST_DIGITS: Final = 4
"""Fewer are found in every other number."""


@dataclass(frozen=True)
class Further:
    """Further numbers and addresses of some contacts, in the order in which they were entered."""

    _rows: dict[tuple[str, int, DetailKind], list[ContactDetail]] = field(default_factory=dict)

    def phones(self, owner: Contact) -> list[ContactDetail]:
        """Return the further phone numbers of a contact."""
        return self._rows.get((owner.__tablename__, owner.id, DetailKind.PHONE), [])

    def posts(self, owner: Contact) -> list[ContactDetail]:
        """Return the further post addresses of a contact."""
        return self._rows.get((owner.__tablename__, owner.id, DetailKind.POST), [])


def further_of(owners: Iterable[Contact], user: User) -> Further:
    """Return the further numbers and addresses of contacts that the user may see; one query."""
    ids: defaultdict[str, list[int]] = defaultdict(list)
    for owner in owners:
        ids[owner.__tablename__].append(owner.id)
    columns = {
        "institutions": ContactDetail.institution_id,
        "offices": ContactDetail.office_id,
        "persons": ContactDetail.person_id,
    }
    wanted = or_(*(columns[table].in_(idents) for table, idents in ids.items()))
    rows: defaultdict[tuple[str, int, DetailKind], list[ContactDetail]] = defaultdict(list)
    if ids:
        for detail in db.session.scalars(
            select_visible(ContactDetail, user).where(wanted).order_by(ContactDetail.id)
        ):
            for table, column in columns.items():
                ident = getattr(detail, column.key)
                if ident is not None:
                    rows[table, ident, detail.kind].append(detail)
    return Further(dict(rows))


def phone_digits(typed: str) -> str:
    """Return the digits by which a typed number is found in its kept form (E.164), or an empty text.

    *069 212 3456*, *+355 69 212 3456*, *00355692…* and *+355 (0)69…* all mean +355692123456: what leads in to the number is
    left out.
    """
    typed = typed.strip()
    digits = "".join(character for character in typed if character in "0123456789").lstrip("0")
    digits = digits.replace("3550", "355", 1) if digits.startswith("3550") else digits
    return digits if _LIKE_A_PHONE.fullmatch(typed) and len(digits) >= FEWEST_DIGITS else ""


def words_or_number(
    typed: str, by_words: Sequence[ColumnElement[bool]], has_number: Callable[[str], ColumnElement[bool]]
) -> ColumnElement[bool]:
    """Return the condition that something has every word, or the phone number that was typed.

    A number written in groups is no words.
    """
    digits = phone_digits(typed[:200])
    if not digits:
        return and_(true(), *by_words)
    return has_number(digits) if len(by_words) > 1 else or_(*by_words, has_number(digits))


def has_number(digits: str, user: User) -> ColumnElement[bool]:
    """Return the condition that a person has a phone number with these digits, the first one or a further one."""
    return or_(_rings(Person.phone, digits), Person.id.in_(_further(ContactDetail.person_id, digits, user)))


def office_has_number(digits: str, user: User) -> ColumnElement[bool]:
    """Return the condition that an office has a phone number with these digits."""
    return or_(_rings(Office.phone, digits), Office.id.in_(_further(ContactDetail.office_id, digits, user)))


def institution_has_number(digits: str, user: User) -> ColumnElement[bool]:
    """Return the condition that an institution, or an office of it, has a phone number with these digits."""
    at_office = select(Office.institution_id).where(
        visible(Office, user, scanned=True), office_has_number(digits, user)
    )
    return or_(Institution.id.in_(institutions_with_number(digits, user)), Institution.id.in_(at_office))


def institutions_with_number(digits: str, user: User) -> Select[Any]:
    """Return the query for the institutions, by their number here, that have a phone number with these digits themselves."""
    further = _further(ContactDetail.institution_id, digits, user)
    return select(Institution.id).where(or_(_rings(Institution.phone, digits), Institution.id.in_(further)))


def _rings(column: Any, digits: str) -> ColumnElement[bool]:
    result: ColumnElement[bool] = column.contains(digits, autoescape=True)
    return result


def _further(column: Any, digits: str, user: User) -> Select[Any]:
    return select(column).where(
        ContactDetail.kind == DetailKind.PHONE,
        _rings(ContactDetail.value, digits),
        column.is_not(None),
        visible(ContactDetail, user, scanned=True),
    )

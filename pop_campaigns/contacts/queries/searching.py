"""How words find a person or an institution: by name, e-mail address or phone number, within what a user may see."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import visible
from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Mandate, Person
from pop_campaigns.contacts.queries.details import (
    has_number,
    institution_has_number,
    phone_digits,
    words_or_number,
)
from pop_campaigns.contacts.queries.reach import in_force
from pop_campaigns.core.db import as_typed_first, like_folded
from pop_campaigns.core.text import search_words


def address_matches(word: str, user: User) -> ColumnElement[bool]:
    """Return the condition that a folded word stands in an e-mail address the user may see."""
    return and_(visible(Address, user), func.lower(Address.email).contains(word, autoescape=True))


def institutions_match(typed: str, user: User, on: date) -> ColumnElement[bool]:
    """Return the condition that an institution has every word, itself or in an office, a holder, an address; or a number."""
    by_words = [_institution_matches(word, user, on) for word in search_words(typed)]
    return words_or_number(typed, by_words, lambda digits: institution_has_number(digits, user))


def _institution_matches(word: str, user: User, on: date) -> ColumnElement[bool]:
    has_office = exists().where(
        Office.institution_id == Institution.id, visible(Office, user), like_folded(Office.search_key, word)
    )
    has_holder = exists().where(
        Office.institution_id == Institution.id,
        visible(Office, user),
        Mandate.office_id == Office.id,
        visible(Mandate, user),
        in_force(on),
        Person.id == Mandate.person_id,
        visible(Person, user),
        like_folded(Person.search_key, word),
    )
    return or_(like_folded(Institution.search_key, word), has_office, has_holder, _reached_by(word, user))


def _reached_by(word: str, user: User) -> ColumnElement[bool]:
    """Return the condition that a word stands in an address of an institution or of one of its offices."""
    holds_word = address_matches(word, user)
    of_office = and_(Office.institution_id == Institution.id, visible(Office, user))
    return or_(
        exists().where(Address.institution_id == Institution.id, holds_word),
        exists().where(of_office, Address.office_id == Office.id, holds_word),
    )


def persons_match(words: Sequence[str], typed: str, user: User) -> ColumnElement[bool]:
    """Return the condition that a person has every word in the name or in an address, or the number that was typed.

    However many words there are, names and addresses are read once each.
    """
    digits = phone_digits(typed[:200])
    if digits and len(words) > 1:  # a number written in groups is no name
        return has_number(digits, user)
    ways: list[ColumnElement[bool]] = [Person.id.in_(_by_address(words, user))]
    if not any("@" in word for word in words):
        ways.append(and_(*(like_folded(Person.search_key, word) for word in words)))
    if digits:
        ways.append(has_number(digits, user))
    return or_(*reversed(ways))


def persons_order(typed: str) -> list[Any]:
    """Return how persons are listed: found by their name as typed first, then in Albanian order.

    Without words an index serves the order. With words none must: SQLite would walk it and fetch each row by itself.
    """
    if not typed.strip():
        return [Person.sort_key, Person.id]
    return [as_typed_first(Person.search_key, typed), func.coalesce(Person.sort_key, ""), Person.id]


def _by_address(words: Sequence[str], user: User) -> Select[Any]:
    """Return the query for whose address has some of the words and whose name has the others."""
    in_address = [func.lower(Address.email).contains(word, autoescape=True) for word in words]
    owners = select(Address.person_id).where(
        Address.person_id.is_not(None), visible(Address, user, scanned=True), or_(*in_address)
    )
    if len(words) == 1:
        return owners
    owner = aliased(Person)
    named = (like_folded(owner.search_key, word) for word in words)
    conditions = (or_(at_address, by_name) for at_address, by_name in zip(in_address, named, strict=True))
    return owners.join(owner, owner.id == Address.person_id).where(*conditions)

"""How a word finds a person: by name, e-mail address or phone number, within what a user may see."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import aliased

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import visible
from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.queries.details import has_number
from pop_campaigns.core.db import as_typed_first, like_folded

_LIKE_A_PHONE: Final = re.compile(r"[+(]?[0-9][0-9 ()/.-]*")
FEWEST_DIGITS: Final = 4
"""Fewer are found in every other number."""


def phone_digits(typed: str) -> str:
    """Return the digits by which a typed number is found in its kept form (E.164), or an empty text.

    *069 212 3456*, *+355 69 212 3456* and *00355692…* all mean +355692123456: what leads in to the number is left out.
    """
    typed = typed.strip()
    digits = "".join(character for character in typed if character in "0123456789").lstrip("0")
    return digits if _LIKE_A_PHONE.fullmatch(typed) and len(digits) >= FEWEST_DIGITS else ""


def address_matches(word: str, user: User) -> ColumnElement[bool]:
    """Return the condition that a folded word stands in an e-mail address the user may see."""
    return and_(visible(Address, user), func.lower(Address.email).contains(word, autoescape=True))


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

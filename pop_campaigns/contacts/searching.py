"""How a word finds a person: by name, e-mail address or phone number, within what a user may see."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import visible
from pop_campaigns.contacts.models import Address, Person
from pop_campaigns.core.db import like_folded

_LIKE_A_PHONE: Final = re.compile(r"[+(]?[0-9][0-9 ()/.-]*")
FEWEST_DIGITS: Final = 4
"""Fewer are found in every other number."""


def phone_digits(typed: str) -> str:
    """Give the digits by which a typed number is found in its kept form (E.164), or an empty text.

    *069 212 3456*, *+355 69 212 3456* and *00355692…* all mean +355692123456: what leads in to the number is left out.
    """
    typed = typed.strip()
    digits = "".join(one for one in typed if one in "0123456789").lstrip("0")
    return digits if _LIKE_A_PHONE.fullmatch(typed) and len(digits) >= FEWEST_DIGITS else ""


def address_matches(word: str, user: User) -> ColumnElement[bool]:
    """Give the condition that a folded word stands in an e-mail address the user may see."""
    return and_(visible(Address, user), func.lower(Address.email).contains(word, autoescape=True))


def persons_match(words: Sequence[str], typed: str, user: User) -> ColumnElement[bool]:
    """Give the condition that a person has every word in the name or in an address, or the number that was typed.

    All addresses are read once, for the longest word; the others are looked for in those of the persons it found.
    """
    digits = phone_digits(typed[:200])
    if digits and len(words) > 1:  # a number written in groups is no name
        return Person.phone.contains(digits)
    longest, *others = sorted(words, key=len, reverse=True)
    found = [
        _has(longest, _owners(longest, user)),
        *(_has(word, _own_address(word, user)) for word in others),
    ]
    return and_(*found)


def _owners(word: str, user: User) -> ColumnElement[bool]:
    owners = select(Address.person_id).where(Address.person_id.is_not(None), address_matches(word, user))
    return Person.id.in_(owners)


def _own_address(word: str, user: User) -> ColumnElement[bool]:
    return exists().where(Address.person_id == Person.id, address_matches(word, user))


def _has(word: str, address: ColumnElement[bool]) -> ColumnElement[bool]:
    if "@" in word:
        return address
    found = or_(like_folded(Person.search_key, word), address)
    digits = phone_digits(word)
    return or_(found, Person.phone.contains(digits)) if digits else found

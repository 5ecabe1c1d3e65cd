"""Whom a letter can go to, as the picker of recipients shows it, and who of them gets it on paper only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, exists, select

from pop_campaigns.accounts.scope import visible
from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.queries.addresses import Reach, best_addresses
from pop_campaigns.contacts.queries.mailable import Asked, unmailed_among
from pop_campaigns.contacts.queries.reach import GuestKind, find_guests, guest_options
from pop_campaigns.contacts.rules import Purpose, Unmailed
from pop_campaigns.core.db import db, like_folded
from pop_campaigns.core.text import search_words
from pop_campaigns.mail.addresses import is_sample_address

RecipientKind = Literal["office", "institution"]


@dataclass(frozen=True)
class RecipientOption:
    """An office, or an institution without offices, as the picker shows it; ``address`` is "" where there is none.

    ``unmailed`` says why the letter goes to it on paper only.
    """

    kind: RecipientKind
    id: int
    title_sq: str
    title_en: str
    institution_sq: str
    institution_en: str
    holder: str
    address: str
    language: str
    phone: str = ""
    unmailed: Unmailed | None = None

    @property
    def sample(self) -> bool:
        """Whether it is only a sample address."""
        return is_sample_address(self.address)

    @property
    def ref(self) -> str:
        """Reference by which a form names it."""
        return f"{self.kind}-{self.id}"


def find_recipients(typed: str, reach: Reach, *, limit: int = 30) -> list[RecipientOption]:
    """Find offices, and institutions that have an address but no office yet, by the folded words typed."""
    guests = find_guests(typed, reach.user, reach=reach, limit=2 * limit)
    offices = [_of_guest(guest) for guest in guests if guest.kind == "office"]
    rows = _bare_institutions(reach).where(*_institution_words(typed)).limit(limit)
    institutions = db.session.scalars(rows).all()
    addresses = best_addresses(institutions, reach)
    bare = [_of_institution(institution, addresses.get(institution)) for institution in institutions]
    room = max(limit - len(bare), limit - limit // 3)
    return _with_reasons((offices[:room] + bare)[:limit], reach)


def recipient_options(keys: Sequence[tuple[str, int]], reach: Reach) -> list[RecipientOption]:
    """Return offices and institutions as recipients, in the order named, without those not there or not to be seen."""
    offices: list[tuple[GuestKind, int]] = [("office", ident) for kind, ident in keys if kind == "office"]
    options = [_of_guest(guest) for guest in guest_options(offices, reach.user, reach=reach)]
    bare = [ident for kind, ident in keys if kind == "institution"]
    institutions = db.session.scalars(_bare_institutions(reach).where(Institution.id.in_(bare))).all()
    addresses = best_addresses(institutions, reach)
    options += [_of_institution(institution, addresses.get(institution)) for institution in institutions]
    by_key = {(option.kind, option.id): option for option in options}
    return _with_reasons([by_key[key] for key in dict.fromkeys(keys) if key in by_key], reach)


def _with_reasons(options: Sequence[RecipientOption], reach: Reach) -> list[RecipientOption]:
    reasons = unmailed_at([option.address for option in options], reach)
    return [replace(option, unmailed=reasons.get(number)) for number, option in enumerate(options)]


def unmailed_at(emails: Sequence[str], reach: Reach) -> dict[int, Unmailed]:
    """Return why no mail goes to the offices at these addresses, by their place: the rule that lists follow."""
    return unmailed_among(
        {number: Asked(email) for number, email in enumerate(emails)}, Purpose.EVENTS, reach.sender
    )


def _bare_institutions(reach: Reach) -> Select[Institution]:
    reachable = exists().where(Address.institution_id == Institution.id, reach.sees(Address))
    has_office = exists().where(Office.institution_id == Institution.id, visible(Office, reach.user))
    return (
        select(Institution)
        .where(visible(Institution, reach.user), reachable, ~has_office)
        .order_by(Institution.sort_key, Institution.id)
    )


def _institution_words(typed: str) -> list[ColumnElement[bool]]:
    return [like_folded(Institution.search_key, word) for word in search_words(typed)]


def _of_guest(guest: Any) -> RecipientOption:
    return RecipientOption(
        kind="office",
        id=guest.id,
        title_sq=guest.title_sq,
        title_en=guest.title_en,
        institution_sq=guest.institution_sq,
        institution_en=guest.institution_en,
        holder=guest.holder,
        address=guest.address.email if guest.address else "",
        language=guest.language,
        phone=guest.phone,
    )


def _of_institution(institution: Institution, address: Address | None) -> RecipientOption:
    return RecipientOption(
        kind="institution",
        id=institution.id,
        title_sq="",
        title_en="",
        institution_sq=institution.name_sq,
        institution_en=institution.name_en,
        holder="",
        address=address.email if address else "",
        language="sq",
        phone=institution.phone,
    )

"""Who wants no mail, and who was erased: looked up by keyed hashes, never by the values themselves."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Select, or_, select

from pop_campaigns.contacts.models.consents import HashKey, Suppression, Tombstone
from pop_campaigns.contacts.rules import Purpose, TombstoneKind, keyed_hash
from pop_campaigns.core.db import db

_AT_ONCE = 500


def known_key() -> bytes | None:
    """Return the key if there is one: without it nothing was ever hashed, and a page that only looks makes none."""
    row = db.session.get(HashKey, 1)
    return bytes.fromhex(row.key) if row else None


def suppressed_among(emails: Collection[str], purpose: Purpose, organisation_id: int | None) -> set[str]:
    """Return those of the addresses that refuse mail for a purpose from an organisation, or from the whole network.

    Many addresses are looked up against all refusals at once; where nobody ever refused, no key is made.
    """
    key = known_key() if emails else None
    if key is None:
        return set()
    if len(emails) > _AT_ONCE:
        known = set(db.session.scalars(_refusing(purpose, organisation_id)))
        return (
            {email for email in emails if keyed_hash(TombstoneKind.EMAIL, email, key) in known}
            if known
            else set()
        )
    by_hash: dict[str, set[str]] = {}
    for email in emails:
        by_hash.setdefault(keyed_hash(TombstoneKind.EMAIL, email, key), set()).add(email)
    refused: set[str] = set()
    for digest in refused_hashes(list(by_hash), purpose, organisation_id):
        refused |= by_hash[digest]
    return refused


def refused_hashes(digests: Sequence[str], purpose: Purpose, organisation_id: int | None) -> set[str]:
    """Return those of the hashed addresses that refuse mail for a purpose."""
    refused: set[str] = set()
    for start in range(0, len(digests), _AT_ONCE):
        portion = Suppression.address_hash.in_(digests[start : start + _AT_ONCE])
        refused |= set(db.session.scalars(_refusing(purpose, organisation_id).where(portion)))
    return refused


def _refusing(purpose: Purpose, organisation_id: int | None) -> Select[str]:
    return select(Suppression.address_hash).where(
        Suppression.purpose == purpose,
        or_(Suppression.organisation_id.is_(None), Suppression.organisation_id == organisation_id),
    )


def erased_among(kind: TombstoneKind, values: Collection[str], organisation_id: int | None) -> set[str]:
    """Return those of the values under which somebody was erased from an organisation's contacts or the network's."""
    key = known_key()
    if key is None:
        return set()
    stones = select(Tombstone.hash).where(
        Tombstone.kind == kind,
        or_(Tombstone.organisation_id.is_(None), Tombstone.organisation_id == organisation_id),
    )
    buried = set(db.session.scalars(stones))
    return {value for value in values if keyed_hash(kind, value, key) in buried} if buried else set()

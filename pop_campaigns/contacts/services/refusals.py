"""Who wants no mail, and who was erased: kept as keyed hashes, asked before anything is sent or brought in.

The caller commits. Addresses are compared without regard to case, names ë/ç-folded.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Select, or_, select

from pop_campaigns.contacts.models import HashKey, Suppression, Tombstone
from pop_campaigns.contacts.rules import ConsentChannel, Purpose, TombstoneKind
from pop_campaigns.core.db import db
from pop_campaigns.core.text import fold

_AT_ONCE = 500


def hash_key() -> bytes:
    """Give the random key of all hashes, made at the first use; it lives in the database and in its backups."""
    row = db.session.get(HashKey, 1)
    if row is None:
        row = HashKey(id=1, key=secrets.token_hex(32))
        db.session.add(row)
        db.session.flush()
    return bytes.fromhex(row.key)


def known_key() -> bytes | None:
    """Give the key if there is one: without it nothing was ever hashed, and a page that only looks makes none."""
    row = db.session.get(HashKey, 1)
    return bytes.fromhex(row.key) if row else None


def hash_of(kind: TombstoneKind, value: str, key: bytes | None = None) -> str:
    """Give the keyed hash (HMAC-SHA-256) by which an address, phone number or name is known again."""
    normal = fold(value) if kind is TombstoneKind.NAME else value.strip().casefold()
    text = f"{kind.value}:{normal}".encode()
    return hmac.digest(key or hash_key(), text, "sha256").hex()


def suppress(
    email: str, purpose: Purpose, organisation_id: int | None, *, channel: ConsentChannel, now: datetime
) -> bool:
    """Note that an address wants no more mail for a purpose; ``organisation_id`` None is the whole network.

    False if that was known already.
    """
    digest = hash_of(TombstoneKind.EMAIL, email)
    return suppress_hash(digest, purpose, organisation_id, channel=channel, now=now)


def suppress_hash(
    digest: str, purpose: Purpose, organisation_id: int | None, *, channel: ConsentChannel, now: datetime
) -> bool:
    """Do the same for an address of which only the hash is known (a refusal by a link)."""
    if db.session.scalar(_rows(digest, purpose, organisation_id)):
        return False
    db.session.add(
        Suppression(
            address_hash=digest, purpose=purpose, organisation_id=organisation_id, channel=channel, at=now
        )
    )
    return True


def lift_suppression(email: str, purpose: Purpose, organisation_id: int | None) -> bool:
    """Take a refusal back, because the person asked for it; False if there was none."""
    return lift_hash(hash_of(TombstoneKind.EMAIL, email), purpose, organisation_id)


def lift_hash(digest: str, purpose: Purpose, organisation_id: int | None) -> bool:
    """Do the same for an address of which only the hash is known."""
    found = db.session.scalars(_rows(digest, purpose, organisation_id)).all()
    for row in found:
        db.session.delete(row)
    return bool(found)


def _rows(digest: str, purpose: Purpose, organisation_id: int | None) -> Select[Suppression]:
    return select(Suppression).where(
        Suppression.address_hash == digest,
        Suppression.purpose == purpose,
        Suppression.organisation_id.is_not_distinct_from(organisation_id),
    )


def suppressed_among(emails: Collection[str], purpose: Purpose, organisation_id: int | None) -> set[str]:
    """Give those of the addresses that refuse mail for a purpose from an organisation, or from the whole network.

    Many addresses are looked up against all refusals at once; where nobody ever refused, no key is made.
    """
    key = known_key() if emails else None
    if key is None:
        return set()
    if len(emails) > _AT_ONCE:
        known = set(db.session.scalars(_refusing(purpose, organisation_id)))
        return {one for one in emails if hash_of(TombstoneKind.EMAIL, one, key) in known} if known else set()
    by_hash: dict[str, set[str]] = {}
    for email in emails:
        by_hash.setdefault(hash_of(TombstoneKind.EMAIL, email, key), set()).add(email)
    found: set[str] = set()
    for digest in refused_hashes(list(by_hash), purpose, organisation_id):
        found |= by_hash[digest]
    return found


def refused_hashes(digests: Sequence[str], purpose: Purpose, organisation_id: int | None) -> set[str]:
    """Give those of the hashed addresses that refuse mail for a purpose."""
    found: set[str] = set()
    for start in range(0, len(digests), _AT_ONCE):
        some = Suppression.address_hash.in_(digests[start : start + _AT_ONCE])
        found |= set(db.session.scalars(_refusing(purpose, organisation_id).where(some)))
    return found


def _refusing(purpose: Purpose, organisation_id: int | None) -> Select[str]:
    return select(Suppression.address_hash).where(
        Suppression.purpose == purpose,
        or_(Suppression.organisation_id.is_(None), Suppression.organisation_id == organisation_id),
    )


def bury(kind: TombstoneKind, value: str, organisation_id: int | None, *, now: datetime) -> Tombstone:
    """Set a tombstone for what an erased person was known by."""
    digest = hash_of(kind, value)
    known = db.session.scalar(
        select(Tombstone).where(
            Tombstone.kind == kind,
            Tombstone.hash == digest,
            Tombstone.organisation_id.is_not_distinct_from(organisation_id),
        )
    )
    if known:
        return known
    stone = Tombstone(kind=kind, hash=digest, organisation_id=organisation_id, erased_at=now)
    db.session.add(stone)
    return stone


def erased_among(kind: TombstoneKind, values: Collection[str], organisation_id: int | None) -> set[str]:
    """Give those of the values under which somebody was erased from an organisation's contacts or the network's."""
    key = known_key()
    if key is None:
        return set()
    stones = select(Tombstone.hash).where(
        Tombstone.kind == kind,
        or_(Tombstone.organisation_id.is_(None), Tombstone.organisation_id == organisation_id),
    )
    buried = set(db.session.scalars(stones))
    return {value for value in values if hash_of(kind, value, key) in buried} if buried else set()

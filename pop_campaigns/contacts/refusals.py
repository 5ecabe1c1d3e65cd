"""Who wants no mail, and who was erased: kept as keyed hashes, asked before anything is sent or brought in.

The caller commits. Addresses are compared without regard to case, names ë/ç-folded.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Collection
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
    found = db.session.scalars(_rows(hash_of(TombstoneKind.EMAIL, email), purpose, organisation_id)).all()
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
    refusing = select(Suppression.address_hash).where(
        Suppression.purpose == purpose,
        or_(Suppression.organisation_id.is_(None), Suppression.organisation_id == organisation_id),
    )
    made = db.session.get(HashKey, 1) if emails else None
    if made is None:
        return set()
    key = bytes.fromhex(made.key)
    if len(emails) > _AT_ONCE:
        known = set(db.session.scalars(refusing))
        return {one for one in emails if hash_of(TombstoneKind.EMAIL, one, key) in known} if known else set()
    by_hash: dict[str, set[str]] = {}
    for email in emails:
        by_hash.setdefault(hash_of(TombstoneKind.EMAIL, email, key), set()).add(email)
    digests = db.session.scalars(refusing.where(Suppression.address_hash.in_(list(by_hash))))
    return set().union(*(by_hash[digest] for digest in digests))


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
    key = hash_key()
    stones = select(Tombstone.hash).where(
        Tombstone.kind == kind,
        or_(Tombstone.organisation_id.is_(None), Tombstone.organisation_id == organisation_id),
    )
    buried = set(db.session.scalars(stones))
    return {value for value in values if hash_of(kind, value, key) in buried} if buried else set()

"""Who wants no mail, and who was erased: kept as keyed hashes, asked before anything is sent or brought in.

The caller commits. Addresses are compared without regard to case, names ë/ç-folded.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import Select, select

from pop_campaigns.contacts.models.consents import HashKey, Suppression, Tombstone
from pop_campaigns.contacts.rules import ConsentChannel, Purpose, TombstoneKind, keyed_hash
from pop_campaigns.core.db import db


def hash_key() -> bytes:
    """Return the random key of all hashes, made at the first use; it lives in the database and in its backups."""
    row = db.session.get(HashKey, 1)
    if row is None:
        row = HashKey(id=1, key=secrets.token_hex(32))
        db.session.add(row)
        db.session.flush()
    return bytes.fromhex(row.key)


def hash_of(kind: TombstoneKind, value: str) -> str:
    """Return the keyed hash by which an address, phone number or name is known again; makes the key at the first use."""
    return keyed_hash(kind, value, hash_key())


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
    """Note a refusal of mail by the hash of an address, all that a link holds of it; False if it was known already."""
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
    """Take a refusal back by the hash of an address; False if there was none."""
    rows = db.session.scalars(_rows(digest, purpose, organisation_id)).all()
    for row in rows:
        db.session.delete(row)
    return bool(rows)


def _rows(digest: str, purpose: Purpose, organisation_id: int | None) -> Select[Suppression]:
    return select(Suppression).where(
        Suppression.address_hash == digest,
        Suppression.purpose == purpose,
        Suppression.organisation_id.is_not_distinct_from(organisation_id),
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

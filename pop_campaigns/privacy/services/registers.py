"""The register of purposes and the register of breaches: verbs and reads. The caller commits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import own
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.core.locks import wait_at
from pop_campaigns.privacy.models import Breach, ProcessingPurpose
from pop_campaigns.privacy.words.purposes_sq import FORMER, SEEDS, SeedPurpose

_SAME_PRESS = timedelta(minutes=1)


def all_purposes() -> Sequence[ProcessingPurpose]:
    """Return the register of purposes, the network's first."""
    rows = select(ProcessingPurpose).options(joinedload(ProcessingPurpose.organisation))
    rows = rows.order_by(ProcessingPurpose.organisation_id.is_not(None), ProcessingPurpose.id)
    return db.session.scalars(rows).all()


def seed_purposes(*, by: User | None, now: datetime) -> int:
    """Enter the purposes the register begins with, those that are missing; return how many were entered or brought up.

    A field that still says what an earlier version entered says what this one does; what people wrote stays.
    """
    rows = db.session.scalars(select(ProcessingPurpose).where(ProcessingPurpose.key.is_not(None))).all()
    there = {row.key: row for row in rows}
    fresh = [ProcessingPurpose(**vars(seed), changed_at=now) for seed in SEEDS if seed.key not in there]
    db.session.add_all(fresh)
    db.session.flush()
    for purpose in fresh:
        note("purpose.added", purpose, by=by, now=now, name=purpose.name)
    return len(fresh) + sum(
        _bring_up(there[seed.key], seed, by=by, now=now) for seed in SEEDS if seed.key in there
    )


def _bring_up(row: ProcessingPurpose, seed: SeedPurpose, *, by: User | None, now: datetime) -> bool:
    """Give the fields that still say what an earlier version entered their present words; return whether there were any."""
    stale = [name for name in vars(seed) if getattr(row, name) in FORMER.get((seed.key, name), ())]
    for name in stale:
        setattr(row, name, getattr(seed, name))
    if stale:
        row.changed_at = now
        note("purpose.changed", row, by=by, now=now, name=row.name)
    return bool(stale)


def save_purpose(
    purpose: ProcessingPurpose | None, values: Mapping[str, Any], *, by: User, now: datetime
) -> ProcessingPurpose:
    """Enter a purpose, or change one."""
    action = "purpose.added" if purpose is None else "purpose.changed"
    wait_at(by)
    row = purpose or _just_entered(values["name"], now) or ProcessingPurpose(changed_at=now)
    for name, value in values.items():
        setattr(row, name, value)
    row.changed_at = now
    db.session.add(row)
    note(action, row, by=by, now=now, name=row.name)
    return row


def select_breaches(user: User) -> Select[Breach]:
    """Return the query for the register of breaches: an organisation's own, all for those who read the whole network."""
    rows = select(Breach).options(joinedload(Breach.organisation)).where(own(Breach, user))
    return rows.order_by(Breach.noticed_at.desc(), Breach.id.desc())


def save_breach(breach: Breach | None, values: Mapping[str, Any], *, by: User, now: datetime) -> Breach:
    """Record a breach for the organisation of ``by`` (an administrator: for the network), or correct one.

    The same record sent twice within a minute is one.
    """
    action = "breach.recorded" if breach is None else "breach.changed"
    wait_at(by)
    row = breach or _just_recorded(values, by, now)
    if row is None:
        row = Breach(organisation_id=by.organisation_id, reported_by=by.name, created_at=now)
    elif breach is None:
        return row
    for name, value in values.items():
        setattr(row, name, value)
    db.session.add(row)
    note(action, row, by=by, now=now)
    return row


def _just_entered(name: str, now: datetime) -> ProcessingPurpose | None:
    rows = select(ProcessingPurpose).where(
        ProcessingPurpose.name == name, ProcessingPurpose.changed_at > now - _SAME_PRESS
    )
    return db.session.scalar(rows.order_by(ProcessingPurpose.id.desc()).limit(1))


def _just_recorded(values: Mapping[str, Any], by: User, now: datetime) -> Breach | None:
    same = select(Breach).where(
        Breach.organisation_id.is_not_distinct_from(by.organisation_id),
        Breach.noticed_at == values["noticed_at"],
        Breach.what == values["what"],
    )
    breach = db.session.scalar(same.order_by(Breach.id.desc()).limit(1))
    return breach if breach and now - breach.created_at < _SAME_PRESS else None

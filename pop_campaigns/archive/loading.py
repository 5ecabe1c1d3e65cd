"""What was loaded before: each row of a record is added once and never touched again.

The history of a row that came from a record holds its key there. So a second load knows it under whatever
name people have given it since, and does not bring back what they removed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar

from sqlalchemy import select

from pop_campaigns.core.db import db
from pop_campaigns.core.history import History, note

ACTOR: Final = "Arkivi"
"""Who is named in history as having added what comes from a record."""
_Row = TypeVar("_Row")


@dataclass
class Loading:
    """One load under way: its moment, what is known from earlier ones, what it has added and found.

    ``known`` gives the row for kind and key, ``members`` the organisation for each folded name in the record;
    ``bare`` are the offices that a vocabulary added without an address, ``placeholders`` says whether this load
    gives offices one.
    """

    now: datetime
    source: str = ""
    placeholders: bool = True
    bare: set[tuple[str, str]] = field(default_factory=set)
    known: dict[tuple[str, str], int] = field(default_factory=dict)
    members: dict[str, int] = field(default_factory=dict)
    added: Counter[str] = field(default_factory=Counter)
    there: Counter[str] = field(default_factory=Counter)
    _seen: set[tuple[str, str]] = field(default_factory=set)

    def count(self, kind: str, key: str, *, added: bool) -> None:
        """Count a row once, however often the record speaks of it."""
        if (kind, key) not in self._seen:
            self._seen.add((kind, key))
            (self.added if added else self.there)[kind] += 1

    def remember(self, kind: str, key: str, action: str, row: Any, /, **details: Any) -> None:
        """Write down that a row was added, so that no later load adds it again."""
        origin = {"record": f"{kind}:{key}", "source": self.source}
        note(action, row, by=None, now=self.now, actor_name=ACTOR, **origin, **details)
        self.known[kind, key] = row.id
        self.count(kind, key, added=True)


def start_loading(now: datetime, source: str, *, placeholders: bool = True) -> Loading:
    """Return a new load that knows what earlier ones have added."""
    from_records = select(History.subject_id, History.details).where(
        History.actor_name == ACTOR, History.actor_id.is_(None)
    )
    loading = Loading(now, source, placeholders)
    for subject_id, details in db.session.execute(from_records):
        kind, _colon, key = str(details.get("record", "")).partition(":")
        loading.known[kind, key] = subject_id
        if details.get("bare"):
            loading.bare.add((kind, key))
    return loading


def keep(
    loading: Loading,
    model: type[_Row],
    key: str,
    *,
    find: Callable[[], _Row | None],
    make: Callable[[], _Row],
    action: str,
    **details: Any,
) -> _Row | None:
    """Return the row for ``key``: that of an earlier load, one that ``find`` knows, or a new one from ``make``.

    None if an earlier load added it and people have removed it since.
    """
    kind = str(model.__tablename__)  # type: ignore[attr-defined]  # every model has one
    before = loading.known.get((kind, key))
    row = db.session.get(model, before) if before is not None else find()
    if row is not None or before is not None:
        loading.count(kind, key, added=False)
        return row
    row = make()
    db.session.add(row)
    db.session.flush()
    loading.remember(kind, key, action, row, **details)
    return row


def fill_gaps(
    loading: Loading, row: Any, key: str, values: Mapping[str, str], action: str, /, **details: Any
) -> None:
    """Fill in what a row says nothing about, once: what people empty afterwards stays empty."""
    kind, lacking = f"gaps of {row.__tablename__}", {}
    for name, value in values.items():
        if value and not getattr(row, name):
            lacking[name] = value
    if lacking and (kind, key) not in loading.known:
        for name, value in lacking.items():
            setattr(row, name, value)
        db.session.flush()
        loading.remember(kind, key, action, row, filled=lacking, **details)

"""Two records found to be one: what a merge moves, the merge, and the way back. The caller commits.

The record that goes stays as a row and points to the one that was kept (``merged_into_id``), so every page, mail and
line of history that names it still leads somewhere. What pointed to it is found through the foreign keys themselves:
a table added later is moved without anybody thinking of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, Date, Table, UniqueConstraint, select, update

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import may_change
from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.merges import Merge
from pop_campaigns.contacts.models.persons import Mandate, Person
from pop_campaigns.contacts.rules import PRIVATE_KINDS, overlap
from pop_campaigns.contacts.services.records import note_contact, one_at_a_time, written
from pop_campaigns.core.db import Base, db
from pop_campaigns.core.text import fold

Mergeable = Person | Institution
# What the kept record takes from the other where it has nothing itself.
_FILLED: dict[type, tuple[str, ...]] = {
    Person: (
        *("name_as_printed", "phone", "post_address", "municipality_id", "topics", "works_for_id"),
        *("press_card", "press_card_until", "form_of_address"),
    ),
    Institution: (
        *("name_en", "name_as_printed", "parent_id", "municipality_id", "county", "phone", "post_address"),
        *("working_hours", "medium_kind", "accreditation", "accredited_until"),
    ),
}


class CannotMerge(ValueError):
    """The two cannot become one; ``reason`` is ``same``, ``gone``, ``owners``, ``private`` or ``part``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass
class _Plan:
    """What a merge is going to do: ``[table, column, id, before, after]`` and the kept record's fields."""

    moved: list[list[Any]] = field(default_factory=list)
    left: list[tuple[str, int]] = field(default_factory=list)
    filled: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class MergePreview:
    """What a person is shown before: rows that move by table, rows that stay because there is the same, fields."""

    moved: Counter[str]
    left: Counter[str]
    filled: dict[str, Any]


def check_merge(kept: Mergeable, gone: Mergeable, by: User) -> None:
    """Refuse what cannot be merged.

    :raises CannotMerge: one is the other, one is merged already, they are two organisations' (only the network's
        takes in another's), a citizen would become the network's, or one institution is part of the other.
    """
    if kept.id == gone.id or type(kept) is not type(gone):
        raise CannotMerge("same")
    if kept.merged_into_id is not None or gone.merged_into_id is not None:
        raise CannotMerge("gone")
    if not may_change(gone, by) or kept.organisation_id not in (None, gone.organisation_id):
        raise CannotMerge("owners")
    if (
        isinstance(gone, Person)
        and gone.kind in PRIVATE_KINDS
        and kept.organisation_id != gone.organisation_id
    ):
        raise CannotMerge("private")
    if isinstance(gone, Institution) and isinstance(kept, Institution) and _is_above(gone, kept):
        raise CannotMerge("part")


def preview_merge(kept: Mergeable, gone: Mergeable, by: User) -> MergePreview:
    """Return what :func:`merge` would do; changes nothing."""
    check_merge(kept, gone, by)
    plan = _plan(kept, gone, by)
    moved = Counter(table for table, column, *_rest in plan.moved if column != "merged_into_id")
    return MergePreview(moved, Counter(table for table, _id in plan.left), plan.filled)


def merge(kept: Mergeable, gone: Mergeable, *, by: User, now: datetime) -> Merge:
    """Make one record of two. Whatever pointed to ``gone`` points to ``kept``; nothing that was sent is readdressed.

    :raises CannotMerge: see :func:`check_merge`.
    """
    one_at_a_time(by)
    check_merge(kept, gone, by)
    plan = _plan(kept, gone, by)
    plan.moved.append([gone.__tablename__, "merged_into_id", gone.id, None, kept.id])
    before = {name: written(getattr(kept, name)) for name in plan.filled}
    for name, value in plan.filled.items():
        setattr(kept, name, value)
    db.session.flush()
    for table, column, ident, _old, new in plan.moved:
        _set(table, column, ident, new)
    row = Merge(
        kind=kept.__tablename__,
        kept_id=kept.id,
        gone_id=gone.id,
        organisation_id=gone.organisation_id,
        moved=plan.moved,
        changed={name: [before[name], written(value)] for name, value in plan.filled.items()},
        by_name=by.name,
        at=now,
    )
    db.session.add(row)
    db.session.flush()
    db.session.expire_all()
    note_contact("contact.merged", kept, gone, by, now, name=_name(gone))
    return row


def undo_merge(row: Merge, *, by: User, now: datetime) -> int:
    """Make two records of one again; return how many rows somebody changed since and which therefore stay.

    Undone already: nothing happens.
    """
    if row.undone_at is not None:
        return 0
    one_at_a_time(by)
    unmoved = 0
    for table, column, ident, old, new in reversed(row.moved):
        unmoved += 0 if _set(table, column, ident, old, only_if=new) else 1
    model = Person if row.kind == Person.__tablename__ else Institution
    db.session.expire_all()
    kept: Any = db.session.get_one(model, row.kept_id)
    for name, (before, after) in row.changed.items():
        if written(getattr(kept, name)) == after:
            setattr(kept, name, _read(model, name, before))
    row.undone_at = now
    gone: Any = db.session.get_one(model, row.gone_id)
    note_contact("contact.merge_undone", kept, gone, by, now, name=_name(gone))
    return unmoved


def merges_of(kept: Mergeable, user: User) -> list[Merge]:
    """Return the merges into a record that the user may undo, newest first."""
    rows = select(Merge).where(
        Merge.kind == kept.__tablename__, Merge.kept_id == kept.id, Merge.undone_at.is_(None)
    )
    merges = db.session.scalars(rows.order_by(Merge.id.desc()))
    return [row for row in merges if may_change(row, user)]


def _plan(kept: Mergeable, gone: Mergeable, by: User) -> _Plan:
    plan = _Plan()
    _move_all(plan, kept, gone)
    if isinstance(kept, Institution) and isinstance(gone, Institution):
        _join_offices(plan, kept, gone)
    if may_change(kept, by):
        for name in _FILLED[type(kept)]:
            mine, theirs = getattr(kept, name), getattr(gone, name)
            if mine in (None, "") and theirs not in (None, "", kept.id if name == "parent_id" else ""):
                plan.filled[name] = theirs
    return plan


def _move_all(plan: _Plan, kept: Mergeable | Office, gone: Mergeable | Office) -> None:
    for table, column in _pointing_to(kept.__tablename__):
        rows = db.session.execute(select(table).where(column == gone.id)).mappings().all()
        for row in rows:
            if _is_double(table, column, row, kept):
                plan.left.append((table.name, row["id"]))
            else:
                plan.moved.append([table.name, column.name, row["id"], gone.id, kept.id])


def _pointing_to(target: str) -> Iterator[tuple[Table, Column[Any]]]:
    """Return every column of every table that names rows of ``target``, besides the pointer of a merge itself."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            names = {key.column.table.name for key in column.foreign_keys}
            if target in names and column.name != "merged_into_id" and "id" in table.columns:
                yield table, column


def _is_double(table: Table, column: Column[Any], row: Any, kept: Any) -> bool:
    """Return whether the kept record has the same already: a row of a unique constraint, an address, a mandate."""
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint) and column.name in constraint.columns:
            key_columns = [key_column for key_column in constraint.columns if key_column.name != column.name]
            if all(row[key_column.name] is not None for key_column in key_columns):
                same = select(table.c.id).where(
                    column == kept.id, *(key_column == row[key_column.name] for key_column in key_columns)
                )
                if db.session.scalar(same.limit(1)) is not None:
                    return True
    if table.name == Address.__tablename__:
        emails = {address.email.casefold() for address in kept.addresses}
        return row["email"].casefold() in emails
    if table.name == Mandate.__tablename__ and isinstance(kept, Person):
        return any(_same_mandate(mandate, row) for mandate in kept.mandates)
    return bool(table.name == Institution.__tablename__ and row["id"] == kept.id)


def _same_mandate(mandate: Mandate, row: Any) -> bool:
    if mandate.office_id != row["office_id"] or mandate.organisation_id != row["organisation_id"]:
        return False
    says_more = (row["from_date"], row["to_date"]) not in ((None, None), (mandate.from_date, mandate.to_date))
    return not says_more and overlap(mandate.from_date, mandate.to_date, row["from_date"], row["to_date"])


def _join_offices(plan: _Plan, kept: Institution, gone: Institution) -> None:
    """Let offices of one title at both become one, of those that are the same organisation's or the network's."""
    mine = [candidate for candidate in kept.offices if candidate.merged_into_id is None]
    for office in gone.offices:
        same = next(
            (
                candidate
                for candidate in mine
                if fold(candidate.title_sq) == fold(office.title_sq)
                and candidate.organisation_id in (None, office.organisation_id)
            ),
            None,
        )
        if same is not None and office.merged_into_id is None:
            _move_all(plan, same, office)
            plan.moved.append([Office.__tablename__, "merged_into_id", office.id, None, same.id])


def _is_above(upper: Institution, lower: Institution) -> bool:
    seen: set[int] = set()
    part: Institution | None = lower
    while part is not None and part.id not in seen:
        if part.parent_id == upper.id:
            return True
        seen.add(part.id)
        part = part.parent
    return False


def _set(table: str, column: str, ident: int, value: Any, only_if: Any = ...) -> bool:
    target = Base.metadata.tables[table]
    change = update(target).where(target.c.id == ident).values({column: value})
    if only_if is not ...:
        change = change.where(target.c[column] == only_if)
    return bool(db.session.execute(change).rowcount)  # type: ignore[attr-defined]


def _name(record: Mergeable) -> str:
    return record.name if isinstance(record, Person) else record.name_sq


def _read(model: type, name: str, value: Any) -> Any:
    column = Base.metadata.tables[model.__tablename__].columns[name]  # type: ignore[attr-defined]
    if value is not None and isinstance(column.type, Date):
        return date.fromisoformat(value)
    return value

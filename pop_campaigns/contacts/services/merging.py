"""Two records found to be one: the merge, with what was chosen, and the way back. The caller commits.

The record that goes stays as a row and points to the one that was kept (``merged_into_id``), so every page, mail and
line of history that names it still leads somewhere. What a merge does is planned in :mod:`contacts.queries.merge_plans`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Date, delete, select, update

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import may_change
from pop_campaigns.contacts.models.addresses import ContactDetail
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.merges import Merge
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.queries.merge_plans import (
    Beside,
    MergePlan,
    OneOfTwo,
    beside_of,
    has_detail,
    plan_merge,
)
from pop_campaigns.contacts.rules import PRIVATE_KINDS, DetailKind, DetailUse, MergeSide
from pop_campaigns.contacts.services.records import note_contact, one_at_a_time, written
from pop_campaigns.core.db import Base, db
from pop_campaigns.core.phones import is_mobile

Mergeable = Person | Institution
# In place of a column in ``Merge.moved``: a row that the merge made, which its undo deletes.
_MADE: Final = "made"
_MODELS: Final[dict[str, type[OneOfTwo]]] = {
    model.__tablename__: model for model in (Person, Institution, Office)
}


class CannotMerge(ValueError):
    """The two cannot become one; ``reason`` is ``same``, ``gone``, ``owners``, ``private`` or ``part``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


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


def preview_merge(kept: Mergeable, gone: Mergeable, by: User) -> MergePlan:
    """Return what :func:`merge` would do, with what it asks; changes nothing."""
    check_merge(kept, gone, by)
    return plan_merge(kept, gone, by)


def merge(
    kept: Mergeable,
    gone: Mergeable,
    choices: Mapping[str, MergeSide] | None = None,
    *,
    by: User,
    now: datetime,
) -> Merge:
    """Make one record of two. Whatever pointed to ``gone`` points to ``kept``; nothing that was sent is readdressed.

    ``choices`` says by the name of a question whose value is taken; what is not chosen is taken as the plan proposes.

    :raises CannotMerge: see :func:`check_merge`.
    """
    one_at_a_time(by)
    check_merge(kept, gone, by)
    plan = plan_merge(kept, gone, by)
    plan.moved.append([gone.__tablename__, "merged_into_id", gone.id, None, kept.id])
    changes = _Changes(kept)
    beside = _take_chosen(plan, choices or {}, changes)
    db.session.flush()
    for table, column, ident, _old, new in plan.moved:
        _set(table, column, ident, new)
    db.session.expire_all()
    for further in beside:
        plan.moved += _make_detail(further, changes)
    row = Merge(
        kind=kept.__tablename__,
        kept_id=kept.id,
        gone_id=gone.id,
        organisation_id=gone.organisation_id,
        moved=plan.moved,
        changed=changes.written(),
        by_name=by.name,
        at=now,
    )
    db.session.add(row)
    db.session.flush()
    db.session.expire_all()
    note_contact("contact.merged", kept, gone, by, now, name=_name(gone), **changes.told())
    return row


class _Changes:
    """What a merge sets in the kept record and in the offices that take in others, with what was there before."""

    def __init__(self, kept: Mergeable) -> None:
        self.kept = kept
        self.before: dict[tuple[OneOfTwo, str], Any] = {}

    def set(self, record: OneOfTwo, name: str, value: Any) -> None:
        self.before.setdefault((record, name), written(getattr(record, name)))
        setattr(record, name, value)

    def written(self) -> dict[str, list[Any]]:
        """Return ``{field: [before, after]}``; a field of an office is named with it (``offices.7.title_en``)."""
        return {
            self.key(record, name): [before, written(getattr(record, name))]
            for (record, name), before in self.before.items()
        }

    def key(self, record: OneOfTwo, name: str) -> str:
        """Return by what a field is known in ``Merge.changed``."""
        return name if record is self.kept else f"{record.__tablename__}.{record.id}.{name}"

    def told(self) -> dict[str, Any]:
        """Return what history keeps of the record's own fields that are another now."""
        changed = {
            name: (before, after)
            for name, (before, after) in self.written().items()
            if "." not in name and before != after
        }
        was = {name: before for name, (before, _after) in changed.items()}
        became = {name: after for name, (_before, after) in changed.items()}
        return {"was": was, "became": became} if changed else {}


def _take_chosen(plan: MergePlan, choices: Mapping[str, MergeSide], changes: _Changes) -> list[Beside]:
    """Set what was chosen, joined and filled; return what is kept beside."""
    beside = list(plan.beside)
    for question in plan.questions:
        side = choices.get(question.name, question.default)
        if question.beside:
            beside.append(beside_of(question, side))
        if side is MergeSide.GONE:
            for name, value in question.values(side).items():
                changes.set(question.kept, name, value)
    for record, name, value in (*plan.joined, *plan.filled):
        changes.set(record, name, value)
    return beside


def _make_detail(further: Beside, changes: _Changes) -> list[list[Any]]:
    """Add a further number or address unless the contact has it; return how ``Merge.moved`` names it."""
    if has_detail(further.owner, further.kind, further.value, further.organisation_id):
        return []
    mobile = further.kind is DetailKind.PHONE and is_mobile(further.value)
    detail = ContactDetail(
        kind=further.kind,
        value=further.value,
        use=DetailUse.MOBILE if mobile else DetailUse.OTHER,
        organisation_id=further.organisation_id,
    )
    further.owner.details.append(detail)
    db.session.flush()
    came_from = changes.key(further.owner, further.column) if further.taken else None
    return [[ContactDetail.__tablename__, _MADE, detail.id, came_from, detail.version]]


def undo_merge(row: Merge, *, by: User, now: datetime) -> int:
    """Make two records of one again; return how many rows somebody changed since and which therefore stay.

    Undone already: nothing happens.
    """
    if row.undone_at is not None:
        return 0
    one_at_a_time(by)
    model = _MODELS[row.kind]
    kept: Any = db.session.get_one(model, row.kept_id)
    staying = _take_back(row, kept)
    db.session.flush()
    unmoved = 0
    for table, column, ident, old, new in reversed(row.moved):
        if column == _MADE:
            unmoved += 0 if old not in staying and _delete_made(ident, new) else 1
        else:
            unmoved += 0 if _set(table, column, ident, old, only_if=new) else 1
    db.session.expire_all()
    row.undone_at = now
    gone: Any = db.session.get_one(model, row.gone_id)
    note_contact("contact.merge_undone", kept, gone, by, now, name=_name(gone))
    return unmoved


def _take_back(row: Merge, kept: Any) -> set[str]:
    """Set each value as it was, unless somebody changed it since; return the fields where somebody did."""
    staying = set()
    for key, (before, after) in row.changed.items():
        *office, name = key.split(".")
        record: Any = db.session.get_one(_MODELS[office[0]], int(office[1])) if office else kept
        if written(getattr(record, name)) == after:
            setattr(record, name, _read(type(record), name, before))
        else:
            staying.add(key)
    return staying


def _delete_made(ident: int, version: int) -> bool:
    made = delete(ContactDetail).where(ContactDetail.id == ident, ContactDetail.version == version)
    return bool(db.session.execute(made).rowcount)  # type: ignore[attr-defined]


def merges_of(kept: Mergeable, user: User) -> list[Merge]:
    """Return the merges into a record that the user may undo, newest first."""
    rows = select(Merge).where(
        Merge.kind == kept.__tablename__, Merge.kept_id == kept.id, Merge.undone_at.is_(None)
    )
    merges = db.session.scalars(rows.order_by(Merge.id.desc()))
    return [row for row in merges if may_change(row, user)]


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


def _read(model: type[OneOfTwo], name: str, value: Any) -> Any:
    column = Base.metadata.tables[model.__tablename__].columns[name]
    if value is not None and isinstance(column.type, Date):
        return date.fromisoformat(value)
    return value

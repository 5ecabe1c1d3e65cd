"""The way back: what an import made is deleted, what it filled is emptied; what was used or changed since stays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Table, delete, select

from pop_campaigns.contacts.models.addresses import Address, ContactDetail
from pop_campaigns.contacts.models.consents import Consent
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Mandate, Person
from pop_campaigns.core.db import Base, db
from pop_campaigns.core.history import History
from pop_campaigns.imports.models import ContactImport, ImportChange
from pop_campaigns.imports.queries import chunks
from pop_campaigns.imports.rules.states import ImportState
from pop_campaigns.imports.services.checking import AT_ONCE
from pop_campaigns.imports.services.ledger import as_json

# Children first: so nothing is deleted under what hangs on it.
MODELS: Final[dict[str, Any]] = {
    model.__tablename__: model
    for model in (Consent, Address, ContactDetail, Mandate, Person, Office, Institution)
}
_ROOTS: Final = {"persons": "person_id", "offices": "office_id", "institutions": "institution_id"}
_NAMED: Final = 500
# What an import made and is not taken back yet: by table and row, the number of the change.
Made = dict[str, dict[int, int]]


def undo_changes(imported: ContactImport, *, now: datetime) -> Iterator[int]:
    """Take back what an import did, the last first; the caller commits after each step.

    Each change taken back is forgotten, so that an undoing that was killed goes on with the rest.
    """
    made = _all_made(imported)
    while changes := _last_changes(imported):
        remaining = _take_back(changes, made)
        _remember(imported, remaining)
        for idents in chunks([change.id for change in changes]):
            db.session.execute(delete(ImportChange).where(ImportChange.id.in_(idents)))
        for change in changes:
            made[change.table].pop(change.row_id, None)
            db.session.expunge(change)
        yield len(changes)
    imported.state = ImportState.UNDONE
    imported.undone_at = now
    imported.done = imported.total


def _last_changes(imported: ContactImport) -> Sequence[ImportChange]:
    rows = select(ImportChange).where(ImportChange.import_id == imported.id)
    return db.session.scalars(rows.order_by(ImportChange.id.desc()).limit(AT_ONCE)).all()


def _all_made(imported: ContactImport) -> Made:
    rows = select(ImportChange.table, ImportChange.row_id, ImportChange.id).where(
        ImportChange.import_id == imported.id, ImportChange.before.is_(None)
    )
    made: Made = {table: {} for table in MODELS}
    for table, row_id, ident in db.session.execute(rows):
        made[table][row_id] = ident
    return made


def _take_back(changes: Sequence[ImportChange], made: Made) -> list[tuple[str, int, str]]:
    """Take back some changes and return what stays, with the reason."""
    remaining: list[tuple[str, int, str]] = []
    rows: defaultdict[str, list[ImportChange]] = defaultdict(list)
    for change in changes:
        if change.before is None:
            rows[change.table].append(change)
        elif not _restore(change):
            remaining.append((change.table, change.row_id, "changed"))
    db.session.flush()
    staying = _staying_roots(rows, made)
    for table, model in MODELS.items():
        if rows[table]:
            remaining += _delete(model, rows[table], staying)
    return remaining


def _restore(change: ImportChange) -> bool:
    """Empty again what was filled; False if somebody wrote something else there since."""
    record = db.session.get(MODELS[change.table], change.row_id)
    before, after = change.before or {}, change.after or {}
    if record is None:
        return True
    if as_json({name: getattr(record, name) for name in after}) != after:
        return False
    for name, value in before.items():
        setattr(record, name, value)
    return True


def _delete(
    model: Any, changes: Sequence[ImportChange], staying: dict[str, dict[int, str]]
) -> list[tuple[str, int, str]]:
    table: Table = model.__table__
    remaining, gone = [], []
    used = used_elsewhere(table, [change.row_id for change in changes], {})
    present = _present(table, [change.row_id for change in changes])
    for change in changes:
        now_there = present.get(change.row_id)
        if now_there is None:
            continue  # deleted by somebody already
        reason = _reason(change, now_there, used, staying)
        if reason:
            remaining.append((table.name, change.row_id, reason))
        else:
            gone.append(change.row_id)
    for idents in chunks(gone):
        db.session.execute(delete(table).where(table.c.id.in_(idents)))
        about_them = (History.subject_type == table.name, History.subject_id.in_(idents))
        db.session.execute(delete(History).where(*about_them))
    db.session.expire_all()
    return remaining


def _reason(
    change: ImportChange, now_there: dict[str, Any], used: Collection[int], staying: dict[str, dict[int, str]]
) -> str:
    if change.row_id in used:
        return "used"
    after = change.after or {}
    if any(now_there.get(name) != value for name, value in after.items()):  # a column may be new since
        return "changed"
    if change.table == "mandates":
        return "belongs" if after["person_id"] in staying["persons"] else ""
    if change.table in ("addresses", "consents", "contact_details"):
        owners = ((root, after.get(column)) for root, column in _ROOTS.items())
        return "belongs" if any(ident in staying[root] for root, ident in owners) else ""
    return staying[change.table].get(change.row_id, "")


def _staying_roots(rows: dict[str, list[ImportChange]], made: Made) -> dict[str, dict[int, str]]:
    """Return the persons, offices and institutions the import made that stay, so that what is theirs stays with them."""
    wanted: defaultdict[str, set[int]] = defaultdict(set)
    for table, changes in list(rows.items()):
        for change in changes:
            if table in _ROOTS:
                wanted[table].add(change.row_id)
            for root, column in _ROOTS.items():
                if ident := (change.after or {}).get(column):
                    wanted[root].add(ident)
    staying: dict[str, dict[int, str]] = {}
    for root in _ROOTS:
        table_of = Base.metadata.tables[root]
        ours = _as_made([made[root][ident] for ident in sorted(wanted[root]) if ident in made[root]])
        present = _present(table_of, list(ours))
        staying[root] = {
            our: "changed"
            for our, after in ours.items()
            if our in present and any(present[our].get(name) != value for name, value in after.items())
        }
        staying[root] |= dict.fromkeys(used_elsewhere(table_of, list(ours), made), "used")
    return staying


def _as_made(changes: Sequence[int]) -> dict[int, Any]:
    values: dict[int, Any] = {}
    for part in chunks(changes):
        rows = select(ImportChange.row_id, ImportChange.after).where(ImportChange.id.in_(part))
        values |= {row.row_id: row.after for row in db.session.execute(rows)}
    return values


def _present(table: Table, idents: Sequence[int]) -> dict[int, dict[str, Any]]:
    values: dict[int, dict[str, Any]] = {}
    for part in chunks(idents):
        for row in db.session.execute(select(table).where(table.c.id.in_(part))).mappings():
            values[row["id"]] = as_json({name: value for name, value in row.items() if name != "id"})
    return values


def used_elsewhere(table: Table, idents: Sequence[int], made: Made) -> set[int]:
    """Return those rows to which something else points, in whatever table: an invitation, a letter, a list.

    What stands in ``made`` does not count: it goes as well.
    """
    used: set[int] = set()
    pointing = [
        (other_table, column)
        for other_table in Base.metadata.tables.values()
        for column in other_table.columns
        if not other_table.info.get("derived")
        and any(key.column.table is table for key in column.foreign_keys)
    ]
    for other_table, column in pointing:
        ours = made.get(other_table.name, {})
        key = other_table.columns.get("id", column)
        for part in chunks(idents):
            rows = db.session.execute(select(column, key).where(column.in_(part)))
            used |= {ident for ident, row_id in rows if row_id not in ours}
    return used


def _remember(imported: ContactImport, remaining: Sequence[tuple[str, int, str]]) -> None:
    if remaining:
        imported.kept = [*imported.kept, *(list(entry) for entry in remaining)][:_NAMED]
        imported.kept_count += len(remaining)

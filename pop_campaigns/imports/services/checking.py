"""Looking over the rows of an import: what is wrong with each, whom it looks like, what should become of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from flask import current_app
from sqlalchemy import exists, or_, select, update

from pop_campaigns.contacts.models.consents import Tombstone
from pop_campaigns.contacts.queries.refusals import erased_among
from pop_campaigns.contacts.rules import TombstoneKind
from pop_campaigns.core.clock import local_date
from pop_campaigns.core.db import db
from pop_campaigns.core.places import Municipality
from pop_campaigns.imports.models import ContactImport, ImportRow
from pop_campaigns.imports.rules.drafts import HARD, RowDraft, RowReader, fold
from pop_campaigns.imports.rules.fields import Field
from pop_campaigns.imports.rules.states import ImportState, RowDecision
from pop_campaigns.imports.services.matching import Known, Match, double_keys
from pop_campaigns.mail.addresses import parse_address

AT_ONCE = 1000


def reader_of(imported: ContactImport, now: datetime) -> RowReader:
    """Return how the rows of an import are understood."""
    allow_example = current_app.config["MODE"] != "production"
    return RowReader(
        mapping={int(number): Field(field) for number, field in imported.mapping.items()},
        options=imported.options,
        municipalities=names_of_places(),
        today=local_date(now),
        parse_address=lambda typed: parse_address(typed, allow_example=allow_example),
    )


def names_of_places() -> dict[str, int]:
    """Return the municipalities by their names, folded: as they are called and in the definite form."""
    places = db.session.execute(select(Municipality.id, Municipality.name, Municipality.name_definite))
    return {fold(name): ident for ident, *names in places for name in names if name}


def check_rows(imported: ContactImport, *, now: datetime) -> Iterator[int]:
    """Look over all rows from the first on and yield how many each step did; the caller commits after each."""
    reader = reader_of(imported, now)
    known = Known(imported.organisation_id)
    seen: dict[tuple[str, ...], int] = {}
    imported.done = 0
    number = -1
    while rows := _next_rows(imported, number):
        number = rows[-1].number
        drafts = [reader.read(row.cells) for row in rows]
        erased = _erased(drafts, imported.organisation_id)
        judgements = [
            _judged(row, draft, known, seen, erased) for row, draft in zip(rows, drafts, strict=True)
        ]
        db.session.execute(update(ImportRow), judgements)
        imported.done = min(imported.total, imported.done + len(rows))
        yield len(rows)
    imported.done = 0
    imported.state = ImportState.CHECKED


def _next_rows(imported: ContactImport, after: int) -> Sequence[ImportRow]:
    rows = select(ImportRow).where(ImportRow.import_id == imported.id, ImportRow.number > after)
    batch = db.session.scalars(rows.order_by(ImportRow.number).limit(AT_ONCE)).all()
    for row in batch:
        db.session.expunge(row)  # written back in bulk
    return batch


def _judged(
    row: ImportRow, draft: RowDraft, known: Known, seen: dict[tuple[str, ...], int], erased: set[str]
) -> dict[str, object]:
    match = known.match(draft)
    reason = match.reason if match else ""
    double = next((seen[key] for key in double_keys(draft) if key in seen), None)
    for key in double_keys(draft):
        seen.setdefault(key, row.number)
    if double is not None:
        draft.errors.append(f"double|{double}|")
        reason = reason or "row"
    if {*_traces(draft)} & erased:
        draft.errors.append("erased||")
        match, reason = None, "erased"
    return {
        "id": row.id,
        "errors": draft.errors,
        "decision": sensible(draft, match),
        "match_type": match.table if match else "",
        "match_id": match.ident if match else None,
        "match_reason": reason,
    }


def sensible(draft: RowDraft, match: Match | None) -> RowDecision:
    """Return what becomes of a row unless somebody chooses otherwise."""
    if draft.errors or (match and match.other_name):
        return RowDecision.SKIP
    return RowDecision.UPDATE if match else RowDecision.NEW


def is_hard(errors: Sequence[str]) -> bool:
    """Return whether a row cannot be brought in, whatever anybody chooses."""
    return any(error.partition("|")[0] in HARD for error in errors)


def _traces(draft: RowDraft) -> list[str]:
    """Return by what an erased person would be known again; an office is nobody who can be erased."""
    if not draft.is_person:
        return []
    # A name alone is many people's: it counts only where the row says nothing else.
    reached = [f"email:{email}" for email in draft.emails] + [f"phone:{phone}" for phone in draft.phones]
    return reached or [f"name:{draft.name}"]


def _erased(drafts: Sequence[RowDraft], owner: int | None) -> set[str]:
    mine = or_(Tombstone.organisation_id.is_(None), Tombstone.organisation_id == owner)
    if not db.session.scalar(select(exists().where(mine))):
        return set()  # and no key of hashes is made for nothing
    erased: set[str] = set()
    traces = [trace for draft in drafts for trace in _traces(draft)]
    for kind in TombstoneKind:
        values = [trace.partition(":")[2] for trace in traces if trace.startswith(f"{kind.value}:")]
        erased |= {f"{kind.value}:{value}" for value in erased_among(kind, values, owner)}
    return erased

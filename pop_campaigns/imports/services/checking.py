"""Looking over the rows of an import: what is wrong with each, whom it looks like, what should become of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime

from flask import current_app
from sqlalchemy import exists, or_, select, update

from pop_campaigns.contacts.models.consents import Tombstone
from pop_campaigns.contacts.queries.refusals import erased_among
from pop_campaigns.contacts.rules import InstitutionKind, PersonKind, TombstoneKind
from pop_campaigns.contacts.words.labels import INSTITUTION_KINDS, PERSON_KINDS
from pop_campaigns.core.clock import local_date
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import LANGUAGES, speaking
from pop_campaigns.core.places import Municipality
from pop_campaigns.imports.models import ContactImport, ImportRow
from pop_campaigns.imports.queries import cells_as_read, rows_in
from pop_campaigns.imports.rules.days import DayOrder
from pop_campaigns.imports.rules.drafts import HARD, KIND_OF, LANGUAGE_OF, RowDraft, RowReader, fold
from pop_campaigns.imports.rules.fields import Field
from pop_campaigns.imports.rules.guessing import Vocabulary
from pop_campaigns.imports.rules.headings import phone_uses
from pop_campaigns.imports.rules.near_names import SettledNames
from pop_campaigns.imports.rules.states import SAME, ImportState, RowDecision
from pop_campaigns.imports.services.asking import NearNames
from pop_campaigns.imports.services.comparing import There
from pop_campaigns.imports.services.matching import Known, KnownInstitutions, Match, double_keys
from pop_campaigns.mail.addresses import parse_address

AT_ONCE = 1000


def reader_of(imported: ContactImport, now: datetime) -> RowReader:
    """Return how the rows of an import are understood."""
    allow_example = current_app.config["MODE"] != "production"
    mapping = {int(number): Field(field) for number, field in imported.mapping.items()}
    orders = imported.options.get("day_orders") or {}
    return RowReader(
        mapping=mapping,
        options=imported.options,
        municipalities=names_of_places(),
        kinds=_names_of_kinds(),
        orders={field: DayOrder(orders[str(n)]) for n, field in mapping.items() if str(n) in orders},
        names=SettledNames.of(imported.options.get("near") or ()),
        today=local_date(now),
        phone_uses=phone_uses(imported.columns, mapping),
        parse_address=lambda typed: parse_address(typed, allow_example=allow_example),
    )


def names_of_places() -> dict[str, int]:
    """Return the municipalities by their names, folded: as they are called and in the definite form."""
    places = db.session.execute(select(Municipality.id, Municipality.name, Municipality.name_definite))
    return {fold(name): ident for ident, *names in places for name in names if name}


def vocabulary() -> Vocabulary:
    """Return the words by which cells show what their column is."""
    kinds = KIND_OF.keys() | _names_of_kinds().keys()
    return Vocabulary(names_of_places().keys(), kinds, LANGUAGE_OF.keys())


def _names_of_kinds() -> dict[str, PersonKind | InstitutionKind]:
    """Return the kinds of persons and institutions by their names in both languages, folded: so our own files have them."""
    names: dict[str, PersonKind | InstitutionKind] = {}
    for language in LANGUAGES:
        with speaking(language):
            names |= {fold(str(words)): kind for kind, words in INSTITUTION_KINDS.items()}
            names |= {fold(str(words)): kind for kind, words in PERSON_KINDS.items()}
    return names


def check_rows(imported: ContactImport, *, now: datetime) -> Iterator[int]:
    """Look over all rows from the first on and yield how many each step did; the caller commits after each."""
    reader = replace(reader_of(imported, now), names=SettledNames())
    known = Known(imported.organisation_id)
    seen, near = _Seen(known), NearNames(known, imported.options.get("near") or ())
    imported.done = 0
    number = -1
    while rows := _next_rows(imported, number):
        number = rows[-1].number
        drafts = [reader.read(row.cells) for row in rows]
        for draft in drafts:
            near.settle(draft)
        erased = _erased(drafts, imported.organisation_id)
        matches = [seen.match(draft) for draft in drafts]
        there = There(matches, seen.known, reader.today)
        judgements = [
            _judged(row, draft, match, seen, erased, there)
            for row, draft, match in zip(rows, drafts, matches, strict=True)
        ]
        db.session.execute(update(ImportRow), judgements)
        imported.done = min(imported.total, imported.done + len(rows))
        yield len(rows)
    imported.options = imported.options | {"near": near.kept()}
    imported.done = 0
    imported.state = ImportState.CHECKED


class _Seen:
    """The rows of a file so far: whom they look like, and by what a row would be the same contact written twice."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self._rows: dict[tuple[str, ...], tuple[int, Match | None]] = {}
        self._taken: set[tuple[str, int]] = set()

    def match(self, draft: RowDraft) -> Match | None:
        """Return whom a row looks like: of namesakes one that no row before it looked like."""
        match = self.known.match(draft, self._taken)
        if match:
            self._taken.add((match.table, match.ident))
        return match

    def double(self, number: int, draft: RowDraft, match: Match | None) -> int | None:
        """Return the number of the row before that describes the same contact; remember this one."""
        first = None
        for key in double_keys(draft):
            before, matched = self._rows.setdefault(key, (number, match))
            # Namesakes who are two contacts here are two in the file.
            if first is None and before != number and _is_one(match, matched):
                first = before
        return first


def differing(
    imported: ContactImport, lines: Sequence[tuple[ImportRow, RowDraft]], today: date
) -> dict[int, list[Field]]:
    """Return by row the fields that are otherwise at the contact it looks like, and stay so."""
    matches = {
        row.id: Match(row.match_type, row.match_id, row.match_reason)
        for row, _draft in lines
        if row.match_id is not None
    }
    if not matches:
        return {}
    there = There(matches.values(), KnownInstitutions(imported.organisation_id), today)
    return {
        row.id: there.compare(draft, matches[row.id]).differs for row, draft in lines if row.id in matches
    }


def _next_rows(imported: ContactImport, after: int) -> Sequence[ImportRow]:
    rows = select(ImportRow).where(rows_in(imported), ImportRow.number > after)
    batch = db.session.scalars(rows.order_by(ImportRow.number).limit(AT_ONCE)).all()
    for row in batch:
        db.session.expunge(row)  # written back in bulk
        row.cells = cells_as_read(imported, row.cells, row.raw)
    return batch


def _is_one(match: Match | None, other: Match | None) -> bool:
    """Return whether two rows may look like one contact."""
    return not match or not other or (match.table, match.ident) == (other.table, other.ident)


def _judged(
    row: ImportRow,
    draft: RowDraft,
    match: Match | None,
    seen: _Seen,
    erased: set[str],
    there: There,
) -> dict[str, object]:
    reason = match.reason if match else ""
    double = seen.double(row.number, draft, match)
    if double is not None:
        draft.errors.append(f"double|{double}|")
        reason = reason or "row"
    if {*_traces(draft)} & erased:
        draft.errors.append("erased||")
        match, reason = None, "erased"
    decision = sensible(draft, match)
    if decision is RowDecision.UPDATE and match and there.compare(draft, match).is_same:
        decision, reason = RowDecision.SKIP, SAME
    return {
        "id": row.id,
        "cells": row.cells,
        "errors": draft.errors,
        "decision": decision,
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
    """Return by what an erased person would be known again; an office is nobody who can be erased, its holder is."""
    if not draft.is_person:
        return [f"name:{draft.holder}"] if draft.holder else []
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

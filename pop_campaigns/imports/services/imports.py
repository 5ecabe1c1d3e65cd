"""Verbs about imports: take a file in, say what its columns mean, choose, start, take back. The caller commits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import chain, islice
from typing import IO, Any, Final

from sqlalchemy import delete, insert, select, update

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import owner_of_new
from pop_campaigns.contacts.rules import Purpose
from pop_campaigns.core.db import db
from pop_campaigns.core.files import clean_file_name
from pop_campaigns.core.history import note
from pop_campaigns.core.once import insert_or_find, made_with, once_key
from pop_campaigns.core.versions import ChangedMeanwhile
from pop_campaigns.imports.models import ContactImport, ImportRow
from pop_campaigns.imports.queries import first_rows, has_changes, rows_in
from pop_campaigns.imports.rules.days import DayOrder
from pop_campaigns.imports.rules.encodings import UNSURE, as_read
from pop_campaigns.imports.rules.fields import REACHES, Field
from pop_campaigns.imports.rules.guessing import guess_mapping, key_of
from pop_campaigns.imports.rules.states import ImportState, ImportWork, MappingOrigin, RowDecision
from pop_campaigns.imports.rules.tables import MOST_ROWS, BadFile, Row, Table, heading_of, read_tables
from pop_campaigns.imports.services.checking import is_hard, vocabulary

_AT_ONCE: Final = 1000
_REMEMBERED: Final = 30
_TAKEN_OVER: Final = ("kind", "municipality_id", "language")


class WrongState(ValueError):
    """The import has gone on meanwhile (another tab, another person): this cannot be done with it now."""


@dataclass(frozen=True)
class Options:
    """What is the same for all rows, and how consent was obtained."""

    kind: str = "other"
    municipality_id: int | None = None
    language: str = "sq"
    consents: Sequence[Purpose] = field(default_factory=tuple)
    text_version: str = ""
    proof: str = ""
    given_on: date | None = None
    day_orders: Mapping[int, DayOrder] = field(default_factory=dict)


def create_import(file: IO[bytes], file_name: str, once: str, *, by: User, now: datetime) -> ContactImport:
    """Take in a file: its rows as they are, and a guess at its columns. The same form sent twice makes one import.

    :raises BadFile: the file is no table, or has no rows.
    :raises NoOrganisation: there is nobody to collect contacts for.
    """
    owner = owner_of_new(by)
    key = once_key("import", once, by)
    # Before the file is read, which may take long.
    if there := made_with(ContactImport, key):
        return there
    tables = read_tables(file)
    first = next(tables, None)
    if first is None:
        raise BadFile("empty")
    imported, is_new = insert_or_find(
        ContactImport,
        key,
        lambda: ContactImport(
            organisation_id=owner,
            user_id=by.id,
            user_name=by.name,
            file_name=clean_file_name(file_name),
            encoding=first.encoding,
            delimiter=first.delimiter,
            created_at=now,
        ),
    )
    if not is_new:
        return imported
    _take_tables(imported, chain([first], tables))
    note("import.uploaded", imported, by=by, now=now, name=imported.file_name, rows=imported.total)
    return imported


def _take_tables(imported: ContactImport, tables: Iterator[Table]) -> None:
    """Take in the tables of a file; of several sheets those that hold contacts, and which of them is meant is asked."""
    sheets: list[dict[str, Any]] = []
    total = 0
    for number, table in enumerate(tables):
        sheet = _take_rows(imported, table, number)
        total += sheet["total"]
        if total > MOST_ROWS:
            raise BadFile("rows")
        sheets += [sheet] if sheet["total"] else []
    if not sheets:
        raise BadFile("no_rows")
    meant = [sheet for sheet in sheets if sheet["reaches"]] or sheets
    if len(sheets) > len(meant):
        others = ImportRow.sheet.not_in([sheet["number"] for sheet in meant])
        db.session.execute(delete(ImportRow).where(ImportRow.import_id == imported.id, others))
    imported.sheets = meant if len(meant) > 1 else []
    if len(meant) == 1:
        _take_sheet(imported, meant[0])
    else:
        imported.sheet = None


def _take_rows(imported: ContactImport, table: Table, sheet: int) -> dict[str, Any]:
    total, width = 0, len(table.headings.cells)
    sample: list[list[str]] = []
    for part in _parts(table.rows):
        width = max(width, *(len(row.cells) for row in part))
        rows = [{"import_id": imported.id, "sheet": sheet} | row._asdict() for row in part]
        db.session.execute(insert(ImportRow), rows)
        total += len(rows)
        sample = sample or [row.cells for row in part]
    empty = [""] * (width - len(table.headings.cells))
    columns = [heading_of(cell) for cell in table.headings.cells] + empty
    if table.headings.raw is not None:
        imported.raw_columns = [*table.headings.raw, *[""] * (width - len(table.headings.raw))]
    guessed = guess_mapping(columns, sample, vocabulary())
    return {
        "number": sheet,
        "name": table.sheet,
        "columns": columns,
        "total": total,
        "reaches": not REACHES.isdisjoint(guessed.values()),
    }


def _parts(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while part := list(islice(rows, _AT_ONCE)):
        yield part


def _take_sheet(imported: ContactImport, sheet: Mapping[str, Any]) -> None:
    imported.sheet, imported.total = sheet["number"], sheet["total"]
    imported.columns = sheet["columns"]
    imported.mapping = _first_mapping(imported)


def _first_mapping(imported: ContactImport) -> dict[str, str]:
    """Return the mapping (and take over the options) of the last import with these headings, else a guess."""
    imported.mapped_by = MappingOrigin.GUESS
    if any(imported.columns):
        before = select(ContactImport).where(
            ContactImport.organisation_id.is_not_distinct_from(imported.organisation_id),
            ContactImport.mapped_by == MappingOrigin.PERSON,
            ContactImport.id != imported.id,
        )
        for earlier in db.session.scalars(before.order_by(ContactImport.id.desc()).limit(_REMEMBERED)):
            if key_of(earlier.columns) == key_of(imported.columns):
                imported.mapped_by = MappingOrigin.MEMORY
                imported.options = {name: earlier.options.get(name) for name in _TAKEN_OVER}
                return dict(earlier.mapping)
    guessed = guess_mapping(imported.columns, first_rows(imported), vocabulary())
    return {str(number): what.value for number, what in guessed.items()}


def choose_sheet(imported: ContactImport, number: int) -> None:
    """Take a sheet of a workbook; its columns are guessed anew.

    :raises WrongState: rows were brought in already, or there is no such sheet.
    """
    _expect(imported, ImportState.UPLOADED, ImportState.CHECKED)
    sheet = next((sheet for sheet in imported.sheets if sheet["number"] == number), None)
    if sheet is None:
        raise WrongState
    imported.state, imported.done, imported.options = ImportState.UPLOADED, 0, {}
    _take_sheet(imported, sheet)


def choose_encoding(imported: ContactImport, name: str) -> None:
    """Read a file in another encoding, one of :data:`.encodings.UNSURE`; its columns are guessed anew.

    :raises WrongState: rows were brought in already, or its encoding is sure.
    """
    _expect(imported, ImportState.UPLOADED, ImportState.CHECKED)
    if name not in UNSURE or imported.encoding not in UNSURE:
        raise WrongState
    imported.encoding = name
    imported.state, imported.done, imported.options = ImportState.UPLOADED, 0, {}
    if imported.raw_columns is not None:
        imported.columns = [heading_of(as_read(cell, name)) for cell in imported.raw_columns]
    imported.mapping = _first_mapping(imported)


def set_columns(
    imported: ContactImport, mapping: Mapping[int, Field], options: Options, *, version: int | None = None
) -> None:
    """Say what the columns mean; the rows are looked over anew.

    ``version`` is the one that was looked at; None asks nobody.

    :raises WrongState: rows were brought in already.
    :raises pop_campaigns.core.versions.ChangedMeanwhile: it is not that version any more.
    """
    _expect(imported, ImportState.UPLOADED, ImportState.CHECKED)
    if version is not None and imported.version != version:
        raise ChangedMeanwhile(imported.id)
    imported.mapping = {str(number): what.value for number, what in mapping.items()}
    imported.mapped_by = MappingOrigin.PERSON
    imported.options = {
        "kind": options.kind,
        "municipality_id": options.municipality_id,
        "language": options.language,
        "consents": [purpose.value for purpose in options.consents],
        "text_version": options.text_version,
        "proof": options.proof,
        "given_on": options.given_on.isoformat() if options.given_on else None,
        "day_orders": {str(number): order.value for number, order in options.day_orders.items()},
    }
    imported.state = ImportState.CHECKING
    imported.done = 0


def choose_names(imported: ContactImport, choices: Mapping[int, bool], asked: int) -> None:
    """Say of names like others whether they are the same, by the number of the question; the rows are looked over anew.

    :raises WrongState: rows were brought in already, or other names are asked about by now.
    """
    _expect(imported, ImportState.CHECKED)
    near = imported.options.get("near") or []
    if len(near) != asked:
        raise WrongState
    answered = [name | {"take": choices.get(number, name["take"])} for number, name in enumerate(near)]
    imported.options = imported.options | {"near": answered}
    imported.state, imported.done = ImportState.CHECKING, 0


def decide(
    imported: ContactImport, choices: Mapping[int, RowDecision], shown: Mapping[int, RowDecision]
) -> list[int]:
    """Choose for single rows; what cannot be brought in stays out, who matches nobody completes nobody.

    Only what is chosen otherwise than ``shown`` (by row, what the page said before) is a choice. A row that somebody
    else decided meanwhile stays so; returns the numbers of those for which something else was chosen here.
    """
    _expect(imported, ImportState.CHECKED)
    rows = select(ImportRow).where(rows_in(imported), ImportRow.id.in_(choices))
    otherwise = []
    for row in db.session.scalars(rows.order_by(ImportRow.number)):
        wanted, before = choices[row.id], shown.get(row.id, row.decision)
        if is_hard(row.errors) or (wanted is RowDecision.UPDATE and row.match_id is None):
            continue
        if wanted in (before, row.decision):
            continue
        if before is row.decision:
            row.decision = wanted
        else:
            otherwise.append(row.number)
    return otherwise


def decide_matches(imported: ContactImport, wanted: RowDecision) -> int:
    """Choose one thing for all rows that match a contact and have no errors; return how many changed."""
    _expect(imported, ImportState.CHECKED)
    rows = select(ImportRow).where(
        rows_in(imported), ImportRow.match_id.is_not(None), ImportRow.decision != wanted
    )
    changed = [row.id for row in db.session.scalars(rows) if not row.errors]
    for start in range(0, len(changed), _AT_ONCE):
        portion = ImportRow.id.in_(changed[start : start + _AT_ONCE])
        db.session.execute(update(ImportRow).where(portion).values(decision=wanted))
    return len(changed)


def start_run(imported: ContactImport, *, by: User, now: datetime) -> None:
    """Let the chosen rows be brought in.

    :raises WrongState: it was started already.
    """
    _expect(imported, ImportState.CHECKED)
    imported.state, imported.done, imported.ran_at = ImportState.RUNNING, 0, now
    _forget_what_was_not_chosen(imported)
    imported.user_id, imported.user_name = by.id, by.name
    note("import.started", imported, by=by, now=now, name=imported.file_name)


def _forget_what_was_not_chosen(imported: ContactImport) -> None:
    """Forget the rows of other sheets, and how rows could be read otherwise."""
    of_import = ImportRow.import_id == imported.id
    if imported.sheets:
        db.session.execute(delete(ImportRow).where(of_import, ImportRow.sheet != imported.sheet))
        imported.sheets = []
    if imported.encoding in UNSURE:
        raw = update(ImportRow).where(of_import, ImportRow.raw.is_not(None)).values(raw=None)
        db.session.execute(raw)
        imported.raw_columns = None


def start_undo(imported: ContactImport, *, by: User, now: datetime) -> None:
    """Let an import be taken back.

    :raises WrongState: it has not ended, or was taken back already.
    """
    _expect(imported, ImportState.DONE, ImportState.FAILED)
    imported.state, imported.done = ImportState.UNDOING, 0
    imported.failed_in, imported.problem = None, ""
    note("import.undone", imported, by=by, now=now, name=imported.file_name)


def try_again(imported: ContactImport) -> None:
    """Let an import that failed go on where it stopped.

    :raises WrongState: it did not fail.
    """
    _expect(imported, ImportState.FAILED)
    imported.state = ImportState((imported.failed_in or ImportWork.CHECKING).value)
    imported.failed_in, imported.problem = None, ""


def discard(imported: ContactImport, *, by: User, now: datetime) -> None:
    """Forget a file of which nothing was brought in.

    :raises WrongState: something was.
    """
    _expect(imported, ImportState.UPLOADED, ImportState.CHECKED, ImportState.FAILED)
    if has_changes(imported):
        raise WrongState
    note("import.discarded", imported, by=by, now=now, name=imported.file_name)
    db.session.execute(delete(ImportRow).where(ImportRow.import_id == imported.id))
    db.session.delete(imported)


def lock(imported: ContactImport) -> ContactImport:
    """Wait until nobody else changes this import, and read it afresh: two presses of a button start one run."""
    row = select(ContactImport).where(ContactImport.id == imported.id).with_for_update()
    return db.session.scalars(row, execution_options={"populate_existing": True}).one()


def _expect(imported: ContactImport, *states: ImportState) -> None:
    if lock(imported).state not in states:
        raise WrongState

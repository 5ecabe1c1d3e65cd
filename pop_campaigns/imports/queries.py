"""Reads about imports: the list, the rows of one, how many of which kind, what it made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, String, and_, cast, exists, func, or_, select

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import get_changeable, of_network_or, own
from pop_campaigns.contacts.models.consents import Consent
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Mandate, Person
from pop_campaigns.contacts.rules import Purpose
from pop_campaigns.core.db import db
from pop_campaigns.core.text import fold
from pop_campaigns.imports.models import ContactImport, ImportChange, ImportRow
from pop_campaigns.imports.rules.days import DayOrder, possible_orders, unclear_example
from pop_campaigns.imports.rules.encodings import as_read
from pop_campaigns.imports.rules.fields import OF_DAYS, Field
from pop_campaigns.imports.rules.states import SAME, RowDecision
from pop_campaigns.imports.rules.tables import clean_cell

_AT_ONCE: Final = 500
# Contacts by the name of their table, as rows and changes write it.
TABLES: dict[str, Any] = {"persons": Person, "offices": Office, "institutions": Institution}


def chunks(idents: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Part a list so that each part fits into one statement."""
    for start in range(0, len(idents), _AT_ONCE):
        yield idents[start : start + _AT_ONCE]


def select_imports(user: User) -> Select[ContactImport]:
    """Return the query for the imports of the user's organisation, newest first."""
    return select(ContactImport).where(own(ContactImport, user)).order_by(ContactImport.id.desc())


def get_import(ident: int) -> ContactImport:
    """Return an import the user may change, else 404; what the network's administrators bring in is theirs alone."""
    return get_changeable(ContactImport, ident)


def rows_in(imported: ContactImport) -> ColumnElement[bool]:
    """Return the condition that a row is one of an import, on the sheet that is taken."""
    return and_(ImportRow.import_id == imported.id, ImportRow.sheet == imported.sheet)


def cells_as_read(imported: ContactImport, cells: list[str], raw: list[str] | None) -> list[str]:
    """Return the cells of a row in the encoding that is chosen for its file."""
    return cells if raw is None else [clean_cell(as_read(cell, imported.encoding)) for cell in raw]


def with_errors() -> ColumnElement[bool]:
    """Return the condition that something is wrong with a row."""
    return cast(ImportRow.errors, String) != "[]"


def with_match() -> ColumnElement[bool]:
    """Return the condition that a row looks like a contact that is there."""
    return ImportRow.match_id.is_not(None)


def select_rows(imported: ContactImport, show: str) -> Select[ImportRow]:
    """Return the query for an import's rows: ``errors``, ``matches``, or all."""
    rows = select(ImportRow).where(rows_in(imported)).order_by(ImportRow.number)
    if show == "errors":
        return rows.where(with_errors())
    return rows.where(with_match()) if show == "matches" else rows


def first_rows(imported: ContactImport, most: int = 1000) -> list[list[str]]:
    """Return the cells of the first rows of an import, as they are read now."""
    rows = select(ImportRow.cells, ImportRow.raw).where(rows_in(imported)).order_by(ImportRow.number)
    return [cells_as_read(imported, cells, raw) for cells, raw in db.session.execute(rows.limit(most))]


def first_cells(rows: Sequence[Sequence[str]], columns: int, most: int = 3) -> list[list[str]]:
    """Return by column the first cells of some rows that hold anything."""
    samples: list[list[str]] = [[] for _column in range(columns)]
    for cells in rows:
        for column, cell in zip(samples, cells, strict=False):
            if cell and len(column) < most:
                column.append(cell)
    return samples


def uncertain_cells(imported: ContactImport, most: int = 4) -> list[str]:
    """Return the first cells, as bytes, that are read otherwise in another encoding; headings come first."""
    rows = select(ImportRow.raw).where(rows_in(imported), ImportRow.raw.is_not(None))
    seen = list(imported.raw_columns or ())
    for raw in db.session.scalars(rows.order_by(ImportRow.number).limit(most)):
        seen += raw or ()
    return list(dict.fromkeys(cell for cell in seen if not cell.isascii() and len(cell) <= 200))[:most]


def cells_of(imported: ContactImport, number: int) -> Iterator[str]:
    """Return all filled cells of a column, by its number from 0."""
    rows = select(ImportRow.cells).where(rows_in(imported)).order_by(ImportRow.number)
    for cells in db.session.scalars(rows.execution_options(yield_per=1000)):
        if number < len(cells) and cells[number]:
            yield cells[number]


def day_orders(
    imported: ContactImport, fields: Mapping[int, Field]
) -> tuple[dict[int, frozenset[DayOrder]], str]:
    """Return in which orders each column of days can be read, and a day that is one or another by the order."""
    numbers = [number for number, field in fields.items() if field in OF_DAYS]
    orders = {number: possible_orders(cells_of(imported, number)) for number in numbers}
    unclear = (number for number, fits in orders.items() if len(fits) != 1)
    examples = (unclear_example(cells_of(imported, number)) for number in unclear)
    return orders, next(filter(None, examples), "")


def counts_of(imported: ContactImport) -> dict[str, int]:
    """Return how many rows have errors, match, and will be new, completed or left out; what is there already is ``same``."""
    mine = rows_in(imported)
    grouped = select(ImportRow.decision, func.count()).where(mine).group_by(ImportRow.decision)
    counts = dict.fromkeys(("new", "update", "skip"), 0)
    counts |= {RowDecision(decision).value: count for decision, count in db.session.execute(grouped)}
    same = and_(ImportRow.decision == RowDecision.SKIP, ImportRow.match_reason == SAME)
    for name, condition in (("errors", with_errors()), ("matches", with_match()), ("same", same)):
        counts[name] = db.session.scalar(select(func.count()).where(mine, condition)) or 0
    counts["skip"] -= counts["same"]
    return counts


def made_by(imported: ContactImport) -> dict[str, int]:
    """Return how many rows of each table an import made, and under ``changed`` how many it completed."""
    kind = ImportChange.before.is_(None)
    rows = select(ImportChange.table, kind, func.count()).where(ImportChange.import_id == imported.id)
    counts: dict[str, int] = {}
    for table, is_new, count in db.session.execute(rows.group_by(ImportChange.table, kind)):
        name = table if is_new else "changed"
        counts[name] = counts.get(name, 0) + count
    return counts


def has_changes(imported: ContactImport) -> bool:
    """Return whether an import brought anything in that was not taken back."""
    return bool(db.session.scalar(select(exists().where(ImportChange.import_id == imported.id))))


def matched(rows: list[ImportRow]) -> dict[tuple[str, int], Any]:
    """Return the contacts that rows look like, by table and number; gone ones are left out."""
    contacts: dict[tuple[str, int], Any] = {}
    for table, model in TABLES.items():
        idents = [row.match_id for row in rows if row.match_type == table and row.match_id]
        here = and_(model.id.in_(idents), model.merged_into_id.is_(None))
        for contact in db.session.scalars(select(model).where(here)).unique():
            contacts[table, contact.id] = contact
    return contacts


def named(remaining: list[list[Any]]) -> list[tuple[Any, str]]:
    """Return the contacts that stayed when an import was taken back, with the reason; parts stand for their owners."""
    idents = [(table, ident, why) for table, ident, why in remaining if table in TABLES]
    contacts: list[tuple[Any, str]] = []
    for table, model in TABLES.items():
        wanted = {ident: why for name, ident, why in idents if name == table}
        for contact in db.session.scalars(select(model).where(model.id.in_(wanted))).unique():
            contacts.append((contact, wanted[contact.id]))
    return contacts


def held_now(offices: Sequence[int], owner: int | None, today: date) -> dict[int, set[str]]:
    """Return by office the names, folded, of those who hold it as far as the network and one organisation know."""
    names: dict[int, set[str]] = {}
    in_force = or_(Mandate.to_date.is_(None), Mandate.to_date >= today)
    for part in chunks(offices):
        rows = select(Mandate.office_id, Person.name).join(Person, Person.id == Mandate.person_id)
        mine = rows.where(Mandate.office_id.in_(part), of_network_or(Mandate, owner), in_force)
        for office, name in db.session.execute(mine):
            names.setdefault(office, set()).add(fold(name))
    return names


def standing_consents(idents: Sequence[int], owner: int | None) -> dict[tuple[int, Purpose], datetime]:
    """Return until when no older consent counts: for ever where one stands, else until it was withdrawn."""
    standing: dict[tuple[int, Purpose], datetime] = {}
    mine: ColumnElement[bool] = or_(
        Consent.organisation_id.is_(None), Consent.organisation_id.is_not_distinct_from(owner)
    )
    for part in chunks(idents):
        for consent in db.session.scalars(select(Consent).where(Consent.person_id.in_(part), mine)):
            key = (consent.person_id, consent.purpose)
            until = consent.withdrawn_at or datetime.max.replace(tzinfo=UTC)
            standing[key] = max(until, standing.get(key, until))
    return standing

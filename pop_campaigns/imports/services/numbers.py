"""Further phone numbers that rows bring, each with its use: kept beside the first one, nothing twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import select

from pop_campaigns.accounts.scope import of_network_or
from pop_campaigns.contacts.models.addresses import ContactDetail
from pop_campaigns.contacts.rules import DetailKind
from pop_campaigns.core.db import db
from pop_campaigns.imports.queries import chunks
from pop_campaigns.imports.services.comparing import MODELS, fresh_numbers
from pop_campaigns.imports.services.ledger import Entry, Ledger

_OWNER: Final = {"persons": "person_id", "offices": "office_id", "institutions": "institution_id"}
Numbers = defaultdict[tuple[str, int], set[str]]


def make_further_numbers(entries: Sequence[Entry], ledger: Ledger) -> None:
    """Keep the numbers of rows that are not their contacts' yet, the first ones having been filled in before."""
    there = _numbers_of(entries, ledger.imported.organisation_id)
    rows: list[dict[str, Any]] = []
    for entry in entries:
        own = there[entry.table, entry.ident]
        known = own | there["institutions", entry.above_id or 0]
        fresh, _differs = fresh_numbers(entry.draft, known, is_new=entry.is_new)
        for phone in fresh:
            own.add(phone)
            use = entry.draft.use_of(phone)
            rows.append(
                {
                    "kind": DetailKind.PHONE,
                    "value": phone,
                    "use": use,
                    _OWNER[entry.table]: entry.ident,
                    "organisation_id": ledger.imported.organisation_id,
                }
            )
            if not entry.is_new:
                ledger.tell("phone.added", entry.table, entry.ident, value=phone, use=use.value)
    ledger.make(ContactDetail, rows)


def _numbers_of(entries: Sequence[Entry], owner: int | None) -> Numbers:
    numbers: Numbers = defaultdict(set)
    for table, column_name in _OWNER.items():
        model, column = MODELS[table], getattr(ContactDetail, column_name)
        wanted = {entry.ident for entry in entries if entry.table == table}
        if table == "institutions":
            wanted |= {entry.above_id for entry in entries if entry.above_id}
        for idents in chunks(sorted(wanted)):
            first = select(model.id, model.phone).where(model.id.in_(idents))
            further = select(column, ContactDetail.value).where(
                column.in_(idents),
                ContactDetail.kind == DetailKind.PHONE,
                of_network_or(ContactDetail, owner),
            )
            for ident, phone in (*db.session.execute(first), *db.session.execute(further)):
                numbers[table, ident].add(phone)
    return numbers

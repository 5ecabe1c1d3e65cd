"""Further phone numbers and post addresses that rows bring, each with its use: kept beside the first one, nothing twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import select

from pop_campaigns.accounts.scope import of_network_or
from pop_campaigns.contacts.models.addresses import ContactDetail
from pop_campaigns.contacts.rules import DetailKind, DetailUse
from pop_campaigns.core.db import db
from pop_campaigns.imports.queries import chunks
from pop_campaigns.imports.services.comparing import MODELS, fresh_numbers, fresh_posts
from pop_campaigns.imports.services.ledger import Entry, Ledger

_OWNER: Final = {"persons": "person_id", "offices": "office_id", "institutions": "institution_id"}
Details = defaultdict[tuple[str, int], set[str]]


def make_further(entries: Sequence[Entry], ledger: Ledger) -> None:
    """Keep the numbers and post addresses of rows that are not their contacts' yet; the first ones were filled in before."""
    there = _details_of(entries, ledger.imported.organisation_id)
    rows: list[dict[str, Any]] = []
    for entry in entries:
        own = there[entry.table, entry.ident]
        for kind, value, use in _fresh(entry, own | there["institutions", entry.above_id or 0]):
            own.add(value)
            row = {"kind": kind, "value": value, "use": use, _OWNER[entry.table]: entry.ident}
            rows.append(row | {"organisation_id": ledger.imported.organisation_id})
            if not entry.is_new:
                ledger.tell(f"{kind}.added", entry.table, entry.ident, value=value, use=use.value)
    ledger.make(ContactDetail, rows)


def _fresh(entry: Entry, known: set[str]) -> list[tuple[DetailKind, str, DetailUse]]:
    phones, _differs = fresh_numbers(entry.draft, known, is_new=entry.is_new)
    posts = fresh_posts(entry.draft, known) if entry.table == "persons" else []
    return [
        *((DetailKind.PHONE, phone, entry.draft.use_of(phone)) for phone in phones),
        *((DetailKind.POST, post, use) for post, use in posts),
    ]


def _details_of(entries: Sequence[Entry], owner: int | None) -> Details:
    """Return the numbers and post addresses of contacts, the first and the further ones, as far as ``owner`` sees them."""
    details: Details = defaultdict(set)
    for table, column_name in _OWNER.items():
        model, column = MODELS[table], getattr(ContactDetail, column_name)
        wanted = {entry.ident for entry in entries if entry.table == table}
        if table == "institutions":
            wanted |= {entry.above_id for entry in entries if entry.above_id}
        firsts = [model.phone, *([model.post_address] if table == "persons" else [])]
        for idents in chunks(sorted(wanted)):
            further = select(column, ContactDetail.value).where(
                column.in_(idents), of_network_or(ContactDetail, owner)
            )
            first = select(model.id, *firsts).where(model.id.in_(idents))
            for ident, *values in (*db.session.execute(first), *db.session.execute(further)):
                details[table, ident].update(values)
    return details

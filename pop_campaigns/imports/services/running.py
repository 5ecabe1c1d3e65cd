"""Bringing rows in: new contacts in bulk, known ones completed, nothing of theirs overwritten."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import select

from pop_campaigns.accounts.scope import of_network_or
from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.models.consents import Consent
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Mandate, Person
from pop_campaigns.contacts.rules import ConsentChannel, InstitutionKind, PersonKind
from pop_campaigns.core.clock import local_date
from pop_campaigns.core.db import db
from pop_campaigns.imports.models import ContactImport, ImportRow
from pop_campaigns.imports.queries import chunks, held_now, rows_in, standing_consents
from pop_campaigns.imports.rules.drafts import RowDraft, fold
from pop_campaigns.imports.rules.states import ImportState, RowDecision
from pop_campaigns.imports.services.checking import AT_ONCE, is_hard, reader_of
from pop_campaigns.imports.services.ledger import Entry, Ledger
from pop_campaigns.imports.services.matching import Known
from pop_campaigns.imports.services.numbers import make_further


def run_rows(imported: ContactImport, *, now: datetime) -> Iterator[int]:
    """Bring in the rows that are left; the caller commits after each step.

    A step writes its contacts and how far it came together: killed between two, the next run goes on there.
    """
    reader = reader_of(imported, now)
    known = Known(imported.organisation_id, without=imported.id)
    while rows := _rows_left(imported):
        ledger = Ledger(imported, now)
        entries = [_entry(row, reader.read(row.cells), known) for row in rows]
        _bring_in([entry for entry in entries if entry], ledger, known)
        ledger.write()
        imported.reached_row = rows[-1].number
        imported.done = min(imported.total, imported.done + len(rows))
        yield len(rows)
    imported.state = ImportState.DONE
    imported.done = imported.total


def _rows_left(imported: ContactImport) -> Sequence[ImportRow]:
    reached = imported.reached_row or 0
    rows = select(ImportRow).where(rows_in(imported), ImportRow.number > reached)
    return db.session.scalars(rows.order_by(ImportRow.number).limit(AT_ONCE)).all()


def _entry(row: ImportRow, draft: RowDraft, known: Known) -> Entry | None:
    if row.decision is RowDecision.SKIP or is_hard(row.errors):
        return None
    if row.decision is RowDecision.UPDATE and row.match_id:
        return Entry(draft, False, row.match_type, row.match_id)
    # Where the row had no match but has one now, somebody else brought the contact in since the check.
    if row.match_id is None and draft.is_person and (match := known.match(draft)) and not match.other_name:
        return Entry(draft, False, match.table, match.ident)
    table = "persons" if draft.is_person else "offices" if draft.office else "institutions"
    return Entry(draft, True, table)


def _bring_in(entries: list[Entry], ledger: Ledger, known: Known) -> None:
    _make_institutions(entries, ledger, known)
    _make_offices(entries, ledger, known)
    _complete_offices([entry for entry in entries if not entry.is_new and entry.table != "persons"], ledger)
    holders = _holders(entries, known, local_date(ledger.now))
    entries += holders
    _make_persons([entry for entry in entries if entry.is_new and entry.table == "persons"], ledger)
    _complete_persons([entry for entry in entries if not entry.is_new and entry.table == "persons"], ledger)
    for holder in holders:
        holder.ident = holder.ident or (holder.twin.ident if holder.twin else 0)
        known.remember_holder(holder.ident, holder.draft)
    entries = [entry for entry in entries if entry.ident]
    _make_mandates([entry for entry in entries if entry.table == "persons" and entry.office_id], ledger)
    _make_addresses(entries, ledger)
    make_further(entries, ledger)
    _make_consents([entry for entry in entries if entry.table == "persons" and entry.draft.consents], ledger)


def _make_institutions(entries: list[Entry], ledger: Ledger, known: Known) -> None:
    missing: dict[str, dict[str, Any]] = {}
    for entry in entries:
        draft = entry.draft
        for name in filter(None, (draft.institution, draft.works_for)):
            if known.institution(name, draft.municipality_id) is None and fold(name) not in missing:
                missing[fold(name)] = {
                    "kind": draft.institution_kind or _kind_of_new(name, draft),
                    "name_sq": name,
                    "language": draft.language if draft.institution_kind else "sq",
                    "municipality_id": draft.municipality_id
                    if draft.office or draft.institution_kind
                    else None,
                    "phone": "" if draft.is_person or draft.office else draft.phone,
                    "organisation_id": known.owner,
                }
    idents = ledger.make(Institution, list(missing.values()))
    for ident, (name, row) in zip(idents, missing.items(), strict=True):
        known.institutions[name].append((ident, row["municipality_id"]))
        ledger.tell("institution.created", "institutions", ident, name=row["name_sq"])


def _kind_of_new(name: str, draft: RowDraft) -> InstitutionKind:
    medium = draft.kind is PersonKind.JOURNALIST and name == draft.medium
    return InstitutionKind.MEDIUM if medium else InstitutionKind.OTHER


def _make_offices(entries: list[Entry], ledger: Ledger, known: Known) -> None:
    missing: dict[tuple[int, str], dict[str, Any]] = {}
    for entry in entries:
        draft = entry.draft
        institution = known.institution(draft.institution, draft.municipality_id) or 0
        if draft.medium:
            entry.medium_id = known.institution(draft.medium, draft.municipality_id)
        if draft.office and (key := (institution, fold(draft.office))) not in known.offices:
            missing.setdefault(
                key,
                {
                    "institution_id": institution,
                    "title_sq": draft.office,
                    "language": draft.language,
                    "phone": "" if draft.is_person else draft.phone,
                    "organisation_id": known.owner,
                },
            )
    idents = ledger.make(Office, list(missing.values()))
    for ident, (key, row) in zip(idents, missing.items(), strict=True):
        known.offices[key] = ident
        ledger.tell("office.created", "offices", ident, name=row["title_sq"])
    for entry in entries:
        draft = entry.draft
        institution = known.institution(draft.institution, draft.municipality_id) or 0
        entry.office_id = known.offices.get((institution, fold(draft.office))) if draft.office else None
        if entry.is_new and entry.table != "persons":
            entry.ident = (entry.office_id if entry.table == "offices" else institution) or 0


def _complete_offices(entries: list[Entry], ledger: Ledger) -> None:
    """Fill the number of own offices and institutions that have none; an office is reached by its institution's as well."""
    records: dict[tuple[str, int], Any] = {}
    models: dict[str, Any] = {"offices": Office, "institutions": Institution}
    for table, model in models.items():
        for idents in chunks([entry.ident for entry in entries if entry.table == table]):
            rows = db.session.scalars(select(model).where(model.id.in_(idents))).unique()
            records |= {(table, record.id): record for record in rows}
    for entry in entries:
        record = records.get((entry.table, entry.ident))
        if record is None or record.merged_into_id is not None:
            entry.ident = 0
            continue
        above = record.institution if isinstance(record, Office) else record
        entry.above_id = above.id
        phone = entry.draft.phone
        is_ours = record.organisation_id == ledger.imported.organisation_id
        known = {above.phone, *(row.value for row in (*record.details, *above.details))}
        if phone and is_ours and not record.phone and known.isdisjoint(entry.draft.phones):
            ledger.fill(record, {"phone": phone})
            _tell_phone(entry, record, ledger)
    db.session.flush()


def _tell_phone(entry: Entry, record: Office | Institution, ledger: Ledger) -> None:
    name = record.title_sq if isinstance(record, Office) else record.name_sq
    action = "office.changed" if isinstance(record, Office) else "institution.changed"
    ledger.tell(action, entry.table, entry.ident, name=name, was={"phone": None})


def _holders(entries: list[Entry], known: Known, today: date) -> list[Entry]:
    """Return the persons named beside offices as who holds them; where somebody holds one already, it stays so."""
    holders: list[Entry] = []
    named = [entry for entry in entries if entry.table == "offices" and entry.ident and entry.draft.holder]
    held = held_now([entry.ident for entry in named if not entry.is_new], known.owner, today)
    first: dict[tuple[str, str], Entry] = {}
    for entry in named:
        draft = entry.draft
        if entry.ident in held:
            continue
        person = RowDraft(
            name=draft.holder,
            institution=draft.institution,
            form_of_address=draft.form_of_address,
            kind=PersonKind.OFFICIAL,
            language=draft.language,
        )
        match = known.match(person)
        twin = first.get((fold(person.name), fold(person.institution)))
        holder = Entry(person, match is None and twin is None, "persons", match.ident if match else 0)
        holder.office_id, holder.twin = entry.ident, twin
        first.setdefault((fold(person.name), fold(person.institution)), holder)
        holders.append(holder)
    return holders


def _make_persons(entries: list[Entry], ledger: Ledger) -> None:
    rows = []
    for entry in entries:
        draft = entry.draft
        official = draft.office and draft.kind is PersonKind.OTHER
        rows.append(
            {
                "name": draft.shown_name,
                "form_of_address": draft.form_of_address,
                "kind": PersonKind.OFFICIAL if official else draft.kind,
                "language": draft.language,
                "phone": draft.phone,
                "post_address": draft.post_address,
                "municipality_id": draft.municipality_id,
                "topics": draft.topics,
                "works_for_id": entry.medium_id,
                "organisation_id": ledger.imported.organisation_id,
            }
        )
    for entry, ident in zip(entries, ledger.make(Person, rows), strict=True):
        entry.ident = ident
        ledger.tell("person.created", "persons", ident, name=entry.draft.shown_name)


def _complete_persons(entries: list[Entry], ledger: Ledger) -> None:
    """Fill what is empty, in records of the own organisation only; whoever is gone meanwhile is left out."""
    persons: dict[int, Person] = {}
    for idents in chunks([entry.ident for entry in entries]):
        persons |= {
            person.id: person for person in db.session.scalars(select(Person).where(Person.id.in_(idents)))
        }
    owner = ledger.imported.organisation_id
    for entry in entries:
        person = persons.get(entry.ident)
        if person is None or person.merged_into_id is not None or person.erased_at is not None:
            entry.ident = 0
            continue
        if person.organisation_id != owner:
            continue
        draft = entry.draft
        offered = {
            "phone": "" if any(row.value == draft.phone for row in person.details) else draft.phone,
            "post_address": draft.post_address,
            "form_of_address": draft.form_of_address,
            "municipality_id": draft.municipality_id,
            "topics": draft.topics,
            "works_for_id": entry.medium_id,
        }
        new = {name: value for name, value in offered.items() if value and not getattr(person, name)}
        if new:
            ledger.fill(person, new)
            ledger.tell("person.changed", "persons", person.id, name=person.name, was=dict.fromkeys(new))
    db.session.flush()


def _make_mandates(entries: list[Entry], ledger: Ledger) -> None:
    owner = ledger.imported.organisation_id
    there: set[tuple[int, int | None]] = set()
    for idents in chunks([entry.ident for entry in entries if not entry.is_new]):
        held = select(Mandate.person_id, Mandate.office_id).where(
            Mandate.person_id.in_(idents), of_network_or(Mandate, owner)
        )
        there |= {(person, office) for person, office in db.session.execute(held)}
    rows, holders = [], []
    for entry in entries:
        if (entry.ident, entry.office_id) in there:
            continue
        there.add((entry.ident, entry.office_id))
        row = {
            "person_id": entry.ident,
            "office_id": entry.office_id,
            "known_on": local_date(ledger.now),
            "organisation_id": owner,
        }
        rows.append(row)
        holders.append((entry.office_id or 0, entry.draft.shown_name))
    ledger.make(Mandate, rows)
    for office_id, name in holders:
        ledger.tell("mandate.recorded", "offices", office_id, name=name, **{"from": None, "to": None})


def _make_addresses(entries: list[Entry], ledger: Ledger) -> None:
    owner = ledger.imported.organisation_id
    there = _addresses_of(
        [entry for entry in entries if not (entry.is_new and entry.table == "persons")], owner
    )
    rows = []
    for entry in entries:
        for email in entry.draft.emails:
            key = (entry.table, entry.ident, email.casefold())
            if key in there or ("institutions", entry.above_id, email.casefold()) in there:
                continue
            there.add(key)
            rows.append({"email": email, _OWNER[entry.table]: entry.ident, "organisation_id": owner})
            if not entry.is_new:
                ledger.tell("address.added", entry.table, entry.ident, email=email)
    ledger.make(Address, rows)


_OWNER = {"persons": "person_id", "offices": "office_id", "institutions": "institution_id"}


def _addresses_of(entries: list[Entry], owner: int | None) -> set[tuple[str, int, str]]:
    addresses: set[tuple[str, int, str]] = set()
    for table, column in _OWNER.items():
        of_owner = getattr(Address, column)
        wanted = {entry.ident for entry in entries if entry.table == table}
        if table == "institutions":
            wanted |= {entry.above_id for entry in entries if entry.above_id}
        for idents in chunks(sorted(wanted)):
            rows = select(of_owner, Address.email).where(of_owner.in_(idents), of_network_or(Address, owner))
            addresses |= {(table, ident, email.casefold()) for ident, email in db.session.execute(rows)}
    return addresses


def _make_consents(entries: list[Entry], ledger: Ledger) -> None:
    imported = ledger.imported
    options = imported.options
    usual = options.get("given_on")
    given_on = date.fromisoformat(usual) if usual else local_date(ledger.now)
    there = standing_consents(
        [entry.ident for entry in entries if not entry.is_new], imported.organisation_id
    )
    rows = []
    for entry in entries:
        for purpose, day in entry.draft.consents.items():
            given_at = min(datetime.combine(day or given_on, time(12), UTC), ledger.now)
            last = there.get((entry.ident, purpose))
            if last is not None and given_at <= last:
                continue
            there[entry.ident, purpose] = datetime.max.replace(tzinfo=UTC)
            rows.append(
                {
                    "person_id": entry.ident,
                    "organisation_id": imported.organisation_id,
                    "purpose": purpose,
                    "text_version": options.get("text_version", ""),
                    "language": entry.draft.language,
                    "channel": ConsentChannel.IMPORT,
                    "proof": options.get("proof", ""),
                    "given_at": given_at,
                    "recorded_at": ledger.now,
                }
            )
    ledger.make(Consent, rows)

"""A row beside the contact it looks like: whether it would add anything, and what differs and stays as it is there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlalchemy import select

from pop_campaigns.accounts.scope import of_network_or
from pop_campaigns.contacts.models.addresses import Address, ContactDetail
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Mandate, Person
from pop_campaigns.contacts.rules import DetailUse
from pop_campaigns.core.db import db
from pop_campaigns.imports.queries import chunks, held_now
from pop_campaigns.imports.rules.drafts import RowDraft, fold
from pop_campaigns.imports.rules.fields import Field
from pop_campaigns.imports.services.matching import KnownInstitutions, Match

MODELS: Final[dict[str, Any]] = {"persons": Person, "offices": Office, "institutions": Institution}


@dataclass
class Comparison:
    """What a row would do to the contact it looks like: add something, leave what differs."""

    adds: bool = False
    differs: list[Field] = field(default_factory=list)

    @property
    def is_same(self) -> bool:
        """Whether everything the row says is there already."""
        return not self.adds and not self.differs

    def value(self, what: Field, new: Any, old: Any, *, fills: bool) -> None:
        """Compare one value; what is empty there is filled where the record is the organisation's own."""
        if not new or new == old:
            return
        if fills and not old:
            self.adds = True
        else:
            self.differs.append(what)


def fresh_numbers(draft: RowDraft, known: Collection[str], *, is_new: bool = False) -> tuple[list[str], str]:
    """Return the further numbers that a row adds to a contact, and its first one if that is another than the contact's.

    It is another where the contact has none of the row's numbers: whose it is then nobody can tell.
    """
    fresh = [phone for phone in draft.phones if phone not in known]
    other = draft.phone if not is_new and len(fresh) == len(draft.phones) else ""
    return [phone for phone in fresh if phone != other], other


def fresh_posts(draft: RowDraft, known: Collection[str]) -> list[tuple[str, DetailUse]]:
    """Return the further post addresses that a row adds to a person."""
    folded = {fold(post) for post in known}
    return [(post, use) for post, use in draft.posts if fold(post) not in folded]


class There:
    """The contacts that some rows look like, with what is theirs."""

    def __init__(self, matches: Iterable[Match | None], known: KnownInstitutions, today: date) -> None:
        self.known, self.owner = known, known.owner
        self._records: dict[tuple[str, int], Any] = {}
        self._emails: defaultdict[tuple[str, int], set[str]] = defaultdict(set)
        self._further: defaultdict[tuple[str, int], set[str]] = defaultdict(set)
        self._held: set[tuple[int, int]] = set()
        wanted: defaultdict[str, set[int]] = defaultdict(set)
        for match in filter(None, matches):
            wanted[match.table].add(match.ident)
        self._load("persons", sorted(wanted["persons"]))
        self._load("offices", sorted(wanted["offices"]))
        above = {self._records["offices", ident].institution_id for ident in wanted["offices"]}
        self._load("institutions", sorted(wanted["institutions"] | above))
        self._load_mandates(sorted(wanted["persons"]))
        self._holders = held_now(sorted(wanted["offices"]), known.owner, today)

    def compare(self, draft: RowDraft, match: Match) -> Comparison:
        """Return what a row would do to the contact it looks like."""
        record = self._records.get((match.table, match.ident))
        if record is None:
            return Comparison(adds=True)
        if match.table == "persons":
            return self._with_person(draft, record)
        return self._with_office(draft, record, match.table)

    def _with_person(self, draft: RowDraft, person: Person) -> Comparison:
        result = Comparison(adds=bool(draft.consents))
        fills = person.organisation_id == self.owner
        if draft.name and fold(draft.name) not in {fold(person.name), fold(person.name_as_printed)}:
            result.differs.append(Field.NAME)
        self._with_addresses(result, draft, [("persons", person.id)])
        known = {person.phone, *self._further["persons", person.id]}
        self._with_phones(result, draft, known, person.phone, fills=fills)
        result.value(Field.POST_ADDRESS, draft.post_address, person.post_address, fills=fills)
        result.adds = result.adds or bool(fresh_posts(draft, {person.post_address, *known}))
        result.value(Field.MUNICIPALITY, draft.municipality_id, person.municipality_id, fills=fills)
        form = Field.FORM_OF_ADDRESS
        result.value(form, draft.form_of_address, person.form_of_address, fills=fills)
        result.value(Field.TOPICS, draft.topics, person.topics, fills=fills)
        self._with_kind_and_language(result, draft, person)
        if draft.office:
            institution = self.known.institution(draft.institution, draft.municipality_id) or 0
            office = self.known.offices.get((institution, fold(draft.office)), 0)
            result.adds = result.adds or (person.id, office) not in self._held
        if draft.medium:
            medium = self.known.institution(draft.medium, draft.municipality_id) or -1
            result.value(Field.WORKS_FOR, medium, person.works_for_id, fills=fills)
        return result

    def _with_office(self, draft: RowDraft, record: Office | Institution, table: str) -> Comparison:
        result = Comparison()
        above = record.institution if isinstance(record, Office) else record
        fills = record.organisation_id == self.owner
        self._with_addresses(result, draft, [(table, record.id), ("institutions", above.id)])
        further = self._further[table, record.id] | self._further["institutions", above.id]
        self._with_phones(result, draft, {record.phone, above.phone, *further}, record.phone, fills=fills)
        self._with_kind_and_language(result, draft, record)
        if draft.institution_kind and draft.institution_kind is not above.kind:
            result.differs.append(Field.KIND)
        if Field.MUNICIPALITY in draft.given:
            result.value(Field.MUNICIPALITY, draft.municipality_id, above.municipality_id, fills=False)
        holders = self._holders.get(record.id, set())
        if draft.holder and fold(draft.holder) not in holders:
            result.value(Field.NAME, draft.holder, next(iter(holders), ""), fills=True)
        return result

    def _with_addresses(self, result: Comparison, draft: RowDraft, owners: Sequence[tuple[str, int]]) -> None:
        there = {email for owner in owners for email in self._emails[owner]}
        result.adds = result.adds or any(email.casefold() not in there for email in draft.emails)

    def _with_phones(
        self, result: Comparison, draft: RowDraft, known: set[str], first: str, *, fills: bool
    ) -> None:
        """Compare the numbers: the row's first where none is known, the others as further ones."""
        fresh, other = fresh_numbers(draft, known)
        result.value(Field.PHONE, other, first, fills=fills)
        result.adds = result.adds or bool(fresh)

    def _with_kind_and_language(self, result: Comparison, draft: RowDraft, record: Any) -> None:
        if Field.LANGUAGE in draft.given and draft.language != record.language:
            result.differs.append(Field.LANGUAGE)
        is_of_person = isinstance(record, Person) and not draft.institution_kind
        if is_of_person and Field.KIND in draft.given and draft.kind is not record.kind:
            result.differs.append(Field.KIND)

    def _load(self, table: str, idents: Sequence[int]) -> None:
        model = MODELS[table]
        column = getattr(Address, f"{table.removesuffix('s')}_id")
        for part in chunks(idents):
            for record in db.session.scalars(select(model).where(model.id.in_(part))).unique():
                self._records[table, record.id] = record
            rows = select(column, Address.email).where(column.in_(part), of_network_or(Address, self.owner))
            for ident, email in db.session.execute(rows):
                self._emails[table, ident].add(email.casefold())
            self._load_further(table, part)

    def _load_further(self, table: str, idents: Sequence[int]) -> None:
        column = getattr(ContactDetail, f"{table.removesuffix('s')}_id")
        rows = select(column, ContactDetail.value).where(
            column.in_(idents), of_network_or(ContactDetail, self.owner)
        )
        for ident, value in db.session.execute(rows):
            self._further[table, ident].add(value)

    def _load_mandates(self, idents: Sequence[int]) -> None:
        for part in chunks(idents):
            rows = select(Mandate.person_id, Mandate.office_id).where(Mandate.person_id.in_(part))
            mine = rows.where(of_network_or(Mandate, self.owner))
            self._held |= {(person, office) for person, office in db.session.execute(mine)}

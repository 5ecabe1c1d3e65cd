"""Who is there already: contacts of the network and of one organisation, kept in memory for a check or a run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final

from sqlalchemy import Row, Select, select

from pop_campaigns.accounts.scope import of_network_or
from pop_campaigns.contacts.models.addresses import Address, ContactDetail
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.contacts.models.persons import Mandate, Person
from pop_campaigns.contacts.rules import DetailKind, DetailUse
from pop_campaigns.core.db import db
from pop_campaigns.core.names import alike_persons, asked_keys
from pop_campaigns.imports.models import ImportChange
from pop_campaigns.imports.rules.drafts import RowDraft, fold

_ALIKE: Final = 0.86
# In a larger institution names are only compared word by word: each with each would take too long.
_COMPARED: Final = 200


@dataclass(frozen=True)
class Match:
    """Whom a row looks like, why, and whether it bears another name (then nobody is updated unless told)."""

    table: str
    ident: int
    reason: str
    other_name: bool = False


class KnownInstitutions:
    """Institutions and offices of the network and of one organisation, by their names; ``names`` and ``titles`` as written."""

    def __init__(self, owner: int | None) -> None:
        self.owner = owner
        self.institutions: defaultdict[str, list[tuple[int, int | None]]] = defaultdict(list)
        self.offices: dict[tuple[int, str], int] = {}
        self.names: dict[int, str] = {}
        self.titles: defaultdict[int, list[str]] = defaultdict(list)
        self._titled: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
        self._load_institutions()

    def institution(self, name: str, municipality_id: int | None) -> int | None:
        """Return the institution of that folded name, best the one in the municipality."""
        namesakes = self.institutions.get(fold(name), [])
        near = [ident for ident, place in namesakes if place == municipality_id]
        return next(iter(near or [ident for ident, _place in namesakes]), None)

    def _load_institutions(self) -> None:
        columns = (Institution.id, Institution.municipality_id, Institution.name_sq, Institution.name_en)
        for ident, place, *names in db.session.execute(self._here(Institution, *columns)):
            self.names[ident] = names[0]
            for name in {fold(spelling) for spelling in names if spelling}:
                self.institutions[name].append((ident, place))
        offices = self._here(Office, Office.id, Office.institution_id, Office.title_sq, Office.title_en)
        for ident, institution, *titles in db.session.execute(offices):
            self.titles[institution].append(titles[0])
            for title in {fold(spelling) for spelling in titles if spelling}:
                self.offices.setdefault((institution, title), ident)
                self._titled[institution, title].append(ident)

    def _here(self, model: Any, *columns: Any) -> Select[Any]:
        here = select(*columns).where(of_network_or(model, self.owner), model.merged_into_id.is_(None))
        return here.order_by(model.id)


class Known(KnownInstitutions):
    """Contacts by what they are recognised by; ``without`` leaves out what an import has made itself."""

    def __init__(self, owner: int | None, *, without: int | None = None) -> None:
        super().__init__(owner)
        self._names: dict[int, str] = {}
        self._by_phone: defaultdict[str, list[int]] = defaultdict(list)
        self._by_place: defaultdict[tuple[str, int | None], list[int]] = defaultdict(list)
        self._by_email: defaultdict[str, list[int]] = defaultdict(list)
        self._by_stem: defaultdict[tuple[str, int | None], list[int]] = defaultdict(list)
        self._in_institution: defaultdict[int, dict[int, str]] = defaultdict(dict)
        self._load_persons(without)
        self._load_addresses()

    def match(self, draft: RowDraft, taken: Collection[tuple[str, int]] = frozenset()) -> Match | None:
        """Return whom a row looks like; of several alike best one not ``taken`` (by table and number) by another row."""
        if not draft.is_person:
            return self._match_office(draft, taken)
        reached = [("email", self._by_email.get(email.casefold(), [])) for email in draft.emails]
        reached += [("phone", self._by_phone.get(phone, [])) for phone in draft.voices]
        for reason, near in reached:
            if near:
                # Of several who share an address or a number, first the one of the same name.
                ident = min(near, key=lambda near: (self._is_other(near, draft), ("persons", near) in taken))
                return Match("persons", ident, reason, self._is_other(ident, draft))
        return self._match_name(draft, taken)

    def remember_holder(self, ident: int, draft: RowDraft) -> None:
        """Know a person whom this run has made, because an office named them, at their institution."""
        institution = self.institution(draft.institution, None)
        if institution and ident not in self._names:
            self._names[ident] = self._in_institution[institution][ident] = fold(draft.name)

    def _match_office(self, draft: RowDraft, taken: Collection[tuple[str, int]]) -> Match | None:
        institution = self.institution(draft.institution, draft.municipality_id)
        if institution is None:
            return None
        if not draft.office:
            return Match("institutions", institution, "name")
        office = _free("offices", self._titled.get((institution, fold(draft.office)), []), taken)
        return Match("offices", office, "name") if office else None

    def _match_name(self, draft: RowDraft, taken: Collection[tuple[str, int]]) -> Match | None:
        name = fold(draft.name)
        if not name:
            return None
        if not (draft.institution or draft.works_for):
            ident = _free("persons", self._by_place.get((name, draft.municipality_id), []), taken)
            return Match("persons", ident, "name") if ident else self._match_like_name(name, draft, taken)
        same, near = [], []
        for words in filter(None, (draft.institution, draft.works_for)):
            for institution, _place in self.institutions.get(fold(words), ()):
                there = self._in_institution.get(institution, {})
                same += [ident for ident, known in there.items() if known == name]
                if len(there) <= _COMPARED:
                    near += [ident for ident, known in there.items() if alike(known, name)]
        ident = _free("persons", same or near, taken)
        return Match("persons", ident, "name") if ident else None

    def _match_like_name(
        self, name: str, draft: RowDraft, taken: Collection[tuple[str, int]]
    ) -> Match | None:
        """Return somebody in the same place whose name is like this one: asked about, never taken for the same."""
        place = draft.municipality_id
        near = {ident for stem in asked_keys(name) for ident in self._by_stem.get((stem, place), ())}
        like = [ident for ident in sorted(near) if alike_persons(self._names[ident], name)]
        ident = _free("persons", like, taken)
        return Match("persons", ident, "like", other_name=True) if ident else None

    def _is_other(self, ident: int, draft: RowDraft) -> bool:
        known, name = self._names.get(ident, ""), fold(draft.name)
        if not (known and name) or "@" in known:
            return False
        return not (alike(known, name) or alike_persons(known, name))

    def _load_persons(self, without: int | None) -> None:
        for row in self._persons(without):
            ident, name, printed, phone, place, works_for = tuple(row)
            self._names[ident] = fold(name)
            if phone:
                self._by_phone[phone].append(ident)
            for spelling in {fold(name), fold(printed)} - {""}:
                self._by_place[spelling, place].append(ident)
            for stem in asked_keys(name):
                self._by_stem[stem, place].append(ident)
            if works_for:
                self._in_institution[works_for][ident] = fold(name)
        mandates = select(Mandate.person_id, Office.institution_id).join(
            Office, Office.id == Mandate.office_id
        )
        for ident, institution in db.session.execute(mandates.where(of_network_or(Mandate, self.owner))):
            if ident in self._names:
                self._in_institution[institution][ident] = self._names[ident]

    def _persons(self, without: int | None) -> Sequence[Row[Any]]:
        columns = (
            Person.id, Person.name, Person.name_as_printed, Person.phone, Person.municipality_id, Person.works_for_id
        )  # fmt: skip
        rows = self._here(Person, *columns).where(Person.erased_at.is_(None))
        if without is not None:
            made = select(ImportChange.row_id).where(
                ImportChange.import_id == without,
                ImportChange.table == "persons",
                ImportChange.before.is_(None),
            )
            rows = rows.where(Person.id.not_in(made))
        return db.session.execute(rows).all()

    def _load_addresses(self) -> None:
        columns = (Address.email, Address.person_id)
        rows = select(*columns).where(of_network_or(Address, self.owner), Address.person_id.is_not(None))
        for email, person in db.session.execute(rows):
            if person in self._names:
                self._by_email[email.casefold()].append(person)
        further = select(ContactDetail.value, ContactDetail.person_id).where(
            of_network_or(ContactDetail, self.owner),
            ContactDetail.person_id.is_not(None),
            ContactDetail.kind == DetailKind.PHONE,
            ContactDetail.use != DetailUse.FAX,
        )
        for phone, person in db.session.execute(further):
            if person in self._names:
                self._by_phone[phone].append(person)


def _free(table: str, idents: Sequence[int], taken: Collection[tuple[str, int]]) -> int | None:
    """Return the first contact that no row before looked like, else the first."""
    return min(idents, key=lambda ident: (table, ident) in taken, default=None)


def alike(first: str, second: str) -> bool:
    """Return whether two folded names may be one person's: the same words in any order, or a slip of the pen apart."""
    if sorted(first.split()) == sorted(second.split()):
        return True
    if abs(len(first) - len(second)) > 4:
        return False
    return SequenceMatcher(None, first, second).ratio() >= _ALIKE


def double_keys(draft: RowDraft) -> list[tuple[str, ...]]:
    """Return what a second row in the file would have in common if it were the same contact written twice."""
    name = fold(draft.name)
    keys: list[tuple[str, ...]] = [
        ("email", name, email.casefold()) for email in draft.emails if draft.is_person
    ]
    keys += [("phone", name, phone) for phone in draft.voices if draft.is_person]
    where = (fold(draft.institution), fold(draft.office), fold(draft.works_for), str(draft.municipality_id))
    if draft.is_person and name:
        keys.append(("name", name, "/".join(where)))
    if not draft.is_person:
        mails = ",".join(sorted(email.casefold() for email in draft.emails))
        keys.append(("office", "/".join(where), mails or draft.phone))
    return keys

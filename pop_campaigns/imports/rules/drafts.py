"""What a row says about a contact, read with care: each value checked, what is wrong noted as ``code|detail|typed``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, Final

from pop_campaigns.contacts.rules import DetailUse, InstitutionKind, PersonKind, Purpose
from pop_campaigns.core.phones import BadPhone, is_mobile, parse_phone
from pop_campaigns.core.salutations import FormOfAddress
from pop_campaigns.core.text import clean_line, clean_text
from pop_campaigns.core.text import fold as _fold
from pop_campaigns.imports.rules.cells import (
    Addresses,
    addresses_in,
    answer_in,
    form_in,
    or_phones,
    part_use,
    phones_in,
    post_addresses_in,
    says_nothing,
    use_in,
)
from pop_campaigns.imports.rules.days import DayOrder, read_day
from pop_campaigns.imports.rules.encodings import SPOILED
from pop_campaigns.imports.rules.fields import CONSENTS, Field
from pop_campaigns.imports.rules.near_names import SettledNames
from pop_campaigns.mail.addresses import BadAddress

fold = lru_cache(maxsize=65_536)(_fold)

# Rows with one of these cannot be brought in; any other wrong value is left out where the row is chosen all the same.
HARD: Final = ("nobody", "erased", "long", "office_alone", "columns")
MOST_ADDRESSES: Final = 10
_PARTS_OF_NAMES: Final = (Field.FIRST_NAME, Field.MIDDLE_NAME, Field.LAST_NAME)
_LIMITS: Final = {
    Field.NAME: 160,
    Field.INSTITUTION: 200,
    Field.OFFICE: 160,
    Field.WORKS_FOR: 200,
    Field.TOPICS: 400,
    Field.POST_ADDRESS: 2000,
}
_KINDS: Final = {
    PersonKind.OFFICIAL: "zyrtar zyrtare official",
    PersonKind.JOURNALIST: "gazetar gazetare journalist reporter media",
    PersonKind.ALLY: "aleat aleate ally partner",
    PersonKind.CITIZEN: "qytetar qytetare citizen banor banore",
    PersonKind.OTHER: "tjeter other",
}
KIND_OF: Final[dict[str, PersonKind | InstitutionKind]] = {
    word: kind for kind, words in _KINDS.items() for word in words.split()
}
LANGUAGE_OF: Final = (
    dict.fromkeys(["sq", "al", "alb", "shqip", "shqipe", "shqipja", "albanian", "sq-al"], "sq")
    | dict.fromkeys(["en", "eng", "anglisht", "anglishte", "english", "en-gb", "en-us"], "en")
)  # fmt: skip


@dataclass
class RowDraft:
    """A contact as a row describes it; ``consents`` says since which day, as far as the row does.

    ``institution_kind`` makes a row one of an institution or office: addresses and number are its, ``holder`` holds it.
    ``uses`` says where a number rings, as far as the file does; ``posts`` are post addresses after the first.
    ``given`` are the fields the row itself says something about, not the choices for all rows.
    ``errors`` keep a row out unless somebody chooses otherwise; ``notes`` say what of it is not kept, and keep nothing out.
    """

    name: str = ""
    emails: list[str] = field(default_factory=list)
    phones: list[str] = field(default_factory=list)
    uses: dict[str, DetailUse] = field(default_factory=dict)
    institution: str = ""
    office: str = ""
    works_for: str = ""
    municipality_id: int | None = None
    kind: PersonKind = PersonKind.OTHER
    institution_kind: InstitutionKind | None = None
    holder: str = ""
    form_of_address: FormOfAddress | None = None
    language: str = "sq"
    topics: str = ""
    post_address: str = ""
    posts: list[tuple[str, DetailUse]] = field(default_factory=list)
    consents: dict[Purpose, date | None] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    given: frozenset[Field] = frozenset()

    @property
    def phone(self) -> str:
        """The number a contact is known by: the first of the row that is no fax's."""
        return next(iter(self.voices), "")

    @property
    def voices(self) -> list[str]:
        """The numbers at which somebody answers: all but a fax's, which is often a whole house's."""
        return [phone for phone in self.phones if self.uses.get(phone) is not DetailUse.FAX]

    def use_of(self, phone: str) -> DetailUse:
        """Return where a further number rings: as the file says, else as the number itself tells."""
        return self.uses.get(phone) or (DetailUse.MOBILE if is_mobile(phone) else DetailUse.OTHER)

    @property
    def is_person(self) -> bool:
        """True where it names a person; without a name it is an office, an institution, or an address alone."""
        return bool(self.name) or not (self.office or self.institution)

    @property
    def shown_name(self) -> str:
        """The name as it is written, else the address or number by which the person is known."""
        return self.name or (self.emails[0][:160] if self.emails else self.phone)

    @property
    def medium(self) -> str:
        """The medium the person works for: the one named, else the institution in which no office is named."""
        return self.works_for or ("" if self.office else self.institution)


@dataclass(frozen=True)
class RowReader:
    """How the rows of one file are understood."""

    mapping: Mapping[int, Field]
    options: Mapping[str, Any]
    municipalities: Mapping[str, int]
    kinds: Mapping[str, PersonKind | InstitutionKind]
    orders: Mapping[Field, DayOrder]
    names: SettledNames
    today: date
    parse_address: Callable[[str], str]
    # By the column of a number: where it rings, or in which column that stands.
    phone_uses: Mapping[int, DetailUse | int] = field(default_factory=dict)

    def read(self, cells: Sequence[str]) -> RowDraft:
        """Return what a row says; everything wrong with it stands in ``errors``."""
        typed: dict[Field, list[str]] = {}
        for number, what in self.mapping.items():
            if number < len(cells) and cells[number]:
                typed.setdefault(what, []).append(cells[number])
        spoiled = {what: cell for what, listed in typed.items() for cell in listed if SPOILED in cell}
        typed = {what: [cell for cell in listed if SPOILED not in cell] for what, listed in typed.items()}
        draft = RowDraft(given=frozenset(typed))
        draft.errors += [f"letters|{what}|{cell[:80]}" for what, cell in spoiled.items()]
        self._texts(draft, typed)
        self._choices(draft, typed)
        for cell in typed.get(Field.FORM_OF_ADDRESS, []):
            draft.form_of_address = form_in(cell)
            if draft.form_of_address is None and not says_nothing(cell):
                draft.notes.append(f"form||{cell[:80]}")
        if draft.institution_kind:
            _turn_to_institution(draft)
        self._reach(draft, typed, cells)
        self._consents(draft, typed)
        self.names.settle(draft)
        if draft.office and not draft.institution:
            draft.errors.append("office_alone||")
        if not (draft.name or draft.emails or draft.phone or draft.institution_kind):
            draft.errors.append("nobody||")
        return draft

    def _texts(self, draft: RowDraft, typed: Mapping[Field, list[str]]) -> None:
        parts = [cell for what in _PARTS_OF_NAMES for cell in typed.get(what, [])]
        name = " ".join(typed.get(Field.NAME) or parts)
        draft.name = self._line(draft, Field.NAME, name)
        draft.institution = self._line(draft, Field.INSTITUTION, *typed.get(Field.INSTITUTION, []))
        draft.office = self._line(draft, Field.OFFICE, *typed.get(Field.OFFICE, []))
        draft.works_for = self._line(draft, Field.WORKS_FOR, *typed.get(Field.WORKS_FOR, []))
        topics = ", ".join(re.sub(r"\s*[;\n]\s*", ", ", topic) for topic in typed.get(Field.TOPICS, []))
        draft.topics = self._line(draft, Field.TOPICS, topics)
        posts = [
            (clean_text(typed_in), use)
            for typed_in, use in post_addresses_in(typed.get(Field.POST_ADDRESS, []))
        ]
        posts = [(post, use) for post, use in posts if post]
        draft.post_address, draft.posts = (posts[0][0], posts[1:]) if posts else ("", [])
        if any(len(post) > _LIMITS[Field.POST_ADDRESS] for post, _use in posts):
            draft.errors.append(f"long|{Field.POST_ADDRESS}|{_LIMITS[Field.POST_ADDRESS]}")

    def _line(self, draft: RowDraft, what: Field, *texts: str) -> str:
        line = clean_line(texts[0]) if texts else ""
        if len(line) > _LIMITS[what]:
            draft.errors.append(f"long|{what}|{_LIMITS[what]}")
        return line

    def _choices(self, draft: RowDraft, typed: Mapping[Field, list[str]]) -> None:
        draft.kind = PersonKind(self.options.get("kind") or PersonKind.OTHER)
        draft.language = self.options.get("language") or "sq"
        draft.municipality_id = self.options.get("municipality_id")
        for what, known, name in (
            (Field.KIND, KIND_OF | dict(self.kinds), "kind"),
            (Field.LANGUAGE, LANGUAGE_OF, "language"),
            (Field.MUNICIPALITY, self.municipalities, "municipality_id"),
        ):
            for cell in typed.get(what, []):
                word = fold(cell)
                if what is Field.MUNICIPALITY:
                    word = re.sub(r"^(bashkia|municipality of)\s+", "", word)
                if word in known:
                    meant = known[word]
                    of_institution = isinstance(meant, InstitutionKind)
                    setattr(draft, "institution_kind" if of_institution else name, meant)
                else:
                    draft.errors.append(f"{what}||{cell[:80]}")

    def _reach(self, draft: RowDraft, typed: Mapping[Field, list[str]], cells: Sequence[str]) -> None:
        for cell in typed.get(Field.EMAIL, []):
            if not says_nothing(cell):
                self._addresses(draft, cell)
        for number, what in self.mapping.items():
            cell = cells[number] if what is Field.PHONE and number < len(cells) else ""
            if SPOILED in cell or says_nothing(cell):
                continue
            use = self.phone_uses.get(number)
            if isinstance(use, int):
                use = use_in(cells[use]) if use < len(cells) else None
            for part in phones_in(cell):
                self._phones(draft, part, use)
        draft.phones.sort(key=lambda phone: _rank(phone, draft.uses.get(phone)))
        if len(draft.phones) > MOST_ADDRESSES:
            draft.errors.append(f"long|{Field.PHONE}|{MOST_ADDRESSES}")

    def _phones(self, draft: RowDraft, typed: str, use: DetailUse | None) -> None:
        part, beside = part_use(typed)
        smaller = or_phones(part)
        try:
            numbers = [parse_phone(part)]
        except BadPhone as problem:
            try:
                numbers = [parse_phone(number) for number in smaller] if len(smaller) > 1 else []
            except BadPhone:
                numbers = []
            if not numbers:
                draft.errors.append(f"phone|{problem.reason}|{part[:80]}")
        fresh = [number for number in dict.fromkeys(numbers) if number not in draft.phones]
        draft.phones += fresh
        if use := beside or use:
            draft.uses |= dict.fromkeys(fresh, use)

    def _addresses(self, draft: RowDraft, cell: str) -> None:
        told = addresses_in(cell)
        if not told.found:
            draft.errors.append(f"email|{self._problem(cell)}|{cell[:80]}")
        for typed in told.found:
            try:
                email = self.parse_address(typed)
            except BadAddress as problem:
                draft.errors.append(f"email|{problem.reason}|{typed[:80]}")
                if len(draft.errors) > MOST_ADDRESSES:
                    return
                continue
            if email.casefold() not in {known.casefold() for known in draft.emails}:
                draft.emails.append(email)
            if len(draft.emails) > MOST_ADDRESSES:
                draft.errors.append(f"long|{Field.EMAIL}|{MOST_ADDRESSES}")
                return
        self._beside_addresses(draft, told)

    def _problem(self, cell: str) -> str:
        try:
            self.parse_address(cell)
        except BadAddress as problem:
            return problem.reason
        return "no_at"

    def _beside_addresses(self, draft: RowDraft, told: Addresses) -> None:
        """Take a name before an address where the row has none; say what else stands there and is not kept."""
        if told.names and not (draft.name or draft.institution or draft.office):
            draft.name = self._line(draft, Field.NAME, told.names[0])
        if told.found and told.rest:
            broken = next((word for word in told.rest if re.search(r"\w\.\w", word)), None)
            if broken:
                draft.errors.append(f"email|no_at|{broken[:80]}")
            else:
                draft.notes.append(f"beside||{' '.join(told.rest)[:80]}")

    def _consents(self, draft: RowDraft, typed: Mapping[Field, list[str]]) -> None:
        given_on = None
        for cell in typed.get(Field.CONSENT_DATE, []):
            given_on = self._day(draft, cell, Field.CONSENT_DATE)
        if draft.is_person:
            draft.consents = {Purpose(option): given_on for option in self.options.get("consents", [])}
        for what, purpose in CONSENTS.items():
            for cell in typed.get(what, []):
                answer = answer_in(cell)
                if answer is False:
                    draft.consents.pop(purpose, None)
                elif answer:
                    draft.consents[purpose] = given_on
                elif day := self._day(draft, cell, what, "consent"):
                    draft.consents[purpose] = day

    def _day(self, draft: RowDraft, cell: str, what: Field, code: str = "date") -> date | None:
        day = read_day(cell, self.orders.get(what, DayOrder.DAY_FIRST), self.today)
        if day is None or not date(1990, 1, 1) <= day <= self.today:
            draft.errors.append(f"{code}||{cell[:80]}")
            return None
        return day


def _rank(phone: str, use: DetailUse | None) -> int:
    """Return which number a contact is known by: only of it the use is not kept, so one whose use goes without saying."""
    if use is None or (use is DetailUse.MOBILE and is_mobile(phone)):
        return 0
    return 1 if use is DetailUse.WORK else 2


def _turn_to_institution(draft: RowDraft) -> None:
    """Take a row as one of an institution or office, because its kind is one of theirs; its name is the holder's."""
    if draft.name and not draft.institution:
        draft.institution, draft.name = draft.name, ""
    elif draft.office:
        draft.holder, draft.name = draft.name, ""

"""What a row says about a contact, read with care: each value checked, what is wrong noted as ``code|detail|typed``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final

from pop_campaigns.contacts.rules import PersonKind, Purpose
from pop_campaigns.core.phones import BadPhone, parse_phone
from pop_campaigns.core.text import clean_line, clean_text
from pop_campaigns.core.text import fold as _fold
from pop_campaigns.imports.rules.fields import CONSENTS, Field
from pop_campaigns.mail.addresses import BadAddress

fold = lru_cache(maxsize=65_536)(_fold)

# Rows with one of these cannot be brought in; any other wrong value is left out where the row is chosen all the same.
HARD: Final = ("nobody", "erased", "long", "office_alone", "columns")
MOST_ADDRESSES: Final = 10
_LIMITS: Final = {
    Field.NAME: 160,
    Field.INSTITUTION: 200,
    Field.OFFICE: 160,
    Field.WORKS_FOR: 200,
    Field.TOPICS: 400,
    Field.POST_ADDRESS: 2000,
}
_YES: Final = frozenset(["po", "yes", "true", "1", "x", "✓", "✔", "dakord", "pranoj", "ok", "y", "p"])
_NO: Final = frozenset({"jo", "no", "false", "0", "-", "n", ""})
_KINDS: Final = {
    PersonKind.OFFICIAL: "zyrtar zyrtare official",
    PersonKind.JOURNALIST: "gazetar gazetare journalist reporter media",
    PersonKind.ALLY: "aleat aleate ally partner",
    PersonKind.CITIZEN: "qytetar qytetare citizen banor banore",
    PersonKind.OTHER: "tjeter other",
}
_KIND_OF: Final = {word: kind for kind, words in _KINDS.items() for word in words.split()}
_LANGUAGE_OF: Final = (
    dict.fromkeys(["sq", "al", "alb", "shqip", "shqipe", "shqipja", "albanian", "sq-al"], "sq")
    | dict.fromkeys(["en", "eng", "anglisht", "anglishte", "english", "en-gb", "en-us"], "en")
)  # fmt: skip
_DAY: Final = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})")
_BETWEEN_ADDRESSES: Final = re.compile(r"[;,\s]+")


@dataclass
class RowDraft:
    """A contact as a row describes it; ``consents`` says since which day, as far as the row does."""

    name: str = ""
    emails: list[str] = field(default_factory=list)
    phone: str = ""
    institution: str = ""
    office: str = ""
    works_for: str = ""
    municipality_id: int | None = None
    kind: PersonKind = PersonKind.OTHER
    language: str = "sq"
    topics: str = ""
    post_address: str = ""
    consents: dict[Purpose, date | None] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

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
    today: date
    parse_address: Callable[[str], str]

    def read(self, cells: Sequence[str]) -> RowDraft:
        """Return what a row says; everything wrong with it stands in ``errors``."""
        typed: dict[Field, list[str]] = {}
        for number, what in self.mapping.items():
            if number < len(cells) and cells[number]:
                typed.setdefault(what, []).append(cells[number])
        draft = RowDraft()
        self._texts(draft, typed)
        self._choices(draft, typed)
        self._reach(draft, typed)
        self._consents(draft, typed)
        if draft.office and not draft.institution:
            draft.errors.append("office_alone||")
        if not (draft.name or draft.emails or draft.phone):
            draft.errors.append("nobody||")
        return draft

    def _texts(self, draft: RowDraft, typed: Mapping[Field, list[str]]) -> None:
        parts = [*typed.get(Field.FIRST_NAME, []), *typed.get(Field.LAST_NAME, [])]
        name = " ".join(typed.get(Field.NAME) or parts)
        draft.name = self._line(draft, Field.NAME, name)
        draft.institution = self._line(draft, Field.INSTITUTION, *typed.get(Field.INSTITUTION, []))
        draft.office = self._line(draft, Field.OFFICE, *typed.get(Field.OFFICE, []))
        draft.works_for = self._line(draft, Field.WORKS_FOR, *typed.get(Field.WORKS_FOR, []))
        topics = ", ".join(re.sub(r"\s*[;\n]\s*", ", ", topic) for topic in typed.get(Field.TOPICS, []))
        draft.topics = self._line(draft, Field.TOPICS, topics)
        draft.post_address = clean_text("\n".join(typed.get(Field.POST_ADDRESS, [])))
        if len(draft.post_address) > _LIMITS[Field.POST_ADDRESS]:
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
            (Field.KIND, _KIND_OF, "kind"),
            (Field.LANGUAGE, _LANGUAGE_OF, "language"),
            (Field.MUNICIPALITY, self.municipalities, "municipality_id"),
        ):
            for cell in typed.get(what, []):
                word = fold(cell)
                if what is Field.MUNICIPALITY:
                    word = re.sub(r"^(bashkia|municipality of)\s+", "", word)
                if word in known:
                    setattr(draft, name, known[word])
                else:
                    draft.errors.append(f"{what}||{cell[:80]}")

    def _reach(self, draft: RowDraft, typed: Mapping[Field, list[str]]) -> None:
        for cell in typed.get(Field.EMAIL, []):
            self._addresses(draft, cell)
        for cell in typed.get(Field.PHONE, []):
            try:
                draft.phone = parse_phone(cell)
            except BadPhone as problem:
                draft.errors.append(f"phone|{problem.reason}|{cell[:80]}")

    def _addresses(self, draft: RowDraft, cell: str) -> None:
        for part in _BETWEEN_ADDRESSES.split(cell.strip(";, \n")):
            try:
                email = self.parse_address(part.removeprefix("mailto:"))
            except BadAddress as problem:
                draft.errors.append(f"email|{problem.reason}|{part[:80]}")
                if len(draft.errors) > MOST_ADDRESSES:
                    return
                continue
            if email.casefold() not in {known.casefold() for known in draft.emails}:
                draft.emails.append(email)
            if len(draft.emails) > MOST_ADDRESSES:
                draft.errors.append(f"long|{Field.EMAIL}|{MOST_ADDRESSES}")
                return

    def _consents(self, draft: RowDraft, typed: Mapping[Field, list[str]]) -> None:
        given_on = None
        for cell in typed.get(Field.CONSENT_DATE, []):
            given_on = self._day(draft, cell)
        if draft.is_person:
            draft.consents = {Purpose(option): given_on for option in self.options.get("consents", [])}
        for what, purpose in CONSENTS.items():
            for cell in typed.get(what, []):
                word = fold(cell)
                if word in _NO:
                    draft.consents.pop(purpose, None)
                elif word in _YES:
                    draft.consents[purpose] = given_on
                elif day := self._day(draft, cell, "consent"):
                    draft.consents[purpose] = day

    def _day(self, draft: RowDraft, cell: str, code: str = "date") -> date | None:
        day = read_day(cell)
        if day is None or not date(1990, 1, 1) <= day <= self.today:
            draft.errors.append(f"{code}||{cell[:80]}")
            return None
        return day


def read_day(cell: str) -> date | None:
    """Return the day in a cell: as ISO writes it, or day, month, year with dots, slashes or hyphens."""
    try:
        if match := _DAY.fullmatch(cell.strip()):
            return date(int(match[3]), int(match[2]), int(match[1]))
        return datetime.fromisoformat(cell.strip()).date()
    except ValueError:
        return None

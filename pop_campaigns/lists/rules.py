"""What a list can be and what a filter may say; pure."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypeVar

from pop_campaigns.contacts.rules import InstitutionKind, PersonKind, Purpose
from pop_campaigns.core.text import clean_line

Kind = TypeVar("Kind", bound=enum.StrEnum)


class ListKind(enum.StrEnum):
    """Named one by one, or looked up by a filter whenever it is used."""

    BY_HAND = "by_hand"
    FILTER = "filter"


class Subject(enum.StrEnum):
    """What a filter looks for."""

    OFFICES = "offices"
    PERSONS = "persons"


class FilterProblem(enum.StrEnum):
    """Why something is no filter."""

    NOT_A_FILTER = "not_a_filter"
    UNKNOWN_KEY = "unknown_key"
    BAD_VALUE = "bad_value"
    PERSONS_ONLY = "persons_only"
    ENDS_BEFORE_START = "ends_before_start"
    UNKNOWN_CONDITION = "unknown_condition"


class BadFilter(ValueError):
    """What was given says no filter; ``key`` names the part."""

    def __init__(self, problem: FilterProblem, key: str = "") -> None:
        super().__init__(f"{problem.value}: {key}")
        self.problem, self.key = problem, key


LONGEST_WORDS: Final = 160
LONGEST_TOPIC: Final = 80
LONGEST_COUNTY: Final = 80
_LARGEST_ID: Final = 2**31 - 1
# What is noted at persons and never at offices.
PERSONS_ONLY: Final = ("person_kinds", "topic", "consent")


@dataclass(frozen=True)
class Happened:
    """What another package knows of a contact: ``what`` is the name it registered, with a kind and a time.

    *Accepted* a *confrontation* between two days, both included; "" is any kind, None no limit.
    """

    what: str
    kind: str = ""
    first: date | None = None
    last: date | None = None

    def __post_init__(self) -> None:
        if self.first and self.last and self.last < self.first:
            raise BadFilter(FilterProblem.ENDS_BEFORE_START, "happened")

    @classmethod
    def from_json(cls, stored: object) -> Happened:
        """Return what :meth:`to_json` wrote; raise BadFilter for anything else."""
        values = _values_of(stored, ("what", "kind", "from", "to"), "happened")
        what = _text(values.get("what"), "happened", 40)
        if not what:
            raise BadFilter(FilterProblem.BAD_VALUE, "happened")
        kind = _text(values.get("kind"), "happened", 40)
        return cls(what, kind, _day(values.get("from"), "happened"), _day(values.get("to"), "happened"))

    def to_json(self) -> dict[str, Any]:
        """Return it as a list keeps it."""
        days = {"from": self.first, "to": self.last}
        values = {"what": self.what, "kind": self.kind} | {
            key: day.isoformat() for key, day in days.items() if day
        }
        return {key: value for key, value in values.items() if value}


@dataclass(frozen=True)
class ListFilter:
    """Whom a list looks up: all that is said must hold, what is left empty holds for everybody.

    ``words`` begin words of an office's title, or of a person's name or office.
    """

    of: Subject
    words: str = ""
    institution_kinds: tuple[InstitutionKind, ...] = ()
    person_kinds: tuple[PersonKind, ...] = ()
    municipality: int | None = None
    county: str = ""
    topic: str = ""
    language: str = ""
    consent: Purpose | None = None
    happened: Happened | None = None

    def __post_init__(self) -> None:
        persons_key = next((key for key in PERSONS_ONLY if getattr(self, key)), None)
        if persons_key and self.of is Subject.OFFICES:
            raise BadFilter(FilterProblem.PERSONS_ONLY, persons_key)

    @classmethod
    def from_json(cls, stored: object) -> ListFilter:
        """Return what :meth:`to_json` wrote; raise BadFilter for what it does not know: nothing is dropped silently."""
        values = _values_of(stored, tuple(cls.__dataclass_fields__), "")
        happened = values.get("happened")
        return cls(
            of=_one(Subject, values.get("of"), "of"),
            words=_text(values.get("words"), "words", LONGEST_WORDS),
            institution_kinds=_several(InstitutionKind, values.get("institution_kinds"), "institution_kinds"),
            person_kinds=_several(PersonKind, values.get("person_kinds"), "person_kinds"),
            municipality=_ident(values.get("municipality"), "municipality"),
            county=_text(values.get("county"), "county", LONGEST_COUNTY),
            topic=_text(values.get("topic"), "topic", LONGEST_TOPIC),
            language=_language(values.get("language")),
            consent=_if_given(values.get("consent"), lambda value: _one(Purpose, value, "consent")),
            happened=_if_given(happened, Happened.from_json),
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as a list keeps it: only what is said."""
        values: dict[str, Any] = {
            "of": self.of.value,
            "words": self.words,
            "institution_kinds": [kind.value for kind in self.institution_kinds],
            "person_kinds": [kind.value for kind in self.person_kinds],
            "municipality": self.municipality,
            "county": self.county,
            "topic": self.topic,
            "language": self.language,
            "consent": self.consent.value if self.consent else None,
            "happened": self.happened.to_json() if self.happened else None,
        }
        return {key: value for key, value in values.items() if value}


def _values_of(stored: object, known: tuple[str, ...], key: str) -> Mapping[str, Any]:
    if not isinstance(stored, Mapping):
        raise BadFilter(FilterProblem.NOT_A_FILTER, key)
    for name in stored:
        if name not in known:
            raise BadFilter(FilterProblem.UNKNOWN_KEY, str(name)[:40])
    return stored


def _if_given(value: Any, read: Callable[[Any], Any]) -> Any:
    return None if value is None else read(value)


def _one(kinds: type[Kind], value: object, key: str) -> Kind:
    if not isinstance(value, str) or value not in set(kinds):
        raise BadFilter(FilterProblem.BAD_VALUE, key)
    return kinds(value)


def _several(kinds: type[Kind], values: object, key: str) -> tuple[Kind, ...]:
    if values is None:
        return ()
    if (
        not isinstance(values, list | tuple)
        or len(values) > len(kinds)
        or len(set(map(str, values))) < len(values)
    ):
        raise BadFilter(FilterProblem.BAD_VALUE, key)
    return tuple(_one(kinds, value, key) for value in values)


def _text(value: object, key: str, longest: int) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > longest or clean_line(value) != value:
        raise BadFilter(FilterProblem.BAD_VALUE, key)
    return value


def _ident(value: object, key: str) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= _LARGEST_ID:
        raise BadFilter(FilterProblem.BAD_VALUE, key)
    return value


def _language(value: object) -> str:
    if value is None:
        return ""
    if value not in ("sq", "en"):
        raise BadFilter(FilterProblem.BAD_VALUE, "language")
    return str(value)


def _day(value: object, key: str) -> date | None:
    if value is None:
        return None
    try:
        if not isinstance(value, str):
            raise ValueError(value)
        return date.fromisoformat(value)
    except ValueError:
        raise BadFilter(FilterProblem.BAD_VALUE, key) from None

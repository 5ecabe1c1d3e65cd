"""What a filter may say, and who of those found gets mail."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from pop_campaigns.contacts.rules import InstitutionKind, PersonKind, Purpose
from pop_campaigns.lists.rules import (
    BadFilter,
    FilterProblem,
    Happened,
    ListFilter,
    Subject,
)

WHOLE = ListFilter(
    of=Subject.PERSONS,
    words="këshilltar",
    institution_kinds=(InstitutionKind.COUNCIL,),
    person_kinds=(PersonKind.OFFICIAL, PersonKind.JOURNALIST),
    municipality=3,
    county="Fier",
    topic="lumenj",
    language="sq",
    consent=Purpose.NEWS,
    happened=Happened("accepted", "confrontation", date(2020, 1, 1), date(2020, 12, 31)),
)


def test_what_is_written_is_read_again() -> None:
    assert ListFilter.from_json(WHOLE.to_json()) == WHOLE
    assert set(WHOLE.to_json()) == set(ListFilter.__dataclass_fields__), "nothing is dropped"
    assert ListFilter(Subject.OFFICES).to_json() == {"of": "offices"}


@pytest.mark.parametrize("key", [key for key in ListFilter.__dataclass_fields__ if key != "of"])
@pytest.mark.parametrize(
    "value", [-1, True, 2**40, 1.5, {"a": 1}, ["nonsense"], "\x00", "x" * 500, " ", b"x"]
)
def test_hostile_values_are_refused(key: str, value: Any) -> None:
    with pytest.raises(BadFilter) as refused:
        ListFilter.from_json({"of": "persons", key: value})
    assert refused.value.problem in (
        FilterProblem.BAD_VALUE,
        FilterProblem.NOT_A_FILTER,
        FilterProblem.UNKNOWN_KEY,
    )


@pytest.mark.parametrize(
    ("given", "problem", "key"),
    [
        (None, FilterProblem.NOT_A_FILTER, ""),
        ([], FilterProblem.NOT_A_FILTER, ""),
        ({}, FilterProblem.BAD_VALUE, "of"),
        ({"of": "citizens"}, FilterProblem.BAD_VALUE, "of"),
        ({"of": "persons", "colour": "red"}, FilterProblem.UNKNOWN_KEY, "colour"),
        ({"of": "persons", "happened": {"what": "accepted", "who": 1}}, FilterProblem.UNKNOWN_KEY, "who"),
        ({"of": "persons", "person_kinds": ["citizen", "citizen"]}, FilterProblem.BAD_VALUE, "person_kinds"),
        ({"of": "persons", "happened": {"kind": "hearing"}}, FilterProblem.BAD_VALUE, "happened"),
        (
            {"of": "persons", "happened": {"what": "a", "from": "2020-02-30"}},
            FilterProblem.BAD_VALUE,
            "happened",
        ),
        (
            {"of": "persons", "happened": {"what": "a", "from": "2020-02-02", "to": "2020-02-01"}},
            FilterProblem.ENDS_BEFORE_START,
            "happened",
        ),
        ({"of": "offices", "topic": "lumenj"}, FilterProblem.PERSONS_ONLY, "topic"),
        ({"of": "offices", "consent": "news"}, FilterProblem.PERSONS_ONLY, "consent"),
        ({"of": "offices", "person_kinds": ["ally"]}, FilterProblem.PERSONS_ONLY, "person_kinds"),
    ],
)
def test_what_is_no_filter_is_named(given: Any, problem: FilterProblem, key: str) -> None:
    with pytest.raises(BadFilter) as refused:
        ListFilter.from_json(given)
    assert (refused.value.problem, refused.value.key) == (problem, key)

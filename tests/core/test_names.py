"""Names that are alike though written otherwise, and such that are not; titles of offices in all their forms."""

from __future__ import annotations

import pytest

from pop_campaigns.core.names import (
    alike_institutions,
    alike_persons,
    asked_keys,
    institution_key,
    office_key,
    person_keys,
)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Arben Hoxha", "Arben Hoxhë"),
        ("Ana D'Angelo", "Ana D’Angelo"),
        ("Zef Vau–Dejës", "Zef Vau-Dejës"),
        ("Zef Vau Dejes", "Zef Vau-Dejës"),
        ("Meta Sokol", "Sokol Meta"),
        ("S. Meta", "Sokol Meta"),
        ("Sokol M.", "Sokol Meta"),
        ("Sokol A. Meta", "Sokol Meta"),
        ("Sokol Arben Meta", "Meta Sokol"),
        ("Sokol Metta", "Sokol Meta"),
        ("Skool Meta", "Sokol Meta"),
        ("Sokol Neta", "Sokol Meta"),
        ("Dr. Sokol Meta", "Sokol Meta"),
        ("Anamaria Hoxha", "Ana Maria Hoxha"),
        ("Ana Hoxha Marku", "Ana Hoxha"),
        ("Zef Prifti", "Zef Prift"),
    ],
)
def test_alike_and_found_by_the_keys(first: str, second: str) -> None:
    for mine, yours in ((first, second), (second, first)):
        assert alike_persons(mine, yours)
        assert asked_keys(mine) & set(person_keys(yours))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Sokol Meta", "Arben Meta"),
        ("Ana Meta", "Ada Meta"),
        ("Sokol Meta", "Meta"),
        ("Sokol A. Meta", "Sokol B. Meta"),
        ("Qytetar 00421", "Qytetar 00422"),
        ("", ""),
        ("S. M.", "Sokol Meta"),
    ],
)
def test_not_alike(first: str, second: str) -> None:
    assert not alike_persons(first, second)


@pytest.mark.parametrize(
    ("institution", "titles"),
    [
        ("Bashkia Fier", "Kryetar|Kryetare|kryetarja|Kryetari i Bashkisë|Kryetare e Bashkisë Fier|Kryetares"),
        ("Bashkia Fier", "Drejtor|Drejtore|Drejtoresha|Drejtoreshë|Drejtori|Drejtorit"),
        ("Bashkia Fier", "Zv. Kryetar|Zëvendëskryetare|Zëvendës kryetari"),
        ("Bashkia Fier", "Drejtor i Urbanistikës|Drejtorja e Urbanistikës"),
        ("Ministria e Turizmit dhe Mjedisit", "Ministër|Ministre|Ministrja|Ministri i Turizmit dhe Mjedisit"),
        ("Prefektura Fier", "Prefekt|Prefekte|Prefektja|Prefekti i Qarkut Fier|Prefektit"),
        ("Bashkia Fier", "Sekretar i Përgjithshëm|Sekretarja e Përgjithshme"),
        ("Bashkia Fier", "Përgjegjës|Përgjegjëse|Përgjegjësja"),
    ],
)
def test_an_office_has_one_key_whatever_its_form(institution: str, titles: str) -> None:
    assert len({office_key(title, institution) for title in titles.split("|")}) == 1


def test_offices_that_differ_keep_apart() -> None:
    titles = ["Kryetar", "Nënkryetar", "Zv. kryetar", "Kryetari i Këshillit", "Sekretar", "Drejtor i Arsimit"]
    assert len({office_key(title, "Bashkia Fier") for title in titles}) == len(titles)


def test_institutions() -> None:
    same = ["Bashkia Fier", "Bashkia e Fierit", "BASHKIA  FIER", "Fier, Bashkia"]
    assert len({institution_key(name) for name in same}) == 1
    keys = [
        institution_key(name)
        for name in ("Radio Fieri", "Radio Fjeri", "Radio Vlora", "Shkolla 12", "Shkolla 13")
    ]
    assert alike_institutions(keys[0], keys[1])
    assert not alike_institutions(keys[0], keys[2]) and not alike_institutions(keys[3], keys[4])

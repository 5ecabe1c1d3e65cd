"""What asks the database itself is tried on both; pages and words on SQLite alone (docs/testing.md)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
# Modules of these names hold reads, verbs, claims and conditions: what the two databases might answer differently.
ON_BOTH = (
    "test_services*.py",
    "test_queries*.py",
    "test_resolving*.py",
    "test_search.py",
    "test_scope.py",
    "test_many_at_once.py",
    "test_merging.py",
    "test_migrations.py",
    "test_*_migration.py",
    "test_drain.py",
    "test_filing.py",
    "test_erasure.py",
    "test_retention.py",
)
# Claims, locks, races and migrations.
ALWAYS = (
    "test_many_at_once.py",
    "test_drain.py",
    "test_order.py",
    "test_*migration*.py",
    "test_endpoints.py",
)
CALL = "pytest.mark.both_databases"
MARK = f"pytestmark = {CALL}"
RACE = re.compile(r"^test_.*(two|presses|letters).*_(at_once|same_instant)|two_processes")


@pytest.mark.parametrize("name", ON_BOTH)
def test_modules_about_the_database_run_on_both(name: str) -> None:
    modules = [path for path in TESTS.rglob(name) if path.parent.name != "tooling"]
    assert modules
    assert [path.name for path in modules if MARK not in path.read_text(encoding="utf-8")] == []


def test_every_endpoint_is_walked_on_both() -> None:
    assert MARK in (TESTS / "house" / "test_endpoints.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ALWAYS)
def test_where_they_differ_most_they_are_both_asked_every_time(name: str) -> None:
    """The second run of other modules waits for a change (tests/plugins/twins.py)."""
    modules = [path for path in TESTS.rglob(name) if path.parent.name != "tooling"]
    assert modules
    assert [
        path.name for path in modules if f"{MARK}(always=True)" not in path.read_text(encoding="utf-8")
    ] == []


def test_every_race_runs_on_both_every_time() -> None:
    """A test that lets two press at once, in a module of both databases, is none of those that wait."""
    missed = []
    for path in TESTS.rglob("test_*.py"):
        for test, marks in races_in(path):
            if any("both_databases" in mark for mark in marks) and f"{CALL}(always=True)" not in marks:
                missed.append(f"{path.name}::{test}")
    assert missed == []


def races_in(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield the tests that say two do something at once, each with its own marks and those of its module."""
    tree = ast.parse(path.read_bytes())
    of_module = [
        ast.unparse(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"
    ]
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and RACE.search(node.name):
            yield node.name, of_module + [ast.unparse(mark) for mark in node.decorator_list]

"""What asks the database itself is tried on both; pages and words on SQLite alone (docs/testing.md)."""

from __future__ import annotations

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
MARK = "pytestmark = pytest.mark.both_databases"


@pytest.mark.parametrize("name", ON_BOTH)
def test_modules_about_the_database_run_on_both(name: str) -> None:
    modules = [path for path in TESTS.rglob(name) if path.parent.name != "tooling"]
    assert modules
    assert [path.name for path in modules if MARK not in path.read_text(encoding="utf-8")] == []


def test_every_endpoint_is_walked_on_both() -> None:
    assert MARK in (TESTS / "house" / "test_endpoints.py").read_text(encoding="utf-8")

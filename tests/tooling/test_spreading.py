"""Which tests stay in one process."""

from __future__ import annotations

import pytest

from config import ROOT
from tests.plugins.spreading import HOUSE, TOGETHER, WALKS, looks_at_the_walk, place_of


@pytest.mark.parametrize(
    ("nodeid", "place"),
    [
        ("tests/letters/test_rules.py::test_friday[sqlite]", "tests/letters/test_rules.py"),
        ("tests/browser/test_flow.py::test_it", "tests/browser/"),
        ("tests/house/test_sources.py::test_it", "tests/house/test_sources.py"),
        ("tests/house/test_secrets.py::test_it[sqlite]", "tests/house/test_secrets.py"),
        ("tests/house/test_pages.py::test_it[sqlite-arta]", WALKS["sqlite"]),
        ("tests/house/test_endpoints.py::test_postgresql_it[sqlite]", WALKS["sqlite"]),
        ("tests/house/test_endpoints.py::test_it[postgresql-arta]", WALKS["postgresql"]),
    ],
)
def test_what_shares_a_beginning_shares_a_process(nodeid: str, place: str) -> None:
    assert place_of(nodeid) == place


def test_whoever_walks_all_pages_shares_the_walk() -> None:
    """The fixture ``walk`` reads every page anew in each process: a module that asks for it imports its type."""
    asking = [
        path
        for path in (ROOT / HOUSE).glob("test_*.py")
        if ("walk: " + "Callable") in path.read_text(encoding="utf-8")
    ]
    assert len(asking) > 5
    assert [path.name for path in asking if not looks_at_the_walk(path.relative_to(ROOT).as_posix())] == []


def test_the_folders_that_stay_together_are_there() -> None:
    assert [folder for folder in TOGETHER if not (ROOT / folder).is_dir()] == []

"""docs/security.md: every row names a test that is there, or says that it is not built yet."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "security.md"
_TEST = re.compile(r"`([a-z_/]+\.py)::(test_\w+)`")
NOT_YET = "not built yet"


def rows() -> list[str]:
    """Return the lines of the page's tables, without their heads."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    table = [line for line in lines if line.startswith("| ")]
    return [line for line in table if not line.startswith(("| attack |", "| fault |"))]


@cache
def functions_in(name: str) -> frozenset[str]:
    """Return the names of the test functions in a file under ``tests/``; none where there is no such file."""
    path = ROOT / "tests" / name
    if not path.is_file():
        return frozenset()
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return frozenset(node.name for node in nodes if isinstance(node, ast.FunctionDef))


def test_there_are_rows() -> None:
    assert len(rows()) > 40


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[2:40])
def test_every_row_names_its_test_or_says_that_nothing_holds_it_yet(row: str) -> None:
    named = _TEST.findall(row)
    assert named or NOT_YET in row
    missing = [f"{file}::{test}" for file, test in named if test not in functions_in(file)]
    assert missing == []

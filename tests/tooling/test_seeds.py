"""A test by chance that fails says how it fails again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.when_changed("tests/plugins/seeds.py")

ROOT = Path(__file__).resolve().parents[2]
TESTS = """
from hypothesis import given, strategies as st

def test_ours(chance):
    raise AssertionError(f"drawn: {chance.randrange(10**9)}")

@given(st.integers())
def test_theirs(number):
    print("tried", number)
    assert number < 10**6
"""


def run_tests(folder: Path, **settings: str) -> str:
    (folder / "test_it.py").write_text(TESTS, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    given = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "POP_"))}
    given |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT), "FULL": ""}
    command = [sys.executable, "-m", "pytest", "-p", "_hypothesis_pytestplugin", "-p", "tests.plugins.seeds"]
    command += ["-p", "no:cacheprovider", "-c", str(folder / "pytest.ini"), str(folder)]
    run = subprocess.run(
        command, cwd=folder, env=given | settings, capture_output=True, text=True, check=False
    )
    assert run.returncode == 1, run.stdout + run.stderr
    return run.stdout


def lines(text: str, begin: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(begin)]


def test_a_seed_repeats_a_failure(tmp_path: Path) -> None:
    first = run_tests(tmp_path)
    (said,) = lines(first, "POP_TEST_SEED=")
    assert "@reproduce_failure(" in first
    seed = said.removeprefix("POP_TEST_SEED=").split()[0]
    again = run_tests(tmp_path, POP_TEST_SEED=seed)
    drawn = lines(first, "E       AssertionError: drawn")
    assert len(drawn) == 1
    assert lines(again, "E       AssertionError: drawn") == drawn


def test_hypothesis_takes_the_seed_too(tmp_path: Path) -> None:
    runs = [run_tests(tmp_path, POP_TEST_SEED="7", HYPOTHESIS_STORAGE_DIRECTORY=name) for name in ("a", "b")]
    tried = [lines(text, "tried") for text in runs]
    assert tried[0]
    assert tried[0] == tried[1]

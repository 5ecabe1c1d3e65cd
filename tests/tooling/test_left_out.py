"""A run says what it left out; with CI=true leaving something out is a failure."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

# Each starts pytest anew, some with processes of its own, to see what the plugin says.
pytestmark = pytest.mark.when_changed(
    "tests/plugins/left_out.py", "tests/services.py", "requirements-dev.lock"
)

ROOT = Path(__file__).resolve().parents[2]

TESTS = """
import pytest

def test_plain(): pass

@pytest.mark.needs_redis
def test_queue(): raise AssertionError("ran without Redis")

@pytest.mark.needs_redis
def test_other_queue(): raise AssertionError("ran without Redis")
"""
OTHER_REASON = """
import pytest

def test_plain(): pass

def test_samples(): pytest.skip("the samples are not there")
"""


def run_tests(folder: Path, text: str, *options: str, ci: str = "") -> subprocess.CompletedProcess[str]:
    """Runs `text` as a test module of its own, on a machine where nothing is installed."""
    (folder / "test_it.py").write_text(text, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = needs_redis\n", encoding="utf-8")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "POP_"))}
    environment |= {"PATH": "/nowhere", "CI": ci, "PYTHONPATH": str(ROOT)}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # starts in half the time
    command = [sys.executable, "-m", "pytest", "-p", "tests.plugins.left_out", "-p", "no:cacheprovider"]
    command += ["--rootdir", str(folder), "-c", str(folder / "pytest.ini"), *options, str(folder)]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("options", [(), ("-p", "xdist", "-n", "2")], ids=["one process", "two processes"])
def test_left_out_tests_are_listed_with_the_reason(tmp_path: Path, options: tuple[str, ...]) -> None:
    run = run_tests(tmp_path, TESTS, *options)
    assert run.returncode == 0, run.stdout
    assert "left out: 2 tests" in run.stdout
    assert run.stdout.count("Redis is not installed (Debian: apt install redis-server)") == 1
    assert "  test_it.py::test_queue\n" in run.stdout
    assert "  test_it.py::test_other_queue\n" in run.stdout
    assert "1 passed, 2 skipped" in run.stdout.splitlines()[-1]


def test_ci_fails_what_cannot_run(tmp_path: Path) -> None:
    run = run_tests(tmp_path, TESTS, ci="true")
    assert run.returncode == 1
    assert "CI=true and Redis is not installed" in run.stdout
    assert "1 passed, 2 errors" in run.stdout.splitlines()[-1]


@pytest.mark.parametrize("options", [(), ("-p", "xdist", "-n", "2")], ids=["one process", "two processes"])
def test_ci_fails_if_a_test_leaves_itself_out(tmp_path: Path, options: tuple[str, ...]) -> None:
    assert run_tests(tmp_path, OTHER_REASON, *options).returncode == 0
    run = run_tests(tmp_path, OTHER_REASON, *options, ci="true")
    assert run.returncode == 1
    assert "the samples are not there; with CI=true that is a failure" in run.stdout
    assert "  test_it.py::test_samples" in run.stdout


def test_a_full_run_says_nothing_of_it(tmp_path: Path) -> None:
    run = run_tests(tmp_path, "def test_plain(): pass", ci="true")
    assert run.returncode == 0
    assert "left out" not in run.stdout

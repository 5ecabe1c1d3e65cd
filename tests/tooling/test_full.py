"""Tests left for a full run are counted, run when their files changed, and stamped once they passed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.when_changed("tests/plugins/full.py")

ROOT = Path(__file__).resolve().parents[2]

TESTS = """
import os
import pytest

def test_plain(): pass

@pytest.mark.full
def test_long(): pass

@pytest.mark.when_changed("deploy/*.sh", "tools")
def test_setup(): assert "BROKEN" not in os.environ
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with two tools and a test of each kind."""
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "setup.sh").write_text("exit 0\n", encoding="utf-8")
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "lock.py").write_text("pass\n", encoding="utf-8")
    (tmp_path / "test_it.py").write_text(TESTS, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n  full\n  when_changed\n", encoding="utf-8")
    return tmp_path


def run_tests(project: Path, *options: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "POP_"))}
    environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT), "FULL": "", "CI": ""}
    command = [sys.executable, "-m", "pytest", "-p", "tests.plugins.full", "-p", "no:cacheprovider"]
    command += ["-p", "tests.plugins.left_out", "--rootdir", str(project), "-c", str(project / "pytest.ini")]
    return subprocess.run(
        [*command, *options, str(project)], cwd=project, env=environment | settings, capture_output=True,
        text=True, check=False,
    )  # fmt: skip


def summary(run: subprocess.CompletedProcess[str]) -> str:
    """Return pytest's own last line, without the seconds."""
    return run.stdout.splitlines()[-1].strip("= ").rsplit(" in ", 1)[0]


def stamped(project: Path) -> dict[str, str]:
    path = project / "tests" / "tooling" / "tried.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


@pytest.mark.parametrize("options", [(), ("-p", "xdist", "-n", "2")], ids=["one process", "two processes"])
def test_only_a_full_run_leaves_nothing(project: Path, options: tuple[str, ...]) -> None:
    first = run_tests(project, *options)
    assert summary(first).startswith("2 passed")  # never tried: the set-up test runs
    assert "left for FULL=1: 1\n" in first.stdout
    assert stamped(project) == {}

    full = run_tests(project, *options, FULL="1")
    assert summary(full) == "3 passed"
    assert "left for" not in full.stdout
    assert list(stamped(project)) == ["test_it.py::test_setup"]

    # Left for later is not skipped: CI does not mind.
    later = run_tests(project, *options, CI="true")
    assert later.returncode == 0, later.stdout
    assert summary(later).startswith("1 passed")
    assert later.stdout.count("left for FULL=1: 2\n") == 1


@pytest.mark.parametrize("changed", ["deploy/setup.sh", "deploy/new.sh", "tools/lock.py", "test_it.py"])
def test_a_changed_file_runs_its_tests_again(project: Path, changed: str) -> None:
    run_tests(project, FULL="1")
    with (project / changed).open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    before = stamped(project)
    assert summary(run_tests(project)) == "2 passed, 1 deselected"
    assert stamped(project) == before


def test_what_failed_is_not_stamped(project: Path) -> None:
    run_tests(project, FULL="1")
    before = stamped(project)
    (project / "deploy" / "setup.sh").write_text("exit 1\n", encoding="utf-8")
    assert summary(run_tests(project, FULL="1", BROKEN="1")) == "1 failed, 2 passed"
    assert stamped(project) == before
    assert summary(run_tests(project)) == "2 passed, 1 deselected"


def test_a_narrowed_full_run_stamps_what_it_ran(project: Path) -> None:
    run_tests(project, "-k", "long", FULL="1")
    assert stamped(project) == {}


def test_a_path_that_names_no_file_is_a_mistake(project: Path) -> None:
    (project / "tools" / "lock.py").unlink()
    run = run_tests(project)
    assert run.returncode == pytest.ExitCode.USAGE_ERROR
    assert "when_changed names 'tools', and there is no such file" in run.stderr + run.stdout

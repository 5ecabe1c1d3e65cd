"""Leaves tests that are seldom worth their time for a full run, FULL=1, and says how many.

`full`: runs with FULL=1 alone. `when_changed("deploy/setup.sh", "deploy/*.py")`: runs with FULL=1, and whenever one of
the named files, or the test's own, is not as it was when the test last passed in a full run. Paths and patterns are
relative to the project; a folder means every file in it. What passed is kept in tests/tooling/tried.json, by test, as
the SHA-256 over the names and bytes of those files; a full run writes it, so commit it afterwards. The second run of a
module on PostgreSQL waits likewise, stamped by module (`twins.py`).

Such tests are deselected, not skipped: a skipped test is one this machine cannot run, and that fails with CI=true.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.twins import key_of, may_wait, module_of, twin_stamps

TRIED = "tests/tooling/tried.json"
FINGERPRINT = "files it was tried on"
TWINS = "files its module was tried on, on PostgreSQL"


def wanted_in_full() -> bool:
    """Return whether this run leaves nothing for later."""
    return os.environ.get("FULL", "").lower() in ("1", "true")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Chooser(config), "left-for-full")


class Chooser:
    """Chooses in each process that collects; counts and remembers in the one that reports."""

    def __init__(self, config: pytest.Config) -> None:
        self.root = config.rootpath
        self.is_worker = hasattr(config, "workerinput")
        self.left = 0
        self.tried = Tried()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        known = read_stamps(self.root)
        # Asked for another choice of databases, this run says nothing about modules, and leaves none out.
        chosen = config.getoption("--database", "marked") == "marked"
        twins = twin_stamps(self.root, items) if chosen else {}
        left = [item for item in items if not self.is_wanted(item, known, twins)]
        if left:
            self.left = len(left)
            away = set(left)
            items[:] = [item for item in items if item not in away]
            config.hook.pytest_deselected(items=left)

    def is_wanted(self, item: pytest.Item, known: dict[str, str], twins: dict[str, tuple[str, int]]) -> bool:
        """Return whether to run a test, and note on it which files it is tried on."""
        changed = False
        module = module_of(item.nodeid)
        if item.get_closest_marker("when_changed"):
            patterns = {text for mark in item.iter_markers("when_changed") for text in mark.args}
            now = fingerprint(self.root, (*sorted(patterns), item.nodeid.split("::")[0]))
            item.user_properties.append((FINGERPRINT, now))
            changed = known.get(item.nodeid) != now
        elif module in twins and may_wait(item) and not item.get_closest_marker("full"):
            item.user_properties.append((TWINS, twins[module]))
            changed = known.get(key_of(module)) != twins[module][0]
        elif not item.get_closest_marker("full"):
            return True
        return changed or wanted_in_full()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name, value in report.user_properties:
            if name == FINGERPRINT:
                self.tried.note(report, report.nodeid, value, 1)
            elif name == TWINS:
                self.tried.note(report, key_of(module_of(report.nodeid)), *value)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.is_worker:
            session.config.workeroutput["left_for_full"] = self.left  # type: ignore[attr-defined]
        elif wanted_in_full():
            write_stamps(self.root, *self.tried.sorted_out())

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        # Each process collects, and so leaves out, the same.
        self.left = max(self.left, getattr(node, "workeroutput", {}).get("left_for_full", 0))

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.left:
            terminalreporter.line(f"left for FULL=1: {self.left}")


class Tried:
    """What became of tests that are stamped, or of all those of a module, as the process that reports hears of it."""

    def __init__(self) -> None:
        # By name: the fingerprint, and how many tests it is that have to pass.
        self.meant: dict[str, tuple[str, int]] = {}
        # By name and test: whether each part of it passed, its beginning, itself and its end.
        self.passed: dict[str, dict[str, bool]] = {}

    def note(self, report: pytest.TestReport, name: str, stamp: str, count: int) -> None:
        """Note what became of a part of a test."""
        self.meant[name] = (stamp, count)
        tests = self.passed.setdefault(name, {})
        tests[report.nodeid] = tests.get(report.nodeid, True) and report.passed

    def sorted_out(self) -> tuple[dict[str, str], dict[str, str]]:
        """Return by name the fingerprints on which all passed, and those on which something did not or never ran."""
        passed: dict[str, str] = {}
        failed: dict[str, str] = {}
        for name, (stamp, count) in self.meant.items():
            fine = list(self.passed[name].values()) == [True] * count
            (passed if fine else failed)[name] = stamp
        return passed, failed


@functools.cache
def fingerprint(root: Path, patterns: tuple[str, ...]) -> str:
    """Return the SHA-256 over the names and bytes of files; a pattern that names none is a mistake."""
    digest = hashlib.sha256()
    for path in sorted({path for pattern in patterns for path in files_of(root, pattern)}):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def files_of(root: Path, pattern: str) -> list[Path]:
    """Return the files that a path, a folder or a pattern names."""
    places = list(root.glob(pattern))
    inside = [file for place in places for file in ([place] if place.is_file() else place.rglob("*"))]
    files = [file for file in inside if file.is_file() and "__pycache__" not in file.parts]
    if not files:
        raise pytest.UsageError(f"when_changed names {pattern!r}, and there is no such file")
    return files


def read_stamps(root: Path) -> dict[str, str]:
    """Return by test the fingerprint of the files it last passed on."""
    path = root / TRIED
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def write_stamps(root: Path, passed: dict[str, str], failed: dict[str, str]) -> None:
    """Keep what passed; forget what failed on the files it once passed on, and tests whose module is gone."""
    before = read_stamps(root)
    after = {name: now for name, now in (before | passed).items() if (root / file_of(name)).exists()}
    after = {name: now for name, now in after.items() if failed.get(name) != now}
    if after != before:
        path = root / TRIED
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            json.dumps(after, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8"
        )


def file_of(name: str) -> str:
    """Return the file whose tests a stamp is of."""
    return name.split("::")[0].removesuffix(key_of(""))

"""Leaves tests that are seldom worth their time for a full run, FULL=1, and says how many.

`full`: runs with FULL=1 alone. `when_changed("deploy/setup.sh", "deploy/*.py")`: runs with FULL=1, and whenever one of
the named files, or the test's own, is not as it was when the test last passed in a full run. Paths and patterns are
relative to the project; a folder means every file in it. What passed is kept in tests/tooling/tried.json, by test, as
the SHA-256 over the names and bytes of those files; a full run writes it, so commit it afterwards.

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

TRIED = "tests/tooling/tried.json"
FINGERPRINT = "files it was tried on"


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
        # By test: the fingerprint of its files, None once a part of it did not pass.
        self.tried: dict[str, str | None] = {}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        known = read_stamps(self.root)
        left = [item for item in items if not self.is_wanted(item, known)]
        if left:
            self.left = len(left)
            away = set(left)
            items[:] = [item for item in items if item not in away]
            config.hook.pytest_deselected(items=left)

    def is_wanted(self, item: pytest.Item, known: dict[str, str]) -> bool:
        """Return whether to run a test, and note on it which files it is tried on."""
        changed = False
        if item.get_closest_marker("when_changed"):
            patterns = {text for mark in item.iter_markers("when_changed") for text in mark.args}
            now = fingerprint(self.root, (*sorted(patterns), item.nodeid.split("::")[0]))
            item.user_properties.append((FINGERPRINT, now))
            changed = known.get(item.nodeid) != now
        elif not item.get_closest_marker("full"):
            return True
        return changed or wanted_in_full()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name, value in report.user_properties:
            if name == FINGERPRINT:
                before = self.tried.get(report.nodeid, str(value))
                self.tried[report.nodeid] = before if report.passed else None

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.is_worker:
            session.config.workeroutput["left_for_full"] = self.left  # type: ignore[attr-defined]
        elif wanted_in_full():
            write_stamps(self.root, {name: now for name, now in self.tried.items() if now})

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        # Each process collects, and so leaves out, the same.
        self.left = max(self.left, getattr(node, "workeroutput", {}).get("left_for_full", 0))

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.left:
            terminalreporter.line(f"left for FULL=1: {self.left}")


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


def write_stamps(root: Path, passed: dict[str, str]) -> None:
    """Keep what passed; forget tests whose module is gone."""
    before = read_stamps(root)
    after = {name: now for name, now in (before | passed).items() if (root / name.split("::")[0]).exists()}
    if after != before:
        path = root / TRIED
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            json.dumps(after, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8"
        )

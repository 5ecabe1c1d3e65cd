"""`--cpu-times FILE` writes what each test cost: seconds of CPU for setting up, running and clearing up.

On a machine that others use as well the clock on the wall says little. Counted is what the test's process and the
processes it started and waited for computed; servers of the whole run (PostgreSQL, Redis) are not in it.
A line a test: total, set-up, call, teardown, name. `sort -rn FILE | head` names the dearest.
"""

from __future__ import annotations

import resource
from collections import defaultdict
from collections.abc import Generator
from pathlib import Path

import pytest

PHASES = ("setup", "call", "teardown")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--cpu-times", metavar="FILE", help="write the seconds of CPU each test took")


def pytest_configure(config: pytest.Config) -> None:
    if path := config.getoption("--cpu-times"):
        config.pluginmanager.register(Meter(config.rootpath / path), "cpu-times-meter")


def cpu_seconds() -> float:
    """Return what this process and its ended children have computed."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


class Meter:
    """Measures in each process that runs tests; each adds its lines to the same file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.spent: dict[str, dict[str, float]] = defaultdict(lambda: dict.fromkeys(PHASES, 0.0))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, None, None]:
        yield from self.measured(item, "setup")

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        yield from self.measured(item, "call")

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, None, None]:
        yield from self.measured(item, "teardown")

    def measured(self, item: pytest.Item, phase: str) -> Generator[None, None, None]:
        before = cpu_seconds()
        try:
            return (yield)
        finally:
            self.spent[item.nodeid][phase] += cpu_seconds() - before

    def pytest_sessionfinish(self) -> None:
        if not self.spent:  # the process that only reports
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            for name, phases in self.spent.items():
                file.write(" ".join(f"{seconds:.2f}" for seconds in (sum(phases.values()), *phases.values())))
                file.write(f" {name}\n")

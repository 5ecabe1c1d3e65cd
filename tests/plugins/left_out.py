"""Says at the end which tests were left out and why; with CI=true leaving one out is a failure.

A test marked `needs_chromium`, `needs_java`, `needs_mail_servers`, `needs_postgresql` or `needs_redis` is left out
where that is not installed.
With CI=true it fails instead, and so does the whole run if any test was skipped for any other reason.
"""

from __future__ import annotations

from collections import defaultdict

import pytest

from tests.services import MISSING, in_ci, require


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in MISSING:
        if item.get_closest_marker(mark):
            require(mark)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    # With several processes only the one that reports has the reporter, and only its status counts.
    if in_ci() and left_out(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Lists them by reason, above pytest's own last line."""
    for reason, names in left_out(terminalreporter.config).items():
        count = f"{len(names)} test{'s' if len(names) > 1 else ''}"
        terminalreporter.section(f"left out: {count}", red=in_ci(), yellow=not in_ci())
        terminalreporter.line(f"{reason}{'; with CI=true that is a failure' if in_ci() else ''}")
        for name in names:
            terminalreporter.line(f"  {name}")


def left_out(config: pytest.Config) -> dict[str, list[str]]:
    """The skipped tests of this run by reason, in the order of the run."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    result: dict[str, list[str]] = defaultdict(list)
    for report in reporter.stats.get("skipped", []) if reporter else []:
        words = report.longrepr[2] if isinstance(report.longrepr, tuple | list) else str(report.longrepr)
        names = result[words.removeprefix("Skipped: ")]
        # A module skipped as a whole is reported by every process.
        if report.nodeid not in names:
            names.append(report.nodeid)
    return dict(result)

"""`make run` hands signals on and says nothing of its own when it is stopped."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# The suite itself may run under a make, whose flags would reach this one and make it say more.
ALONE = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}

# Stands where the environment's Python would: says that it runs, ends with status 0 when told to.
SERVER = f"""#!{sys.executable}
import pathlib, signal, sys, time
def stop(number, frame):
    # make hands SIGTERM on to a child that the group's signal has reached already; a second one
    # during Python's own shutdown would kill it, so the supervisor ignores it, and so does this.
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, signal.SIG_IGN)
    pathlib.Path("stopped").write_text(signal.Signals(number).name)
    sys.exit(0)
signal.signal(signal.SIGINT, stop)
signal.signal(signal.SIGTERM, stop)
pathlib.Path("starting").write_text(" ".join(sys.argv[1:]))
pathlib.Path("starting").rename("started")
time.sleep(60)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "setup.sh").write_text("exit 0\n", encoding="utf-8")
    server = tmp_path / ".venv" / "bin" / "python"
    server.parent.mkdir(parents=True)
    server.write_text(SERVER, encoding="utf-8")
    server.chmod(0o755)
    return tmp_path


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "nothing happened for 20 s"
        time.sleep(0.05)


# What make does with a signal depends on the Makefile alone.
@pytest.mark.when_changed("Makefile")
@pytest.mark.parametrize(
    ("number", "whole_group"),
    [(signal.SIGINT, True), (signal.SIGTERM, True), (signal.SIGTERM, False)],
    ids=["Ctrl-C", "stop the group", "stop make"],
)
def test_a_stopped_run_stops_the_server_quietly(
    project: Path, number: signal.Signals, whole_group: bool
) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
    make = subprocess.Popen(
        ["make", "run"], cwd=project, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, start_new_session=True,
    )  # fmt: skip
    wait_until((project / "started").exists)
    assert (project / "started").read_text() == "-m flask --app wsgi up"
    os.killpg(make.pid, number) if whole_group else make.send_signal(number)
    said, _ = make.communicate(timeout=20)
    assert (project / "stopped").read_text() == number.name
    assert "***" not in said
    assert make.returncode in (0, -number)


def test_make_alone_lists_every_command(project: Path) -> None:
    said = subprocess.run(["make"], cwd=project, env=ALONE, capture_output=True, text=True, check=True).stdout
    for command in ("setup", "run", "test", "lint", "format", "messages", "shots", "lock", "clean"):
        assert f"make {command} " in said


def test_the_samples_place_reaches_the_report_and_its_status_comes_back(project: Path) -> None:
    reader = project / ".venv" / "bin" / "python"
    reader.write_text('#!/bin/sh\necho "$SAMPLES: $*"\nexit 1\n', encoding="utf-8")
    command = ["make", "mail-report", "SAMPLES=/here/they are", "ARGS=--no-rate"]
    run = subprocess.run(command, cwd=project, env=ALONE, capture_output=True, text=True, check=False)
    assert run.stdout == "/here/they are: -m tests.mail.report --no-rate\n"
    assert run.returncode == 2, "make ends with 2 where a command ended with 1"


def test_ci_measures_the_samples_after_the_tests() -> None:
    commands = re.findall(r"(?m)^make (.+)$", (ROOT / ".ci" / "run").read_text(encoding="utf-8"))
    assert commands == ["setup-dev", "lint", "test", "mail-report ARGS=--no-rate"]

"""Processes under a supervisor: started in groups of their own, watched, stopped in order, none left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from config import ROOT
from pop_campaigns.core.private_files import create_private, make_private_folder

_LARGEST_LOG = 5 * 1024 * 1024
_LAST_LINES = 8
_TAIL = 8192


@dataclass(frozen=True)
class Child:
    """A started process; ``log`` holds what it writes, from ``log_start`` (bytes) on since this start."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    log_start: int


def start_child(name: str, command: Sequence[str], environ: Mapping[str, str], log_folder: Path) -> Child:
    """Start a command in the project's folder, in a session of its own: Ctrl-C reaches the supervisor alone."""
    make_private_folder(log_folder)
    log = log_folder / f"{name}.log"
    if log.exists() and log.stat().st_size > _LARGEST_LOG:
        log.replace(log.with_suffix(".log.1"))
    with create_private(log, append=True) as output:
        start = output.tell()
        process = subprocess.Popen(
            command, cwd=ROOT, env=dict(environ), start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    return Child(name, process, log, start)


def last_words(child: Child) -> str:
    """Return the last lines a process wrote since it was started."""
    with child.log.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(child.log_start, size - _TAIL))
        lines = file.read().decode("utf-8", "replace").splitlines()
    return "\n".join([line for line in lines if line.strip()][-_LAST_LINES:])


def stop_children(stages: Iterable[Sequence[Child]], seconds: float) -> None:
    """Stop the processes, one stage after the other, each given ``seconds``; then kill what is left of any.

    A process is asked with SIGTERM; the kill goes to its whole group, so that nothing it started survives.
    """
    all_children: list[Child] = []
    for stage in stages:
        all_children += stage
        for child in stage:
            if child.process.poll() is None:
                child.process.terminate()
        _wait(stage, seconds)
    for child in all_children:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.process.pid, signal.SIGKILL)
    for child in all_children:
        child.process.wait()


def _wait(children: Sequence[Child], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    for child in children:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.process.wait(timeout=max(0.0, deadline - time.monotonic()))

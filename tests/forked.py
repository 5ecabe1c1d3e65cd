"""`flask --app wsgi …` as processes of their own, forked from one that has imported the service already.

A process from nothing spends seconds on imports, a forked one none; number, environment, signals, output and end are its
own all the same. That the commands start from nothing, too, is tried by tests/tryout and tests/browser.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import importlib
import json
import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, NoReturn

from flask import has_app_context

from pop_campaigns.core.db import db

ROOT = Path(__file__).resolve().parents[1]
NUMBER = struct.Struct("!i")


class Forked:
    """A running process, to be asked as `subprocess.Popen` is."""

    def __init__(self, pid: int, status: socket.socket) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._status = status

    def poll(self) -> int | None:
        """Return the status it ended with, None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return the status it ends with; raise TimeoutExpired if it does not in time."""
        if self.returncode is None:
            self._status.settimeout(timeout)
            try:
                self.returncode = _read_number(self._status)
            except (BlockingIOError, TimeoutError):
                raise subprocess.TimeoutExpired("flask", timeout or 0.0) from None
            self._status.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Tell it to stop."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it in the middle of whatever it does."""
        self.send_signal(signal.SIGKILL)


class Forker:
    """The process that has imported everything, and forks one more whenever it is asked."""

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.forked", str(theirs.fileno())],
                cwd=ROOT, env=_plain_environment(), stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()],
            )  # fmt: skip

    def start(
        self,
        arguments: list[str],
        environ: Mapping[str, str],
        output: IO[Any],
        errors: IO[Any] | None = None,
        *,
        given: IO[Any] | None = None,
        program: str = "",
    ) -> Forked:
        """Run ``flask`` with arguments, or a program of Python, in an environment.

        What it says goes to files; what it reads comes from the file ``given``, which is none unless told.
        """
        _renew_locks()
        here, there = socket.socketpair()
        with there, Path(os.devnull).open("rb") as nothing:
            order = json.dumps(
                {"arguments": arguments, "environ": dict(environ), "program": program}
            ).encode()
            files = (given or nothing, output, errors or output)
            handed = [there.fileno(), *(file.fileno() for file in files)]
            socket.send_fds(self._control, [NUMBER.pack(len(order))], handed)
            self._control.sendall(order)
        return Forked(_read_number(here), here)

    def close(self) -> None:
        """End it, and with it nothing that it has forked."""
        self._control.close()
        self._process.wait()


@functools.cache
def forker() -> Forker:
    """Return the one of this test process, started with the first call."""
    made = Forker()
    atexit.register(made.close)
    return made


def command_under(limit: int) -> str:
    """Return the program that is ``flask`` where no file may grow beyond so many bytes.

    It is what a full disk looks like from inside, without needing one.
    """
    return (
        "import resource\nfrom flask.cli import main\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\nmain()"
    )


def _renew_locks() -> None:
    """Let the test's own connections to SQLite be opened anew before another process comes to the same file.

    Whatever in this process opened and closed the file beside SQLite took their locks away (POSIX; see
    ``core.private_files``), and the first process to leave would then take the journal with it.
    """
    if has_app_context() and db.engine.dialect.name == "sqlite":
        db.engine.dispose()


def _plain_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("POP_")}


def _read_number(source: socket.socket) -> int:
    content = source.recv(NUMBER.size, socket.MSG_WAITALL)
    if len(content) < NUMBER.size:
        raise ConnectionError("the process that forks has ended")
    return int(NUMBER.unpack(content)[0])


def _serve(control: socket.socket) -> None:
    """Fork a process for each order, until the tests are over."""
    importlib.import_module("pop_campaigns.app")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        header, handed, _flags, _address = socket.recv_fds(control, NUMBER.size, 4)
        if not header:
            return
        order = json.loads(control.recv(NUMBER.unpack(header)[0], socket.MSG_WAITALL))
        if os.fork() == 0:
            control.close()
            _watch(order, *handed)
        for descriptor in handed:
            os.close(descriptor)


def _watch(order: dict[str, Any], status: int, *files: int) -> NoReturn:
    """Fork the process itself, tell its number and, in the end, its status."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid == 0:
        os.close(status)
        _become(order, files)
    os.write(status, NUMBER.pack(pid))
    for descriptor in files:
        os.close(descriptor)
    _pid, ended = os.waitpid(pid, 0)
    # Whoever asked may have gone.
    with contextlib.suppress(OSError):
        os.write(status, NUMBER.pack(os.waitstatus_to_exitcode(ended)))
    os._exit(0)


def _become(order: dict[str, Any], files: tuple[int, ...]) -> NoReturn:
    """Be the command; what it raises ends the interpreter as it would any other."""
    from flask.cli import main

    for descriptor, file in enumerate(files):
        os.dup2(file, descriptor)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(order["environ"])
    sys.argv = ["flask", *order["arguments"]]
    if order["program"]:
        exec(order["program"], {"__name__": "__main__"})  # the test's own
        sys.exit()
    sys.exit(main())


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))

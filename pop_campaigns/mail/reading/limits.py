"""Reading strangers' mail in a process of its own, so that no mail can take the service down with it.

One process reads many mails: starting one takes longer than reading a hundred. When it dies, of a limit or otherwise, the
mail it died of is *unparsed* with the reason, and the next one gets a new process.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from types import TracebackType
from typing import Self

from config import ROOT
from pop_campaigns.mail.reading.parts import MESSAGE_LIMIT
from pop_campaigns.mail.reading.report import NEEDS_MEMORY, MailReport, unparsed
from pop_campaigns.mail.reading.wire import read_block, write_block

CPU_SECONDS = 5
MEMORY_BYTES = 512 * 1024 * 1024
# The processor limit does not run while the machine is busy with something else.
WALL_SECONDS = 30.0
_MAILS_PER_PROCESS = 2000
"""After so many mails a process is replaced, for what it may have kept in memory."""

_DIED = "the reading process died of it"


class MailReader:
    """A process that reads mails one at a time; several threads may ask, each waits its turn. Use one per thread for more."""

    def __init__(
        self,
        *,
        cpu_seconds: int = CPU_SECONDS,
        memory_bytes: int = MEMORY_BYTES,
        wall_seconds: float = WALL_SECONDS,
    ) -> None:
        self._cpu_seconds = cpu_seconds
        self._memory_bytes = memory_bytes
        self.wall_seconds = wall_seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._read = 0
        self._too_long = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """Number of the process, None while there is none."""
        return self._process.pid if self._process else None

    def read(self, raw: bytes, envelope_from: str = "", envelope_to: str = "") -> MailReport:
        """Return the report of a mail; never raises for what is in it."""
        if len(raw) > MESSAGE_LIMIT:
            return unparsed(f"larger than {MESSAGE_LIMIT // 1024 // 1024} MiB")
        with self._lock:
            first = self._read_once(raw, envelope_from, envelope_to, again=False)
            # What killed the process may have had nothing to do with this mail; a fresh one tells.
            return first or self._read_once(raw, envelope_from, envelope_to, again=True) or unparsed(_DIED)

    def read_attachment(self, raw: bytes, number: int) -> bytes | None:
        """Return one file of a mail by its number among the report's attachments; None where there is none to be had."""
        with self._lock:
            self._make_ready(again=False)
            answer = self._ask(json.dumps(number).encode("ascii"), raw)
            if answer is None:
                self.close()
        return answer[1:] if answer and answer[:1] == b"1" else None

    def _read_once(
        self, raw: bytes, envelope_from: str, envelope_to: str, *, again: bool
    ) -> MailReport | None:
        """Return the report of a mail; None where it is worth asking once more."""
        self._make_ready(again=again)
        answer = self._ask(json.dumps([envelope_from, envelope_to]).encode("ascii"), raw)
        if answer is None:
            reason, final = self._why_it_died()
            return unparsed(reason) if final or again else None
        try:
            report = MailReport.from_json(json.loads(answer))
        except (KeyError, TypeError, ValueError) as problem:
            return unparsed(f"the reading process answered what cannot be read: {type(problem).__name__}")
        if report.reasons and report.reasons[0] == NEEDS_MEMORY:
            # Memory that ran out once is in pieces; the next mail gets a process with all of it.
            self.close()
        return report

    def _make_ready(self, *, again: bool) -> None:
        dead = self._process is None or self._process.poll() is not None
        if again or dead or self._read >= _MAILS_PER_PROCESS:
            self._replace()
        self._read += 1

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for stream in (process.stdin, process.stdout):
            if stream:
                with contextlib.suppress(OSError):
                    stream.close()
        process.wait()

    def _replace(self) -> None:
        self.close()
        self._read = 0
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "pop_campaigns.mail.reading.child",
                str(self._cpu_seconds),
                str(self._memory_bytes),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env=_environment(),
            start_new_session=True,  # a Ctrl-C is for the one who reads the answers
        )

    def _ask(self, envelope: bytes, raw: bytes) -> bytes | None:
        """Send a mail and return what comes back; None when the process died or took too long."""
        process = self._process
        self._too_long = False
        if process is None or process.stdin is None or process.stdout is None:
            return None
        timer = threading.Timer(self.wall_seconds, self._give_up, args=(process,))
        timer.daemon = True
        timer.start()
        try:
            write_block(process.stdin, envelope)
            write_block(process.stdin, raw)
            return read_block(process.stdout)
        except OSError:
            return None
        finally:
            timer.cancel()

    def _give_up(self, process: subprocess.Popen[bytes]) -> None:
        self._too_long = True
        process.kill()

    def _why_it_died(self) -> tuple[str, bool]:
        """Return why the process died, and whether the mail is to blame for certain."""
        process = self._process
        code = None
        if process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = process.wait(timeout=5)
        self.close()
        if self._too_long:
            return f"takes longer than {self.wall_seconds:g} seconds", True
        if code == -signal.SIGXCPU:
            return f"takes more than {self._cpu_seconds} seconds of processor time", True
        if code in (-signal.SIGABRT, -signal.SIGSEGV):
            return NEEDS_MEMORY, False
        return f"{_DIED} ({code})", False


def _environment() -> dict[str, str]:
    """Return what the process may know: nothing of ours, no key and no password, since strangers' mail is read there."""
    variables = {name: os.environ[name] for name in ("PATH", "VIRTUAL_ENV") if name in os.environ}
    return variables | {"LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "1", "PYTHONDONTWRITEBYTECODE": "1"}


_readers: dict[int, MailReader] = {}
_readers_lock = threading.Lock()


def read_under_limits(raw: bytes, envelope_from: str = "", envelope_to: str = "") -> MailReport:
    """Return the report of a mail, read in the process that this one keeps for it; never raises for what is in it."""
    return _own_reader().read(raw, envelope_from, envelope_to)


def attachment_under_limits(raw: bytes, number: int) -> bytes | None:
    """Return one file of a mail by its number, taken out in the process that this one keeps for it; None for none."""
    return _own_reader().read_attachment(raw, number)


def _own_reader() -> MailReader:
    with _readers_lock:
        # By process: a child of fork must not talk into its parent's pipe.
        reader = _readers.get(os.getpid())
        if reader is None:
            _readers.clear()
            reader = _readers[os.getpid()] = MailReader()
            atexit.register(reader.close)
    return reader

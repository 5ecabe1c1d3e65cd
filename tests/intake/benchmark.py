"""How many messages a second are taken in and stored, and how many fully processed: ``make intake-rate``.

Prints figures and ratios for SQLite with synchronous=FULL. Beside them what the same machine gives without us: one
message a commit, the library alone, which acknowledges and stores nothing, and messages that are read and not filed.
Others at work on the machine spoil the figures: the load is printed, and the best of several rounds counts.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from config import ROOT
from tests.intake import filing_rate
from tests.intake.lmtp_client import Delivery, make_message
from tests.services import free_port


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=3000)
    parser.add_argument("--size", type=int, default=4000, help="bytes of a message (default: %(default)s)")
    parser.add_argument("--connections", type=int, nargs="*", default=[1, 4, 20, 50])
    parser.add_argument("--only", choices=("taking", "filing"), help="one of the two figures")
    parser.add_argument("--workers", type=int, default=2, help="processes that file (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="of filing (default: %(default)s)")
    given = parser.parse_args()
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} before we begin")
    if given.only != "filing":
        taking(given)
    if given.only != "taking":
        with tempfile.TemporaryDirectory(prefix="pop-benchmark-", dir=ROOT) as folder:
            filing_rate.report(Path(folder), given.messages, given.workers, given.rounds)


def taking(given: argparse.Namespace) -> None:
    """Print how many messages a second the listener takes in, each number of connections by itself."""
    print(f"{given.messages} messages of {given.size} bytes, taken in and stored")
    with tempfile.TemporaryDirectory(prefix="pop-benchmark-", dir=ROOT) as folder:
        alone = plain_commits(Path(folder) / "plain.sqlite3", given.size)
        print(f"{'SQLite alone, one message a commit':<40} {alone:8.0f} /s   1.0")
        command = [sys.executable, "-m", "tests.intake.benchmark_sink"]
        report("library alone, nothing stored, 20 lines", given, 20, command, {}, alone)
        environ = service_environment(Path(folder))
        upgrade = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
        subprocess.run(upgrade, cwd=ROOT, env=environ, check=True, capture_output=True)
        command = [sys.executable, "-m", "flask", "--app", "wsgi", "mail", "listen", "--at"]
        for number in given.connections:
            report(f"listener, {number} connections", given, number, command, environ, alone)
        with contextlib.closing(sqlite3.connect(Path(folder) / "pop.sqlite3")) as database:
            stored = database.execute(
                "SELECT count(*), count(DISTINCT sha256) FROM incoming_mails"
            ).fetchone()
        print(
            f"stored {stored[0]}, different {stored[1]}, acknowledged {given.messages * len(given.connections)}"
        )


def report(
    name: str,
    given: argparse.Namespace,
    connections: int,
    command: list[str],
    environ: dict[str, str],
    alone: float,
) -> None:
    """Deliver over so many connections and print messages a second and their ratio to plain commits."""
    start = connections * 10_000_000  # other messages than before, else they would be there already
    messages = [make_message(start + number, given.size) for number in range(given.messages)]
    port = free_port()
    with running([*command, f"lmtp://127.0.0.1:{port}"], port, environ) as process:
        used = processor_seconds(process.pid)
        began = time.perf_counter()
        asyncio.run(Delivery(messages, port, connections).run())
        seconds = time.perf_counter() - began
        used = processor_seconds(process.pid) - used
    rate = len(messages) / seconds
    each = used / len(messages) * 1000
    print(f"{name:<40} {rate:8.0f} /s {rate / alone:5.1f}   {each:.2f} ms of a processor each")


def plain_commits(path: Path, size: int, number: int = 300) -> float:
    """Messages a second if each is a commit of its own."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute("CREATE TABLE mails (raw BLOB)")
        began = time.perf_counter()
        for place in range(number):
            database.execute("INSERT INTO mails VALUES (?)", (make_message(place, size),))
        return number / (time.perf_counter() - began)


def service_environment(folder: Path) -> dict[str, str]:
    given = {name: value for name, value in os.environ.items() if not name.startswith("POP_")}
    return given | {"POP_MODE": "test", "POP_DATA_DIR": str(folder), "POP_MAIL_DOMAIN": "rsvp.example"}


def processor_seconds(pid: int) -> float:
    """Seconds of processors a process has used, all its threads together."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def running(command: list[str], port: int, environ: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, cwd=ROOT, env=environ or None, stdout=subprocess.DEVNULL)
    try:
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None:
                raise SystemExit("the listener did not start")
            time.sleep(0.1)
        yield process
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()

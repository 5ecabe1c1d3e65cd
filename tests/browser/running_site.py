"""`make run` as the process it is, for the browser: on a free port, with a data folder of its own."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from config import ROOT
from tests.services import NotStarted, free_port

START_SECONDS = 90.0
STOP_SECONDS = 20.0
# Without a sandbox of its own the browser also starts in containers; the rest keeps it from calling home.
BROWSER_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass(frozen=True)
class Site:
    """Where it answers, its data folder, and the passwords of its accounts by e-mail address."""

    address: str
    folder: Path
    passwords: dict[str, str]

    def url(self, path: str) -> str:
        """The whole address of a page."""
        return self.address + path

    def receive(self, raw: bytes, *, sender: str, to: str) -> None:
        """Hand a mail over as a mail server does; the worker finds it within a minute."""
        command = [sys.executable, "-m", "flask", "--app", "wsgi", "mail", "receive"]
        envelope = ["--sender", sender, "--recipient", to]
        given = _settings() | {"POP_DATA_DIR": str(self.folder)}
        subprocess.run([*command, *envelope], cwd=ROOT, env=given, input=raw, check=True, timeout=60)


def _settings() -> dict[str, str]:
    """The environment without settings of the machine's own."""
    return {name: value for name, value in os.environ.items() if not name.startswith("POP_")}


@contextlib.contextmanager
def running_site(folder: Path) -> Iterator[Site]:
    """Web server, worker and mail server with the record of 2020, for the time of the block.

    Ends as with Ctrl-C in a terminal: the whole group gets SIGINT. Raises NotStarted with its last words.
    """
    port = free_port()
    given = _settings()
    given["POP_UNDO_SECONDS"] = "0"
    given |= {"PORT": str(port), "POP_DATA_DIR": str(folder), "POP_MAIL_PORT": str(free_port())}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "up"]
    # A test run that is killed takes it along, where the system offers that.
    if setpriv := shutil.which("setpriv"):
        command = [setpriv, "--pdeathsig", "INT", *command]
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "up.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=given, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        _wait_until_healthy(process, port, log)
        lines = (folder / "sign-in.txt").read_text(encoding="utf-8").splitlines()
        passwords = dict(line.split("\t")[:2] for line in lines)
        yield Site(f"http://127.0.0.1:{port}", folder, passwords)
    finally:
        _stop(process)


def _wait_until_healthy(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _is_healthy(port):
        if process.poll() is not None or time.monotonic() > deadline:
            words = log.read_text(encoding="utf-8", errors="replace").strip()[-1000:]
            raise NotStarted(f"`make run` did not start: {words}")
        time.sleep(0.1)


def _is_healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    with contextlib.closing(connection):
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
    try:
        process.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextlib.contextmanager
def running_browser(program: Path) -> Iterator[Browser]:
    """The installed Chromium, without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=BROWSER_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()

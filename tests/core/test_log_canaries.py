"""Real servers, with every log they can keep switched on, are asked for secrets: none of them stands in a log."""

from __future__ import annotations

import http.client
import logging
import logging.handlers
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from config import ROOT
from pop_campaigns.core.logs import mask_all_handlers
from tests.services import free_port

TOKEN = "Kanarina0cH8wq1x2y3z4_abcdefGHIJKLmnopqrstu"  # what must be found nowhere
NAME = "kanarin.qytetar"
ADDRESS = f"{NAME}@posta.example"
SECRETS = (TOKEN, NAME)
ENCODED = f"{NAME}%40posta.example"
REQUESTS = (
    # No table exists: the page of an answer breaks, and its traceback is logged with the address that was asked for.
    ("GET", f"/a/{TOKEN}", ""),
    ("GET", f"/a/{TOKEN}/invite.ics?to={ENCODED}", ""),
    ("GET", f"/u/e1.{TOKEN}", ""),
    ("GET", f"/login?next=%2Fa%2F{TOKEN}&q={ENCODED}", ""),
    ("GET", f"/sq/?q={ADDRESS}", ""),
    ("POST", f"/a/{TOKEN}", f"email={ENCODED}&next=/a/{TOKEN}"),
    ("POST", "/login", f"email={ENCODED}&password={TOKEN}"),
    ("GET", f"/nowhere/a/{TOKEN}", ""),
)
SERVERS = {
    "gunicorn": ["-m", "gunicorn", "--bind", "127.0.0.1:{port}", "--log-level", "debug", "--access-logfile", "-",
                 "--error-logfile", "-", "--capture-output", "--enable-stdio-inheritance", "wsgi:app"],
    "flask run": ["-m", "flask", "--app", "wsgi", "run", "--no-reload", "--port", "{port}"],
}  # fmt: skip


@pytest.mark.parametrize("server", SERVERS)
def test_no_server_writes_a_secret_into_its_log(tmp_path: Path, server: str) -> None:
    port = free_port()
    given = {name: value for name, value in os.environ.items() if not name.startswith(("POP_", "FLASK_"))}
    given |= {"POP_DATA_DIR": str(tmp_path / "data"), "POP_LOG_LEVEL": "DEBUG", "PYTHONUNBUFFERED": "1"}
    log = tmp_path / "server.log"
    command = [sys.executable, *(word.format(port=port) for word in SERVERS[server])]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=given, stdout=output, stderr=subprocess.STDOUT)
        try:
            statuses = [_ask(port, *request, process=process) for request in REQUESTS]
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)
    said = log.read_text(encoding="utf-8")
    # The log is a log: each request, and the traceback of what broke.
    assert 500 in statuses
    assert "Traceback" in said and "no such table" in said
    assert "/a/•••" in said and "•@posta.example" in said
    assert [secret for secret in SECRETS if secret in said] == []


def _ask(port: int, method: str, path: str, body: str, *, process: subprocess.Popen[bytes]) -> int:
    deadline = time.monotonic() + 60
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        headers = {"Referer": f"http://127.0.0.1/a/{TOKEN}", "User-Agent": f"Mozilla ({ADDRESS})"}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        except ConnectionRefusedError:
            assert process.poll() is None and time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.1)
        finally:
            connection.close()


def test_every_handler_of_this_process_masks(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    """Also one made later, with a formatter of its own, at a logger of its own that hands nothing on."""
    handlers = [one for ref in logging._handlerList if (one := ref()) is not None]
    assert handlers
    own = [
        handler
        for handler in handlers
        if "format" in vars(type(handler)) and type(handler).__module__ != "_pytest.logging"
    ]
    assert own == []
    logger = logging.getLogger("of some library")
    logger.propagate, late = False, logging.StreamHandler(sys.stderr)
    late.setFormatter(logging.Formatter("%(asctime)s " + ADDRESS + " %(message)s"))
    logger.addHandler(late)
    try:
        try:
            raise ValueError(f"not found: /a/{TOKEN}")
        except ValueError:
            logger.exception("went wrong for %s", ADDRESS, stack_info=True)
        logger.error("a line that does not fit %d", ADDRESS)
    finally:
        # pytest hangs a handler of its own on every logger that is not propagating when a test begins.
        logger.removeHandler(late)
        logger.propagate = True
    said = capsys.readouterr().err
    assert (
        said.count("•@posta.example") >= 2 and "/a/•••" in said and "could not be logged: TypeError" in said
    )
    assert [secret for secret in SECRETS if secret in said] == []


def test_what_nobody_caught_and_what_python_warns_of_is_masked(tmp_path: Path) -> None:
    program = (
        "import threading, warnings\n"
        "from pop_campaigns.core.logs import mask_all_handlers\n"
        "mask_all_handlers()\n"
        f"warnings.warn('to {ADDRESS}', stacklevel=1)\n"
        "def fail():\n"
        f"    raise ValueError('/a/{TOKEN}')\n"
        "one = threading.Thread(target=fail); one.start(); one.join()\n"
        f"raise ValueError('/u/{TOKEN} {ADDRESS}')\n"
    )
    script = tmp_path / "fails.py"
    script.write_text(program, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script)], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.count("ValueError") >= 2 and "UserWarning" in done.stderr
    assert [secret for secret in SECRETS if secret in done.stderr] == []


@pytest.mark.parametrize(
    "make",
    [
        lambda path: logging.FileHandler(path),
        lambda path: logging.handlers.RotatingFileHandler(path),
        lambda path: logging.handlers.WatchedFileHandler(path),
    ],
)
def test_handlers_that_write_files_mask_too(tmp_path: Path, make: Callable[[Path], Any]) -> None:
    mask_all_handlers()
    path = tmp_path / "x.log"
    handler = make(path)
    with warnings.catch_warnings():
        handler.emit(logging.LogRecord("gunicorn.access", 20, "", 0, "GET %s", (f"/a/{TOKEN}",), None))
    handler.close()
    assert path.read_text(encoding="utf-8") == "GET /a/•••\n"

"""What `make run` does: prepare the data folder, start everything on this machine, stop everything again."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import http.client
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType

import click
from flask import Flask

from pop_campaigns.core.private_files import keep_to_owner, make_private_folder
from pop_campaigns.mail.intake.listener import parse_place
from pop_campaigns.tryout.first_start import CannotStart, prepare_database
from pop_campaigns.tryout.greeting import greeting
from pop_campaigns.tryout.processes import Child, last_words, start_child, stop_children

HOST = "127.0.0.1"
PREFERRED_MAIL_PORT = 8025
PREFERRED_INTAKE_PORT = 8024
_START_SECONDS = 60.0
_LOOK_SECONDS = 0.2
# Per stage: web server and worker first, then mail server and intake, which may still be talking to each other and to
# them. Below five together.
_STOP_SECONDS = 2.0


def run_up(app: Flask, environ: Mapping[str, str]) -> int:
    """Run until Ctrl-C or a stop signal; return the exit status.

    Prints the address when it answers, then how to sign in. Status 0 after Ctrl-C, 1 with one sentence on
    standard error where it cannot start, and where one of its processes ends by itself.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    keep_to_owner()  # the processes inherit it
    try:
        with app.app_context():
            _run(app, environ)
    except KeyboardInterrupt:
        return 0
    except CannotStart as problem:
        click.echo(f"make run: {problem}", err=True)
        return 1
    raise AssertionError("unreachable: it runs until it is stopped")


def _stop(_number: int, _frame: FrameType | None) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # stopping is under way and takes seconds
    raise KeyboardInterrupt


def _run(app: Flask, environ: Mapping[str, str]) -> None:
    if app.config["MODE"] == "production":
        raise CannotStart(
            "this is for trying out; in production start `gunicorn wsgi:app` and `flask --app wsgi worker`."
        )
    folder = Path(app.config["DATA_DIR"])
    _require_writable(folder)
    port = wanted_port(environ)
    address = f"http://{HOST}:{port}"
    with _alone_in(folder, address):
        _require_free(port, "PORT")
        _require_wanted_mail_ports(app, environ)
        prepare_database(folder)
        # A free port is looked for last: whatever starts beside this would take it while the record loads.
        child_environ = _child_environment(app, environ, port)
        with _running(folder, child_environ, app.config["MAIL_DOMAIN"]) as children:
            _wait_until_ready(port, children)
            click.echo(greeting(address, folder, local_mail="POP_MAIL_SERVER" not in environ))
            sys.stdout.flush()
            while True:
                _require_alive(children)
                time.sleep(_LOOK_SECONDS)


def _require_writable(folder: Path) -> None:
    trial = folder / f".trial-{os.getpid()}"
    try:
        make_private_folder(folder)
        trial.touch()
        trial.unlink()
    except OSError as problem:
        raise CannotStart(
            f"the data folder {folder} cannot be written ({problem.strerror}); choose another with POP_DATA_DIR."
        ) from problem


def wanted_port(environ: Mapping[str, str]) -> int:
    """Return the web port the environment asks for. Raise :class:`CannotStart`."""
    typed = environ.get("PORT") or "8000"
    if not (typed.isascii() and typed.isdigit() and 1 <= int(typed) <= 65535):
        raise CannotStart(f"PORT must be a number from 1 to 65535, not {typed!r}.")
    return int(typed)


@contextlib.contextmanager
def _alone_in(folder: Path, address: str) -> Iterator[None]:
    """Keep a second supervisor out of the folder; the lock goes with this process, however it ends."""
    with (folder / "up.lock").open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as problem:
            lock.seek(0)
            other = lock.read().strip()
            raise CannotStart(
                f"another `make run` already uses {folder}{f' and answers at {other}' if other else ''}; "
                "stop it, or choose another folder with POP_DATA_DIR."
            ) from problem
        lock.truncate(0)
        lock.write(address)
        lock.flush()
        yield


def _require_free(port: int, setting: str, before: str = "") -> None:
    try:
        _try_port(port)
    except OSError as problem:
        if problem.errno == errno.EADDRINUSE:
            why = f"port {port} is taken by another program"
        else:
            why = f"port {port} cannot be used ({problem.strerror})"
        raise CannotStart(
            f"{why}; choose another, for example {setting}={before}{port % 65535 + 1}."
        ) from problem


def _try_port(port: int) -> int:
    with socket.socket() as probe:
        # As servers do: a port whose last connections are just ending is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((HOST, port))
        bound: int = probe.getsockname()[1]
        return bound


def _require_wanted_mail_ports(app: Flask, environ: Mapping[str, str]) -> None:
    if "POP_MAIL_PORT" in environ and "POP_MAIL_SERVER" not in environ:
        _require_free(app.config["MAIL_PORT"], "POP_MAIL_PORT")
    if "POP_INBOX_LISTEN" in environ:
        place = parse_place(app.config["INBOX_LISTEN"])
        _require_free(place.port, "POP_INBOX_LISTEN", f"{'lmtp' if place.lmtp else 'smtp'}://{place.host}:")
        if not place.lmtp and "POP_MAIL_SERVER" not in environ:
            raise CannotStart(
                "the local mail server speaks LMTP to the intake: POP_INBOX_LISTEN must be lmtp://…."
            )


def _child_environment(app: Flask, environ: Mapping[str, str], port: int) -> dict[str, str]:
    child_environ = dict(environ) | {
        "PORT": str(port),
        "POP_DATA_DIR": app.config["DATA_DIR"],
        "PYTHONUNBUFFERED": "1",
        "SUPERVISOR_PID": str(os.getpid()),
    }
    child_environ.setdefault("POP_BASE_URL", f"http://{HOST}:{port}")
    if "POP_MAIL_SERVER" in environ:
        return child_environ
    taken = {port}
    mail_port = (
        app.config["MAIL_PORT"] if "POP_MAIL_PORT" in environ else find_port(PREFERRED_MAIL_PORT, taken)
    )
    taken.add(mail_port)
    child_environ.setdefault("POP_INBOX_LISTEN", f"lmtp://{HOST}:{find_port(PREFERRED_INTAKE_PORT, taken)}")
    return child_environ | {
        "POP_MAIL_SERVER": HOST,
        "POP_MAIL_LOCAL": "true",
        "POP_MAIL_PORT": str(mail_port),
        # What is sent to our addresses comes back by the intake below, and mails may say so.
        "POP_INBOX_READS": "true",
    }


def find_port(preferred: int, taken: set[int]) -> int:
    """Return a free port, the preferred one if it can be; none of ``taken``, which nobody listens at yet."""
    port = preferred
    if port not in taken:
        with contextlib.suppress(OSError):
            return _try_port(port)
    while port == preferred or port in taken:
        port = _try_port(0)
    return port


@contextlib.contextmanager
def _running(folder: Path, environ: Mapping[str, str], domain: str) -> Iterator[list[Child]]:
    """Start the processes; whatever happens in the block, none of them is left."""
    logs = folder / "log"
    flask, ends = [sys.executable, "-m", "flask", "--app", "wsgi"], ["--stop-with", environ["SUPERVISOR_PID"]]
    servers: list[Child] = []
    mail: list[Child] = []
    try:
        if environ.get("POP_MAIL_LOCAL") == "true":
            mail.append(start_child("mail", _mail_command(folder, environ, domain), environ, logs))
        web = [sys.executable, "-m", "gunicorn", "-c", "python:pop_campaigns.tryout.web", "wsgi:app"]
        servers.append(start_child("web", web, environ, logs))
        servers.append(start_child("worker", [*flask, "worker", *ends], environ, logs))
        if "POP_INBOX_LISTEN" in environ:
            # Also beside a mail server of one's own, where a place to listen at is asked for.
            mail.append(start_child("intake", [*flask, "mail", "listen", *ends], environ, logs))
        yield [*servers, *mail]
    finally:
        stop_children((servers, mail), _STOP_SECONDS)


def _mail_command(folder: Path, environ: Mapping[str, str], domain: str) -> list[str]:
    mail_folder = environ.get("POP_MAIL_KEEP_FOLDER") or str(folder / "mail")
    intake = parse_place(environ["POP_INBOX_LISTEN"])
    return [
        sys.executable, "-m", "pop_campaigns.tryout.mailserver", "--stop-with", environ["SUPERVISOR_PID"],
        "--port", environ["POP_MAIL_PORT"], "--folder", mail_folder, "--domain", domain,
        "--relay-to", f"{intake.host}:{intake.port}",
    ]  # fmt: skip


def _wait_until_ready(port: int, children: list[Child]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not _is_healthy(port):
        _require_alive(children)
        if time.monotonic() > deadline:
            web = next(child for child in children if child.name == "web")
            raise CannotStart(f"the web server does not answer; see {web.log}.\n{last_words(web)}")
        time.sleep(_LOOK_SECONDS / 2)
    _require_alive(children)


def _is_healthy(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _require_alive(children: list[Child]) -> None:
    for child in children:
        status = child.process.poll()
        if status is not None:
            how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
            words = last_words(child)
            raise CannotStart(
                f"the {child.name} process {how}, so everything was stopped. "
                + (f"Its last words:\n{words}" if words else f"It left no word in {child.log}.")
            )

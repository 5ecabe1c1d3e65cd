"""`make run` as the process it is: starts, answers, says how to sign in, stops everything, whatever happens.

Between start and stop, seen from the outside: invitations go out, are answered as the guests would, and the answers stand
at the event.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryFile
from types import SimpleNamespace
from typing import IO, Any

import pytest

from config import ROOT
from pop_campaigns.tryout import supervisor
from pop_campaigns.tryout.first_start import CannotStart
from pop_campaigns.tryout.supervisor import PREFERRED_MAIL_PORT, find_port, wanted_port
from tests.forked import forker
from tests.services import free_port
from tests.tryout.plain_browser import PlainBrowser

PATIENCE = 90.0
TITLE = "Prova e rrugës së plotë"
SECRETS = ("Kanarina0cH8wq1x2y3z4_abcdefGHIJKLmnopqrstu", "kanarin.qytetar")


class Run:
    """One `make run`, from the outside."""

    def __init__(self, folder: Path, port: int, **environ: str) -> None:
        self.port = port
        given = environment(folder, port, **environ)
        self.said, self.complained = TemporaryFile("w+"), TemporaryFile("w+")  # noqa: SIM115  # they live as long as the run
        self.process = subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "wsgi", "up"],
            cwd=ROOT, env=given, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=self.said, stderr=self.complained,
            umask=0,  # what it writes is for its owner whatever it was started with
        )  # fmt: skip

    def first_line(self) -> str:
        """Waits for the first line it says, or for its end."""
        while self.process.poll() is None and "\n" not in (said := _read(self.said)):
            time.sleep(0.05)
        return (said or _read(self.complained)).partition("\n")[0]

    def end(self, number: int = signal.SIGINT) -> tuple[int, str, str]:
        """Sends a signal; gives status, what it said, its complaints."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> tuple[int, str, str]:
        self.process.wait(timeout=PATIENCE)
        return self.process.returncode, _read(self.said), _read(self.complained)

    def children(self) -> dict[int, str]:
        """All processes below it, by number, with their command lines."""
        return {number: words for number, parent, words in _processes() if parent == self.process.pid}

    def answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        with contextlib.closing(connection):
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200


def environment(folder: Path, port: int, **environ: str) -> dict[str, str]:
    """The environment of a run, without settings of the machine's own."""
    given = {name: value for name, value in os.environ.items() if not name.startswith("POP_")}
    given["POP_UNDO_SECONDS"] = "0"
    return given | {"POP_DATA_DIR": str(folder), "PORT": str(port)} | environ


def _read(file: IO[str]) -> str:
    # Its position is shared with the process that writes.
    return os.pread(file.fileno(), 100_000, 0).decode("utf-8")


def _processes() -> Iterator[tuple[int, int, str]]:
    """Number, parent and command line of every living process."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            if state != "Z":
                yield int(folder.name), int(parent), words


def _with_descendants(numbers: set[int]) -> set[int]:
    listed = list(_processes())
    while more := {number for number, parent, _ in listed if parent in numbers} - numbers:
        numbers |= more
    return numbers


def _at_least(count: int, run: Run) -> set[int]:
    """Give the run and all its descendants once they are so many: workers are forked after the first line."""
    deadline = time.monotonic() + PATIENCE
    below = _with_descendants({run.process.pid})
    while len(below) < count and time.monotonic() < deadline:
        time.sleep(0.1)
        below = _with_descendants({run.process.pid})
    assert len(below) >= count
    return below


def _gone(numbers: set[int], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not numbers & {number for number, _, _ in _processes()}:
            return True
        time.sleep(0.1)
    return False


# A whole run of its own each, from nothing to its end: what they try changes with these files alone.
whole_runs = pytest.mark.when_changed(
    "Makefile", "deploy/setup.sh", "config.py", "wsgi.py", "pop_campaigns/cli.py", "pop_campaigns/tryout/*.py",
    "pop_campaigns/worker/consumer.py", "pop_campaigns/mail/intake/listener.py",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One data folder for several starts: the second must find what the first left."""
    return tmp_path_factory.mktemp("up") / "të dhëna"


def refused(folder: Path, port: int | None = None, **environ: str) -> tuple[int, str, str]:
    """Start one that ends by itself; gives status, what it said, its complaints."""
    given = environment(folder, port or free_port(), **environ)
    with TemporaryFile("w+") as said, TemporaryFile("w+") as complained:
        status = forker().start(["--app", "wsgi", "up"], given, said, complained).wait(PATIENCE)
        return status, _read(said), _read(complained)


_FIRST: list[Run] = []


@pytest.fixture
def start(folder: Path) -> Iterator[Callable[..., Run]]:
    runs: list[Run] = []

    def start_one() -> Run:
        # The test that ends the first one may be left out, and a folder serves one at a time.
        while _FIRST:
            _end(_FIRST.pop())
        runs.append(Run(folder, free_port()))
        return runs[-1]

    yield start_one
    for run in runs:
        if run.process.poll() is None:
            run.process.terminate()
            run.wait()


@pytest.fixture(scope="module")
def first(folder: Path) -> Iterator[Run]:
    """The first start in the folder, for all that can be asked of one that runs; the last of these tests ends it."""
    run = Run(folder, free_port())
    _FIRST.append(run)
    yield run
    _end(run)


def _end(run: Run) -> None:
    if run.process.poll() is None:
        run.end(signal.SIGTERM)


def test_it_answers_and_everything_runs(first: Run, folder: Path) -> None:
    assert first.first_line() == f"http://127.0.0.1:{first.port}"
    assert first.answers()
    commands = " ".join(first.children().values())
    assert all(name in commands for name in ("gunicorn", "worker", "mailserver", "mail listen"))
    _ask_for_secrets(first)
    assert _open_to_others(folder) == []


def sign_in(run: Run, folder: Path) -> PlainBrowser:
    lines = (folder / "sign-in.txt").read_text(encoding="utf-8").splitlines()
    email, password = next(line.split("\t")[:2] for line in lines if "admin" in line)
    browser = PlainBrowser(f"http://127.0.0.1:{run.port}")
    browser.get("/login")
    browser.press("password", email=email, password=password)
    return browser


def plan_and_invite(browser: PlainBrowser) -> str:
    """An event in a month with two guests whose invitations are sent; gives its address."""
    browser.get("/events/new")
    day = date.today() + timedelta(days=30)
    browser.press(
        "title_sq", kind="round_table", title_sq=TITLE, precision="moment", start_date=f"{day:%d.%m.%Y}",
        start_time="10:00", end_time="12:00", venue="Bashkia Fier",
    )  # fmt: skip
    if 'name="anyway"' in browser.page:
        browser.press("anyway")  # the day may be one on which offices are closed
    match = re.search(r"/events/\d+", browser.url)
    assert match, browser.page
    event = match[0]
    browser.get(f"{event}/invite?q=bashkia")
    keys = re.findall(r'type="checkbox" name="guest" value="([^"]+)"', browser.page)
    for key in keys[:2]:
        browser.press("q", f"{event}/invite", guest=key)
        browser.get(f"{event}/invite?q=bashkia")
    browser.get(f"{event}/invite/send")
    browser.press("guests", visibility="public")
    return event


def test_send_answer_as_the_guest_and_see_it_at_the_event(first: Run, folder: Path) -> None:
    assert first.first_line().startswith("http://"), first.first_line()
    browser = sign_in(first, folder)
    event = plan_and_invite(browser)
    browser.wait_for("/mail/local", rf"(?:/mail/local/\d+-\w+.*?{TITLE}.*){{2}}")
    one, other = re.findall(r'href="(/mail/local/\d+-\w+)"', browser.page)[:2]

    browser.get(one)
    assert "thjesht duke iu përgjigjur këtij mesazhi" in " ".join(browser.page.split())
    browser.press("comment", what="accept", comment="Vij me këshilltaren")
    browser.wait_for(event, r"Vij me këshilltaren")

    browser.get(other)
    browser.press("words", what="words", words="Na tregoni axhendën, ju lutem.")
    browser.wait_for(event, r"Na tregoni axhendën, ju lutem\.")
    browser.get(other)
    browser.press("press", f"{other}/answer", what="unknown")
    browser.wait_for(event, r"550 5\.1\.1")
    assert not list((folder / "mail" / "to-intake").glob("**/*.mail"))


def test_a_second_one_in_the_same_folder_is_told_where_the_first_answers(first: Run, folder: Path) -> None:
    assert first.first_line().startswith("http://")
    status, out, err = refused(folder)
    assert (status, out) == (1, "")
    assert "already uses" in err
    assert f"http://127.0.0.1:{first.port}" in err
    assert err.count("\n") == 1
    assert first.answers()


@whole_runs
def test_ctrl_c_stops_everything_and_says_how_to_sign_in(first: Run, folder: Path) -> None:
    assert first.first_line().startswith("http://")
    below = _with_descendants({first.process.pid})
    # A browser that keeps its connection open must not hold up the end.
    browser = http.client.HTTPConnection("127.0.0.1", first.port)
    browser.request("GET", "/healthz")
    browser.getresponse().read()
    status, out, err = first.end(signal.SIGINT)
    browser.close()
    assert (status, err) == (0, "")
    assert _gone(below, 5)

    assert _open_to_others(folder) == []
    logs = "".join(log.read_text(encoding="utf-8") for log in (folder / "log").iterdir())
    assert [secret for secret in SECRETS if secret in logs] == []
    assert "Traceback" not in logs
    kept = folder / "sign-in.txt"
    accounts = [line.split("\t") for line in kept.read_text(encoding="utf-8").splitlines()]
    assert accounts
    assert all(email in out and password in out for email, password, _ in accounts)
    assert "Ctrl-C" in out


def _ask_for_secrets(run: Run) -> None:
    token, name = SECRETS
    for path in (
        f"/a/{token}",
        f"/a/{token}?to={name}%40posta.example",
        f"/u/e1.{token}",
        f"/sq/?q={name}@posta.example",
    ):
        connection = http.client.HTTPConnection("127.0.0.1", run.port, timeout=30)
        with contextlib.closing(connection):
            connection.request("GET", path, headers={"Referer": f"http://127.0.0.1/a/{token}"})
            connection.getresponse().read()


def _open_to_others(folder: Path) -> list[str]:
    """Everything in the data folder, and the folder, that others on the machine could read, with its mode."""
    result = []
    for path in (folder, *folder.rglob("*")):
        with contextlib.suppress(FileNotFoundError):
            mode = stat.S_IMODE(path.lstat().st_mode)
            if mode != (0o700 if path.is_dir() else 0o600):
                result.append(f"{path.relative_to(folder)} {mode:o}")
    return result


@whole_runs
def test_the_second_start_is_quick_finds_the_same_accounts_and_ends_with_its_worker(
    start: Callable[..., Run], folder: Path
) -> None:
    """A process that ends takes all others with it, and is named."""
    kept = (folder / "sign-in.txt").read_text(encoding="utf-8")
    run = start()
    assert run.first_line().startswith("http://")
    _kill(run, "worker", " worker")
    assert (folder / "sign-in.txt").read_text(encoding="utf-8") == kept
    assert kept.splitlines()[0].split("\t")[1] in _read(run.said)


# The same loop sees every process; the one test above is enough for a day.
@pytest.mark.full
def test_an_intake_that_ends_takes_all_with_it_and_is_named(start: Callable[..., Run]) -> None:
    run = start()
    assert run.first_line().startswith("http://")
    _kill(run, "intake", " mail listen")


# The same function is told of all three signals; Ctrl-C is tried above.
@pytest.mark.full
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_signals_end_it_as_well(start: Callable[..., Run], number: int) -> None:
    run = start()
    assert run.first_line().startswith("http://")
    below = _with_descendants({run.process.pid})
    status, _out, err = run.end(number)
    assert (status, err) == (0, "")
    assert _gone(below, 5)


def _kill(run: Run, name: str, command: str) -> None:
    """End one process of a run, and see how all others end."""
    below = _with_descendants({run.process.pid})
    (killed,) = [number for number, words in run.children().items() if command in words]
    os.kill(killed, signal.SIGKILL)
    status, _out, err = run.wait()
    assert status == 1
    assert f"the {name} process was ended by signal 9" in err
    assert _gone(below, 5)


def test_nothing_survives_a_killed_supervisor(start: Callable[..., Run]) -> None:
    run = start()
    assert run.first_line().startswith("http://")
    below = _at_least(7, run)
    run.end(signal.SIGKILL)
    assert _gone(below, PATIENCE)


def test_a_taken_port_is_one_clear_sentence(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        status, out, err = refused(tmp_path, port)
    assert (status, out) == (1, "")
    assert (
        err
        == f"make run: port {port} is taken by another program; choose another, for example PORT={port + 1}.\n"
    )


def test_a_taken_port_for_the_intake_is_one_clear_sentence(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        status, out, err = refused(tmp_path, POP_INBOX_LISTEN=f"lmtp://127.0.0.1:{port}")
    assert (status, out) == (1, "")
    assert err.startswith(f"make run: port {port} is taken by another program; choose another, for example ")
    assert f"POP_INBOX_LISTEN=lmtp://127.0.0.1:{port + 1}." in err
    assert err.count("\n") == 1


def test_the_ports_of_mail_are_free_ones_and_not_each_others() -> None:
    assert find_port(PREFERRED_MAIL_PORT, set()) != find_port(PREFERRED_MAIL_PORT, {PREFERRED_MAIL_PORT})
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        taken = other.getsockname()[1]
        assert find_port(taken, set()) != taken


@pytest.mark.parametrize(
    ("environ", "started"),
    [
        ({}, ["mail", "web", "worker", "intake"]),
        ({"POP_MAIL_SERVER": "mail.example"}, ["web", "worker"]),
        (
            {"POP_MAIL_SERVER": "mail.example", "POP_INBOX_LISTEN": "smtp://127.0.0.1:2525"},
            ["web", "worker", "intake"],
        ),
    ],
)
def test_a_mail_server_of_ones_own_takes_the_place_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], started: list[str]
) -> None:
    names: list[str] = []
    monkeypatch.setattr(supervisor, "start_child", lambda name, *_rest: names.append(name))
    monkeypatch.setattr(supervisor, "stop_children", lambda *_all: None)
    app: Any = SimpleNamespace(config={"DATA_DIR": str(tmp_path), "MAIL_PORT": 8025})
    given = supervisor._child_environment(app, environ, 8000)
    with supervisor._running(tmp_path, given, "pop.example"):
        assert names == started
    assert (given.get("POP_INBOX_READS") == "true") is ("mail" in started)


@pytest.mark.parametrize("typed", ["0", "65536", "-1", "tetë", "80 80", "٨٠", "1e3"])
def test_what_is_no_port_is_refused(typed: str) -> None:
    with pytest.raises(CannotStart, match="PORT must be a number from 1 to 65535"):
        wanted_port({"PORT": typed})


@pytest.mark.parametrize(("environ", "port"), [({}, 8000), ({"PORT": ""}, 8000), ({"PORT": "8010"}, 8010)])
def test_the_port_is_8000_unless_given(environ: dict[str, str], port: int) -> None:
    assert wanted_port(environ) == port


def test_a_folder_that_cannot_be_written_is_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    status, out, err = refused(tmp_path / "file" / "data")
    assert (status, out) == (1, "")
    assert "cannot be written" in err
    assert str(tmp_path / "file" / "data") in err
    assert err.count("\n") == 1


def test_production_is_not_run_like_this(tmp_path: Path) -> None:
    status, _out, err = refused(
        tmp_path,
        POP_MODE="production",
        POP_SECRET_KEY="0123456789abcdefghijklmnopqrstuvwxyz",
        POP_BASE_URL="https://pop.org",
        POP_MAIL_DOMAIN="pop.org",
    )
    assert status == 1
    assert "gunicorn wsgi:app" in err

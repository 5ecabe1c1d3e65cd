"""PostgreSQL, Redis and Chromium for tests.

Each server is started for the tests alone: on loopback, on a free port, in a folder thrown away afterwards,
with durability switched off. Servers that already run on the machine are never touched, except those that
`POP_TEST_POSTGRESQL_URI` (databases named pop_test_… are made and dropped there) and `POP_TEST_REDIS_URL`
(the numbered database in it is emptied) name on purpose.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from psycopg import sql
from sqlalchemy.engine import URL, make_url

START_SECONDS = 20.0
MAINTENANCE_DATABASE = "postgres"
# By package, what shows that it is there; their commands stand where only root looks.
MAIL_SERVERS = {
    "postfix": Path("/usr/lib/postfix/sbin/master"),
    "dovecot-imapd": Path("/usr/lib/dovecot/imap"),
    "dovecot-lmtpd": Path("/usr/lib/dovecot/lmtp"),
    "dovecot-sieve": Path("/usr/lib/dovecot/modules/lib90_sieve_plugin.so"),
}


class NotStarted(Exception):
    """A server that is installed did not come up; the message holds its own last words."""


def missing_postgresql() -> str | None:
    """Why tests cannot have a PostgreSQL server, None if they can."""
    if os.environ.get("POP_TEST_POSTGRESQL_URI") or postgresql_folder():
        return None
    return "PostgreSQL is not installed (Debian: apt install postgresql)"


def missing_redis() -> str | None:
    """Why tests cannot have a Redis server, None if they can."""
    if os.environ.get("POP_TEST_REDIS_URL") or shutil.which("redis-server"):
        return None
    return "Redis is not installed (Debian: apt install redis-server)"


def missing_chromium() -> str | None:
    """Why tests cannot have a browser, None if they can."""
    return None if find_chromium() else "Chromium is not installed (Debian: apt install chromium)"


def missing_java() -> str | None:
    """Why the validator of pages cannot run, None if it can."""
    return (
        None
        if shutil.which("java")
        else "Java is not installed (Debian: apt install openjdk-17-jre-headless)"
    )


def missing_mail_servers() -> str | None:
    """Why tests cannot have Postfix and Dovecot (see tests/mail_servers.py), None if they can."""
    missing = [package for package, path in MAIL_SERVERS.items() if not path.exists()]
    if missing:
        return f"Postfix and Dovecot are not installed (Debian: apt install {' '.join(missing)})"
    return None if os.geteuid() == 0 else "Postfix and Dovecot start for root only"


MISSING = {
    "needs_chromium": missing_chromium,
    "needs_java": missing_java,
    "needs_mail_servers": missing_mail_servers,
    "needs_postgresql": missing_postgresql,
    "needs_redis": missing_redis,
}


def in_ci() -> bool:
    """Whether nothing may be left out."""
    return os.environ.get("CI", "").lower() in ("1", "true")


def require(mark: str) -> None:
    """Ends the running test unless what `mark` stands for is installed: left out, or failed with CI=true."""
    if reason := MISSING[mark]():
        if in_ci():
            pytest.fail(f"CI=true and {reason}", pytrace=False)
        pytest.skip(reason)


def find_chromium() -> Path | None:
    """The browser to test with: POP_TEST_CHROMIUM or what the machine has installed."""
    for name in (os.environ.get("POP_TEST_CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome"):
        if name and (result := shutil.which(name)):
            return Path(result)
    return None


def postgresql_folder() -> Path | None:
    """The folder of the newest installed PostgreSQL's programs, None without one."""
    result = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "initdb").exists()]
    if result:
        return max(result, key=lambda path: int(re.sub(r"\D", "", path.parent.name) or 0))
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


@contextlib.contextmanager
def running_postgresql() -> Iterator[str]:
    """A PostgreSQL server for the time of the block; yields the address of its maintenance database."""
    if given := os.environ.get("POP_TEST_POSTGRESQL_URI"):
        yield as_text(make_url(given).set(drivername="postgresql+psycopg"))
        return
    programs = postgresql_folder()
    if programs is None:
        raise NotStarted(missing_postgresql())
    with private_folder("pop-postgresql-") as folder:
        account = unprivileged_account(folder)
        create_cluster(programs, folder, account)
        port = free_port()
        command = [str(programs / "postgres"), "-D", str(folder / "data"), "-p", str(port)]
        for setting in POSTGRESQL_SETTINGS:
            command += ["-c", setting]
        uri = f"postgresql+psycopg://pop_test@127.0.0.1:{port}/{MAINTENANCE_DATABASE}"
        with running(command, folder, account, answers=lambda: postgresql_answers(uri)):
            yield uri


POSTGRESQL_SETTINGS = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "shared_buffers=32MB",
    "max_connections=100",
    # A zone of its own shows code that trusts the server's instead of saying UTC.
    "timezone=Pacific/Auckland",
)


def create_cluster(programs: Path, folder: Path, account: str | None) -> None:
    """Makes an empty cluster owned by `account`."""
    command = [str(programs / "initdb"), "-D", str(folder / "data"), "-U", "pop_test", "--auth=trust"]
    command += ["--encoding=UTF8", "--locale=C", "--no-sync"]
    made = subprocess.run(command, cwd=folder, user=account, capture_output=True, text=True, check=False)
    if made.returncode:
        raise NotStarted(f"initdb: {made.stderr.strip()[-500:]}")


def postgresql_answers(uri: str) -> bool:
    try:
        with psycopg.connect(plain(uri), connect_timeout=2):
            return True
    except psycopg.OperationalError:
        return False


def create_database(server_uri: str) -> str:
    """Makes an empty database with a random name on the server and returns its address for SQLAlchemy."""
    name = f"pop_test_{secrets.token_hex(6)}"
    with psycopg.connect(plain(server_uri), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return as_text(make_url(server_uri).set(database=name))


def drop_database(uri: str) -> None:
    """Drops a database that `create_database` made, whoever is still connected to it."""
    url = make_url(uri)
    if not (url.database or "").startswith("pop_test_"):
        raise ValueError(f"not a database made for tests: {url.database}")
    with psycopg.connect(plain(uri, MAINTENANCE_DATABASE), autocommit=True) as connection:
        command = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        connection.execute(command.format(sql.Identifier(url.database or "")))


def plain(uri: str, database: str | None = None) -> str:
    """The address in the form libpq reads, of another database of the same server if named."""
    url = make_url(uri).set(drivername="postgresql")
    return as_text(url.set(database=database) if database else url)


def as_text(url: URL) -> str:
    return url.render_as_string(hide_password=False)


@contextlib.contextmanager
def running_redis() -> Iterator[str]:
    """A Redis server for the time of the block; yields the address of a database that may be emptied."""
    if given := os.environ.get("POP_TEST_REDIS_URL"):
        yield given
        return
    program = shutil.which("redis-server")
    if program is None:
        raise NotStarted(missing_redis())
    with private_folder("pop-redis-") as folder:
        port = free_port()
        command = [program, "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)]
        command += ["--save", "", "--appendonly", "no"]
        url = f"redis://127.0.0.1:{port}/0"
        with running(command, folder, unprivileged_account(folder), answers=lambda: redis_answers(url)):
            yield url


def redis_answers(url: str) -> bool:
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=2) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


@contextlib.contextmanager
def private_folder(prefix: str) -> Iterator[Path]:
    """A folder that is gone afterwards, even if a server that is just ending still removes files in it."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def readable_by_other_accounts() -> Iterator[None]:
    """Make files as packages of servers do, which run under accounts of their own; ours are private (umask 077)."""
    before = os.umask(0o022)
    try:
        yield
    finally:
        os.umask(before)


def unprivileged_account(folder: Path) -> str | None:
    """Whom to run a server as: PostgreSQL refuses root. Hands the folder over to them; None = ourselves."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    account = "postgres" if "postgres" in known else "nobody"
    shutil.chown(folder, user=account)
    return account


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def running(
    command: list[str], folder: Path, account: str | None, *, answers: Callable[[], bool]
) -> Iterator[None]:
    """Runs a server in a session of its own until the block ends; NotStarted if it does not answer."""
    name = Path(command[0]).name
    # A test run that is killed takes its servers along, where the system offers that.
    if setpriv := shutil.which("setpriv"):
        command = [setpriv, "--pdeathsig", "INT", *command]
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, user=account, start_new_session=True, umask=0o022,
            stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + START_SECONDS
        while not answers():
            if process.poll() is not None or time.monotonic() > deadline:
                words = log.read_text(encoding="utf-8", errors="replace").strip()[-500:]
                raise NotStarted(f"{name} did not start: {words}")
            time.sleep(0.05)
        yield
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ends a server: SIGINT is PostgreSQL's fast shutdown and Redis's ordinary one."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

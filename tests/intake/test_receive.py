"""``flask --app wsgi mail receive``: what a mail server's pipe gives is stored, and the status tells whether."""

from __future__ import annotations

import sqlite3
import subprocess
from pathlib import Path
from tempfile import TemporaryFile
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from config import ROOT
from pop_campaigns.core.db import db
from pop_campaigns.mail.intake.store import SIZE_LIMIT
from pop_campaigns.mail.rules import IncomingWay
from pop_campaigns.worker.receive import envelope_of
from tests.forked import command_under, forker
from tests.intake.conftest import stored

RAW = b"From: a@bashkia.example\nSubject: \xc3\xab\xff\x00\n\nline\r\nother\n"
NO_ENVELOPE = dict.fromkeys(("SENDER", "RECIPIENT", "ORIGINAL_RECIPIENT", "LOCAL_PART", "DOMAIN"))


# Each start of the service from nothing costs seconds; the command itself is tried in forked processes.
starts_from_nothing = pytest.mark.when_changed(
    "deploy/receive-mail.sh", "config.py", "wsgi.py", "pop_campaigns/cli.py",
    "pop_campaigns/worker/receive.py", "pop_campaigns/worker/intake_commands.py",
)  # fmt: skip


def receive(app: Flask, *options: str, raw: bytes = RAW, **environ: str) -> Result:
    db.session.rollback()
    return app.test_cli_runner().invoke(
        args=["mail", "receive", *options], input=raw, env=NO_ENVELOPE | environ
    )


@pytest.mark.both_databases
def test_every_byte_is_stored_for_each_recipient(app: Flask) -> None:
    to = [
        "--recipient",
        "r-a@rsvp.example",
        "--recipient",
        "r-b@rsvp.example",
        "--recipient",
        "r-a@rsvp.example",
    ]
    result = receive(app, "--sender", "a@bashkia.example", *to)
    assert (result.exit_code, result.output) == (0, "")
    assert [(one.raw, one.envelope_from, one.envelope_to, one.way) for one in stored()] == [
        (RAW, "a@bashkia.example", "r-a@rsvp.example", IncomingWay.PIPE),
        (RAW, "a@bashkia.example", "r-b@rsvp.example", IncomingWay.PIPE),
    ]


def test_given_twice_it_is_stored_once_and_taken_twice(app: Flask) -> None:
    assert [receive(app, RECIPIENT="r-a@rsvp.example").exit_code for _ in range(2)] == [0, 0]
    assert len(stored()) == 1


def test_the_line_of_a_mailbox_file_is_no_part_of_the_message(app: Flask) -> None:
    for day in (b"1", b"2"):
        raw = b"From a@bashkia.example Tue Dec  " + day + b" 10:00:00 2026\n" + RAW
        assert receive(app, raw=raw, RECIPIENT="r-a@rsvp.example").exit_code == 0
    old_form = b"From : a@bashkia.example\n\nFrom here\n"
    assert receive(app, raw=old_form, RECIPIENT="r-a@rsvp.example").exit_code == 0
    assert [one.raw for one in stored()] == [RAW, old_form]


def test_the_null_sender_is_empty(app: Flask) -> None:
    assert receive(app, "--sender", "", RECIPIENT="r-a@rsvp.example", SENDER="x@y.example").exit_code == 0
    assert receive(app, RECIPIENT="r-b@rsvp.example", SENDER="MAILER-DAEMON").exit_code == 0
    assert [one.envelope_from for one in stored()] == ["", ""]


@pytest.mark.parametrize(
    ("environ", "recipients"),
    [
        ({"RECIPIENT": "r-a@rsvp.example"}, ["r-a@rsvp.example"]),
        ({"RECIPIENT": "pop@localhost", "ORIGINAL_RECIPIENT": "r-a@rsvp.example"}, ["r-a@rsvp.example"]),
        (
            {"RECIPIENT": "r-a@rsvp.example", "ORIGINAL_RECIPIENT": "all@bashkia.example"},
            ["r-a@rsvp.example"],
        ),
        ({"LOCAL_PART": "r-a", "DOMAIN": "rsvp.example"}, ["r-a@rsvp.example"]),
        ({"RECIPIENT": "|/usr/bin/x@y", "LOCAL_PART": "r-a", "DOMAIN": "rsvp.example"}, ["r-a@rsvp.example"]),
        ({"RECIPIENT": "info@bashkia.example"}, ["info@bashkia.example"]),
        ({"LOCAL_PART": "r-a"}, []),
        ({}, []),
    ],
    ids=["postfix", "postfix alias", "forwarded", "exim", "cpanel", "mailbox elsewhere", "half", "nothing"],
)
def test_the_environment_of_mail_servers_is_understood(
    environ: dict[str, str], recipients: list[str]
) -> None:
    assert envelope_of(environ, "rsvp.example") == ("", recipients)


def test_without_a_recipient_it_never_will_be_taken(app: Flask) -> None:
    result = receive(app)
    assert (result.exit_code, result.stderr) == (69, "No recipient: give --recipient or set RECIPIENT.\n")
    assert stored() == []


@pytest.mark.parametrize(
    ("raw", "words"), [(b"x" * (SIZE_LIMIT + 1), "The message is larger than 25 MiB."), (b"", "is empty.")]
)
def test_what_never_will_be_taken_is_said_in_a_sentence(app: Flask, raw: bytes, words: str) -> None:
    result = receive(app, raw=raw, RECIPIENT="r-a@rsvp.example")
    assert result.exit_code == 65
    assert words in result.stderr
    assert stored() == []


def test_anything_unforeseen_is_to_be_tried_again(app: Flask, monkeypatch: Any) -> None:
    monkeypatch.setattr(db.session, "commit", lambda: 1 / 0)
    result = receive(app, RECIPIENT="r-a@rsvp.example")
    assert (result.exit_code, result.stderr) == (
        75,
        "The message could not be stored now: ZeroDivisionError.\n",
    )


def run_script(
    environ: dict[str, str], *options: str, raw: bytes = RAW
) -> subprocess.CompletedProcess[bytes]:
    command = [str(ROOT / "deploy/receive-mail.sh"), *options]
    return subprocess.run(command, env=environ, input=raw, capture_output=True, check=False)


def run_apart(
    environ: dict[str, str], *arguments: str, raw: bytes = RAW, program: str = ""
) -> SimpleNamespace:
    """The command as the process that the script would start; with what it said of errors."""
    command = ["--app", "wsgi", *(arguments or ("mail", "receive", "--recipient", "r-a@rsvp.example"))]
    with TemporaryFile() as given, TemporaryFile() as errors:
        given.write(raw)
        given.seek(0)
        process = forker().start(command, environ, errors, given=given, program=program)
        returncode = process.wait(60)
        errors.seek(0)
        return SimpleNamespace(returncode=returncode, stderr=errors.read())


@starts_from_nothing
def test_the_script_stores_with_the_settings_of_a_file(
    app: Flask, service_environment: dict[str, str], tmp_path: Path
) -> None:
    # As a mail server starts it: with next to nothing in the environment.
    lines = [f"{name}='{value}'" for name, value in service_environment.items() if name.startswith("POP_")]
    (tmp_path / "settings").write_text("\n".join(lines), encoding="utf-8")
    environ = {"PATH": "/usr/bin:/bin", "POP_SETTINGS_FILE": str(tmp_path / "settings")}
    run = run_script(environ | {"SENDER": "a@bashkia.example", "RECIPIENT": "r-a@rsvp.example"})
    assert (run.returncode, run.stdout) == (0, b""), run.stderr
    assert [one.raw for one in stored()] == [RAW]
    assert run_script(environ).returncode == 69


@starts_from_nothing
@pytest.mark.parametrize("what", ["no settings", "broken settings", "wrong settings", "wrong option"])
def test_the_script_turns_every_other_end_into_try_again(
    what: str, own_environment: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "settings"
    if what == "broken settings":
        file.write_text("POP_MODE='test", encoding="utf-8")
    if what == "wrong settings":
        file.write_text("POP_MODE=live", encoding="utf-8")
    environ = own_environment | ({} if what == "wrong option" else {"POP_SETTINGS_FILE": str(file)})
    options = ["--nonsense"] if what == "wrong option" else ["--recipient", "r-a@rsvp.example"]
    assert run_script(environ, *options).returncode == 75


@pytest.fixture
def locked(app: Flask, service_environment: dict[str, str]) -> Any:
    """Somebody else writes and does not come to an end."""
    if db.engine.dialect.name == "sqlite":
        other = sqlite3.connect(db.engine.url.database or "", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        yield
        other.rollback()
        other.close()
        return
    with db.engine.connect() as connection:
        connection.exec_driver_sql("LOCK TABLE incoming_mails IN ACCESS EXCLUSIVE MODE")
        yield


@pytest.mark.both_databases
def test_a_locked_database_is_tried_again(locked: None, service_environment: dict[str, str]) -> None:
    impatient = service_environment | {"POP_DATABASE_WAIT": "1"}
    run = run_apart(impatient)
    assert run.returncode == 75
    assert b"could not be stored now" in run.stderr
    assert b"Traceback" not in run.stderr


@pytest.mark.parametrize(
    "uri",
    ["sqlite:////proc/none/pop.sqlite3", "postgresql+psycopg://x@127.0.0.1:1/none"],
    ids=["file", "server"],
)
def test_a_database_that_is_gone_is_tried_again(uri: str, own_environment: dict[str, str]) -> None:
    run = run_apart(own_environment | {"POP_SQLALCHEMY_DATABASE_URI": uri})
    assert run.returncode == 75
    assert b"could not be stored now" in run.stderr


def test_a_full_disk_is_tried_again(own_environment: dict[str, str], tmp_path: Path) -> None:
    source = tmp_path / "pop.sqlite3"
    assert run_apart(own_environment, "db", "upgrade").returncode == 0
    big = b"Subject: big\n\n" + b"x" * 8_000_000
    run = run_apart(own_environment, raw=big, program=command_under(source.stat().st_size + 2_000_000))
    assert run.returncode == 75, run.stderr
    assert b"could not be stored now" in run.stderr
    again = run_apart(own_environment, raw=big)
    assert again.returncode == 0, again.stderr
    with sqlite3.connect(source) as connection:
        assert connection.execute("SELECT size FROM incoming_mails").fetchall() == [(len(big),)]
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)

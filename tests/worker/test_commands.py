"""The commands about mail and the state of the service."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

from pop_campaigns.accounts.models import Organisation
from pop_campaigns.core import clock
from pop_campaigns.core.dates import DatePrecision
from pop_campaigns.core.db import db
from pop_campaigns.letters.models import Letter, LetterRecipient
from pop_campaigns.letters.rules.letters import LetterState, RecipientRole
from pop_campaigns.mail.beats import beat
from pop_campaigns.mail.models import WorkerBeat
from pop_campaigns.worker.drain import drain_outbox
from pop_campaigns.worker.tasks import work
from tests import factories
from tests.worker.conftest import PostOffice

COMMANDS = ("archive", "check", "mail", "up", "user", "worker")


@pytest.fixture
def mail_of_a_letter(app: Flask) -> int:
    """The id of a recipient whose mail is queued."""
    now = clock.now() - timedelta(seconds=1)
    organisation: Organisation = factories.make_organisation("Fier")
    letter = Letter(
        organisation=organisation, state=LetterState.SENT, sent_at=now, subject_sq="Gjanica",
        basis="information_request", precision=DatePrecision.DAY, day_from=now.date(), day_to=now.date(),
        created_at=now, changed_at=now,
    )  # fmt: skip
    recipient = LetterRecipient(
        letter=letter, role=RecipientRole.TO, position=1, office=factories.make_office(),
        mail=factories.make_mail("ministria@qeveria.example", now=now),
    )  # fmt: skip
    db.session.add(recipient)
    db.session.commit()
    number = recipient.id
    db.session.commit()
    return number


def test_a_letters_clock_starts_when_its_mail_left(
    app: Flask, office: PostOffice, mail_of_a_letter: int
) -> None:
    office.answers["ministria@qeveria.example"] = ["451 4.7.1 later"]
    work(app)
    assert db.session.get_one(LetterRecipient, mail_of_a_letter).clock_from is None
    recipient = db.session.get_one(LetterRecipient, mail_of_a_letter)
    assert recipient.mail is not None
    recipient.mail.available_at = clock.now()
    db.session.commit()
    work(app)
    db.session.rollback()  # what was not committed is not there
    recipient = db.session.get_one(LetterRecipient, mail_of_a_letter, populate_existing=True)
    assert recipient.clock_from == clock.local_date(clock.now())
    assert recipient.due_on is not None


def test_a_clock_starts_even_if_the_worker_was_killed_right_after_sending(
    app: Flask, office: PostOffice, mail_of_a_letter: int
) -> None:
    drain_outbox(app, owner="killed")
    work(app)
    db.session.rollback()
    assert db.session.get_one(LetterRecipient, mail_of_a_letter).clock_from is not None


@pytest.mark.both_databases
def test_drain_sends_once_and_says_what_it_did(app: Flask, office: PostOffice) -> None:
    factories.make_mail("a@bashkia.example", now=clock.now() - timedelta(seconds=1))
    factories.make_mail("b@bashkia.example", now=clock.now() - timedelta(seconds=1))
    db.session.commit()
    office.answers["b@bashkia.example"] = ["550 5.1.1 no"]
    result = app.test_cli_runner().invoke(args=["mail", "drain"])
    assert (result.exit_code, result.output.splitlines()[-1]) == (0, "sent 1, failed 1, postponed 0")


def test_drain_says_why_the_server_takes_nothing(app: Flask, office: PostOffice) -> None:
    factories.make_mail(now=clock.now() - timedelta(seconds=1))
    db.session.commit()
    office.close()
    result = app.test_cli_runner().invoke(args=["mail", "drain"])
    assert result.exit_code == 1
    assert "cannot reach the server" in result.output


def test_a_test_mail_goes_to_the_server_and_its_answer_is_shown(app: Flask, office: PostOffice) -> None:
    result = app.test_cli_runner().invoke(args=["mail", "test", "prove@bashkia.example"])
    assert (result.exit_code, result.output) == (0, "taken: 250 2.0.0 kept\n")
    assert [to for _, to in office.taken] == ["prove@bashkia.example"]


@pytest.mark.parametrize("address", ["a@b.example, c@d.example", "askush", "a@b.example\nBcc: x@y.example"])
def test_a_test_mail_goes_to_one_address_only(app: Flask, office: PostOffice, address: str) -> None:
    result = app.test_cli_runner().invoke(args=["mail", "test", address])
    assert result.exit_code == 1
    assert office.taken == []


def test_a_refused_test_mail_shows_the_servers_words(app: Flask, office: PostOffice) -> None:
    office.answers["prove@bashkia.example"] = ["554 5.7.1 Relay access denied"]
    result = app.test_cli_runner().invoke(args=["mail", "test", "prove@bashkia.example"])
    assert result.exit_code == 1
    assert "554 5.7.1 Relay access denied" in result.output


@pytest.mark.both_databases
def test_check_names_what_works_and_what_does_not(
    app: Flask, office: PostOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "HUEY_URL", f"sqlite:///{tmp_path / 'queue.sqlite3'}")
    monkeypatch.setitem(app.extensions, "huey", None)
    del app.extensions["huey"]
    result = app.test_cli_runner().invoke(args=["check"])
    assert result.exit_code == 0, result.output
    assert [line.split("  ")[0] for line in result.output.splitlines()] == [
        "settings", "data folder", "database", "queue", "mail server", "worker", "mail",
    ]  # fmt: skip
    office.close()
    monkeypatch.setitem(app.config, "DATA_DIR", str(tmp_path / "nowhere"))
    result = app.test_cli_runner().invoke(args=["check"])
    assert result.exit_code == 1
    failed = [line.split("  ")[0] for line in result.output.splitlines() if "FAILED" in line]
    assert failed == ["data folder", "mail server"]


def test_check_says_in_words_what_keeps_mail_from_leaving(
    app: Flask, office: PostOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "HUEY_URL", f"sqlite:///{tmp_path / 'queue.sqlite3'}")
    monkeypatch.setitem(app.extensions, "huey", None)
    del app.extensions["huey"]

    def said() -> tuple[int, list[str]]:
        db.session.commit()
        result = app.test_cli_runner().invoke(args=["check"])
        db.session.rollback()
        return result.exit_code, [line.split(None, 1)[1] for line in result.output.splitlines()[-2:]]

    assert said() == (0, ["ok: none is running, no mail waits", "ok: 0 waiting"])
    mail = factories.make_mail(now=(since := clock.now() - timedelta(minutes=11)))
    code, (worker, waiting) = said()
    assert (code, worker) == (
        1,
        "FAILED: none is running, and mail waits: 1; start it: flask --app wsgi worker",
    )
    assert waiting == f"FAILED: 1 not sent since {since:%Y-%m-%d %H:%M} UTC, no worker is running"
    beat("a worker", started_at=since, now=clock.now())
    mail.last_code, mail.last_words = 451, "4.7.1 Greylisting in action"
    code, (worker, waiting) = said()
    assert (code, worker) == (1, f"ok: 1 running, since {since:%Y-%m-%d %H:%M} UTC")
    assert waiting.endswith(", the last answer: 451 4.7.1 Greylisting in action")
    mail.queued_at = clock.now() - timedelta(minutes=9)
    assert said()[0] == 0
    db.session.execute(update(WorkerBeat).values(version="another"))
    assert said() == (1, ["FAILED: 1 of 1 runs other code than this: restart it", "ok: 1 waiting"])


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_in_a_line_what_it_does(app: Flask, name: str) -> None:
    command = app.cli.commands[name]
    inside = list(getattr(command, "commands", {}).values())
    for one in [command, *inside]:
        words = one.get_short_help_str(limit=80)
        assert words.endswith("."), one.name
        assert "..." not in words, one.name

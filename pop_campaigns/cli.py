"""Commands: ``flask --app wsgi …``."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import click
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy import true

from pop_campaigns.accounts.commands import commands as user_commands
from pop_campaigns.archive.commands import commands as archive_commands
from pop_campaigns.core import clock
from pop_campaigns.core.db import db
from pop_campaigns.core.private_files import open_to_others
from pop_campaigns.letters.commands import commands as letter_commands
from pop_campaigns.mail.beats import code_version, workers_alive
from pop_campaigns.mail.intake.mailbox import Mailbox, mailbox_settings
from pop_campaigns.mail.queries import count_mails, unsent
from pop_campaigns.mail.transport import PostConnection
from pop_campaigns.privacy.commands import commands as privacy_commands
from pop_campaigns.tryout.commands import up_command
from pop_campaigns.worker.commands import mail_commands, worker_command
from pop_campaigns.worker.huey_app import queue_of
from pop_campaigns.worker.server import server_settings


def init_commands(app: Flask) -> None:
    """Add our commands to the application."""
    commands = (
        up_command,
        worker_command,
        mail_commands,
        archive_commands,
        user_commands,
        letter_commands,
        privacy_commands,
        check_command,
    )
    for command in commands:
        app.cli.add_command(command)


@click.command("check")
@click.option(
    "--minutes",
    type=click.IntRange(1),
    default=10,
    show_default=True,
    help="How long mail may wait while a worker runs.",
)
@with_appcontext
def check_command(minutes: int) -> None:
    """Try settings, data folder, database, queue, mail server, worker and outbox."""
    # That we are here says that the settings hold together.
    click.echo(f"settings     ok: {current_app.config['MODE']}, {current_app.config['BASE_URL']}")
    steps: tuple[tuple[str, Callable[[], str]], ...] = (
        ("data folder", _check_folder),
        ("database", _check_database),
        ("queue", _check_queue),
        ("mail server", _check_mail_server),
        ("worker", _check_worker),
        ("mail", lambda: _check_mail(minutes)),
    )
    if current_app.config["INBOX_URL"]:
        steps += (("mailbox", _check_mailbox),)
    failed = False
    for name, step in steps:
        try:
            words = f"ok: {step()}"
        except Exception as problem:  # each of them fails in ways of its own, and all are to be told
            failed = True
            words = "FAILED: " + (str(problem).strip() or type(problem).__name__).splitlines()[0]
        db.session.rollback()  # a step must not wait for the one before it
        click.echo(f"{name:<12} {words}")
    if failed:
        raise SystemExit(1)


def _check_folder() -> str:
    folder = Path(current_app.config["DATA_DIR"])
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise OSError(f"{folder} cannot be written")
    if open_to_others(folder):
        raise OSError(f"others on this machine can look into {folder}: chmod 700 {folder}")
    return str(folder)


def _check_database() -> str:
    with db.engine.connect() as connection:
        current = set(MigrationContext.configure(connection).get_current_heads())
    latest = set(ScriptDirectory(current_app.extensions["migrate"].directory).get_heads())
    if current != latest:
        raise ValueError("the tables are not up to date: flask --app wsgi db upgrade")
    return db.engine.dialect.name


def _check_queue() -> str:
    waiting = queue_of(current_app._get_current_object()).storage.queue_size()  # type: ignore[attr-defined]
    return f"{waiting} waiting calls"


def _check_mail_server() -> str:
    settings = server_settings(current_app.config)
    connection = PostConnection(settings)
    connection.host = connection.configure_host()
    connection.finish()
    return f"{settings.host}:{settings.port}"


def _check_worker() -> str:
    moment = clock.now()
    alive = workers_alive(moment)
    if not alive:
        waiting = count_mails(true())["waiting"]
        if waiting:
            raise ValueError(f"none is running, and mail waits: {waiting}; start it: flask --app wsgi worker")
        return "none is running, no mail waits"
    other = sum(worker.version != code_version() for worker in alive)
    if other:
        raise ValueError(f"{other} of {len(alive)} runs other code than this: restart it")
    return f"{len(alive)} running, since {alive[0].started_at:%Y-%m-%d %H:%M} UTC"


def _check_mail(minutes: int) -> str:
    """Return how much waits; raise ValueError if it has waited too long, with the server's last words."""
    late = unsent(true(), now=clock.now(), quiet_for=timedelta(minutes=minutes))
    if late is None:
        return f"{count_mails(true())['waiting']} waiting"
    why = "no worker is running"
    if late.works:
        answer = late.reason
        why = f"the last answer: {answer.code or ''} {answer.words}" if answer else "not tried yet"
    raise ValueError(f"{late.number} not sent since {late.since:%Y-%m-%d %H:%M} UTC, {' '.join(why.split())}")


def _check_mailbox() -> str:
    settings = mailbox_settings(current_app.config)
    if settings is None:
        return "none"
    with Mailbox(settings).open() as mailbox:
        return f"{mailbox.count()} messages in {settings.folder}"

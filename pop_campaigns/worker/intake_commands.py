"""Commands through which mail comes in; docs/mail-in.md says how each is set up."""

from __future__ import annotations

import os
import sys

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import SQLAlchemyError

from pop_campaigns.core import clock
from pop_campaigns.mail.intake.listener import Place, listen, parse_place
from pop_campaigns.mail.intake.mailbox import MailboxTrouble
from pop_campaigns.worker.fetching import fetch_once
from pop_campaigns.worker.receive import TRY_AGAIN, NotTaken, envelope_of, receive


@click.command("receive")
@click.option("--sender", help="Sender of the envelope; empty for the null sender.  [default: SENDER]")
@click.option(
    "--recipient",
    "recipients",
    multiple=True,
    help="Recipient of the envelope; may be repeated.  [default: ORIGINAL_RECIPIENT, RECIPIENT, LOCAL_PART@DOMAIN]",
)
@with_appcontext
def receive_command(sender: str | None, recipients: tuple[str, ...]) -> None:
    """Store one mail from standard input.

    Exits with 0 when it is stored, 75 when the mail server is to try again, 65 or 69 when it never will be.
    """
    envelope_sender, envelope_recipients = envelope_of(os.environ, current_app.config["MAIL_DOMAIN"])
    try:
        receive(
            sys.stdin.buffer,
            envelope_sender if sender is None else sender,
            recipients or envelope_recipients,
            clock.now(),
        )
    except NotTaken as problem:
        click.echo(str(problem), err=True)
        raise SystemExit(problem.status) from problem
    except Exception as problem:  # whatever it is, the mail must not be returned for it
        click.echo(f"The message could not be stored now: {type(problem).__name__}.", err=True)
        raise SystemExit(TRY_AGAIN) from problem


@click.command("listen")
@click.option("--at", metavar="URL", help="lmtp://HOST:PORT or smtp://HOST:PORT  [default: POP_INBOX_LISTEN]")
@click.option(
    "--stop-with", type=int, metavar="PID", help="End when this process, which started it, is gone."
)
@with_appcontext
def listen_command(at: str | None, stop_with: int | None) -> None:
    """Take mail from a mail server by LMTP or SMTP until stopped."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    url = at or app.config["INBOX_LISTEN"]
    try:
        place = parse_place(url)
        listen(app, place, on_ready=lambda port: _say_ready(place, port), stop_with=stop_with)
    except ValueError as problem:
        raise click.ClickException(f"{url} is not an address like lmtp://127.0.0.1:2424.") from problem
    except OSError as problem:
        raise click.ClickException(f"Nobody can listen at {url}: {problem.strerror or problem}.") from problem


def _say_ready(place: Place, port: int) -> None:
    click.echo(f"ready {'lmtp' if place.lmtp else 'smtp'} {place.host} {port}")


@click.command("fetch")
@with_appcontext
def fetch_command() -> None:
    """Empty the mailbox of POP_INBOX_URL once."""
    try:
        count = fetch_once(current_app._get_current_object())  # type: ignore[attr-defined]
    except (MailboxTrouble, SQLAlchemyError) as problem:
        words = problem if isinstance(problem, MailboxTrouble) else type(problem).__name__
        raise click.ClickException(f"The mailbox cannot be emptied now: {words}") from problem
    if count is None:
        raise click.ClickException("No mailbox is configured: set POP_INBOX_URL.")
    click.echo(f"taken {count}")


intake_commands = (receive_command, listen_command, fetch_command)

"""Commands about the worker and its mail."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from pop_campaigns.core import clock
from pop_campaigns.incoming.services.explaining import explain_matches
from pop_campaigns.mail.addresses import parse_address
from pop_campaigns.mail.mailbox_files import messages_in
from pop_campaigns.mail.message import MailParts, build_message, new_message_id
from pop_campaigns.mail.reading.limits import MailReader
from pop_campaigns.mail.refusals import Refused
from pop_campaigns.mail.rules import LEASE
from pop_campaigns.mail.secrets import mask_within
from pop_campaigns.mail.transport import SmtpTransport
from pop_campaigns.worker.consumer import ROUND_SECONDS, run_worker
from pop_campaigns.worker.intake_commands import intake_commands
from pop_campaigns.worker.server import server_settings
from pop_campaigns.worker.tasks import work


@click.command("worker")
@click.option("--workers", type=click.IntRange(1, 32), default=1, show_default=True, help="Mails at a time.")
@click.option(
    "--lease",
    type=click.FloatRange(0.1),
    default=LEASE.total_seconds(),
    show_default=True,
    help="Seconds for which mails stay with a worker that was killed.",
)
@click.option(
    "--every",
    type=click.FloatRange(0.1),
    default=ROUND_SECONDS,
    show_default=True,
    help="Seconds between looks at the outbox without being woken.",
)
@click.option(
    "--stop-with", type=int, metavar="PID", help="End when this process, which started it, is gone."
)
@with_appcontext
def worker_command(workers: int, lease: float, every: float, stop_with: int | None) -> None:
    """Send queued mail until stopped."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    try:
        server_settings(app.config)
    except (OSError, ValueError) as problem:
        raise click.ClickException(f"The DKIM key cannot be read: {problem}.") from problem
    run_worker(app, workers=workers, lease=timedelta(seconds=lease), every=every, stop_with=stop_with)


@click.group("mail")
def mail_commands() -> None:
    """Send, take in and explain mail, try the server."""


for _command in intake_commands:
    mail_commands.add_command(_command)


@mail_commands.command("drain")
@with_appcontext
def drain_command() -> None:
    """Send once what is due, without a worker."""
    report = work(current_app._get_current_object())  # type: ignore[attr-defined]
    click.echo(f"sent {report.sent}, failed {report.failed}, postponed {report.postponed}")
    if report.trouble:
        raise click.ClickException(f"The mail server takes nothing now: {report.trouble}")


@mail_commands.command("test")
@click.argument("address")
@with_appcontext
def test_command(address: str) -> None:
    """Send one mail to ADDRESS at once, past the queue."""
    try:
        to = parse_address(address, allow_example=True)
    except ValueError as problem:
        raise click.ClickException(f"Not an e-mail address: {address}") from problem
    domain = current_app.config["MAIL_DOMAIN"]
    parts = MailParts(
        message_id=new_message_id(domain),
        date=clock.now(),
        from_name="pop_campaigns",
        from_address=f"test@{domain}",
        to_name="",
        to_address=to,
        envelope_from=f"test@{domain}",
        subject="Test",
        text=f"{current_app.config['BASE_URL']}\n",
        language="en",
        auto_submitted=True,
    )
    with SmtpTransport(server_settings(current_app.config)) as transport:
        try:
            delivered = transport.deliver(build_message(parts), parts.envelope_from, to)
        except Refused as refused:
            raise click.ClickException(f"Refused: {refused.code or ''} {refused.words}") from refused
    click.echo(f"taken: {delivered.code} {delivered.words}")


@mail_commands.command("explain")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
)
@click.option(
    "--envelope-from", metavar="ADDRESS", default="", help="Sender of the envelope; <> for the null sender."
)
@click.option("--envelope-to", metavar="ADDRESS", default="", help="Recipient of the envelope.")
@with_appcontext
def explain_command(files: tuple[Path, ...], envelope_from: str, envelope_to: str) -> None:
    """Print what each message in FILES is and says, one JSON line a message. Changes nothing.

    A file may hold one message, a mailbox of several, or a calendar object alone; - is standard input.
    """
    with MailReader() as reader:
        for file in files:
            with click.open_file(str(file), "rb") as stream:
                content = stream.read()
            for raw in messages_in(content):
                report = reader.read(raw, envelope_from, envelope_to)
                explained = report.explained() | {"matches": explain_matches(report, envelope_to)}
                click.echo(json.dumps({"file": str(file), **mask_within(explained)}, ensure_ascii=False))

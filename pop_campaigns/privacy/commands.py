"""Commands about personal data: ``flask --app wsgi privacy …``."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.privacy.services.erasure import finish
from pop_campaigns.privacy.services.ledger import ledger_path
from pop_campaigns.privacy.services.registers import seed_purposes
from pop_campaigns.privacy.services.replay import replay
from pop_campaigns.privacy.services.retention import count_due
from pop_campaigns.privacy.tasks import run_now

commands = AppGroup("privacy", help="Erase again after a restore; keep nothing longer than said.")


@commands.command("replay")
def replay_command() -> None:
    """Erase again whom a restored backup brought back."""
    report = replay(now=now())
    db.session.commit()
    for done in report.erased:
        finish(done)
    click.echo(f"{ledger_path()}: {report.lines} lines; erased again: {len(report.erased)}")
    if report.broken:
        click.echo(f"{report.broken} lines cannot be read.", err=True)
    if report.foreign:
        click.echo(
            f"{report.foreign} lines were written with the key of another database: whom they mean cannot be told here.",
            err=True,
        )


@commands.command("retention")
@click.option("--dry-run", is_flag=True, help="Only say how many of each class are over their time.")
def retention_command(dry_run: bool) -> None:
    """Keep nothing longer than was said; the worker does the same once a day."""
    counts = count_due(now=now()) if dry_run else run_now(now=now()).counts
    db.session.rollback()
    for name, number in counts.items():
        click.echo(f"{name:<12} {number}")


@commands.command("purposes")
def purposes_command() -> None:
    """Enter what the register of purposes begins with; what is there stays as it is."""
    number = seed_purposes(by=None, now=now())
    db.session.commit()
    click.echo(f"purposes entered: {number}")

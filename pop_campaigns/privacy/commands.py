"""Commands about personal data: ``flask --app wsgi privacy …``."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.privacy.erasure import finish
from pop_campaigns.privacy.ledger import ledger_path
from pop_campaigns.privacy.replay import replay

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

"""The command behind `make run`."""

from __future__ import annotations

import os
import sys

import click
from flask import current_app
from flask.cli import with_appcontext

from pop_campaigns.tryout.supervisor import run_up


@click.command("up")
@with_appcontext
def up_command() -> None:
    """Run web server, worker and mail server on this machine."""
    sys.exit(run_up(current_app._get_current_object(), os.environ))  # type: ignore[attr-defined]

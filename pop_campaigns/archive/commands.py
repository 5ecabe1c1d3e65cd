"""Commands about records: ``flask --app wsgi archive …``."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup

from pop_campaigns.archive.document import RecordRefused
from pop_campaigns.archive.load import KINDS, LoadReport, load_record
from pop_campaigns.archive.vocabulary import load_vocabulary
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db

commands = AppGroup("archive", help="Load a record of what the network did (the form: docs/record.md).")


@commands.command("load")
@click.argument("file", type=click.Path(path_type=Path))
def load(file: Path) -> None:
    """Add what a record (YAML) says and is not there yet."""
    try:
        report = load_record(file, now=now())
    except RecordRefused as error:
        db.session.rollback()
        raise click.ClickException(f"{click.format_filename(file)}: {error}. Nothing was loaded.") from error
    db.session.commit()
    click.echo(_report_words(report))


@commands.command("vocabulary")
def vocabulary() -> None:
    """Add what is missing of municipalities, councils, prefectures, ministries."""
    report = load_vocabulary(now=now())
    db.session.commit()
    click.echo(_report_words(report))


def _report_words(report: LoadReport) -> str:
    lines = [
        f"{words:<22}{report.added.get(words, 0):>5} added {report.there.get(words, 0):>5} already there"
        for words in KINDS.values()
        if words in report.added or words in report.there
    ]
    if report.for_later:
        lines.append(f"Kept in the file for monitoring later: {', '.join(report.for_later)}.")
    if report.left_out:
        lines.append(f"Left out, there is no place for it here: {', '.join(report.left_out)}.")
    return "\n".join(lines)

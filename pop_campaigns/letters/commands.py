"""Commands about letters: ``flask --app wsgi letters …``."""

from __future__ import annotations

from datetime import datetime

import click
from flask.cli import AppGroup
from sqlalchemy import select

from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.places import Municipality, municipality_key
from pop_campaigns.letters.queries.entered_days import find_entered
from pop_campaigns.letters.rules.working_days import DayScope
from pop_campaigns.letters.services.days_off import AlreadyEntered, DayDraft, enter_day, take_back_day

commands = AppGroup("letters", help="Days off that were announced late.")


@commands.command("day")
@click.argument("day", type=click.DateTime(["%Y-%m-%d"]))
@click.option("--source", default="", help="The decision, as people can look it up.")
@click.option("--name", default="", help="What the day is called where it is left out.")
@click.option("--worked", is_flag=True, help="The day is worked; without this it is off.")
@click.option("--state", is_flag=True, help="It holds for the state administration only.")
@click.option("--municipality", default="", help="It holds in this municipality only.")
@click.option("--take-back", is_flag=True, help="Take back what was entered for this day.")
def day_command(
    day: datetime, source: str, name: str, worked: bool, state: bool, municipality: str, take_back: bool
) -> None:
    """Enter a day off, or with --worked one that is worked; due days of open letters move."""
    if not take_back and not source.strip():
        raise click.UsageError("--source is missing: where was it decided?")
    if state and municipality:
        raise click.UsageError("--state or --municipality, not both.")
    place = _place(municipality) if municipality else None
    scope = DayScope.STATE if state else DayScope.MUNICIPALITY if place else DayScope.COUNTRY
    place_id = place.id if place else None
    if take_back:
        row = find_entered(day.date(), scope, place_id)
        if row is None:
            raise click.ClickException("Nothing was entered for this day.")
        moved = take_back_day(row, by=None, now=now())
    else:
        draft = DayDraft(day.date(), not worked, scope, source, name, place_id)
        try:
            moved = enter_day(draft, by=None, now=now())[1]
        except AlreadyEntered as there:
            raise click.ClickException(
                f"Entered already ({there.row.source}); use --take-back first."
            ) from None
    db.session.commit()
    click.echo(f"due days moved: {moved}")


def _place(typed: str) -> Municipality:
    place = db.session.scalar(select(Municipality).where(Municipality.key == municipality_key(typed)))
    if place is None:
        raise click.ClickException(f"There is no municipality {typed}.")
    return place

"""``flask archive load`` as it is typed: what it prints and returns."""

from __future__ import annotations

from pathlib import Path

from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from pop_campaigns.archive.commands import commands
from pop_campaigns.archive.load import SHIPPED_RECORD
from pop_campaigns.core.db import db
from pop_campaigns.core.places import Municipality
from pop_campaigns.events.models.events import Event


def run(app: Flask, file: Path) -> Result:
    return app.test_cli_runner().invoke(commands, ["load", str(file)])


def count(model: type[Event] | type[Municipality]) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_it_tells_what_it_added_and_stores_it(app: Flask) -> None:
    result = run(app, SHIPPED_RECORD)
    assert result.exit_code == 0, result.output
    assert "events                   12 added     0 already there\n" in result.output
    assert "monitoring later: social_contracts, reports, council_sessions_observed" in result.output
    assert "no place for it here: network.twitter, network.facebook." in result.output
    assert count(Event) == 12


def test_a_second_load_says_that_all_is_there(app: Flask) -> None:
    run(app, SHIPPED_RECORD)
    result = run(app, SHIPPED_RECORD)
    assert result.exit_code == 0
    assert "events                    0 added    12 already there\n" in result.output
    assert count(Event) == 12


def test_a_refused_file_is_one_sentence_and_an_exit_code(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "keq.yaml"
    path.write_text(
        "members: [{municipality: Lezhë, name: Qendra}]\n"
        "events:\n  - {kind: meeting, title: {sq: Takim}, municipality: Korçë}\n",
        encoding="utf-8",
    )
    result = run(app, path)
    assert result.exit_code == 1
    assert result.output == (
        f"Error: {path}: line 3: events[1]: there is no member organisation “Korçë”. Nothing was loaded.\n"
    )
    assert (count(Event), count(Municipality)) == (0, 0)


def test_a_file_that_is_not_there_is_said_so(app: Flask, tmp_path: Path) -> None:
    result = run(app, tmp_path / "none.yaml")
    assert result.exit_code == 1
    assert (
        "none.yaml: the file cannot be read: No such file or directory. Nothing was loaded." in result.output
    )


def test_the_help_is_one_line_a_command(app: Flask) -> None:
    result = app.test_cli_runner().invoke(commands, ["--help"])
    assert "load        Add what a record (YAML) says and is not there yet.\n" in result.output
    assert "vocabulary  Add what is missing of municipalities, councils, prefectures," in result.output

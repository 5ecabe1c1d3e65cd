"""``flask user …`` as it is typed: what it asks, prints and returns."""

from __future__ import annotations

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from pop_campaigns.accounts.commands import commands
from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from tests import factories

PASSWORD = "fjalëkalim i gjatë"
TYPED_TWICE = f"{PASSWORD}\n{PASSWORD}\n"
VIEWER = ("--email", "lexues@pop.example", "--name", "Lexues", "--role", "viewer")
COORDINATOR = ("--email", "k@pop.example", "--name", "Koordinator Fier", "--role", "coordinator")


def run(app: Flask, *arguments: str, typed: str = TYPED_TWICE) -> Result:
    db.session.commit()
    return app.test_cli_runner().invoke(commands, list(arguments), input=typed)


def test_it_asks_what_was_not_said_and_never_shows_the_password(app: Flask) -> None:
    answers = f"lexues@pop.example\nLexues\nviewer\n{TYPED_TWICE}"
    result = run(app, "create", typed=answers)
    assert result.exit_code == 0, result.output
    assert result.output.endswith("Added lexues@pop.example (viewer).\n")
    assert PASSWORD not in result.output
    assert db.session.scalars(select(User.email)).all() == ["lexues@pop.example"]


@pytest.mark.parametrize("organisation", ["org-fier", "Fier", "fier", "organizata FIER"])
def test_an_organisation_is_found_by_any_of_its_names(app: Flask, organisation: str) -> None:
    factories.make_organisation("Fier")
    factories.make_organisation("Vlorë")
    result = run(app, "create", *COORDINATOR, "--organisation", organisation)
    assert result.exit_code == 0, result.output
    user = db.session.scalars(select(User)).one()
    assert user.organisation is not None
    assert user.organisation.key == "org-fier"
    assert "(coordinator of Organizata Fier, Fier)" in result.output


@pytest.mark.parametrize(
    ("arguments", "typed", "words"),
    [
        (("--email", "a@b@c", *VIEWER[2:]), TYPED_TWICE, "Type one e-mail address only"),
        (VIEWER, "short\nshort\n", "at least 12 characters"),
        (COORDINATOR, TYPED_TWICE, "give --organisation"),
        ((*COORDINATOR, "--organisation", "Korçë"), TYPED_TWICE, "org-fier  (Organizata Fier, Fier)"),
        ((*VIEWER[:-1], "king"), TYPED_TWICE, "'king' is not one of"),
    ],
)
def test_what_is_wrong_is_said_in_words(
    app: Flask, arguments: tuple[str, ...], typed: str, words: str
) -> None:
    factories.make_organisation("Fier")
    result = run(app, "create", *arguments, typed=typed)
    assert result.exit_code != 0
    assert words in result.output
    assert "Traceback" not in result.output
    assert db.session.scalars(select(User)).all() == []


def test_an_address_that_has_an_account_is_refused(app: Flask) -> None:
    assert run(app, "create", *VIEWER).exit_code == 0
    result = run(app, "create", *VIEWER)
    assert result.exit_code == 1
    assert "There is an account with this e-mail address already." in result.output


def test_without_organisations_it_says_what_to_do_first(app: Flask) -> None:
    result = run(app, "create", *COORDINATOR, "--organisation", "Fier")
    assert result.exit_code == 1
    assert "archive load" in result.output


def test_two_organisations_of_one_name_are_not_guessed_between(app: Flask) -> None:
    fier = factories.make_organisation("Fier")
    other = factories.make_organisation("Pukë")
    other.municipality = fier.municipality
    result = run(app, "create", *COORDINATOR, "--organisation", "Fier")
    assert result.exit_code == 1
    assert "org-fier" in result.output
    assert "org-puke" in result.output


def test_the_list_names_everybody(app: Flask) -> None:
    assert "Nobody yet" in run(app, "list").output
    factories.make_user("arta", "coordinator", factories.make_organisation("Fier"))
    factories.make_user("drita", "administrator", None).active = False
    lines = run(app, "list").output.splitlines()
    assert lines == [
        "arta@pop.example  Arta  (coordinator of Organizata Fier, Fier)",
        "drita@pop.example  Drita  (administrator, closed)",
    ]

"""Wherever a password or a secret of an address is asked for, guessing costs time: also in the form somebody adds next."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from types import SimpleNamespace

from flask import Flask
from flask.testing import FlaskClient

from pop_campaigns.accounts.guard import is_public
from pop_campaigns.accounts.models import Throttle, User
from pop_campaigns.app import LIMITS
from pop_campaigns.core.db import db
from tests.house.test_sources import modules
from tests.house.walk import Walk
from tests.house.world import address, arguments, rules

ONE_PLACE = "pop_campaigns/accounts/services/passwords.py"
LOOKS_AT_PASSWORDS = {
    "verify_password", "hash_password", "verify_and_update_password", "check_and_get_token_status", "verify_hash",
    "pwd_context", "_pwd_context", "check_password_hash", "generate_password_hash",
}  # fmt: skip
PRESENT = re.compile(r'<input[^>]*autocomplete="current-password"[^>]*>')
NEW = re.compile(r'<input[^>]*autocomplete="new-password"[^>]*>')
ANY = re.compile(r'<input[^>]*type="password"[^>]*>')
PASSWORD = "fjalekalim i gjate"
NAME = re.compile(r'name="([^"]+)"')
# Part of the address is a secret that opens something without an account.
SECRET_PARTS = {"token", "wish"}


def names_used(tree: ast.AST) -> set[str]:
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    used |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    imported = {a.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for a in node.names}
    return used | imported


def test_passwords_are_made_and_looked_at_in_one_place() -> None:
    result = {name: names_used(tree) & LOOKS_AT_PASSWORDS for name, _path, tree in modules()}
    assert {name for name, used in result.items() if used} == {ONE_PLACE}


def pages_that_ask(walk: Callable[[str], Walk]) -> dict[str, tuple[str, list[str]]]:
    """Every page with a field for a password: endpoint → who opens it, its fields."""
    result: dict[str, tuple[str, list[str]]] = {}
    for who in ("drita", "nobody"):
        for page in walk(who).pages:
            if fields := ANY.findall(page.answer.text):
                result[page.endpoint] = (who, fields)
    return result


def names_of(fields: list[str], kind: re.Pattern[str]) -> list[str]:
    return [NAME.findall(field)[0] for field in fields if kind.fullmatch(field)]


def test_every_form_with_a_password(
    app: Flask,
    world: SimpleNamespace,
    sign_in: Callable[[User], FlaskClient],
    walk: Callable[[str], Walk],
) -> None:
    asking = pages_that_ask(walk)
    world.cast.drita.password = PASSWORD
    db.session.commit()
    browsers = {"nobody": app.test_client(), "drita": sign_in(world.cast.drita)}
    values = arguments(world)
    urls = {rule.endpoint: address(app, rule, values) for rule in rules(app, "GET")}
    assert set(asking) >= {
        "security.login", "security.verify", "accounts.change_password", "accounts.reset", "accounts.welcome",
    }  # fmt: skip
    for endpoint, (who, fields) in asking.items():
        url, browser = urls[endpoint], browsers[who]
        present, new = names_of(fields, PRESENT), names_of(fields, NEW)
        # By its kind it is found here, and people's password managers fill it.
        assert len(present) + len(new) == len(fields), (
            f"{endpoint}: say autocomplete=current-password or new-password"
        )
        db.session.query(Throttle).delete()
        db.session.commit()
        if new:
            common = dict.fromkeys(new, "password1234") | dict.fromkeys(present, PASSWORD)
            refused = browser.post(url, data=common | {"name": "Dikush"})
            assert refused.status_code == 200 and "gjendet shpejt" in refused.text, endpoint
        if present:
            wrong = dict.fromkeys(new, "zëri i lumit plak") | dict.fromkeys(present, "gabim gabim gabim")
            assert is_slowed(browser, url, wrong | {"email": "drita@pop.example"}), endpoint


def is_slowed(browser: FlaskClient, url: str, form: dict[str, str]) -> bool:
    answers = [browser.post(url, data=form) for _ in range(7)]  # five cost nothing
    return answers[-1].status_code == 429 and bool(answers[-1].headers["Retry-After"])


def test_every_secret_in_an_address_has_a_limit(app: Flask) -> None:
    guessable = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if is_public(rule.endpoint) and rule.arguments & SECRET_PARTS
    }
    assert {"accounts.reset", "accounts.welcome", "invitations.answer"} <= guessable
    assert guessable <= LIMITS.keys()

"""Every form of the service, met by an old token, comes back with what was typed; and nothing past the ORM changes a user."""

from __future__ import annotations

import ast
import html
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from pop_campaigns.core.form_filling import FoundForm, forms_of
from tests.house.test_endpoints import WITHOUT_TOKEN
from tests.house.test_sources import modules
from tests.house.walk import Reading, Walk
from tests.house.world import snapshot

TYPED = 'Fjalë të shkruara, me "ë" & <b>'
# Kinds of field that take any text a person types.
TAKES_WORDS = ("text", "textarea", "search")
STANDS_ON_EVERY_PAGE = ("/language", "/logout")


@pytest.fixture
def forms(app: Flask, walk: Callable[[str], Walk]) -> list[tuple[str, str, FoundForm]]:
    """Each form that changes something once, by the endpoint it goes to, with the page it stands on."""
    return list(forms_of_all_pages(app, walk("drita").pages))


@pytest.fixture
def stale(
    app: Flask, forms: object, world: SimpleNamespace, sign_in: Callable[[Any], FlaskClient], monkeypatch: Any
) -> str:
    """A token of an earlier session of the administrator."""
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    page = sign_in(world.cast.drita).get("/today").text
    form = next(other for other in forms_of(page) if other.goes_to("/today") == "/language")
    return next(
        control.attributes["value"] or "" for control in form.controls if control.name == "csrf_token"
    )


def test_what_was_typed_into_any_form_comes_back(
    world: SimpleNamespace,
    sign_in: Callable[[Any], FlaskClient],
    forms: list[tuple[str, str, FoundForm]],
    stale: str,
) -> None:
    browser = sign_in(world.cast.drita)
    before, seen, lost = snapshot(), 0, []
    for page, endpoint, form in forms:
        sent = typed_into(form)
        answer = browser.post(
            form.goes_to(page),
            data={**sent, "csrf_token": stale},
            headers={"Origin": "http://localhost", "Referer": f"http://localhost{page}"},
        )
        seen += 1
        words = any(TYPED in values for values in sent.values())
        if answer.status_code != 400 or "kept-notice" not in answer.text:
            lost.append((endpoint, form.goes_to(page), answer.status_code))
        elif words and html.escape(TYPED) not in answer.text:
            lost.append((endpoint, form.goes_to(page), "words"))
    assert lost == []
    assert seen > 40, "the walk finds the forms"
    assert snapshot() == before


def forms_of_all_pages(app: Flask, pages: list[Reading]) -> Iterator[tuple[str, str, FoundForm]]:
    known = set()
    matcher = app.url_map.bind("localhost")
    for page in pages:
        if page.endpoint.startswith(("static", "bootstrap", "security", "public", "invitations.answer")):
            continue
        for form in forms_of(page.answer.text):
            goes_to = form.goes_to(page.url)
            if form.method != "post" or goes_to in STANDS_ON_EVERY_PAGE:
                continue
            endpoint = matcher.match(goes_to.partition("?")[0], method="POST")[0]
            kind = (endpoint, *sorted(form.names))
            if kind not in known and endpoint not in WITHOUT_TOKEN:
                known.add(kind)
                yield page.url, page.endpoint, form


def typed_into(form: FoundForm) -> dict[str, list[str]]:
    """What a browser would send after somebody typed into every field of words."""
    sent: dict[str, list[str]] = {}
    for control in form.controls:
        if control.kind in TAKES_WORDS:
            sent.setdefault(control.name, []).append(TYPED)
        elif control.kind == "hidden" or (
            control.kind in ("checkbox", "radio") and "checked" in control.attributes
        ):
            sent.setdefault(control.name, []).append(control.attributes.get("value") or "")
    return sent


def test_no_user_is_changed_past_the_orm() -> None:
    """Else the listener that ends sessions (accounts.session_ends) would not hear of it."""
    rows = [f"{name}:{line}" for name, _path, tree in modules() for line in user_statements(tree)]
    assert rows == []


def user_statements(tree: ast.AST) -> Iterator[int]:
    """Lines that build an UPDATE or DELETE of users or of their roles."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and called(node) in ("update", "delete", "insert"):
            result = bool(node.args) and ast.unparse(node.args[0]) in (
                "User",
                "User.__table__",
                "users_roles",
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            result = any(word in node.value.lower() for word in ("update users", "into users_roles"))
        else:
            continue
        if result:
            yield node.lineno


def called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func).rpartition(".")[2]


@pytest.mark.parametrize(
    "source", ["db.session.execute(update(User).values(active=False))", "text('UPDATE users SET active = 0')"]
)
def test_such_a_statement_is_recognised(source: str) -> None:
    assert list(user_statements(ast.parse(source))) == [1]

"""A form that creates a record carries a key and says what becomes of a second sending; this finds a view without it."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable

from flask import Flask

from pop_campaigns.accounts.views.sent_before import is_sent_once
from pop_campaigns.core.form_filling import forms_of
from tests.house.test_sources import modules
from tests.house.walk import Walk

# Views that make something new and need no key, each with its reason.
NOT_NEEDED = {
    "accounts.users.invite": "an e-mail address has one account: said, with a link to it",
    "contacts.institutions.new_address": "an address stands once at its owner: said, with a link to it",
    "contacts.institutions.new_holder": "a mandate stands once: said, with a link to it",
    "invitations.choosing.who": "a guest stands once on an event's list",
    "invitations.reminders.new_reminder": "a rule stands once for its guests and day: said",
    "letters.days_off.enter": "a day is entered once: said, with its source",
}


def test_a_view_that_creates_from_what_was_typed_is_sent_once() -> None:
    without, needless = [], set(NOT_NEEDED)
    for path, _file, tree in modules():
        if "/views" not in path:
            continue
        for view in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
            if not takes_forms(view) or not makes_new(view):
                continue
            name = (
                path.removeprefix("pop_campaigns/")
                .removesuffix(".py")
                .replace("/views", "")
                .replace("/", ".")
            )
            name = f"{name}.{view.name}"
            needless.discard(name)
            if "sent_once" not in decorators(view) and name not in NOT_NEEDED:
                without.append(name)
    assert without == []
    assert needless == set()


def takes_forms(view: ast.FunctionDef) -> bool:
    """Whether a function is a page with a form of its own: shown by GET, sent by POST."""
    return any(
        isinstance(one, ast.Call)
        and {"GET", "POST"} <= {node.value for node in ast.walk(one) if isinstance(node, ast.Constant)}
        for one in view.decorator_list
    )


def makes_new(view: ast.FunctionDef) -> bool:
    """Whether its address or name says that something new comes of it."""
    words = [
        node.value for one in view.decorator_list for node in ast.walk(one) if isinstance(node, ast.Constant)
    ]
    return any(
        str(word).endswith(("/new", "/invite", "/response", "/reply", "/forward", "/holder"))
        for word in words
    ) or bool(re.match(r"new|create|enter", view.name))


def decorators(view: ast.FunctionDef) -> set[str]:
    return {one.id for one in view.decorator_list if isinstance(one, ast.Name)}


def test_whatever_is_sent_once_says_what_it_made(app: Flask) -> None:
    """``form_made`` is called in the module of each view that is guarded; else nothing would be remembered."""
    guarded = [endpoint for endpoint, view in app.view_functions.items() if is_sent_once(view)]
    assert len(guarded) >= 15
    for endpoint in guarded:
        view = inspect.unwrap(app.view_functions[endpoint])
        assert "form_made" in view.__globals__, endpoint


def test_each_of_their_pages_carries_a_key(app: Flask, walk: Callable[[str], Walk]) -> None:
    pages = [page for page in walk("drita").pages if is_sent_once(app.view_functions[page.endpoint])]
    assert len({page.endpoint for page in pages}) >= 15
    for page in pages:
        own = [form for form in forms_of(page.answer.text) if form.method == "post"]
        own = [form for form in own if form.goes_to(page.url) == page.url]
        assert all("once" in form.names for form in own), page.url

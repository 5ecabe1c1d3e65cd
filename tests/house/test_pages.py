"""What every page has: the rail tells where one is."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from urllib.parse import urljoin

import pytest
from flask import Flask
from flask.testing import FlaskClient

from pop_campaigns.accounts.guard import is_public
from pop_campaigns.desk.words.navigation import place_of
from tests.house.browser_forms import forms_on
from tests.house.walk import Walk, some_of

# Stand beside the rail's entries, each with one of its own: one's account, the users.
BESIDE = "accounts."


@pytest.mark.parametrize("who", ["arta", "drita"])
def test_the_rail_marks_where_one_is_on_every_page(walk: Callable[[str], Walk], who: str) -> None:
    rails = {
        page.url: rail[0]
        for page in walk(who).pages
        if (rail := re.search(r'<header class="rail">.*?</header>', page.answer.text, re.DOTALL))
    }
    assert len(rails) > 60, "the pages of the desk were not found"
    assert {url for url, rail in rails.items() if rail.count('aria-current="page"') != 1} == set()


def test_a_page_that_only_a_refused_form_shows_has_its_place_too(
    app: Flask, cast: SimpleNamespace, sign_in: Callable[[Any], FlaskClient]
) -> None:
    rail = re.findall(
        r'<li>\s*<a href="([^"]+)"', sign_in(cast.arta).get("/today").text.partition("<main")[0]
    )
    entries = {app.url_map.bind("localhost").match(url)[0] for url in rail}
    guarded = {rule.endpoint for rule in app.url_map.iter_rules() if not is_public(rule.endpoint)}
    homeless = {name for name in guarded if place_of(name) not in entries and not name.startswith(BESIDE)}
    assert len(entries) == 6 and homeless == set()


@pytest.mark.parametrize("url", ["/nowhere", "/events/999999", "/letters/0/preview"])
def test_an_error_keeps_the_rail_and_says_what_to_do(
    cast: SimpleNamespace, sign_in: Callable[[Any], FlaskClient], client: FlaskClient, url: str
) -> None:
    answer = sign_in(cast.arta).get(url)
    main = answer.text.partition("<main")[2]
    assert answer.status_code == 404 and '<header class="rail">' in answer.text
    assert 'href="/today"' in main and 'href="/search"' in main and "Kërkoni" in main
    stranger = client.get("/nowhere").text
    assert 'class="rail"' not in stranger and 'href="/today"' not in stranger


def test_too_large_a_file_is_said_on_a_page_with_the_rail(
    cast: SimpleNamespace, sign_in: Callable[[Any], FlaskClient]
) -> None:
    answer = sign_in(cast.arta).post("/events/new", data={"title_sq": "x" * 1_200_000})
    assert answer.status_code == 413 and '<header class="rail">' in answer.text


# Needs words unless something else is chosen, which the page says beside it.
TYPED_INTO = (
    "text",
    "textarea",
    "email",
    "tel",
    "url",
    "date",
    "time",
    "datetime-local",
    "number",
    "password",
)
# Lists of what is empty, with a form in each row: to fill it in is what the page is for.
LISTS_OF_EMPTY_FIELDS = ("/translations",)
# Required as others are filled in, which their hints say.
ONE_OF_SEVERAL = {"venue", "subject_sq", "body_sq", "source", "remind-day", "day", "again_on"}
ONE_OF_SEVERAL |= {"days-0-day", "rows-0-day"}  # of several rows one needs a day


def test_a_field_that_must_not_stay_empty_says_so_beforehand(
    world: SimpleNamespace, walk: Callable[[str], Walk], sign_in: Callable[[Any], FlaskClient]
) -> None:
    browser, silent, asked = sign_in(world.cast.drita), [], 0
    pages = [
        page
        for page in walk("drita").pages
        if 'class="desk' in page.answer.text and not page.url.startswith(LISTS_OF_EMPTY_FIELDS)
    ]
    for page in some_of(pages, 0, every=3):
        for form in forms_on(page.answer.text):
            blank = {name: "" for name, kind in form.typed.items() if kind in TYPED_INTO}
            if not blank:
                continue
            answer = browser.post(urljoin(page.url, form.action), data=form.filled(**blank))
            asked += 1
            refused = (
                re.findall(r'id="([\w-]+)-error"', answer.text) if answer.mimetype == "text/html" else []
            )
            silent += [
                (page.url, name)
                for name in refused
                if name not in ONE_OF_SEVERAL and not says_required(page.answer.text, name)
            ]
    assert silent == []
    assert asked > 8


def says_required(page: str, name: str) -> bool:
    """Whether the label of a field, or the legend of its group, says that it must be filled in."""
    label = re.search(rf'<label[^>]* for="{name}">(.*?)</label>', page, re.DOTALL)
    group = re.search(rf'<legend(?:(?!</fieldset>).)*?id="{name}["-]', page, re.DOTALL)
    return any(found is not None and "required-word" in found[0] for found in (label, group))

"""The keys that lead to the search, and that they leave alone whoever is typing; results as one types."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

SEARCH = re.compile(r"/search$")


@pytest.mark.parametrize("key", ["/", "Control+k"])
def test_a_key_opens_the_search_ready_to_type(arta: Page, key: str) -> None:
    arta.keyboard.press(key)
    arta.wait_for_url(SEARCH)
    expect(arta.locator("form.search-form #q")).to_be_focused()
    arta.keyboard.type("gjanica")
    arta.keyboard.press("Enter")
    expect(arta.locator("[data-row]").first).to_be_visible()
    arta.locator("h1").click()
    arta.keyboard.press(key)
    expect(arta.locator("form.search-form #q")).to_be_focused()
    assert arta.evaluate("getSelection().toString()") == "gjanica"


def test_a_slash_takes_what_the_page_searches_in_and_control_k_everything(arta: Page) -> None:
    arta.goto("/people")
    arta.keyboard.press("/")
    expect(arta.locator("main #q")).to_be_focused()
    assert arta.locator("main #q").input_value() == ""
    arta.evaluate("document.activeElement.blur()")
    arta.keyboard.press("Control+k")
    arta.wait_for_url(SEARCH)


def test_who_types_keeps_typing(arta: Page) -> None:
    arta.goto("/people/institutions/new")
    arta.locator("#name_sq").fill("")
    arta.locator("#name_sq").press_sequentially("a/b")
    arta.locator("#name_sq").press("Control+k")
    arta.wait_for_timeout(300)
    assert arta.locator("#name_sq").input_value() == "a/b"
    assert arta.url.endswith("/people/institutions/new")


def test_results_follow_what_is_typed(arta: Page) -> None:
    asked: list[str] = []
    arta.goto("/search")
    arta.on("request", lambda request: asked.append(request.url) if "/search?" in request.url else None)
    box, found, first = arta.locator("#q"), arta.locator("[data-found]"), arta.locator("[data-row] a").first
    box.press_sequentially("gj", delay=20)
    arta.wait_for_timeout(400)
    assert asked == []
    box.press_sequentially("anicës", delay=20)
    expect(first).to_contain_text("Gjanica")
    expect(found).to_contain_text("rezultat")
    expect(box).to_be_focused()
    assert len(asked) == 1 and arta.url.endswith("/search?q=gjanic%C3%ABs")
    box.fill("asgjë e tillë nuk ka")
    expect(found).to_contain_text("Nuk u gjet asgjë")
    expect(arta.locator("[data-row]")).to_have_count(0)
    box.fill("")
    expect(found).to_be_empty()
    assert arta.url.endswith("/search")

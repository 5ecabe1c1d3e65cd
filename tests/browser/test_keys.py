"""``?`` lists the keys; whoever types, or reads the list, is left alone."""

from __future__ import annotations

from playwright.sync_api import Page, expect


def test_a_question_mark_lists_the_keys(arta: Page) -> None:
    keys = arta.locator("dialog#keys")
    expect(keys).to_be_hidden()
    arta.keyboard.press("?")
    expect(keys).to_be_visible()
    expect(keys).to_have_accessible_name("Tastet")
    arta.keyboard.press("/")
    expect(keys).to_be_visible()
    arta.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    link = arta.locator("[data-keys]")
    link.click()
    expect(keys).to_be_visible()
    keys.locator("[data-close]").click()
    expect(keys).to_be_hidden()
    expect(link).to_be_focused()
    arta.goto("/people")
    arta.locator("main #q").press_sequentially("a?")
    expect(keys).to_be_hidden()
    expect(arta.locator("main #q")).to_have_value("a?")

"""One person open in two windows: the second to save is asked, field by field, and nothing typed is lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.walks import DESKTOP, FIER, set_language

PHONE: Any = {"width": 360, "height": 740}


def new_person(page: Page, name: str) -> str:
    """Add somebody; give the address of the form."""
    page.goto("/people/persons/new")
    page.locator("#name").fill(name)
    page.locator("main form button.btn-primary").click()
    page.wait_for_url(re.compile(r"/people/persons/\d+$"))
    return f"{page.url}/edit"


@pytest.mark.parametrize(("scripts", "viewport"), [(True, DESKTOP), (False, PHONE)])
def test_two_tabs_of_one_person(
    open_context: Callable[..., BrowserContext],
    signed_in: Callable[[str], Any],
    scripts: bool,
    viewport: Any,
) -> None:
    window = open_context(storage_state=signed_in(FIER), java_script_enabled=scripts, viewport=viewport)
    one, other = window.new_page(), window.new_page()
    one.goto("/today")
    set_language(one, "en")
    form = new_person(one, f"Gazetare e dy dritareve {viewport['width']}")
    one.goto(form)
    other.goto(form)
    one.locator("#topics").fill("lumenj")
    one.locator("#phone").fill("034 222 123")
    one.locator("main form button.btn-primary").click()
    one.wait_for_url(re.compile(r"/people/persons/\d+$"))
    other.locator("#topics").fill("buxheti, uji")
    other.locator("#post_address").fill("Rruga 1\nFier")
    other.locator("main form button.btn-primary").click()
    expect(other.locator("h1")).to_have_text("Somebody changed this meanwhile")
    wide = (
        other.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if scripts
        else 0
    )
    assert wide <= 0
    # What only she changed is chosen; for what both changed the browser wants an answer before it sends anything.
    expect(other.locator("#choose-post_address-mine")).to_be_checked()
    other.get_by_role("button", name="Save the choice").click()
    assert other.url == form
    expect(other.locator("#choose-topics-mine")).not_to_be_checked()
    other.locator("#choose-topics-mine").check()
    other.get_by_role("button", name="Save the choice").click()
    other.wait_for_url(re.compile(r"/people/persons/\d+$"))
    other.goto(form)
    expect(other.locator("#topics")).to_have_value("buxheti, uji")
    expect(other.locator("#post_address")).to_have_value("Rruga 1\nFier")
    expect(other.locator("#phone")).to_have_value("034 222 123")

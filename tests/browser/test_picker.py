"""The picker, live: results as one types, ticks apart at once, an address mended in place, the buttons always in sight."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import walks
from tests.browser.conftest import Opener
from tests.browser.walks import DESKTOP, FIER, MAYOR_OF_FIER, MINISTER, PHONE, PREFECT
from tests.browser.words import sq

Cookies = Callable[[str], Any]


def add_button(page: Page, number: int) -> Any:
    return page.get_by_role("button", name=sq("Add %(number)s", number=number), exact=True)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_ticks_stand_apart_and_stay(open_context: Opener, signed_in: Cookies, size: Any) -> None:
    page = open_context(storage_state=signed_in(FIER), viewport=size).new_page()
    event = walks.plan_round_table(page, f"Zgjedhje {size['width']}")
    page.goto(f"{event}/invite")
    page.locator("#q").press_sequentially("kr")
    expect(page.locator("[data-found]")).to_have_text(sq("Type at least three letters."))
    page.locator("#q").press_sequentially("yetar")
    expect(walks.pick(page, MAYOR_OF_FIER)).to_be_visible()
    page.wait_for_url(re.compile("q=kryetar"))  # nothing was pressed
    before = int(page.locator("#picks").get_attribute("data-number") or 0)
    page.locator("#q").press("ArrowDown")
    page.keyboard.press("Space")
    expect(page.locator("#chosen .pick")).to_have_count(1)
    expect(page.locator("[data-found]")).to_have_text(sq("%(number)s found", number=before - 1))
    assert page.evaluate("document.activeElement !== document.body"), "the focus is not lost"

    page.locator("#q").fill("ministria e turizmit")
    expect(walks.pick(page, MINISTER)).to_be_visible()
    page.wait_for_url(re.compile(r"q=ministria"))
    page.locator("#q").press("Enter")  # the only one found
    expect(page.locator("#chosen .pick")).to_have_count(2)
    page.locator("#q").fill("prefekt")
    expect(walks.pick(page, PREFECT)).to_be_visible()
    expect(add_button(page, 2)).to_be_in_viewport(ratio=1)
    page.reload()
    expect(page.locator("#chosen .pick")).to_have_count(2)
    page.locator("#chosen .pick").first.get_by_role("checkbox").click()
    expect(page.locator("#chosen .pick")).to_have_count(1)
    add_button(page, 1).click()
    expect(page.locator(".drafts > li")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_a_missing_address_is_mended_in_place(arta: Page) -> None:
    event = walks.plan_round_table(arta, "Adresa që mungon")
    arta.goto(f"{event}/invite")
    walks.search_guests(arta, "kuvendi", "Kryetar i Kuvendit, Kuvendi i Shqipërisë")
    row = walks.pick(arta, "Kryetar i Kuvendit, Kuvendi i Shqipërisë")
    row.locator("summary").click()
    row.get_by_role("textbox").fill("pa shenjë")
    row.get_by_role("textbox").press("Enter")
    expect(row.locator(".field-error")).to_be_visible()
    expect(row.get_by_role("textbox")).to_be_focused()
    row.get_by_role("textbox").fill("kuvendi@kuvendi.example")
    row.get_by_role("textbox").press("Enter")
    expect(arta.locator("#chosen .pick")).to_have_count(1)
    expect(arta.locator("#chosen .pick")).to_contain_text("kuvendi@kuvendi.example")
    assert arta.url.startswith(arta.url.partition("/events")[0] + event)

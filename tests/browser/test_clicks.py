"""How much a hand has to do from logging in to an invitation that is on its way to four offices."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser import walks
from tests.browser.conftest import Opener
from tests.browser.running_site import Site
from tests.browser.walks import FIER, MAYOR_OF_FIER, MAYOR_OF_MALLAKASTER, MINISTER, PREFECT

MOST_CLICKS = 8
SOUGHT = {
    "turiz": MINISTER,
    "prefekt": PREFECT,
    "mallakas": MAYOR_OF_MALLAKASTER,
    "bashkia fier": MAYOR_OF_FIER,
}


def test_from_logging_in_to_four_offices_invited(open_context: Opener, site: Site) -> None:
    page = open_context().new_page()
    clicked: list[str] = []

    def click(one: Locator, what: str) -> None:
        one.click()
        clicked.append(what)

    _log_in(page, site)
    click(page.locator("main a[href='/events/new']").first, "new event")
    page.wait_for_url("**/events/new")
    page.keyboard.type("t")  # the kind has the focus
    page.keyboard.press("Tab")
    page.keyboard.type("Tryezë në tetë shtypje")
    click(page.locator("#venue"), "place")
    page.keyboard.type("Bashkia Fier")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/events/\d+/invite$"))
    for typed, title in SOUGHT.items():
        expect(page.locator("#q")).to_be_focused()  # what stands there is selected: one types over it
        page.keyboard.type(typed)
        click(walks.pick(page, title).get_by_role("checkbox"), title)
        expect(page.locator("#chosen .pick").filter(has_text=title)).to_be_visible()
    click(page.locator(".add-line button[value=go]"), "add and go on")
    page.wait_for_url("**/invite/send")
    click(page.locator("main form[data-once] button.btn-primary"), "send")
    page.wait_for_url(re.compile(r"/events/\d+$"))
    expect(page.locator("table.guests tr[data-row]")).to_have_count(4)
    assert len(clicked) <= MOST_CLICKS, clicked


def _log_in(page: Page, site: Site) -> None:
    page.goto(site.url("/login"))
    page.keyboard.type(FIER)  # the field has the focus
    page.keyboard.press("Tab")
    page.keyboard.type(site.passwords[FIER])
    page.keyboard.press("Enter")
    page.wait_for_url(site.url("/today"))

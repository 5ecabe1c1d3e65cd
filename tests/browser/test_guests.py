"""The guests on an event's page with scripts: one menu at a time, a history beside the table, ticks that stay."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser import walks
from tests.browser.staged import MAYOR_OF_FIER, PREFECT


def test_a_history_opens_beside_the_table_and_ticks_stay(arta: Page) -> None:
    event = walks.plan_round_table(arta, "Tryezë për menynë e të ftuarve")
    walks.put_on_list(arta, event, [MAYOR_OF_FIER, PREFECT])
    arta.goto(event)
    first, second = arta.locator("table.guests tr[data-row]").all()
    first.get_by_role("checkbox").check()
    second.locator("summary").click()
    first.locator("summary").click()  # above the open menu, which covers what is below
    expect(arta.locator(".row-menu[open]")).to_have_count(1)
    arta.keyboard.press("Escape")
    expect(arta.locator(".row-menu[open]")).to_have_count(0)
    expect(first.locator("summary")).to_be_focused()

    second.locator("summary").click()
    second.locator("button[name=about]").click()
    panel = arta.locator("#about")
    expect(panel).to_be_focused()
    expect(panel.locator(".timeline li")).to_have_count(1)
    assert re.search(r"\?about=\d+$", arta.url)
    expect(first.get_by_role("checkbox")).to_be_checked()  # nothing was loaded anew
    panel.locator("[data-close-about]").click()
    expect(panel).to_have_count(0)
    assert "about=" not in arta.url

    arta.locator("input[name=all]").check()
    expect(second.get_by_role("checkbox")).to_be_checked()


def test_a_press_on_a_day_plans_it(arta: Page) -> None:
    arta.goto("/events?view=month&month=2027-03")
    day = arta.locator('a.day-new[href$="day=2027-03-17"]')
    day.focus()
    arta.keyboard.press("ArrowUp")
    arta.keyboard.press("ArrowRight")
    expect(arta.locator('a.day-new[href$="day=2027-03-11"]')).to_be_focused()
    arta.keyboard.press("PageDown")
    arta.wait_for_url("**month=2027-04*")
    arta.locator("td").filter(has=arta.locator('a[href$="day=2027-04-08"]')).click(
        position={"x": 40, "y": 70}
    )
    arta.wait_for_url("**/events/new?day=2027-04-08")
    assert arta.locator("[name=start_date]").input_value() == "2027-04-08"

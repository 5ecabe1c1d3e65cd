"""The note of an invitation: the mail beside it follows what is typed, and no way off the page loses a word."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser import walks
from tests.browser.walks import MAYOR_OF_FIER, PREFECT
from tests.browser.words import sq


def test_the_mail_follows_the_note(arta: Page) -> None:
    event = walks.plan_round_table(arta, "Tryezë me shënim", "Table with a note")
    walks.put_on_list(arta, event, [MAYOR_OF_FIER, PREFECT], english=[PREFECT])
    arta.goto(f"{event}/invite/message")
    frame = arta.frame_locator(".mail-frame:not(.is-coming)")
    pages = arta.evaluate("history.length")
    arta.locator("#note_sq").press_sequentially("Hyrja nga oborri.", delay=5)
    expect(frame.locator(".note")).to_contain_text("Hyrja nga oborri.")
    expect(arta.locator(".mail-frame")).to_have_count(1)
    assert arta.evaluate("history.length") == pages  # Back leads where it did

    arta.get_by_role("button", name=sq("Text"), exact=True).click()
    expect(arta.locator(".mail-text")).to_contain_text("Hyrja nga oborri.")
    arta.locator("#note_sq").press_sequentially(" Parkim ka.", delay=5)
    expect(arta.locator(".mail-text")).to_contain_text("Hyrja nga oborri. Parkim ka.")
    arta.locator("#note_en").fill("Entrance B.")
    arta.locator("#shown-guest").select_option(index=1)
    expect(arta.locator(".mail-text")).to_contain_text("Entrance B.")
    expect(arta.locator("#note_sq")).to_have_value("Hyrja nga oborri. Parkim ka.")
    asked: list[str] = []
    arta.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    arta.reload()
    assert asked == []  # all of it is kept
    expect(arta.locator(".mail-text")).to_contain_text("Entrance B.")

    arta.locator("#note_en").fill("Entrance C.")
    arta.locator(".steps").get_by_role("link", name=sq("Who", "step")).click()
    arta.wait_for_url("**/invite")
    arta.locator(".steps").get_by_role("link", name=sq("Message", "step")).click()
    arta.wait_for_url("**/invite/message*")
    expect(arta.locator("#note_en")).to_have_value("Entrance C.")

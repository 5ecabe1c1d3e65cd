"""After saving, the browser's Back and Save once more: no second record, and what happens is said."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Opener
from tests.browser.walks import FIER

SAVED = re.compile(r"/letters/\d+/recipients$")


def fill(page: Page, subject: str) -> None:
    page.locator("#subject_sq").fill(subject)
    page.locator("#body_sq").fill("Lumi Gjanica është i ndotur.")
    page.locator("#signed_as").fill("Koordinatore")


def save(page: Page) -> None:
    page.locator(".letter-form button.btn-primary").click()


def drafts(page: Page) -> int:
    return int(
        page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('pop-draft ')).length")
    )


def letters(page: Page, subject: str) -> int:
    page.goto("/letters")
    return page.locator("main").get_by_text(subject).count()


def test_back_and_save_leads_to_what_was_saved(arta: Page) -> None:
    subject = "Ruajtur një herë"
    arta.goto("/letters/new")
    fill(arta, subject)
    save(arta)
    arta.wait_for_url(SAVED)
    letter = arta.url
    arta.go_back()
    arta.locator("#subject_sq").wait_for()
    fill(arta, subject)
    save(arta)
    arta.wait_for_url(letter)
    expect(arta.locator(".toasts")).to_contain_text("ruajtur tashmë")
    assert letters(arta, subject) == 1


def test_back_and_other_words_ask_which_is_meant(arta: Page) -> None:
    subject, other = "Ruajtur e para", "Ruajtur e ndryshuar"
    arta.goto("/letters/new")
    fill(arta, subject)
    save(arta)
    arta.wait_for_url(SAVED)
    arta.go_back()
    arta.locator("#subject_sq").wait_for()
    fill(arta, other)
    save(arta)
    expect(arta.locator("h1")).to_have_text("E keni ruajtur tashmë")
    expect(arta.locator("main")).to_contain_text(subject)
    arta.locator("button[name=already]").first.click()
    arta.wait_for_load_state()
    expect(arta.locator("#error-summary")).to_be_focused()
    expect(arta.locator("#subject_sq")).to_have_value(other)
    asked: list[str] = []
    arta.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    arta.locator(".rail-nav a").first.click()
    expect(arta.locator("#subject_sq")).to_have_value(other)
    assert asked == ["beforeunload"], "nothing of it is stored yet"
    assert drafts(arta) == 1
    save(arta)
    arta.wait_for_url(SAVED)
    assert drafts(arta) == 0
    assert (letters(arta, subject), letters(arta, other)) == (0, 1)


def test_without_scripts_the_same_words_are_asked_about(
    open_context: Opener, signed_in: Callable[[str], Any]
) -> None:
    page = open_context(storage_state=signed_in(FIER), java_script_enabled=False).new_page()
    for _press in range(2):
        page.goto("/letters/new")
        fill(page, "Ruajtur pa skripte")
        save(page)
    expect(page.locator("h1")).to_have_text("E keni ruajtur tashmë")
    page.locator("main a.btn-primary").click()
    page.wait_for_url(SAVED)
    assert letters(page, "Ruajtur pa skripte") == 1

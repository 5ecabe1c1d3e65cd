"""Fields for files speak our language, and are a field still: for keys, for a screen reader, without a script."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import Opener
from tests.browser.walks import FIER
from tests.browser.words import sq


def test_a_file_is_chosen_in_albanian(arta: Page) -> None:
    arta.goto("/people/import/new")
    box, field = arta.locator(".file-choice"), arta.locator("#file")
    expect(box).to_contain_text(sq("Choose a file", "button"))
    expect(box.locator(".file-names")).to_have_text(sq("no file chosen"))
    expect(field).to_have_attribute("title", sq("no file chosen"))  # not the browser's own words
    arta.locator("#file").focus()
    expect(field).to_be_focused()
    with arta.expect_file_chooser() as chooser:
        box.locator(".btn").click(force=True)
    chooser.value.set_files({"name": "Kontaktet e Vlorës.csv", "mimeType": "text/csv", "buffer": b"Emri\n"})
    expect(box.locator(".file-names")).to_have_text("Kontaktet e Vlorës.csv")


def test_without_a_script_the_field_is_the_browsers(open_context: Opener, signed_in: object) -> None:
    page = open_context(java_script_enabled=False, storage_state=signed_in(FIER)).new_page()  # type: ignore[operator]
    page.goto("/people/import/new")
    expect(page.locator("#file")).to_be_visible()
    expect(page.locator(".file-choice .btn")).to_have_count(0)

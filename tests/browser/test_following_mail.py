"""After Send the page follows its mails by itself, and leaves alone whoever is doing something."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

# The page asks after 3 s and again after 5 more.
SOON = 15_000


def _state(page: Page) -> Any:
    return page.evaluate("document.querySelector('main').hasAttribute('data-waiting')")


def _play(page: Page, answers: list[str]) -> None:
    """Show a page of the site whose content then changes with each time it is asked for."""
    left = iter(answers)

    def answer(route: Any) -> None:
        body = (
            '<!doctype html><html lang="sq"><script type="module" src="/static/js/app.js"></script>'
            f'<main id="content" {next(left)}</main></html>'
        )
        route.fulfill(status=200, content_type="text/html; charset=utf-8", body=body)

    page.route("**/followed", answer)
    page.goto("/followed")


def test_the_content_follows_and_the_quiet_line_stays(open_context: Callable[..., Any]) -> None:
    page = open_context().new_page()
    _play(
        page,
        [
            'data-waiting><div class="toasts">U nis</div><p id="state">në radhë</p>',
            '><p id="state">u dërgua</p>',
        ],
    )
    expect(page.locator("#state")).to_have_text("në radhë")
    expect(page.locator("#state")).to_have_text("u dërgua", timeout=SOON)
    expect(page.locator(".toasts")).to_have_text("U nis")
    assert _state(page) is False


def test_nothing_is_taken_from_who_types_or_reads_on(open_context: Callable[..., Any]) -> None:
    page = open_context().new_page()
    first = (
        'data-waiting><input id="q"><details><summary>Më parë</summary>x</details><p id="state">në radhë</p>'
    )
    _play(page, [first, '><p id="state">u dërgua</p>'])
    page.locator("#q").fill("Gjanica")
    page.wait_for_timeout(4500)
    assert page.locator("#q").input_value() == "Gjanica"
    page.locator("summary").click()
    page.evaluate("document.activeElement.blur()")
    page.wait_for_timeout(4000)
    expect(page.locator("#state")).to_have_text("në radhë")
    page.locator("summary").click()
    page.evaluate("document.activeElement.blur()")
    expect(page.locator("#state")).to_have_text("u dërgua", timeout=SOON)

"""One site and one browser for the tests of a file; every test gets windows of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.running_site import Site, running_browser, running_site
from tests.browser.walks import DESKTOP, FIER, PATIENCE, set_language, sign_in

Opener = Callable[..., BrowserContext]


@pytest.fixture(scope="session")
def site(chromium_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The whole thing as `make run` starts it, with the record of 2020. Asks for Chromium, so that nothing starts in vain."""
    with running_site(tmp_path_factory.mktemp("site") / "të dhëna") as running:
        yield running


# Not for the whole run: while Playwright is open, no other test of this process may run an event loop.
@pytest.fixture(scope="module")
def browser(chromium_path: Path) -> Iterator[Browser]:
    """Chromium."""
    with running_browser(chromium_path) as running:
        yield running


@pytest.fixture
def open_context(browser: Browser, site: Site) -> Iterator[Opener]:
    """Opens a window with cookies of its own: ``open_context(viewport=PHONE, java_script_enabled=False)``.

    What goes wrong inside a page (a script's error, something the security policy blocks) fails the test.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_one(**options: Any) -> BrowserContext:
        context = browser.new_context(
            base_url=site.address, **({"viewport": DESKTOP, "locale": "sq-AL"} | options)
        )
        context.set_default_timeout(PATIENCE)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        context.on("console", lambda said: _note(complaints, said))
        contexts.append(context)
        return context

    yield open_one
    for context in contexts:
        context.close()
    assert not complaints, "\n".join(complaints)


def _note(complaints: list[str], said: Any) -> None:
    # Chromium also writes an error for each answer above 399; a form with mistakes is one, and meant to be.
    if said.type == "error" and "the server responded with a status of 4" not in said.text:
        complaints.append(f"{said.page.url if said.page else ''}: {said.text}")


@pytest.fixture(scope="module")
def signed_in(browser: Browser, site: Site) -> Callable[[str], Any]:
    """The cookies of somebody who has signed in through the form, once for all tests of a file."""
    known: dict[str, Any] = {}

    def cookies(email: str) -> Any:
        if email not in known:
            context = browser.new_context(base_url=site.address)
            context.set_default_timeout(PATIENCE)
            sign_in(context.new_page(), site, email)
            known[email] = context.storage_state()
            context.close()
        return known[email]

    return cookies


@pytest.fixture
def arta(open_context: Opener, signed_in: Callable[[str], Any]) -> Page:
    """Fier's coordinator at her desk, in Albanian whatever a test before chose for her."""
    page = open_context(storage_state=signed_in(FIER)).new_page()
    page.goto("/today")
    set_language(page, "sq")
    return page

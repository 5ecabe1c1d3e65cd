"""`make shots`: a picture of every kind of page, in both languages, on the phone and on the desktop.

Also of the mails as they are delivered and, where pdftoppm is installed, of the letter's PDF. Starts a site of
its own in a folder thrown away afterwards; the pictures are in build/shots/<page>.<language>.<size>.png.
Ends with status 1 if a kind of page could not be shown.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Error, Page

from config import ROOT
from tests.browser.pages import PAGE_KINDS, PageKind
from tests.browser.running_site import Site, running_browser, running_site
from tests.browser.staged import World, stage_world
from tests.browser.walks import DESKTOP, FIER, PATIENCE, PHONE, set_language, sign_in
from tests.services import find_chromium, missing_chromium, private_folder

FOLDER = ROOT / "build" / "shots"
SIZES = {"phone": PHONE, "desktop": DESKTOP}
PDF_DOTS_PER_INCH = 80
PAINTED = 50
"""Milliseconds until a window of a new size is painted."""


def main() -> int:
    """Make all pictures; give the exit status."""
    program = find_chromium()
    if program is None:
        print(f"make shots: {missing_chromium()}", file=sys.stderr)
        return 1
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    failures: list[str] = []
    with (
        private_folder("pop-shots-") as folder,
        running_site(folder) as site,
        running_browser(program) as browser,
    ):
        with windows(browser, site) as open_one:
            world = stage_world(site, open_one)
        for lang in ("sq", "en"):
            for size in SIZES:
                failures += shoot_pages(browser, site, world, lang, size)
        shoot_mails(browser, site)
        shoot_letter(browser, site, world)
    for picture in sorted(FOLDER.glob("*.png")):
        print(picture.relative_to(ROOT))
    for failure in failures:
        print(f"make shots: {failure}", file=sys.stderr)
    return 1 if failures else 0


@contextmanager
def windows(browser: Browser, site: Site) -> Iterator[Any]:
    """Opens windows that are closed after the block."""
    opened: list[BrowserContext] = []

    def open_one(**options: Any) -> BrowserContext:
        given: dict[str, Any] = {"viewport": DESKTOP, "reduced_motion": "reduce"} | options
        opened.append(browser.new_context(base_url=site.address, **given))
        opened[-1].set_default_timeout(PATIENCE)
        return opened[-1]

    yield open_one
    for context in opened:
        context.close()


def shoot_pages(browser: Browser, site: Site, world: World, lang: str, size: str) -> list[str]:
    """Every kind of page in one language and size; gives what could not be shown."""
    failures = []
    with windows(browser, site) as open_one:
        desk = open_one(viewport=SIZES[size]).new_page()
        sign_in(desk, site, FIER)
        set_language(desk, lang)
        stranger = open_one(viewport=SIZES[size], locale=lang).new_page()
        for kind in PAGE_KINDS:
            page = desk if kind.signed_in else stranger
            try:
                shoot(page, kind, world, lang, size)
            except (Error, AssertionError) as problem:
                failures.append(f"{kind.name}.{lang}.{size}: {str(problem).splitlines()[0]}")
    return failures


def shoot(page: Page, kind: PageKind, world: World, lang: str, size: str) -> None:
    """One page, from top to bottom."""
    answer = page.goto(kind.path.format(lang=lang, **world.places), wait_until="load")
    assert answer is not None
    assert answer.status == kind.status, f"{page.url} answers with {answer.status}"
    if kind.then:
        kind.then(page)
    # A window as tall as the page: what sticks to its edge is at the edge, and frames far below are painted.
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": SIZES[size]["width"], "height": max(height, SIZES[size]["height"])})
    page.wait_for_timeout(PAINTED)
    page.screenshot(path=FOLDER / f"{kind.name}.{lang}.{size}.png", full_page=True)
    page.set_viewport_size(SIZES[size])


def shoot_mails(browser: Browser, site: Site) -> None:
    """The HTML part of one delivered mail of each kind, as wide as mail programs show it."""
    with windows(browser, site) as open_one:
        page = open_one(viewport={"width": 700, "height": 900}).new_page()
        sign_in(page, site, FIER)
        page.goto("/mail/local")
        # One mail of each subject: the invitation in both languages, letters, receipts.
        rows = page.locator("tr[data-row] th a").evaluate_all(
            "(all) => all.map((a) => [a.textContent, a.pathname])"
        )
        for number, (subject, path) in enumerate(dict(rows).items(), 1):
            page.goto(f"{path}/html")
            name = re.sub(r"\W+", "-", str(subject).lower()).strip("-")[:50]
            page.screenshot(path=FOLDER / f"delivered-{number}-{name}.png", full_page=True)


def shoot_letter(browser: Browser, site: Site, world: World) -> None:
    """The pages of the letter that goes with the mail, in both languages."""
    if shutil.which("pdftoppm") is None:
        print("make shots: no pictures of the letter's PDF; pdftoppm is not installed", file=sys.stderr)
        return
    with windows(browser, site) as open_one:
        page = open_one().new_page()
        sign_in(page, site, FIER)
        for lang in ("sq", "en"):
            answer = page.request.get(site.url(f"{world.places['letter']}/letter.pdf?in={lang}"))
            command = [
                "pdftoppm",
                "-png",
                "-r",
                str(PDF_DOTS_PER_INCH),
                "-",
                str(FOLDER / f"letter-pdf.{lang}"),
            ]
            subprocess.run(command, input=answer.body(), check=True)


if __name__ == "__main__":
    sys.exit(main())

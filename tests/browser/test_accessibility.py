"""Every kind of page in both languages: axe finds nothing, and nothing is wider than a phone.

Axe looks at the Albanian pages on the phone, light, and at the English ones on the desktop, dark.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.conftest import Opener
from tests.browser.pages import PAGE_KINDS, PageKind
from tests.browser.running_site import Site
from tests.browser.staged import World, stage_world
from tests.browser.walks import DESKTOP, FIER, PATIENCE, PHONE, set_language
from tests.browser.words import every_text

ADMINISTRATOR = "administrator@pop.example"
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    # Beyond those: who speaks what they see is understood, and who jumps from region to region can tell them apart.
    "rules": {"label-content-name-mismatch": {"enabled": True}, "landmark-unique": {"enabled": True}},
    "resultTypes": ["violations"],
}
FIRST_PAGE_BYTES = 100 * 1024


@pytest.fixture(scope="module")
def world(browser: Browser, site: Site) -> World:
    """An event with answers, letters and mails."""
    contexts: list[BrowserContext] = []

    def open_one(**options: Any) -> BrowserContext:
        contexts.append(browser.new_context(base_url=site.address, **({"viewport": DESKTOP} | options)))
        contexts[-1].set_default_timeout(PATIENCE)
        return contexts[-1]

    staged = stage_world(site, open_one)
    for context in contexts:
        context.close()
    return staged


@pytest.fixture(scope="module")
def readers(
    browser: Browser, site: Site, signed_in: Callable[[str], Any], world: World
) -> Iterator[dict[tuple[str, bool], Page]]:
    """Windows by language and whether somebody is signed in: the coordinator reads Albanian, the administrator English."""
    windows: dict[tuple[str, bool], Page] = {}
    contexts = []
    for lang, email, colours in (("sq", FIER, "light"), ("en", ADMINISTRATOR, "dark")):
        for inside in (True, False):
            options: Any = {"storage_state": signed_in(email)} if inside else {}
            context = browser.new_context(
                base_url=site.address, color_scheme=colours, locale=lang, reduced_motion="reduce", **options
            )
            context.set_default_timeout(PATIENCE)
            contexts.append(context)
            windows[lang, inside] = context.new_page()
    windows["en", True].goto("/today")
    set_language(windows["en", True], "en")
    yield windows
    for context in contexts:
        context.close()


@pytest.mark.parametrize(
    ("kind", "lang"),
    [
        pytest.param(kind, lang, id=f"{kind.name}-{lang}")
        for lang in ("sq", "en")
        for kind in PAGE_KINDS
        if lang == "sq" or kind.in_both
    ],
)
def test_everybody_can_use(
    kind: PageKind, lang: str, readers: dict[tuple[str, bool], Page], world: World
) -> None:
    page = readers[lang, kind.signed_in]
    page.set_viewport_size(PHONE)
    answer = page.goto(kind.path.format(lang=lang, **world.places))
    assert answer is not None
    assert answer.status == kind.status, f"{page.url}: {answer.status}"
    assert page.locator("html").get_attribute("lang") == lang
    if kind.then:
        kind.then(page)
    problems = overflowing(page) + in_the_other_language(page, lang)
    if lang == "en":
        page.set_viewport_size(DESKTOP)
    problems += violations(page)
    assert not problems, f"{page.url}\n" + "\n".join(problems)


def test_what_is_wrong_is_found(open_context: Opener) -> None:
    page = open_context(viewport=PHONE).new_page()
    page.set_content(
        "<img src='data:,'><p style='width: 500px; color: #ddd'>Shkresë</p><a href='#' aria-label='Hiq X'>Ndrysho</a>"
        "<section aria-label='Ftesa'></section><section aria-label='Ftesa'></section>"
    )
    result = "\n".join(violations(page) + overflowing(page))
    names = ("label-content-name-mismatch", "landmark-unique")
    for rule in ("html-has-lang", "image-alt", "color-contrast", "wider than 360", *names):
        assert rule in result


def test_a_word_of_the_other_language_is_found(open_context: Opener) -> None:
    page = open_context().new_page()
    page.set_content(
        "<html lang=en><main><button>Ruaj veprimtarinë</button><label>Title in English</label></main>"
    )
    assert in_the_other_language(page, "en") == ["not in this language: Ruaj veprimtarinë"]
    assert in_the_other_language(page, "sq") == ["not in this language: Title in English"]


def in_the_other_language(page: Page, lang: str) -> list[str]:
    """Labels, buttons and heads of tables that a catalogue has for the other language alone."""
    words: list[str] = page.evaluate(OWN_WORDS)
    foreign = every_text({"sq": "en", "en": "sq"}[lang]) - every_text(lang) - CALLED_SO_EVERYWHERE
    return [f"not in this language: {fromkey}" for fromkey in dict.fromkeys(words) if fromkey in foreign]


CALLED_SO_EVERYWHERE = {"English", "Shqip", "Tiranë"}
"""A language calls itself so on every page, and so does a municipality."""
OWN_WORDS = """() => {
  const own = "nav a, label, legend, button, a.btn, thead th, dt, .hint, .kicker, option, h2";
  const words = [];
  for (const element of document.querySelectorAll(own)) {
    if (element.closest("[lang]:not(html)")) continue;
    for (const node of element.childNodes) {
      if (node.nodeType === Node.TEXT_NODE && node.textContent.trim()) {
        words.push(node.textContent.trim().replace(/\\s+/g, " "));
      }
      if (node.nodeName === "SPAN" && !node.hasAttribute("lang")) words.push(node.textContent.trim());
    }
  }
  return words;
}"""


def violations(page: Page) -> list[str]:
    """What axe finds, with where."""
    result = Axe().run(page, options=RULES).response["violations"]
    width = page.viewport_size["width"] if page.viewport_size else 0
    return [
        f"{width} px: {one['id']} ({one['help']}): {node['target']} {node.get('failureSummary', '')}"
        for one in result
        for node in one["nodes"][:4]
    ]


def overflowing(page: Page) -> list[str]:
    """What is wider than the window, unless it scrolls by itself."""
    return [str(one) for one in page.evaluate(WIDER_THAN_WINDOW)]


WIDER_THAN_WINDOW = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.body.querySelectorAll("*")]
    .filter((one) => one.getBoundingClientRect().right > width + 1)
    .map((one) => `wider than ${width} px: ${one.tagName.toLowerCase()}.${one.className} ${one.textContent.slice(0, 60)}`)
    .slice(-4);
}"""


def test_the_first_public_page_is_small(open_context: Opener) -> None:
    page = open_context(viewport=PHONE).new_page()
    sizes: dict[str, int] = {}
    page.on("requestfinished", lambda request: sizes.update({request.url: _transferred(request)}))
    page.goto("/sq/", wait_until="networkidle")
    table = "\n".join(f"{size:>8} {url}" for url, size in sorted(sizes.items(), key=lambda item: -item[1]))
    print(table)
    assert any("bootstrap" in url for url in sizes), "nothing was measured"
    assert sum(sizes.values()) < FIRST_PAGE_BYTES, table


def _transferred(request: Any) -> int:
    measured = request.sizes()
    return int(measured["responseBodySize"] + measured["responseHeadersSize"])

"""HTML that came by mail as text: nothing is fetched, nothing runs, what was quoted stays marked as quoted."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

import nh3

_LIMIT, _CLEAN_LIMIT = 1_000_000, 250_000
"""What is looked at, and how much of it is left when styles and attributes are gone: the reader takes seconds for more."""
_DEPTH_LIMIT = 200
_SIGNS = 50_000
"""More signs by name (*&nbsp;*) take the cleaning library the square of their number."""
_BLOCKS = frozenset({
    "address", "article", "blockquote", "dd", "div", "dl", "dt", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header",
    "hr", "li", "main", "ol", "p", "pre", "section", "table", "tr", "ul",
})  # fmt: skip
_GAPS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote", "pre"})
_KEPT = set(_BLOCKS | {"br", "td", "th", "b", "i", "a", "span"})
_UNREAD = {"script", "style", "head", "title", "template", "noscript", "svg", "math", "object", "iframe"}
_TAGS = re.compile(r"<[^<>]{0,5000}>")


def html_to_text(page: str) -> str:
    """Return what a reader of an HTML mail sees, as text; quotations as lines that begin with ``>``."""
    page = page[:_LIMIT]
    if page.count("&") > _SIGNS or _nests_deeply(page):
        return html.unescape(_TAGS.sub(" ", page)).strip()
    try:
        clean = nh3.clean(page, tags=_KEPT, attributes={}, clean_content_tags=_UNREAD, link_rel=None)
        reader = _Reader()
        reader.feed(clean[:_CLEAN_LIMIT])
        reader.close()
    except Exception:  # a page that neither can read is still words between tags
        return html.unescape(_TAGS.sub(" ", page)).strip()
    return reader.text()


def _nests_deeply(page: str) -> bool:
    """Return whether tags are opened so deeply that a reader which calls itself would fall over."""
    depth = deepest = 0
    for tag in re.finditer(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)[^<>]{0,2000}?(/?)>", page):
        if (
            tag[2].lower()
            in ("br", "img", "hr", "meta", "link", "input", "p", "li", "td", "tr", "col", "wbr")
            or tag[3]
        ):
            continue
        depth = max(depth + (-1 if tag[1] else 1), 0)
        deepest = max(deepest, depth)
    return deepest > _DEPTH_LIMIT


class _Reader(HTMLParser):
    """Collects lines; each knows how deep in quotations it stands."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = []
        self._line = ""
        self._quoted = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self._end_line(force=True)
        elif tag in _BLOCKS:
            self._end_line()
            if tag in _GAPS:
                self._gap()
        elif tag in ("td", "th") and self._line:
            self._line += " "
        if tag == "blockquote":
            self._quoted += 1
        elif tag == "li":
            self._line += "- "

    def handle_endtag(self, tag: str) -> None:
        if tag not in _BLOCKS:
            return
        self._end_line()
        if tag == "blockquote":
            self._quoted = max(self._quoted - 1, 0)
        if tag in _GAPS:
            self._gap()

    def handle_data(self, data: str) -> None:
        words = re.sub(r"[\s\u00a0]+", " ", data)
        self._line += words if self._line else words.lstrip()

    def _end_line(self, *, force: bool = False) -> None:
        if self._line.strip() or force:
            self._lines.append(">" * min(self._quoted, 10) + " " * bool(self._quoted) + self._line.strip())
        self._line = ""

    def _gap(self) -> None:
        if self._lines and self._lines[-1].strip("> "):
            self._lines.append(">" * min(self._quoted, 10))

    def text(self) -> str:
        self._end_line()
        return re.sub(r"\n{3,}", "\n\n", "\n".join(self._lines)).strip()

"""A browser without JavaScript: follows links, fills and sends forms as they stand in the page."""

from __future__ import annotations

import http.cookiejar
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from html.parser import HTMLParser

PATIENCE = 90.0


class _Forms(HTMLParser):
    """The forms of a page: where each goes, and what its fields hold."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self._choice: tuple[str, bool] | None = None
        self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name, kind = given.get("name", ""), given.get("type", "text")
        if tag == "form":
            self.found.append((given.get("action", ""), {}))
        if not self.found:
            return
        fields = self.found[-1][1]
        if tag == "input" and name and kind not in ("submit", "button", "file"):
            if kind not in ("checkbox", "radio") or "checked" in given:
                fields[name] = given.get("value", "")
        elif tag == "button" and name == "csrf_token":
            fields[name] = given.get("value", "")
        elif tag == "select":
            self._choice = (name, True)
        elif tag == "option" and self._choice is not None:
            choice, is_first = self._choice
            if is_first or "selected" in given:
                fields[choice] = given.get("value", "")
            self._choice = (choice, False)
        elif tag == "textarea":
            self._area = name
            fields[name] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._choice = None
        elif tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.found[-1][1][self._area] += data


class PlainBrowser:
    """One person's browser; ``url`` and ``page`` are what it shows."""

    def __init__(self, address: str) -> None:
        self.address, self.url, self.page = address, "", ""
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(cookies)

    def get(self, path: str) -> str:
        return self._open(path, None)

    def press(self, field: str, to: str = "", **typed: str) -> str:
        """Send the form that has this field, with what is typed; ``to`` where the button goes elsewhere."""
        parser = _Forms()
        parser.feed(self.page)
        action, fields = next((where, has) for where, has in parser.found if field in has)
        data = urllib.parse.urlencode(fields | typed).encode()
        return self._open(to or action or self.url, data)

    def wait_for(self, path: str, pattern: str) -> str:
        """Look at a page until the pattern stands there."""
        deadline = time.monotonic() + PATIENCE
        while not re.search(pattern, self.get(path), re.DOTALL):
            words = re.sub(r"<[^>]+>|\s+", " ", self.page)[:4000]
            assert time.monotonic() < deadline, f"{pattern} never stood at {path}: {words}"
            time.sleep(0.3)
        return self.page

    def _open(self, path: str, data: bytes | None) -> str:
        where = urllib.parse.urljoin(self.url or self.address, path)
        try:
            with self._opener.open(where, data, timeout=60) as answer:
                self.url, self.page = answer.url, answer.read().decode()
        except urllib.error.HTTPError as refused:
            words = re.sub(r"<[^>]+>|\s+", " ", refused.read().decode("utf-8", "replace"))[:3000]
            raise AssertionError(f"{refused.code} at {where}: {words}") from refused
        return self.page

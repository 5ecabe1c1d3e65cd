"""The forms of all pages as a browser would send them, found by looking: a new form is known by itself."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from importlib import import_module
from pkgutil import walk_packages
from urllib.parse import urljoin, urlsplit

from wtforms import Form as AnyForm

import pop_campaigns
from tests.house.walk import Reading

Fields = dict[str, list[str]]


class _Reader(HTMLParser):
    """Collects (method, action, fields); a box that is not ticked counts as ticked, to reach what lies behind it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, Fields]] = []
        self._select = ""
        self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "form":
            self.found.append((given.get("method", "get").lower(), given.get("action", ""), {}))
        if not self.found:
            return
        fields = self.found[-1][2]
        if tag == "option" and self._select:
            if "selected" in given or not fields[self._select]:
                fields[self._select] = [given.get("value", "")]
        elif tag == "select":
            self._select = name
            fields.setdefault(name, [])
        elif tag == "textarea" and name:
            self._area = name
            fields[name] = [""]
        elif tag == "button" and "formaction" in given:
            method, _action, before = self.found[-1]
            self.found.insert(-1, (method, given["formaction"], before))
        elif tag in ("input", "button") and name:
            radio = given.get("type") == "radio"
            if not radio or "checked" in given or name not in fields:
                fields[name] = [given.get("value", "")]

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        elif tag in ("textarea", "form"):
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area and self.found:
            self.found[-1][2][self._area][0] += data


def forms_of_pages(pages: Iterable[Reading]) -> dict[str, Fields]:
    """Give, by path, the fields of every form that some page sends there with POST."""
    result: dict[str, Fields] = {}
    for page in pages:
        reader = _Reader()
        reader.feed(page.answer.text)
        for method, action, fields in reader.found:
            if method == "post":
                path = urlsplit(urljoin(page.url, action)).path
                result[path] = fields | result.get(path, {})
    return result


def fields_of_classes() -> dict[str, set[str]]:
    """Give, by package, the names of all fields of its form classes, also of those no page happens to show."""
    result: dict[str, set[str]] = {}
    for module in walk_packages(pop_campaigns.__path__, "pop_campaigns."):
        if not module.name.endswith(("forms", "pages", "views", "proofs")):
            continue
        for kind in _forms_in(module.name):
            names = result.setdefault(module.name.split(".")[1], set())
            names |= {name for name in dir(kind) if hasattr(getattr(kind, name), "field_class")}
    return result


def _forms_in(module: str) -> Iterator[type[AnyForm]]:
    for _name, kind in inspect.getmembers(import_module(module), inspect.isclass):
        if issubclass(kind, AnyForm) and kind.__module__ == module:
            yield kind

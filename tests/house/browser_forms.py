"""Forms on a page, read and sent back as a browser without scripts does it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

_NOT_TYPED = frozenset({"hidden", "submit", "button", "image", "reset"})


@dataclass
class PageForm:
    """One form: where it goes, what a person can fill in (name and type), what a browser would send of it."""

    action: str = ""
    posts: bool = False
    typed: dict[str, str] = field(default_factory=dict)
    sent: dict[str, list[str]] = field(default_factory=dict)

    def filled(self, **values: Any) -> dict[str, Any]:
        """Give what is sent once these fields are filled in."""
        return {name: list(held) for name, held in self.sent.items()} | values


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self._form: PageForm | None = None
        self._select = self._area = ""
        self._options: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "form":
            self._form = PageForm(given.get("action", ""), given.get("method", "").lower() == "post")
            self.forms.append(self._form)
        elif self._form is None:
            return
        elif tag == "button" and given.get("formmethod", "").lower() == "post":
            self._form.posts = True
        elif tag == "input" and name:
            self._input(self._form, name, given)
        elif tag == "textarea" and name:
            self._area, self._form.typed[name] = name, "textarea"
            self._form.sent[name] = [""]
        elif tag == "select" and name:
            self._select, self._form.typed[name] = name, "select"
            self._options = []
        elif tag == "option" and self._select:
            self._options.append(given.get("value", ""))
            if "selected" in given:
                self._form.sent.setdefault(self._select, []).append(given.get("value", ""))

    @staticmethod
    def _input(form: PageForm, name: str, given: dict[str, str]) -> None:
        kind = given.get("type", "text")
        if kind not in _NOT_TYPED:
            form.typed[name] = kind
        if kind in ("submit", "button", "image", "reset", "file"):
            return
        if kind not in ("checkbox", "radio") or "checked" in given:
            form.sent.setdefault(name, []).append(given.get("value", "on"))

    def handle_data(self, data: str) -> None:
        if self._area and self._form:
            self._form.sent[self._area][0] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "textarea" and self._form and self._area:
            # The line break after the tag is the page's, not the text's.
            self._form.sent[self._area] = [
                self._form.sent[self._area][0].removeprefix("\r\n").removeprefix("\n")
            ]
            self._area = ""
        elif tag == "select" and self._form and self._select:
            if self._options:
                self._form.sent.setdefault(self._select, [self._options[0]])
            self._select = ""


def forms_on(page: str) -> list[PageForm]:
    """Give the forms of a page that are sent to change something, the sign-out and the language left out."""
    reader = _Reader()
    reader.feed(page)
    return [form for form in reader.forms if form.posts]

"""A page of ours with one of its forms filled from what a browser sent before; pure.

It works on the page's source, so that forms need not know of it: whatever has a name gets back what was typed under
that name, and everything else of the page stays as it is. Nothing is sent by that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser
from typing import Final
from urllib.parse import unquote, urljoin, urlsplit

Typed = Sequence[tuple[str, str]]

_NEVER_FILLED: Final = frozenset({"password", "file", "submit", "image", "reset", "button"})
_CHECKED: Final = frozenset({"checkbox", "radio"})


@dataclass(frozen=True)
class Filled:
    """The page, and what was typed but has no field in the form any more."""

    html: str
    left_over: list[tuple[str, str]]


@dataclass
class Control:
    """A field, button or start tag in the source of a page: from ``start`` to ``end``, a textarea's words to ``body_end``."""

    tag: str
    attributes: dict[str, str | None]
    start: int
    end: int
    body_end: int = 0
    name: str = ""
    many: bool = False

    @property
    def kind(self) -> str:
        """The type of an input, else the tag."""
        return (self.attributes.get("type") or "text").lower() if self.tag == "input" else self.tag

    def written(self, **changes: str | None) -> str:
        """Return the start tag with attributes set, or left out where None."""
        attributes = {name: value for name, value in self.attributes.items() if name not in changes}
        attributes |= {name: value for name, value in changes.items() if value is not None}
        parts = (name if value is None else f'{name}="{escape(value)}"' for name, value in attributes.items())
        return f"<{' '.join((self.tag, *parts))}>"


@dataclass
class FoundForm:
    """A form and what has a name in it, in the order of the page."""

    tag: Control
    controls: list[Control] = field(default_factory=list)

    @property
    def method(self) -> str:
        """``post`` or ``get``."""
        return (self.tag.attributes.get("method") or "get").lower()

    @property
    def names(self) -> set[str]:
        """The names of its fields and buttons."""
        return {control.name for control in self.controls}

    def goes_to(self, at: str) -> str:
        """Return path and query the form is sent to, standing on the page at path ``at``."""
        return urljoin(at, self.tag.attributes.get("action") or "")


def fill_form(
    page: str,
    *,
    at: str,
    action: str,
    typed: Typed,
    notice: Callable[[list[tuple[str, str]]], str],
    fresh: frozenset[str] = frozenset({"csrf_token"}),
    added: Mapping[str, str] | None = None,
) -> Filled | None:
    """Return the page at path ``at`` with its form that goes to ``action`` filled; None if it has no such form.

    ``notice`` makes (from what found no field) the HTML that stands before the form. Fields named in ``fresh``,
    passwords and files keep what the page says; ``added`` are hidden fields put into the form.
    """
    form = _best(forms_of(page), at, action, typed)
    if form is None:
        return None
    edits, left_over = _edits(form, typed, fresh)
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in (added or {}).items()
    )
    start = notice(left_over) + form.tag.written(action=form.goes_to(at)) + hidden
    edits.append((form.tag.start, form.tag.end, start))
    for begin, end, text in sorted(edits, reverse=True):
        page = page[:begin] + text + page[end:]
    return Filled(page, left_over)


def forms_of(page: str) -> list[FoundForm]:
    """Return the forms of a page, in its order."""
    parser = _FormParser(page)
    parser.feed(page)
    parser.close()
    return parser.forms


class _FormParser(HTMLParser):
    """Finds the forms of a page and where their fields stand in its source."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[FoundForm] = []
        self._open: FoundForm | None = None
        self._select: Control | None = None
        self._textarea: Control | None = None
        self._lines = [0]
        for line in page.split("\n"):
            self._lines.append(self._lines[-1] + len(line) + 1)

    def _place(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        start = self._place()
        control = Control(tag, dict(attrs), start, start + len(self.get_starttag_text() or ""))
        control.name = control.attributes.get("name") or ""
        if tag == "form":
            self._open = FoundForm(control)
            self.forms.append(self._open)
        elif self._open is not None:
            self._note(control)

    def _note(self, control: Control) -> None:
        if control.tag == "select":
            self._select = control
        elif control.tag == "option" and self._select is not None:
            control.name, control.many = self._select.name, "multiple" in self._select.attributes
        elif control.tag == "textarea":
            self._textarea = control
        elif control.tag not in ("input", "button"):
            return
        if self._open is not None and control.name:
            self._open.controls.append(control)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._textarea is not None:
            self._textarea.body_end, self._textarea = self._place(), None
        elif tag == "select":
            self._select = None
        elif tag == "form":
            self._open = None


def _best(forms: list[FoundForm], at: str, action: str, typed: Typed) -> FoundForm | None:
    """Return the form that goes to ``action``; of several the one that holds most of what was sent, as it was sent."""
    target = urlsplit(action)
    sent = set(typed)
    names = {name for name, _value in typed}

    def likeness(form: FoundForm) -> tuple[int, int, int]:
        same = {(control.name, control.attributes.get("value") or "") for control in form.controls}
        query = urlsplit(form.goes_to(at)).query
        return len(same & sent), len(form.names & names), int(query == target.query)

    candidates = [form for form in forms if unquote(target.path) in _paths(form, at)]
    return max(candidates, key=likeness, default=None)


def _paths(form: FoundForm, at: str) -> set[str]:
    if form.method != "post":
        return set()
    addresses = [form.goes_to(at)]
    addresses += [
        control.attributes["formaction"] or ""
        for control in form.controls
        if "formaction" in control.attributes
    ]
    return {unquote(urlsplit(urljoin(at, address)).path) for address in addresses}


def _edits(
    form: FoundForm, typed: Typed, fresh: frozenset[str]
) -> tuple[list[tuple[int, int, str]], list[tuple[str, str]]]:
    """Return the pieces of source to put elsewhere (from, to, text), and what found no field."""
    waiting: dict[str, list[str]] = {}
    for name, value in typed:
        waiting.setdefault(name, []).append(value)
    edits: list[tuple[int, int, str]] = []
    used: set[tuple[str, str]] = set()
    for control in form.controls:
        if control.name in fresh or not typed or control.tag == "select":
            continue
        if control.tag == "option" or control.kind in _CHECKED:
            edits += _chosen(control, waiting.get(control.name, []), used)
        elif control.kind in _NEVER_FILLED:
            used |= {(control.name, value) for value in waiting.get(control.name, [])}
        elif waiting.get(control.name):
            value = waiting[control.name].pop(0)
            edits.append(_with_text(control, value))
    filled = {control.name for control in form.controls if control.tag != "select"} & fresh
    left_over = [
        (name, value)
        for name, values in waiting.items()
        for value in values
        if value.strip() and name not in filled and (name, value) not in used
    ]
    return edits, left_over


def _chosen(control: Control, values: list[str], used: set[tuple[str, str]]) -> list[tuple[int, int, str]]:
    """Return the edits that set an option, a box or a radio as it was chosen; a list of which nothing was sent stays as it is."""
    word = "selected" if control.tag == "option" else "checked"
    if control.tag == "option" and not control.many and not values:
        return []
    own = control.attributes.get("value") or ("" if control.tag == "option" else "on")
    changes: dict[str, str | None] = {word: None}
    if own in values:
        used.add((control.name, own))
        changes[word] = word
    return [(control.start, control.end, control.written(**changes))]


def _with_text(control: Control, value: str) -> tuple[int, int, str]:
    if control.tag == "textarea":
        # A line break right after the tag is not part of the text: one more keeps the one that was typed.
        return control.end, control.body_end, "\n" + escape(value)
    return control.start, control.end, control.written(value=value)

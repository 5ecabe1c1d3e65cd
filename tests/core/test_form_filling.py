"""A page's form filled from what was sent before: every kind of field, hostile words, nothing lost without a word."""

from __future__ import annotations

import html
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from pop_campaigns.core.form_filling import Filled, Typed, fill_form

PAGE = """<!doctype html><h1>Ë ç &amp; <!-- <form action="/x"> --></h1>
<form action="/search"><input name="title" value="search"></form>
<form method="post" action="/language"><button name="lang" value="en">English</button></form>
<form method="post" novalidate
  data-once>
  <input type="hidden" name="csrf_token" value="fresh"><input type="hidden" name="version" value="8">
  <label for="title">Titulli</label><input id="title" name="title" required value="i vjetër">
  <textarea name="body" rows="6">
i vjetër &lt;b&gt;</textarea>
  <select name="kind"><option value="a" selected>A<option value="b">B</option></select>
  <select name="places" multiple><option value="1" selected>1</option><option value="2">2</option></select>
  <input type="checkbox" name="urgent" value="y" checked><input type="radio" name="way" value="mail" checked>
  <input type="radio" name="way" value="post">
  <input type="password" name="code"><input type="file" name="scan"><input name="tag"><input name="tag">
  <button type="submit" name="then" value="send">Dërgo</button>
</form>"""


class Fields(HTMLParser):
    """What a browser would send from the last form of a page, and the start tags it saw."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.sent: list[tuple[str, str]] = []
        self.tags: list[str] = []
        self._area = self._select = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        result = dict(attrs)
        name, value, kind = result.get("name") or "", result.get("value") or "", result.get("type") or "text"
        if tag == "form":
            self.sent, self.action = [], result.get("action")
        elif tag == "textarea":
            self._area = name
            self.sent.append((name, ""))
        elif tag == "select":
            self._select = name
        elif tag == "option" and "selected" in result:
            self.sent.append((self._select, value))
        elif tag == "input" and (kind not in ("checkbox", "radio") or "checked" in result) and kind != "file":
            self.sent.append((name, value))

    def handle_data(self, data: str) -> None:
        if self._area:
            self.sent[-1] = (self._area, self.sent[-1][1] + data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.sent[-1] = (self._area, self.sent[-1][1].removeprefix("\n"))
            self._area = ""


def filled(typed: Typed, page: str = PAGE, action: str = "/letters/new") -> Filled:
    row = fill_form(
        page, at="/letters/new?copy=3", action=action, typed=typed, notice=lambda left: f"<p>{len(left)}</p>"
    )
    assert row is not None
    return row


def test_every_kind_of_field_gets_back_what_was_sent() -> None:
    typed = [
        ("csrf_token", "stale"), ("version", "7"), ("title", 'I "ri" <b>'), ("body", "\nRresht\r\nrresht ë"), ("kind", "b"),
        ("places", "2"), ("way", "post"), ("tag", "një"), ("tag", "dy"), ("then", "send"),
    ]  # fmt: skip
    page = filled(typed)
    fields = Fields(page.html)
    assert fields.sent == [
        ("csrf_token", "fresh"), ("version", "7"), ("title", 'I "ri" <b>'), ("body", "\nRresht\r\nrresht ë"), ("kind", "b"),
        ("places", "2"), ("way", "post"), ("code", ""), ("tag", "një"), ("tag", "dy"),
    ]  # fmt: skip
    assert fields.action == "/letters/new?copy=3"
    assert page.left_over == []
    assert page.html.index("<p>0</p>") < page.html.index("novalidate")
    assert 'name="title" value="search"' in page.html, "the other forms stay"


def test_what_has_no_field_is_told() -> None:
    typed = [
        ("title", "T"),
        ("kind", "gone"),
        ("guest-4-note", "fjalë"),
        ("tag", "1"),
        ("tag", "2"),
        ("tag", "3"),
        ("x", " "),
    ]
    assert filled(typed).left_over == [("kind", "gone"), ("guest-4-note", "fjalë"), ("tag", "3")]


def test_a_press_without_words_leaves_the_form_as_it_is() -> None:
    fields = Fields(filled([]).html)
    assert ("urgent", "y") in fields.sent and ("body", "i vjetër <b>") in fields.sent


def test_of_several_forms_it_is_the_one_that_was_sent() -> None:
    rows = "".join(
        f'<form method="post" action="/remove"><input type="hidden" name="who" value="{n}"><input name="why"></form>'
        for n in range(3)
    )
    page = filled([("who", "1"), ("why", "fjalë")], page=rows, action="/remove")
    assert page.html.split("</form>")[1].endswith('<input name="why" value="fjalë">')
    assert page.html.count("fjalë") == 1


def test_a_page_without_the_form_says_so() -> None:
    for action in ("/letters/9", "/search"):
        assert (
            fill_form(PAGE, at="/letters/new", action=action, typed=[("a", "b")], notice=lambda _left: "")
            is None
        )


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_words_break_out_of_their_field(title: str, body: str) -> None:
    page = filled([("title", title), ("body", body)])
    fields = Fields(page.html)
    before = Fields(PAGE).tags
    last = len(before) - before[::-1].index("form") - 1
    assert fields.tags == [*before[:last], "p", *before[last:]]
    assert html.escape(title) in page.html and html.escape(body) in page.html

"""Every template compiles, finds what it extends and includes, and keeps to the content security policy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import jinja2
import pytest
from jinja2 import meta

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(TEMPLATES),
    extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"],
    autoescape=True,
)
# Shipped by Bootstrap-Flask, Flask-Security and Flask-WTF.
FROM_LIBRARIES = ("bootstrap5/", "bootstrap/", "security/", "base/")

PAGE_RULES = {
    "inline style (the content security policy forbids it; use a class)": r"<[^>]*\sstyle\s*=",
    "style element (put it into static/css)": r"<style\b",
}
MARKUP_RULES = {
    "script in the page (put it into static/js)": r"<script\b(?![^>]*\ssrc=)[^>]*>",
    "event attribute (put it into static/js)": r"<[a-z][^>]*\son[a-z]+\s*=",
    "javascript: address": r"""(?:href|src|action)\s*=\s*["']?\s*javascript:""",
    "something loaded from elsewhere": r"""<(?:script|link|img|iframe)\b[^>]*(?:src|href)\s*=\s*["']https?://""",
    "picture without alt": r"<img\b(?![^>]*\salt\s*=)[^>]*>",
    "frame without title": r"<iframe\b(?![^>]*\stitle\s*=)[^>]*>",
}
UNESCAPED = re.compile(r"\|\s*safe\b")
REASON = re.compile(r"\{#.*safe:.*#\}")


def templates(*suffixes: str) -> list[str]:
    found = (path for path in TEMPLATES.rglob("*") if path.is_file() and path.suffix in suffixes)
    return sorted(path.relative_to(TEMPLATES).as_posix() for path in found)


@pytest.mark.parametrize("name", templates(".html", ".txt", ".xml", ".svg"))
def test_compiles_and_finds_what_it_names(name: str) -> None:
    source = (TEMPLATES / name).read_text(encoding="utf-8")
    ENVIRONMENT.compile(source, name, str(TEMPLATES / name))
    for other in meta.find_referenced_templates(ENVIRONMENT.parse(source)):
        if other is not None and not other.startswith(FROM_LIBRARIES):
            assert (TEMPLATES / other).is_file(), f"{name} names {other}, which is not there"


@pytest.mark.parametrize("name", templates(".html"))
def test_keeps_to_the_rules_of_pages(name: str) -> None:
    source = (TEMPLATES / name).read_text(encoding="utf-8")
    faults = list(faults_of(source, is_mail=name.startswith("mail/")))
    assert not faults, f"{name}:\n" + "\n".join(faults)


def faults_of(source: str, *, is_mail: bool) -> Iterator[str]:
    """What a template does that it may not, with the line; only mails carry styles inside."""
    markup = without_code(source)
    for fault, pattern in (MARKUP_RULES if is_mail else MARKUP_RULES | PAGE_RULES).items():
        for found in re.finditer(pattern, markup, re.IGNORECASE):
            yield f"line {markup.count(chr(10), 0, found.start()) + 1}: {fault}"
    for number, line in enumerate(source.splitlines(), 1):
        if UNESCAPED.search(line) and not REASON.search(line):
            yield f"line {number}: |safe without a reason on the line ({{# safe: why #}})"


def without_code(source: str) -> str:
    """The template with Jinja's own parts blanked: a `>` in an expression does not end a tag."""

    def blank(found: re.Match[str]) -> str:
        return re.sub(r"[^\n]", "·", found[0])

    return re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", blank, source, flags=re.DOTALL)


@pytest.mark.parametrize(
    ("markup", "fault"),
    [
        ('<p class="a" style="color: red">', "inline style"),
        ("<STYLE>p {}</STYLE>", "style element"),
        ("<script>go()</script>", "script in the page"),
        ('<button type="button" onclick="go()">', "event attribute"),
        ('<a href="javascript:go()">', "javascript: address"),
        ('<script src="https://cdn.example/x.js"></script>', "loaded from elsewhere"),
        ('<img src="{{ url }}">', "picture without alt"),
        ("{{ text|safe }}", "|safe without a reason"),
        ('<p\n  {% if a > b %}class="x"{% endif %}\n  style="color: red">', "inline style"),
    ],
)
def test_the_rules_find_what_they_are_for(markup: str, fault: str) -> None:
    faults = list(faults_of(markup, is_mail=False))
    assert len(faults) == 1
    assert fault in faults[0]


@pytest.mark.parametrize(
    "markup",
    [
        "<script type=\"module\" src=\"{{ url_for('static', filename='js/app.js') }}\"></script>",
        '<img src="{{ url }}" alt="">',
        "{{ drawing|safe }} {# safe: drawn by us, nothing typed is in it #}",
        '<p data-style="x" class="{{ \'a\' if 1 > 0 }}">one = on = 1</p>',
    ],
)
def test_the_rules_leave_alone_what_is_right(markup: str) -> None:
    assert list(faults_of(markup, is_mail=False)) == []


def test_only_mails_carry_styles() -> None:
    assert list(faults_of('<p style="margin: 0">', is_mail=True)) == []

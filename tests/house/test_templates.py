"""Every template compiles, finds what it names, keeps to the content security policy and to one way of writing.

HTML stands in templates and nowhere else.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import jinja2
import pytest
from jinja2 import meta

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "templates"
LONGEST_LINE = 120
ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(TEMPLATES),
    extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"],
    autoescape=True,
)
ENVIRONMENT.filters["style_sheet"] = str
ENVIRONMENT.filters["machine_time"] = str
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
# One way to compare states: with the word that is stored, `mail.state == 'held'`, of several with a tuple of them.
WORD_RULES = {
    "compares an enum's value (compare with the word: state == 'sent')": r"\.value\s*(?:[=!]=|\b(?:not )?in\b)",
    "compares an enum's name (compare with the word: state == 'sent')": r"\.name(?:\s*[=!]=\s*['\"][A-Z]|\.startswith)",
    "compares with a member of an enum (compare with the word: state == 'sent')": r"[=!]=\s*[A-Z]\w*\.\w",
    "compares with a list of words (write a tuple)": r"\bin \[\s*['\"]",
    "compares with a word in double quotes (write single ones)": r"[=!]=\s*\"",
}
# The frames that every page stands in; a page names its styles in the block `styles`.
FRAMES = ("layout.html", "errors/500.html")
MOST_STYLE_SHEETS = 2
TAG = re.compile(
    r"(?<!\(\?P)</?(?:a|abbr|article|aside|b|blockquote|body|br|button|code|dd|details|div|dl|dt|em|fieldset|form|h[1-6]|head"
    r"|header|hr|html|i|iframe|img|input|label|legend|li|link|main|meta|nav|ol|option|p|pre|q|script|section|select"
    r"|small|span|strong|style|summary|svg|table|tbody|td|textarea|th|thead|time|title|tr|u|ul)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
# Modules that may write HTML themselves, each with its reason.
WRITES_HTML = {
    "core/form_filling.py": "puts what was typed back into the source of a page that is made already",
}
UNESCAPED = re.compile(r"\|\s*safe\b")
REASON = re.compile(r"\{#.*safe:.*#\}")


def templates(*suffixes: str) -> list[str]:
    result = (path for path in TEMPLATES.rglob("*") if path.is_file() and path.suffix in suffixes)
    return sorted(path.relative_to(TEMPLATES).as_posix() for path in result)


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


def test_all_can_be_read() -> None:
    faults = []
    for name in templates(".html", ".txt", ".xml"):
        source = (TEMPLATES / name).read_text(encoding="utf-8")
        for number, line in enumerate(source.splitlines(), 1):
            if len(line) > LONGEST_LINE:
                faults.append(f"{name}, line {number}: {len(line)} characters")
        faults += [f"{name}, {fault}" for fault in word_faults(source)]
    assert not faults, "\n".join(faults)


def word_faults(source: str) -> list[str]:
    """Where a template compares states in another way than with the stored word."""
    code = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
    return [
        f"line {source.count(chr(10), 0, part.start()) + 1}: {fault}"
        for part in code.finditer(source)
        for fault, pattern in WORD_RULES.items()
        if re.search(pattern, part[0])
    ]


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("{% if mail.state.value == 'sent' %}", "value"),
        ("{% if mail.state.value in ('sent', 'held') %}", "value"),
        ("{{ 'x' if group.name == 'PAST' }}", "name"),
        ("{% if mail.state != State.SENT %}", "member"),
        ("{% if mail.state not in ['sent', 'held'] %}", "list"),
        ('{% if mail.state == "sent" %}', "double quotes"),
    ],
)
def test_another_way_to_compare_is_found(source: str, fault: str) -> None:
    assert len(word_faults(source)) == 1
    assert fault in word_faults(source)[0]


def test_one_way_to_compare_is_left_alone() -> None:
    assert (
        word_faults("{% if mail.state == 'sent' %}<option value=\"x\">{% endif %}{{ row.name == typed }}")
        == []
    )


def test_a_page_has_two_style_sheets_at_most() -> None:
    """Bootstrap's and ours: only the frames ask for them, mails carry theirs inside."""
    asked = {name: sheets_in((TEMPLATES / name).read_text(encoding="utf-8")) for name in templates(".html")}
    assert {name: count for name, count in asked.items() if count} == dict.fromkeys(FRAMES, MOST_STYLE_SHEETS)


def sheets_in(source: str) -> int:
    """Return how many style sheets a template asks for."""
    return len(re.findall(r"\brel=[\"']?stylesheet|load_css\(", source))


def test_a_third_style_sheet_is_found() -> None:
    frame = (TEMPLATES / "layout.html").read_text(encoding="utf-8")
    assert sheets_in(frame.replace("</head>", "<link rel=stylesheet href=x></head>")) == MOST_STYLE_SHEETS + 1


def html_in(source: str) -> Iterator[str]:
    """Where a module writes HTML: tags in its texts, or a text declared to be HTML; docstrings may speak of tags."""
    if "Markup" not in source and not TAG.search(source):
        return
    nodes = list(ast.walk(ast.parse(source)))
    joined = [node for node in nodes if isinstance(node, ast.JoinedStr)]
    left_out = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    left_out |= {id(part) for node in joined for part in node.values}
    for node in nodes:
        text = ""
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)
        elif isinstance(node, ast.Constant) and id(node) not in left_out:
            text = node.value.decode("latin-1") if isinstance(node.value, bytes) else str(node.value)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "Markup":
            text = "<b>"
        if TAG.search(text):
            yield f"line {node.lineno}: HTML belongs into a template (flashed lines: macros/flashes.html)"


def test_python_writes_no_html() -> None:
    package = ROOT / "pop_campaigns"
    faults = {
        path.relative_to(package).as_posix(): list(html_in(path.read_text(encoding="utf-8")))
        for path in sorted(package.rglob("*.py"))
    }
    assert {name: found for name, found in faults.items() if found and name not in WRITES_HTML} == {}
    assert all(faults.get(name) for name in WRITES_HTML), (
        "a module writes no HTML any more: take it off the list"
    )


@pytest.mark.parametrize(
    "source",
    [
        "words = '<b>%s</b>'",
        "words = f'<a href=\"{url}\">{label}'",
        "words = Markup(typed)",
        "words = markupsafe.Markup(typed).format(1)",
        "words = b'<form method=post>'",
    ],
)
def test_html_in_python_is_found(source: str) -> None:
    assert len(list(html_in(source))) == 1


@pytest.mark.parametrize(
    "source",
    [
        'def title():\n    """Return what stands in <title>."""',
        "sender = f'<{local}@{domain}>'",
        "label = re.compile('(?P<label>x)')",
        "order = 'a < b > c'",
    ],
)
def test_what_is_no_html_is_left_alone(source: str) -> None:
    assert list(html_in(source)) == []

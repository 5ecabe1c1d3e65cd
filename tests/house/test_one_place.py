"""One rule, one place: what only one module may ask for, so that nobody answers it a second time and differently."""

from __future__ import annotations

import ast
import re

import pytest

from tests.house.test_sources import ROOT, modules

TEMPLATES = ROOT / "templates"
# A name, and the only modules that may use it.
ONLY_IN = {
    "get_locale": {"pop_campaigns/core/i18n.py"},
    "force_locale": {"pop_campaigns/core/i18n.py"},
    "send_file": {"pop_campaigns/core/downloads.py"},
    "send_from_directory": set(),
    "as_attachment": {"pop_campaigns/core/downloads.py"},
    # Of answers to a browser nobody else says it; these write and read the parts of mails.
    "Content-Disposition": {
        "pop_campaigns/mail/message.py",
        "pop_campaigns/mail/reading/parts.py",
    },
}


def names_in(tree: ast.AST) -> set[str]:
    """The names a module uses or imports, attributes included."""
    result = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            result.add(node.id)
        elif isinstance(node, ast.Attribute):
            result.add(node.attr)
        elif isinstance(node, ast.keyword) and node.arg:
            result.add(node.arg)
        elif isinstance(node, ast.ImportFrom | ast.Import):
            result.update(alias.name.rpartition(".")[2] for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            result.add(node.value)
    return result


@pytest.mark.parametrize("name", ONLY_IN)
def test_a_name_stands_only_where_its_rule_is(name: str) -> None:
    using = {path for path, _file, tree in modules() if name in names_in(tree)}
    assert using == ONLY_IN[name]


def test_dates_are_written_in_one_place() -> None:
    """Babel's short Albanian months are other words (*nën*, *pri*): nobody but ``core.dates`` writes a month or a weekday."""
    using = {
        path
        for path, _file, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "babel.dates"
    }
    assert using == {"pop_campaigns/core/dates.py"}
    formats = [
        f"{path}: {node.value}"
        for path, _file, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if re.search(r"%-?[aAbBcx](?![\w(])", node.value) and "%" in node.value and len(node.value) < 40
    ]
    assert formats == []
    for path in sorted((ROOT / "pop_campaigns" / "static" / "js").glob("*.js")):
        assert not re.search(r"month: *.(short|long)", path.read_text(encoding="utf-8")), path.name


def test_a_name_is_recognised() -> None:
    for source in ("from a import get_locale", "b.get_locale()", "f(get_locale=1)", "x = {'get_locale': 1}"):
        assert "get_locale" in names_in(ast.parse(source))


def test_states_are_shown_as_chips_of_one_kind() -> None:
    """A class of its own for sign, words and tone, or a macro of its own for the markup, would drift apart."""
    parallel = [
        f"{path}: {node.name}"
        for path, _file, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and {"mark", "tone"} <= {fields_of(one) for one in node.body}
    ]
    assert parallel == ["pop_campaigns/core/chips.py: Chip"]
    marking = [
        path.relative_to(TEMPLATES).as_posix()
        for path in sorted(TEMPLATES.rglob("*.html"))
        if 'class="chip' in path.read_text(encoding="utf-8")
    ]
    assert marking == ["macros/state.html"]


def fields_of(statement: ast.stmt) -> str:
    """The name of a field declared in a class, "" for anything else."""
    declared = isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
    return statement.target.id if declared else ""  # type: ignore[union-attr]


def test_a_search_is_taken_apart_in_one_place() -> None:
    """``fold(…).split()[:8]`` elsewhere would look for other words, or for more of them."""
    taken_apart_in = [
        path
        for path, _file, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and (call := ast.unparse(node)).startswith("fold(")
        if call.endswith(".split()") and "typed" in call
    ]
    assert taken_apart_in == ["pop_campaigns/core/text.py"]

"""Rules of the house that show in the sources: docs/architecture.md and CONTRIBUTING.md say why."""

from __future__ import annotations

import ast
import functools
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import config

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "pop_campaigns"
NEVER_COMMIT = ("services.py", "queries.py", "messages.py", "models.py", "rules.py", "forms.py")
SAYS_NOTHING = re.compile(r"(utils?|helpers?|constants?|common|misc|managers?|stuff)\.py")
LONGEST_FILE = 400
LONGEST_FUNCTION = 45

# Put together here so that this file does not hold what it looks for.
MACHINE_PATH = re.compile(r"/(?:home|Users)/[a-z]\w*/|/" + r"root/|/" + r"work/(?:main|shared)")
REGISTRY_HOST = re.compile(r"pypi\." + r"org|pythonhosted\." + r"org|npmjs\." + r"org|deb\." + r"debian\.org")
UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")


def tracked_files() -> list[Path]:
    """The files of the project, as text or not; without git everything outside tool folders."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode == 0:
        return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
    # Without git: everything but what tools make, which lies in hidden folders and these.
    made = {"instance", "build", "__pycache__"}
    return [path for path in ROOT.rglob("*") if path.is_file() and not hidden_or(made, path)]


def hidden_or(names: set[str], path: Path) -> bool:
    folders = path.relative_to(ROOT).parts[:-1]
    return any(part in names or (part.startswith(".") and part != ".ci") for part in folders)


def tracked_texts() -> Iterator[tuple[str, str]]:
    """Name and text of each file of the project that is text, samples of other people's mail left out."""
    for path in tracked_files():
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith("tests/samples/"):
            try:
                yield name, path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


@functools.cache
def modules() -> tuple[tuple[str, Path, ast.Module], ...]:
    """Each module of the package: its name for messages, its path, its syntax tree."""
    return tuple(
        (path.relative_to(ROOT).as_posix(), path, ast.parse(path.read_text(encoding="utf-8"), str(path)))
        for path in sorted(PACKAGE.rglob("*.py"))
    )


def calls_of(tree: ast.AST, method: str) -> Iterator[int]:
    """Lines on which a method of this name is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == method:
            yield node.lineno


def lines_matching(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{number}: {found[0]}"
        for name, text in tracked_texts()
        for number, line in enumerate(text.splitlines(), 1)
        if (found := pattern.search(line))
    ]


def test_only_views_tasks_and_commands_commit() -> None:
    found = [
        f"{name}:{line}"
        for name, path, tree in modules()
        if path.name in NEVER_COMMIT
        for line in calls_of(tree, "commit")
    ]
    assert not found, f"a service leaves the commit to its caller: {found}"


def test_a_commit_is_recognised() -> None:
    assert list(calls_of(ast.parse("def f():\n    db.session.commit()"), "commit")) == [2]


def test_files_are_named_by_what_they_hold() -> None:
    found = [path.name for path in PACKAGE.rglob("*.py") if SAYS_NOTHING.fullmatch(path.name)]
    assert not found


def test_files_and_functions_stay_readable() -> None:
    too_long = []
    for name, path, tree in modules():
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE:
            too_long.append(f"{name}: {lines} lines, split it by noun")
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    too_long.append(f"{name}:{node.lineno}: {node.name} has {length} lines")
    assert not too_long, "\n".join(too_long)


def test_no_text_hides_in_an_f_string() -> None:
    """What collects the texts does not look into f-strings: such a text would stay English for ever."""
    calls = {"_", "gettext", "ngettext", "pgettext", "npgettext", "_l", "_lp"}
    hidden = [
        f"{name}:{node.lineno}"
        for name, _path, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in calls
    ]
    assert not hidden


def test_settings_import_nothing_of_ours() -> None:
    tree = ast.parse((ROOT / "config.py").read_text(encoding="utf-8"))
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {
        alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    assert not [name for name in imported if name.split(".")[0] in ("pop_campaigns", "wsgi", "tests")]


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("a place on one machine", MACHINE_PATH),
        ("a registry's host", REGISTRY_HOST),
        ("unfinished work", UNFINISHED),
    ],
)
def test_no_file_names(what: str, pattern: re.Pattern[str]) -> None:
    found = lines_matching(pattern)
    assert not found, f"{what}:\n" + "\n".join(found)


def test_every_setting_is_documented() -> None:
    rows = dict(re.findall(r"^\| `(POP_\w+)` \| (.*) \|$", settings_page(), re.MULTILINE))
    assert rows == {f"POP_{each.name}": f"{shown(each.default)} | {each.meaning}" for each in config.SETTINGS}


def settings_page() -> str:
    return (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")


def shown(default: object) -> str:
    """A default as the table writes it."""
    if default == "":
        return "—"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"

"""Rules of the house that show in the sources: docs/architecture.md and CONTRIBUTING.md say why."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest

import config

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "pop_campaigns"
NEVER_COMMIT = {"services", "queries", "messages", "words", "models", "rules", "forms"}
NEVER_CHANGE = {"queries", "words", "rules"}
CHANGES = ("add", "add_all", "delete", "merge", "bulk_save_objects")
# A wrong try at a password counts whatever becomes of the request.
COMMITS_AT_ONCE = {
    "pop_campaigns/accounts/services/throttles.py",
    "pop_campaigns/accounts/services/passwords.py",
    "pop_campaigns/accounts/services/recovery.py",
}
ROLES = {
    "blueprint",
    "commands",
    "forms",
    "guard",
    "messages",
    "models",
    "queries",
    "rules",
    "scope",
    "services",
    "sight",
    "sign_in",
    "tasks",
    "views",
    "words",
}
SAYS_NOTHING_OF_THE_THING = {"one", "found", "said", "each"}
# Names that say nothing to who looks for the thing.
PUZZLES = {"bell", "going", "keeping", "machines", "moments", "needles", "showing", "whose"}
SAYS_NOTHING = re.compile(r"(utils?|helpers?|constants?|common|misc|managers?|stuff)\.py")
LONGEST_FILE = 400
SHORTEST_FILE = 40
SHORT_ON_PURPOSE = {
    "roles.py",
    "open_data.py",
    "letter.py",
    "visibility.py",
    "agenda.py",
}  # looked for by these very names
LONGEST_FUNCTION = 45

# Put together here so that this file does not hold what it looks for.
MACHINE_PATH = re.compile(r"/(?:home|Users)/[a-z]\w*/|/" + r"root/|/" + r"work/(?:main|shared)")
REGISTRY_HOST = re.compile(r"pypi\." + r"org|pythonhosted\." + r"org|npmjs\." + r"org|deb\." + r"debian\.org")
# `tests/mail/sample_sets.py` says where the messages of other projects lie, which no test needs.
BESIDE_THE_CHECKOUT = re.compile(r"parents\[[3-9]\]|\bROOT\.parent\b|(?:\.parent){4}")
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


@cache
def modules() -> tuple[tuple[str, Path, ast.Module], ...]:
    """Return each module of the package: its name for messages, its path, its syntax tree."""
    return tuple(
        (path.relative_to(ROOT).as_posix(), path, ast.parse(path.read_text(encoding="utf-8"), str(path)))
        for path in sorted(PACKAGE.rglob("*.py"))
    )


def role_of(path: Path) -> str:
    """Return the role of a module: the module or folder below its package, whatever lies in the folder."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[1] if len(parts) > 1 else ""


def calls_of(tree: ast.AST, method: str) -> Iterator[int]:
    """Lines on which a method of this name is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == method:
            yield node.lineno


def lines_matching(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{number}: {match[0]}"
        for name, text in tracked_texts()
        for number, line in enumerate(text.splitlines(), 1)
        if (match := pattern.search(line))
    ]


def test_only_views_tasks_and_commands_commit() -> None:
    rows = [
        f"{name}:{line}"
        for name, path, tree in modules()
        if role_of(path) in NEVER_COMMIT and name not in COMMITS_AT_ONCE
        for line in calls_of(tree, "commit")
    ]
    assert not rows, f"a service leaves the commit to its caller: {rows}"


def test_who_commits_at_once_still_does() -> None:
    committing = {name for name, _path, tree in modules() if any(calls_of(tree, "commit"))}
    assert committing >= COMMITS_AT_ONCE


def test_queries_change_nothing() -> None:
    rows = [
        f"{name}:{call.lineno}"
        for name, path, tree in modules()
        if role_of(path) in NEVER_CHANGE
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and ast.unparse(call.func) in {f"db.session.{verb}" for verb in CHANGES}
    ]
    assert not rows, f"what reads leaves changes to services: {rows}"


def test_no_statement_in_queries_writes() -> None:
    rows = [
        f"{name}: {alias.name}"
        for name, path, tree in modules()
        if role_of(path) in NEVER_CHANGE
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy")
        for alias in node.names
        if alias.name in {"insert", "update", "delete"}
    ]
    assert not rows


def test_a_commit_is_recognised() -> None:
    assert list(calls_of(ast.parse("def f():\n    db.session.commit()"), "commit")) == [2]


READS_TEXT = frozenset(
    (
        "startswith", "endswith", "removeprefix", "removesuffix", "split", "rsplit", "partition", "rpartition", "find", "index",
        "contains", "like", "ilike", "not_like", "not_ilike", "regexp_match", "match", "fullmatch", "search", "findall",
        "substr", "substring", "instr", "split_part", "strpos", "position",
    )
)  # fmt: skip


def parsed_keys(tree: ast.AST) -> Iterator[int]:
    """Lines on which something is read out of a ``once``, in Python or in SQL."""
    return (node.lineno for node in ast.walk(tree) if any(map(is_once, texts_read(node))))


def texts_read(node: ast.AST) -> Sequence[ast.AST]:
    """What a piece of code looks into, where it looks into a text."""
    match node:
        case ast.Subscript(value=text) | ast.Compare(ops=[ast.In() | ast.NotIn()], comparators=[text]):
            return [text]
        case ast.Call(func=ast.Attribute(attr=name, value=text), args=given) if name in READS_TEXT:
            return [text, *given]
    return []


def is_once(node: ast.AST) -> bool:
    return getattr(node, "attr", getattr(node, "id", "")) == "once"


def test_a_key_is_compared_and_never_read() -> None:
    rows = [f"{name}:{line}" for name, _path, tree in modules() for line in parsed_keys(tree)]
    assert not rows, f"once says that a thing was done; what the thing is about is a column: {rows}"


@pytest.mark.parametrize(
    "code",
    [
        "mail.once.startswith('invitation/')",
        "OutgoingMail.once.like('letter/%')",
        "once.split('/')[1]",
        "mail.once[:9]",
        "func.substr(OutgoingMail.once, 3)",
        "re.match('a', once)",
        "'/again/' in mail.once",
    ],
)
def test_a_key_that_is_read_is_recognised(code: str) -> None:
    assert list(parsed_keys(ast.parse(code))) == [1]


def test_a_key_that_is_compared_is_no_offence() -> None:
    code = "select(Mail.once).where(Mail.once.in_(names), Mail.once == key)\nform.once.data.strip()"
    assert not list(parsed_keys(ast.parse(code)))


def test_files_are_named_by_what_they_hold() -> None:
    faults = [path.name for path in PACKAGE.rglob("*.py") if SAYS_NOTHING.fullmatch(path.name)]
    faults += [path.name for path in PACKAGE.rglob("*.py") if path.stem in PUZZLES]
    assert not faults


def test_variables_say_the_thing() -> None:
    found = [
        f"{name}:{node.lineno}: {word}"
        for name, _path, tree in modules()
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Name | ast.arg)
        if (word := node.arg if isinstance(node, ast.arg) else node.id) in SAYS_NOTHING_OF_THE_THING
    ]
    assert not found


def test_a_file_of_a_few_lines_joins_a_neighbour() -> None:
    """In the folder of a role; a role of its own may be as short as it is."""
    short = [
        name
        for name, path, _tree in modules()
        if path.parent.name in ROLES and path.stem not in ROLES
        if path.name not in {"__init__.py", *SHORT_ON_PURPOSE}
        if len(path.read_text(encoding="utf-8").splitlines()) < SHORTEST_FILE
    ]
    assert not short


def test_names_are_imported_from_where_they_are_defined() -> None:
    """What a module only passes on hides where the thing lives; a package of views passes on its blueprint."""
    trees = {
        name.removesuffix(".py").removesuffix("/__init__").replace("/", "."): tree
        for name, _p, tree in modules()
    }
    items = [
        f"{importer} takes {alias.name} from {node.module}"
        for importer, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in trees
        for alias in node.names
        if alias.name not in defined_in(trees[node.module]) and f"{node.module}.{alias.name}" not in trees
    ]
    assert not items, "\n".join(items)


def defined_in(tree: ast.Module) -> set[str]:
    """Return the names a module binds itself at its top, also under a condition."""
    names: set[str] = set()
    nodes: list[ast.stmt] = list(tree.body)
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {
                each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)
            }
        elif isinstance(node, ast.If | ast.Try):
            nodes += [*node.body, *node.orelse]
    return names


def test_modules_named_in_texts_exist() -> None:
    """`accounts/scope.py` in a document, :mod:`accounts.scope` in a docstring."""
    roots = (ROOT, PACKAGE, ROOT / "tests", ROOT / "deploy")
    lost = []
    for name, text in tracked_texts():
        if not name.endswith((".py", ".md")) or name == "CHANGELOG.md" or name.startswith("tests/"):
            continue
        for path in re.findall(r"(?<![\w./*-])((?:\w+/)+\w+\.py)\b", text):
            if not any((root / path).exists() for root in roots):
                lost.append(f"{name}: {path}")
        for dotted in re.findall(r":mod:`([\w.]+)`", text):
            path = dotted.removeprefix("pop_campaigns.").replace(".", "/")
            near = ((ROOT / name).parent, *roots)
            if not any((root / f"{path}.py").exists() or (root / path).is_dir() for root in near):
                lost.append(f"{name}: {dotted}")
    assert not lost, "\n".join(lost)


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


WALL_CLOCKS = {"time.monotonic", "time.perf_counter", "time.time"}
HANG_SECONDS = 20


def timed_asserts(tree: ast.AST) -> Iterator[int]:
    """Return the lines that hold a stretch of wall clock to a figure that a busy machine misses."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assert) or not WALL_CLOCKS & {
            ast.unparse(call.func) for call in ast.walk(node.test) if isinstance(call, ast.Call)
        }:
            continue
        figures = [each.value for each in ast.walk(node.test) if isinstance(each, ast.Constant)]
        waits = any(isinstance(each, ast.Name) and each.id == "deadline" for each in ast.walk(node.test))
        if not waits and not any(isinstance(each, int | float) and each >= HANG_SECONDS for each in figures):
            yield node.lineno


def test_no_test_fails_on_a_busy_machine() -> None:
    """A bound on the wall clock only tells a hang; what must be quick is counted, or measured in CPU time."""
    clocks = re.compile("assert.*(?:monotonic|perf_counter|time.time)")
    texts = ((path, text) for path, text in tracked_texts() if re.match(r"tests/.*\.py$", path))
    tests = ((path, ast.parse(text)) for path, text in texts if clocks.search(text))
    assert [f"{path}:{line}" for path, tree in tests for line in timed_asserts(tree)] == []


def test_a_timed_assert_is_recognised() -> None:
    assert list(timed_asserts(ast.parse("assert time.monotonic() - began < 7"))) == [1]
    assert not list(timed_asserts(ast.parse("assert time.monotonic() < deadline, 'late'")))


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
    result = lines_matching(pattern)
    assert not result, f"{what}:\n" + "\n".join(result)


def test_only_the_mail_report_looks_beside_the_checkout() -> None:
    faults = {line.partition(":")[0] for line in lines_matching(BESIDE_THE_CHECKOUT)}
    assert faults == {"tests/mail/sample_sets.py"}


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

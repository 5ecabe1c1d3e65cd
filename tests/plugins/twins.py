"""Leaves a module's second run, on PostgreSQL, until something that its SQL depends on has changed.

The twins of a module are its tests on PostgreSQL (`both_databases`). They run unless the module's files are as they
were when all its twins passed in a full run: the module, the conftests above it, what these import from `tests`, the
package it tests (the one its folder is named after; where there is none, all), the packages it imports, `core`,
every package's models, the migrations and the lock file. Nothing is listed by hand.

`both_databases(always=True)` is for what the two databases answer most differently: claims, locks, races, migrations,
the walk over all endpoints. Those run on PostgreSQL every time.
"""

from __future__ import annotations

import ast
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGES = "pop_campaigns"
# Beside the module's own: what every statement goes through.
UNDER_ALL = (
    f"{PACKAGES}/core",
    f"{PACKAGES}/*/models",
    f"{PACKAGES}/*/models.py",
    "migrations",
    "requirements.lock",
)


def may_wait(item: pytest.Item) -> bool:
    """Return whether a test is the second run, on PostgreSQL, of one that runs on SQLite, and need not always run."""
    return item.get_closest_marker("postgresql_twin") is not None


def module_of(nodeid: str) -> str:
    """Return the file of a test."""
    return nodeid.partition("::")[0]


def key_of(module: str) -> str:
    """Return under which name the twins of a module are stamped."""
    return f"{module} [postgresql]"


def twin_stamps(root: Path, items: Iterable[pytest.Item]) -> dict[str, tuple[str, int]]:
    """Return by module what its twins are stamped with once they passed, and how many they are.

    The names are part of it: a module of which only some tests were chosen is not taken for the whole.
    """
    names: dict[str, list[str]] = defaultdict(list)
    for item in items:
        if may_wait(item):
            names[module_of(item.nodeid)].append(item.nodeid)
    return {
        module: (digest([files_digest(root, module), *sorted(tests)]), len(tests))
        for module, tests in names.items()
    }


@cache
def files_digest(root: Path, module: str) -> str:
    """Return the SHA-256 over the names and bytes of the files a module's twins depend on."""
    files = sorted(files_behind(root, module), key=lambda path: path.as_posix())
    return digest(f"{path.relative_to(root).as_posix()} {file_digest(path)}" for path in files)


def files_behind(root: Path, module: str) -> set[Path]:
    """Return the files whose change lets the twins of a module run again."""
    own = tests_behind(root, root / module)
    # The module's own folder says which packages are meant; the factories reach into every one.
    near = [path for path in own if path.parent == (root / module).parent]
    names = {name for path in near for name in packages_imported(path)}
    tested = root / PACKAGES / Path(module).parent.name
    places = [root / PACKAGES / name for name in names] + [tested] if tested.is_dir() else [root / PACKAGES]
    places += [place for pattern in UNDER_ALL for place in root.glob(pattern)]
    return own | {file for place in places for file in sources_in(place)}


def tests_behind(root: Path, module: Path) -> set[Path]:
    """Return a module of tests, the conftests above it, and all that these import from `tests`."""
    top = root / "tests"
    open_files = [
        module,
        *(folder / "conftest.py" for folder in module.parents if folder.is_relative_to(top)),
    ]
    behind: set[Path] = set()
    while open_files:
        path = open_files.pop()
        if path.is_file() and path not in behind:
            behind.add(path)
            names = [name for name in names_imported(path) if name.startswith("tests.")]
            open_files += [root / f"{name.replace('.', '/')}.py" for name in names]
    return behind


def packages_imported(path: Path) -> Iterator[str]:
    """Yield the packages, or modules beside them, that a module imports from."""
    for name in names_imported(path):
        parts = name.split(".")
        if parts[0] == PACKAGES and len(parts) > 1:
            yield parts[1]


@cache
def names_imported(path: Path) -> tuple[str, ...]:
    """Return the dotted names a module imports, wherever in it; of `from a import b` both a and a.b."""
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(names)


@cache
def sources_in(place: Path) -> tuple[Path, ...]:
    """Return the modules of a folder, a module named without its ending, or a file."""
    if place.is_dir():
        return tuple(path for path in place.rglob("*.py") if "__pycache__" not in path.parts)
    return tuple(path for path in (place, place.with_suffix(".py")) if path.is_file())


@cache
def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def digest(lines: Iterable[str]) -> str:
    """Return the SHA-256 of lines."""
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()

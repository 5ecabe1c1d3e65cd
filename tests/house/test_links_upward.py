"""Pages named from below: a package that links to a page of a package above it knows what it must not import.

Counted are the names of endpoints (``"desk.event"``) in code and templates, whether they stand in ``url_for`` or are
handed on. A figure only goes down: a record's address is given by the app, by the page above, or in one place below.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

ROOT = Path(__file__).resolve().parents[2]

LINKS_UPWARD = {
    "accounts": 6,
    "contacts": 11,
    "events": 2,
    "incoming": 9,
    "invitations": 16,
    "letters": 1,
    "privacy": 2,
}
"""How often each package names a page above it. Lower a figure as soon as it falls; a package not listed has none."""

# Folders of templates that bear no package's name, and files in none: the app fills the frame around every page.
NOT_A_PACKAGE = {"": "app", "errors": "app", "macros": "core", "security": "accounts"}
# Blueprints of libraries, by the package that sets them up.
FROM_LIBRARIES = {"security": "accounts"}
_QUOTED = re.compile(r"""(["'])([a-z_]+\.[a-z_]+)\1""")


@pytest.fixture(scope="module")
def heights() -> dict[str, int]:
    """How high each package stands, from the order that import-linter keeps."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    [layers] = [
        contract["layers"] for contract in contracts if contract.get("containers") == ["pop_campaigns"]
    ]
    return {
        name.strip(" ()"): height
        for height, layer in enumerate(reversed(layers))
        for name in re.split(r"[|:]", layer)
    }


def test_links_upward_only_become_fewer(app: Flask, heights: dict[str, int]) -> None:
    owners = owners_of_pages(app)
    result: defaultdict[str, list[str]] = defaultdict(list)
    for place, package, name in quoted_names():
        if name in owners and heights[owners[name]] > heights[package]:
            result[package].append(f"{place}: {name}")
    wrong = []
    for package in sorted(LINKS_UPWARD.keys() | result.keys()):
        links, allowed = result[package], LINKS_UPWARD.get(package, 0)
        if len(links) > allowed:
            wrong.append(f"{package} links {len(links)} times to pages above it, not {allowed}:")
            wrong += [f"  {link}" for link in links]
        elif len(links) < allowed:
            wrong.append(
                f"{package} links {len(links)} times to pages above it: lower its figure from {allowed}."
            )
    assert not wrong, "\n".join(wrong)


def owners_of_pages(app: Flask) -> dict[str, str]:
    """Return the package of each endpoint, by where its blueprint is made; of a library's only those we set up."""
    packages = {
        name: FROM_LIBRARIES.get(name, [*blueprint.import_name.split("."), ""][1])
        for name, blueprint in app.blueprints.items()
        if name in FROM_LIBRARIES or blueprint.import_name.startswith("pop_campaigns.")
    }
    pages = ((endpoint, endpoint.partition(".")[0]) for endpoint in app.view_functions)
    return {endpoint: packages[name] for endpoint, name in pages if name in packages}


def quoted_names() -> Iterator[tuple[str, str, str]]:
    """Yield each string of the code and the templates that may name an endpoint: its place, its package, the string."""
    for path in sorted((ROOT / "pop_campaigns").rglob("*.py")):
        package = path.relative_to(ROOT / "pop_campaigns").parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", package, node.value
    for path in sorted(one for one in (ROOT / "templates").rglob("*") if one.is_file()):
        folder = path.relative_to(ROOT / "templates").parts[0] if path.parent != ROOT / "templates" else ""
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            for quoted in _QUOTED.finditer(line):
                yield f"{path.relative_to(ROOT)}:{number}", NOT_A_PACKAGE.get(folder, folder), quoted[2]

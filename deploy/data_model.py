"""Draws the data model from the models themselves: docs/data-model.md, one picture for all tables and one for each package.

Pictures are Mermaid diagrams, which code hosts draw. ``make data-model`` writes the page; a test compares it.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

from sqlalchemy import Column, Table
from sqlalchemy.orm import Mapper

import pop_campaigns.app  # noqa: F401  # with it every model is known
from pop_campaigns.core.db import Base

PAGE = Path(__file__).resolve().parents[1] / "docs" / "data-model.md"
INTRODUCTION = """# The data model

Made from the models by `make data-model`; do not edit. The first picture shows which table points at which, the others each
table's columns (PK, FK, UK; `null` where a value may be missing). Constraints and meanings stand in the `models` of each package.
"""


def tables_by_package() -> dict[str, list[Table]]:
    """Return all tables by the package that defines them, both in alphabetical order."""
    packages: dict[str, set[Table]] = defaultdict(set)
    for mapper in Base.registry.mappers:
        for table in mapper.tables:
            if isinstance(table, Table):
                packages[_package_of(mapper)].add(table)
    mapped = {table for tables in packages.values() for table in tables}
    for table in set(Base.metadata.tables.values()) - mapped:
        # A table between two others belongs to whom it names first.
        first = min(table.foreign_keys, key=lambda key: key.parent.name).column.table
        packages[next(name for name, tables in packages.items() if first in tables)].add(table)
    return {name: sorted(packages[name], key=lambda table: table.name) for name in sorted(packages)}


def _package_of(mapper: Mapper[object]) -> str:
    return mapper.class_.__module__.split(".")[1]


def page() -> str:
    """Return the whole page."""
    packages = tables_by_package()
    every = [table for tables in packages.values() for table in tables]
    parts = [
        INTRODUCTION,
        "## All tables\n",
        _diagram([line for table in every for line in _references(table)]),
    ]
    for name, tables in packages.items():
        lines = [line for table in tables for line in _columns(table)]
        lines += [line for table in tables for line in _references(table)]
        parts += [f"\n## {name}\n", _diagram(lines)]
    return "\n".join(parts)


def _diagram(lines: list[str]) -> str:
    return "\n".join(["```mermaid", "erDiagram", *(f"    {line}" for line in lines), "```"])


def _references(table: Table) -> list[str]:
    """Return a line for each foreign key: from the table pointed at (one, or none) to this one (any number)."""
    keys = sorted(table.foreign_keys, key=lambda key: key.parent.name)
    return [
        f"{key.column.table.name} {'|o' if key.parent.nullable else '||'}--o{{ {table.name} : {key.parent.name}"
        for key in keys
    ]


def _columns(table: Table) -> list[str]:
    return [f"{table.name} {{", *(f"    {_column(column)}" for column in table.columns), "}"]


def _column(column: Column[object]) -> str:
    kind = type(column.type).__name__.lower()
    marks = ["PK"] if column.primary_key else []
    marks += ["FK"] if column.foreign_keys else []
    marks += ["UK"] if column.unique else []
    words = f"{kind} {column.name}"
    if marks:
        words += f" {', '.join(marks)}"
    return f'{words} "null"' if column.nullable else words


def main() -> int:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

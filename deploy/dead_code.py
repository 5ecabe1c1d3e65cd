"""Finds code that nothing uses: names that stand neither in the program nor in its templates. Tests do not count as use.

What a library or a program of somebody else calls by name stands in ``CALLED_BY_NAME`` with its reason.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from vulture import Vulture

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ("pop_campaigns", "config.py", "wsgi.py", "deploy")
# Registered with Flask, click, Huey, SQLAlchemy, WTForms or Jinja, which call it.
DECORATORS = [
    "@*.get", "@*.post", "@*.route", "@*.command", "@*.group", "@*.periodic_task", "@*.task", "@*.errorhandler",
    "@*.before_request", "@*.after_request", "@*.before_app_request", "@*.teardown_*", "@*.context_processor",
    "@*.app_context_processor", "@*.url_value_preprocessor", "@*.url_defaults", "@*.listens_for", "@event.*",
    "@compiles", "@validates", "@*.connect", "@*.connect_via", "@*.app_template_filter", "@*.template_filter",
    "@declared_attr*", "@*.record", "@*.signal", "@*.on_startup",
]  # fmt: skip
CALLED_BY_NAME = {
    "SIGN_IN_SAYS": "texts of Flask-Security, there for the catalogues",
    "WTFORMS_SAYS": "texts of WTForms, there for the catalogues",
    "use_sessions_of_persons": "decorated with record_once",
    "when_ready": "gunicorn's hook",
}
# Methods, attributes and lower-case variables are too often a library's to be told apart.
LOOKED_FOR = {"function", "class", "import", "unreachable_code"}


def names_in_templates() -> set[str]:
    """Return every word that stands in a template outside its text."""
    words: set[str] = set()
    for path in (ROOT / "templates").rglob("*"):
        if path.is_file():
            for code in re.findall(r"\{[{%](.*?)[%}]\}", path.read_text(encoding="utf-8"), re.DOTALL):
                words |= set(re.findall(r"[A-Za-z_]\w*", code))
    return words


def unused() -> list[str]:
    """Return what nothing uses, as lines to be read; also an exception that is no longer needed."""
    search = Vulture(ignore_names=["SQ", "EN"], ignore_decorators=DECORATORS)
    search.scavenge([str(ROOT / name) for name in SOURCES])
    in_templates = names_in_templates()
    lines, excused = [], set()
    for item in search.get_unused_code(min_confidence=60):
        if item.typ not in LOOKED_FOR and not (item.typ == "variable" and item.name.isupper()):
            continue
        if item.name in CALLED_BY_NAME:
            excused.add(item.name)
        elif item.name not in in_templates:
            where = item.filename.relative_to(ROOT) if item.filename.is_absolute() else item.filename
            lines.append(f"{where}:{item.first_lineno}: {item.message}")
    lines += [f"deploy/dead_code.py: {name} needs no exception" for name in CALLED_BY_NAME.keys() - excused]
    return lines


def main() -> int:
    """Print what nothing uses; return 1 if there is anything."""
    lines = unused()
    for line in lines:
        print(line)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())

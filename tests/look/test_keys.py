"""The list of keys names every key that a script listens to, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "pop_campaigns" / "static" / "js"
# Pressed by everybody in every list and field, or the browser's own.
OF_EVERY_PAGE = {"Enter", "Escape"}


def test_the_list_of_keys_is_whole() -> None:
    known = set()
    for script in sorted(SCRIPTS.glob("*.js")):
        known |= set(
            re.findall(r'\bkey(?:\.toLowerCase\(\))? ===? "([^"]+)"', script.read_text(encoding="utf-8"))
        )
    listed = (ROOT / "templates" / "_keys.html").read_text(encoding="utf-8")
    told = {
        key.removeprefix("Ctrl ").lower() if key != "Enter" else key
        for key in re.findall(r"'([^' ]|Ctrl K|Enter)'", listed)
    }
    assert {"/", "?", "j", "k", "n", "e", "r"} <= known
    assert known - OF_EVERY_PAGE == told - OF_EVERY_PAGE

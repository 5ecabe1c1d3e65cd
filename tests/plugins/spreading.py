"""Spreads the tests over the processes: what shares an expensive beginning stays together.

A module stays in one process. So does a folder whose tests share more than a module: the site and the browser of
tests/browser, the running service of tests/tryout, the mail servers of tests/intake. Of tests/house only the modules
that look at the walk over all pages share it, each database a walk of its own.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
TOGETHER = ("tests/browser/", "tests/intake/", "tests/tryout/")
HOUSE = "tests/house/"
WALK = "tests.house.walk"
WALKS = {"sqlite": f"{HOUSE} (walk)", "postgresql": f"{HOUSE} (walk on PostgreSQL)"}
DEAREST = (WALKS["sqlite"], *TOGETHER, HOUSE)
"""What takes longest begins first, so that nothing runs alone at the end; beginnings of the names of places."""


@cache
def looks_at_the_walk(module: str) -> bool:
    """Whether a module of tests/house asks for the walk, which its neighbours then need not make again."""
    return f"from {WALK} import" in (ROOT / module).read_text(encoding="utf-8")


def place_of(nodeid: str) -> str:
    """Return what is done in one process with a test: its folder, its module, or a walk."""
    module, _, test = nodeid.partition("::")
    if module.startswith(HOUSE) and looks_at_the_walk(module):
        return WALKS["postgresql" if "postgresql" in test.partition("[")[2] else "sqlite"]
    return next((folder for folder in TOGETHER if module.startswith(folder)), module)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Return xdist's scheduler for scopes, with places as scopes: the dearest first, then the largest."""
    from xdist.scheduler import LoadScopeScheduling

    class ByPlace(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return place_of(nodeid)

        def _assign_work_unit(self, node: Any) -> None:
            for dear in reversed(DEAREST):
                for place in [each for each in self.workqueue if each.startswith(dear)]:
                    self.workqueue.move_to_end(place, last=False)
            super()._assign_work_unit(node)

    return ByPlace(config, log)

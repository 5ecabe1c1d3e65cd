"""Spreads the tests over the processes: what shares an expensive beginning stays together.

A module stays in one process. So does a folder whose tests share more than a module: the site and the browser of
tests/browser, the world and the walks of tests/house, the running service of tests/tryout, the mail servers of tests/intake.
"""

from __future__ import annotations

from typing import Any

import pytest

TOGETHER = ("tests/house/", "tests/browser/", "tests/intake/", "tests/tryout/")
"""The dearest first: what takes longest begins first, so that nothing runs alone at the end."""


def place_of(nodeid: str) -> str:
    """Return what is done in one process: the folder, or the module, of a test."""
    module = nodeid.split("::", 1)[0]
    return next((folder for folder in TOGETHER if module.startswith(folder)), module)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Return xdist's scheduler for scopes, with places as scopes: folders that stay together first, then the largest."""
    from xdist.scheduler import LoadScopeScheduling

    class ByPlace(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return place_of(nodeid)

        def _assign_work_unit(self, node: Any) -> None:
            for folder in reversed(TOGETHER):
                if folder in self.workqueue:
                    self.workqueue.move_to_end(folder, last=False)
            super()._assign_work_unit(node)

    return ByPlace(config, log)

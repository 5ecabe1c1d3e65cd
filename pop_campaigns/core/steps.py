"""The steps of a task that takes several pages: each a link once it can be done, else in words why not yet."""

from __future__ import annotations

from typing import NamedTuple


class Step(NamedTuple):
    """One step: what it is called, its address, or "" and why it cannot be done yet."""

    label: str
    url: str = ""
    why: str = ""

"""The states of an import and what may be done with a row; pure."""

from __future__ import annotations

import enum


class ImportState(enum.StrEnum):
    """How far an import has come."""

    UPLOADED = "uploaded"
    CHECKING = "checking"
    CHECKED = "checked"
    RUNNING = "running"
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"
    FAILED = "failed"


class RowDecision(enum.StrEnum):
    """What is to become of a row."""

    NEW = "new"
    UPDATE = "update"
    SKIP = "skip"

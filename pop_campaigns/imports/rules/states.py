"""The states of an import, the work on it, and what may be done with a row; pure."""

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


class ImportWork(enum.StrEnum):
    """What goes on step by step, maybe at a worker; named as the state that an import has meanwhile."""

    CHECKING = "checking"
    RUNNING = "running"
    UNDOING = "undoing"


BUSY = frozenset(ImportState(work.value) for work in ImportWork)


class MappingOrigin(enum.StrEnum):
    """Where the meaning of an import's columns comes from: its headings, the last import with the same, or a person."""

    GUESS = "guess"
    MEMORY = "memory"
    PERSON = "person"


class RowDecision(enum.StrEnum):
    """What is to become of a row."""

    NEW = "new"
    UPDATE = "update"
    SKIP = "skip"


SAME = "same"
"""The reason of a match for a row that says nothing which is not there already; it is left out, yet not as one that is missed."""

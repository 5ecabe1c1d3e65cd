"""A world made once in a process: its rows and files are put back for every further test that asks for it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlalchemy import inspect

from pop_campaigns.core.db import Base, db


class Kept:
    """Rows, files and what a namespace names, as they were; on SQLite, where a database is copied in a moment."""

    def __init__(self, world: SimpleNamespace, data: Path, folder: Path) -> None:
        self._names = _named(world)
        self._rows = sqlite3.connect(":memory:", check_same_thread=False)
        _raw_connection(lambda raw: raw.backup(self._rows))
        self._folder = shutil.copytree(data, folder)

    def put_back(self, data: Path) -> SimpleNamespace:
        """Make database and data folder what they were, and return the world in rows of this session."""
        _raw_connection(self._rows.backup)
        db.session.expire_all()
        shutil.copytree(self._folder, data, dirs_exist_ok=True)
        world = _looked_up(self._names)
        assert isinstance(world, SimpleNamespace)
        return world


def _raw_connection(do: Callable[[sqlite3.Connection], object]) -> None:
    db.session.rollback()
    with db.engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        do(raw)


def _named(value: Any) -> Any:
    """Return the same with rows as their class and key."""
    if isinstance(value, Base):
        return _Row(type(value), inspect(value).identity)
    if isinstance(value, SimpleNamespace):
        return SimpleNamespace(**{name: _named(held) for name, held in vars(value).items()})
    return [_named(held) for held in value] if isinstance(value, list) else value


class _Row:
    def __init__(self, table: type[Base], key: Any) -> None:
        self.table, self.key = table, key


def _looked_up(value: Any) -> Any:
    if isinstance(value, _Row):
        return db.session.get_one(value.table, value.key)
    if isinstance(value, SimpleNamespace):
        return SimpleNamespace(**{name: _looked_up(held) for name, held in vars(value).items()})
    return [_looked_up(held) for held in value] if isinstance(value, list) else value

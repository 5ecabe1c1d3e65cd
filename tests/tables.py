"""The tables between tests: emptied where something was written, and filled again with what was made once before."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, func, insert, select, text
from sqlalchemy.orm import make_transient_to_detached

from pop_campaigns.core.db import Base, db

Result = TypeVar("Result")
Model = TypeVar("Model", bound=Base)
Snapshot = list[tuple[Table, list[dict[str, Any]]]]

_snapshots: dict[tuple[str, str], tuple[Snapshot, Any]] = {}


@cache
def _tables() -> list[Table]:
    """Return every table, parents first."""
    return Base.metadata.sorted_tables


@cache
def _question() -> str:
    names = (table.name for table in _tables())
    return " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in names)


def written_tables(connection: Connection) -> set[str]:
    """Return the tables with rows. The database itself is asked: tests write in threads and processes of their own."""
    return set(connection.exec_driver_sql(_question()).scalars())


def empty_tables() -> None:
    """Empty every table with rows, children first, and begin each numbering anew.

    TRUNCATE would take ten times as long for so few rows.
    """
    with db.engine.connect() as connection:
        if db.engine.dialect.name == "postgresql":
            _delete_rows(connection)
            connection.exec_driver_sql(
                "SELECT setval(format('%%I.%%I', schemaname, sequencename)::regclass, start_value, false)"
                " FROM pg_sequences WHERE last_value IS NOT NULL"
            )
            connection.commit()
            return
        raw: Any = connection.connection.driver_connection
        raw.execute("PRAGMA foreign_keys=OFF")  # has no effect within a transaction
        try:
            _delete_rows(connection)
            connection.commit()
        finally:
            raw.execute("PRAGMA foreign_keys=ON")


def _delete_rows(connection: Connection) -> None:
    written = written_tables(connection)
    for table in reversed(_tables()):
        if table.name in written:
            connection.exec_driver_sql(f"DELETE FROM {table.name}")


def made_once(name: str, build: Callable[[], Result]) -> Result:
    """Return what ``build`` returns, with its rows committed; from the second time on the rows alone are put back.

    ``build`` always makes the same and returns plain values, no rows. Where a test has written something before, it
    is called as ever: its rows may get other numbers there.
    """
    place = (str(db.engine.url), name)
    connection = db.session.connection()
    if written_tables(connection):
        result = build()
        db.session.commit()
        return result
    if place not in _snapshots:
        result = build()
        db.session.commit()
        _snapshots[place] = (_take(db.session.connection()), result)
        db.session.rollback()
    else:
        _put_back(connection, _snapshots[place][0])
        db.session.commit()
    return _snapshots[place][1]


def _take(connection: Connection) -> Snapshot:
    written = written_tables(connection)
    return [
        (table, [dict(row) for row in connection.execute(select(table)).mappings()])
        for table in _tables()
        if table.name in written
    ]


def _put_back(connection: Connection, snapshot: Snapshot) -> None:
    on_postgresql = connection.dialect.name == "postgresql"
    if not on_postgresql:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
    for table, rows in snapshot:
        connection.execute(insert(table), rows)
        if on_postgresql and "id" in table.columns:
            last = select(func.max(table.c.id)).scalar_subquery()
            sequence = func.pg_get_serial_sequence(text(f"'{table.name}'"), text("'id'"))
            connection.execute(select(func.setval(sequence, last)))


def known(model: type[Model], ident: int) -> Model:
    """Return the row of a number as the session has it after a commit: loaded when it is asked for something."""
    row = model(id=ident)
    make_transient_to_detached(row)
    db.session.add(row)
    return row

"""How far an import came moves from its options into columns, and back; the columns refuse what cannot be."""

from __future__ import annotations

import json
from typing import Any

import flask_migrate
import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from pop_campaigns.core.db import db
from tests.house.test_migrations import empty_app

__all__ = ["empty_app"]
pytestmark = pytest.mark.both_databases(always=True)
NOW = "2026-11-20 09:00:00+00:00"
IMPORT = """INSERT INTO contact_imports (user_name, file_name, encoding, delimiter, state, columns, mapping, options, total, done,
    problem, created_at, ran_at, undone_at)
    VALUES ('Arta', 'a.csv', 'utf-8', ';', :state, '[]', '{}', :options, 9, 0, :problem, :now, :ran_at, :undone_at)"""
CHOSEN = {"chosen": True, "kind": "ally", "consents": ["events"]}
WORKER = {"worker": "0a1b2c3d4e5f6071", "worker_since": "2026-11-20T10:00:00+01:00"}
KEPT = {"kept": [["persons", 7, "used"]], "kept_count": 1}
# What stood there before, by state: the options, and what went wrong.
OLD: list[tuple[str, dict[str, Any], str]] = [
    ("uploaded", {}, ""),
    ("uploaded", {"remembered": True, "kind": "ally"}, ""),
    ("checking", CHOSEN | WORKER, ""),
    ("checked", CHOSEN, ""),
    ("running", CHOSEN | WORKER | {"at": 5}, ""),
    ("failed", CHOSEN | {"at": 5, "failed_in": "running"}, "RuntimeError"),
    ("done", CHOSEN | {"at": 10}, ""),
    ("undoing", CHOSEN | {"at": 10} | KEPT, ""),
    ("undone", CHOSEN | {"at": 10} | KEPT, ""),
]
# Left over from what was over by then: it failed once and went on, or was taken back after it failed.
LEFT_OVER: list[tuple[str, dict[str, Any], str]] = [
    ("running", CHOSEN | {"at": 5, "failed_in": "running"}, ""),
    ("undone", CHOSEN | {"at": 5, "failed_in": "running"}, "RuntimeError"),
    ("failed", CHOSEN, "MemoryError"),
]
LEASE = ("0a1b2c3d4e5f6071", "2026-11-20 09:01:00")
# Mapped by, reached row, lease, failed in, problem, kept, how many.
NEW: list[tuple[Any, ...]] = [
    ("guess", None, None, None, None, "", [], 0),
    ("memory", None, None, None, None, "", [], 0),
    ("person", None, *LEASE, None, "", [], 0),
    ("person", None, None, None, None, "", [], 0),
    ("person", 5, *LEASE, None, "", [], 0),
    ("person", 5, None, None, "running", "RuntimeError", [], 0),
    ("person", 10, None, None, None, "", [], 0),
    ("person", 10, None, None, None, "", [["persons", 7, "used"]], 1),
    ("person", 10, None, None, None, "", [["persons", 7, "used"]], 1),
    ("person", 5, None, None, None, "", [], 0),
    ("person", 5, None, None, None, "", [], 0),
    ("person", None, None, None, "checking", "MemoryError", [], 0),
]
STATE = ("chosen", "remembered", "at", "worker", "worker_since", "failed_in", "kept", "kept_count")
COLUMNS = "mapped_by, reached_row, lease_owner, lease_until, failed_in, problem, kept, kept_count"


def below(app: Flask) -> str:
    script = ScriptDirectory.from_config(app.extensions["migrate"].migrate.get_config())
    return str(script.get_revision("0013").down_revision)


def fill(rows: list[tuple[str, dict[str, Any], str]]) -> None:
    with db.engine.begin() as connection:
        for state, options, problem in rows:
            was_run = "at" in options or state in ("running", "done", "undone")
            values: dict[str, Any] = {
                "state": state,
                "options": json.dumps(options),
                "problem": problem,
                "now": NOW,
            }
            values |= {"ran_at": NOW if was_run else None, "undone_at": NOW if state == "undone" else None}
            connection.execute(text(IMPORT), values)


def rows(columns: str) -> list[tuple[Any, ...]]:
    with db.engine.connect() as connection:
        result = connection.execute(text(f"SELECT {columns} FROM contact_imports ORDER BY id")).all()
    return [tuple(_plain(value) for value in row) for row in result]


def _plain(value: Any) -> Any:
    """Return what SQLite keeps as text as PostgreSQL gives it, and instants as text without what is zero."""
    if isinstance(value, str) and value[:1] in ("[", "{"):
        return json.loads(value)
    written = str(value)
    return written[:19] if written.startswith("2026-") else value


def test_state_becomes_columns_and_comes_back(empty_app: Flask) -> None:
    old = below(empty_app)
    flask_migrate.upgrade(revision=old)
    fill(OLD + LEFT_OVER)
    flask_migrate.upgrade(revision="0013")
    assert rows(COLUMNS) == NEW
    options = [row[0] for row in rows("options")]
    assert options[1:3] == [{"kind": "ally"}, {"kind": "ally", "consents": ["events"]}]
    assert not {name for option in options for name in option} & set(STATE)
    flask_migrate.downgrade(revision=old)
    since = {"worker_since": "2026-11-20T09:00:00+00:00"}  # the same instant
    expected = [
        (state, before | (since if "worker" in before else {}), problem) for state, before, problem in OLD
    ]
    assert rows("state, options, problem")[: len(OLD)] == expected
    flask_migrate.upgrade()
    assert rows(COLUMNS) == NEW


IMPOSSIBLE = [
    ("uploaded", "mapped_by = 'person'"),
    ("checked", "mapped_by = 'guess'"),
    ("running", "lease_owner = 'x'"),
    ("running", f"lease_until = '{NOW}'"),
    ("checked", f"lease_owner = 'x', lease_until = '{NOW}'"),
    ("checking", "failed_in = 'checking'"),
    ("checking", "problem = 'RuntimeError'"),
    ("checking", "state = 'failed'"),
    ("failed", "problem = ''"),
    ("failed", "failed_in = NULL"),
    ("failed", "failed_in = 'done'"),
    ("checked", "reached_row = 3"),
    ("running", "reached_row = 0"),
    ("running", "ran_at = NULL"),
    ("running", "done = 10"),
    ("done", "state = 'undone'"),
    ("undone", "undone_at = NULL"),
    ("done", "kept_count = 1"),
    ("failed", "kept_count = 1"),
    ("undoing", "kept_count = -1"),
    ("done", "mapped_by = 'nobody'"),
]
POSSIBLE = [
    ("running", f"lease_owner = 'x', lease_until = '{NOW}', reached_row = 3, done = 9"),
    ("checking", "state = 'failed', failed_in = 'checking', problem = 'RuntimeError'"),
    ("failed", "failed_in = 'undoing', kept_count = 1"),
    ("undoing", f"state = 'undone', undone_at = '{NOW}', kept_count = 3"),
]


def test_the_columns_refuse_what_cannot_be(empty_app: Flask) -> None:
    flask_migrate.upgrade(revision=below(empty_app))
    fill([row for row in OLD if "worker" not in row[1] and "kept" not in row[1]])
    fill([("checking", CHOSEN, ""), ("running", CHOSEN, ""), ("undoing", CHOSEN, ""), ("undone", CHOSEN, "")])
    flask_migrate.upgrade()
    for state, change in POSSIBLE + IMPOSSIBLE:
        statement = text(f"UPDATE contact_imports SET {change} WHERE state = '{state}'")
        with db.engine.connect() as connection:
            if (state, change) in POSSIBLE:
                assert connection.execute(statement).rowcount, (state, change)
                connection.rollback()
                continue
            with pytest.raises(IntegrityError, match=r"(?i)check"):
                connection.execute(statement)
                pytest.fail(f"{state}: {change}")

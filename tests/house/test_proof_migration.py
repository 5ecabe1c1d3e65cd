"""Why an answer waits moves from a text among the reasons into a column, and back; who brought a file is not forgotten."""

from __future__ import annotations

import json
from typing import Any

import flask_migrate
import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import text

from pop_campaigns.core.db import db
from tests.house.test_migrations import empty_app

pytestmark = pytest.mark.both_databases(always=True)

__all__ = ["empty_app"]
NOW = "2026-11-20 09:00:00+00:00"
MAIL = """INSERT INTO incoming_mails (received_at, way, envelope_from, envelope_to, sha256, size, raw, state, attempts, kind,
    message_id, subject, from_address, from_name, text, body, attachments, reasons, ignored_by, ignored_reason)
    VALUES (:now, :way, '', '', :sha, 1, :raw, 'held', 0, :kind, '', '', '', '', '', '', '[]', :reasons, '', '')"""
BROUGHT = """INSERT INTO history (at, actor_id, actor_name, action, subject_type, subject_id, details)
    VALUES (:now, :who, 'Arta', 'incoming.brought', 'incoming_mails', :mail, '{}')"""
USER = """INSERT INTO users (email, name, language, active, fs_uniquifier, created_at)
    VALUES ('arta@fier.example', 'Arta', 'sq', true, 'u', :now)"""


def rows(columns: str) -> list[tuple[Any, ...]]:
    with db.engine.connect() as connection:
        result = connection.execute(text(f"SELECT {columns} FROM incoming_mails ORDER BY id")).all()
    return [
        tuple(json.loads(one) if isinstance(one, str) and one[:1] == "[" else one for one in row)
        for row in result
    ]


def test_reasons_become_a_column_and_come_back(empty_app: Flask) -> None:
    script = ScriptDirectory.from_config(empty_app.extensions["migrate"].migrate.get_config())
    below = str(script.get_revision("0008").down_revision)
    flask_migrate.upgrade(revision=below)
    before = [
        ("calendar", ["METHOD:REPLY", "review: stranger"]),
        ("calendar", ["METHOD:REPLY", "review: older"]),
        ("calendar", ["METHOD:REPLY"]),
        ("human", ["review: nothing of ours, a subject that says so"]),
    ]
    with db.engine.begin() as connection:
        connection.execute(text(USER), {"now": NOW})
        who = connection.execute(text("SELECT id FROM users")).scalar_one()
        for number, (kind, reasons) in enumerate(before):
            connection.execute(
                text(MAIL),
                {
                    "now": NOW, "way": "listener" if number else "upload", "sha": str(number), "raw": b"x",
                    "kind": kind, "reasons": json.dumps(reasons),
                },
            )  # fmt: skip
        first = connection.execute(text("SELECT min(id) FROM incoming_mails")).scalar_one()
        connection.execute(text(BROUGHT), {"now": NOW, "who": who, "mail": first})
    flask_migrate.upgrade(revision="0008")
    assert rows("reasons, review, brought_by_id") == [
        (["METHOD:REPLY"], "stranger", who),
        (["METHOD:REPLY"], "older", None),
        (["METHOD:REPLY"], None, None),
        (["review: nothing of ours, a subject that says so"], None, None),
    ]
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE incoming_mails SET review = 'unproven' WHERE review = 'stranger'"))
    flask_migrate.downgrade(revision=below)
    assert rows("kind, reasons") == before
    flask_migrate.upgrade()
    assert [review for (review,) in rows("review")] == ["stranger", "older", None, None]

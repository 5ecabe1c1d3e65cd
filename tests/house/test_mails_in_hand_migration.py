"""Mails that a worker held when the tables changed: nobody knows whether they left, and what was called off stays so."""

from __future__ import annotations

import flask_migrate
import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import text

from pop_campaigns.core.db import db
from tests.house.test_mail_subjects_migration import NOW, add
from tests.house.test_migrations import empty_app

__all__ = ["empty_app"]
pytestmark = pytest.mark.both_databases(always=True)
MAILS = (
    ("a", "queued", "invitations"),
    ("b", "sending", "invitations"),
    ("c", "sending", "letter_recipients"),
)


def before(app: Flask) -> str:
    script = ScriptDirectory(app.extensions["migrate"].directory)
    return str(script.get_revision("0018").down_revision)


def columns(names: str) -> list[tuple[object, ...]]:
    with db.engine.connect() as connection:
        return [
            tuple(row) for row in connection.execute(text(f"SELECT {names} FROM outgoing_mails ORDER BY id"))
        ]


def test_what_a_worker_held_counts_as_in_hand_and_going_back_sends_nothing_called_off(
    empty_app: Flask,
) -> None:
    flask_migrate.upgrade(revision=before(empty_app))
    with db.engine.begin() as connection:
        skeleton = add(connection, "mail_skeletons", language="sq")
        for name, state, subject in MAILS:
            add(
                connection, "outgoing_mails", once=name, message_id=name, bounce_nonce=name, kind="x",
                skeleton_id=skeleton, state=state, fields={}, links={}, to_address="zyra@bashkia.example",
                subject_type=subject, subject_id=1, lease_until=NOW if state == "sending" else None,
            )  # fmt: skip
    flask_migrate.upgrade(revision="0018")
    held = "in_turn, handing_since IS NOT NULL, perhaps_left, called_off_at"
    assert columns(held) == [
        (True, False, False, None),
        (True, True, False, None),
        (False, True, False, None),
    ]
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE outgoing_mails SET called_off_at = lease_until WHERE once = 'b'"))
    flask_migrate.downgrade(revision=before(empty_app))
    assert columns("state, lease_until IS NULL") == [
        ("queued", True),
        ("withdrawn", True),
        ("sending", False),
    ]

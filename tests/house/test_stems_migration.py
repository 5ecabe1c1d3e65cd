"""Records that were there before are found by their stems and by signs typed in another way; going back leaves nothing."""

from __future__ import annotations

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import inspect, select

from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.core.db import db, like_folded
from tests.house.test_mail_subjects_migration import add
from tests.house.test_migrations import empty_app

__all__ = ["empty_app"]
pytestmark = pytest.mark.both_databases(always=True)
OLD = ["arben hoxha", "blerina d’angelo", "zef vau–dejes", "đorđe i ri", ""]


def fill() -> None:
    with db.engine.begin() as connection:
        for key in OLD:
            add(connection, "persons", kind="citizen", language="sq", search_key=key)


def found(typed: str) -> list[int]:
    return list(db.session.scalars(select(Person.id).where(like_folded(Person.search_key, typed))))


def test_old_records_are_found_by_their_stems(empty_app: Flask) -> None:
    flask_migrate.upgrade(revision="0025")
    fill()
    flask_migrate.upgrade(revision="0026")
    assert found("hoxhës") == [1]
    assert found("d'angelo") == found("D’Angelos") == [2]
    assert found("Vau-Dejën") == found("vau dejes") == [3]
    assert found("dorde") == [4]
    assert found("arbenit hoxha") == [1] and found("arbenit meta") == []
    db.session.rollback()
    flask_migrate.downgrade(revision="0025")
    assert not [name for name in inspect(db.engine).get_table_names() if name.startswith("stems_")]
    flask_migrate.upgrade()

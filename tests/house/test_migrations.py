"""Migrations go up, down and up again on both databases, and make exactly what the models say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import CheckConstraint, inspect, text

from pop_campaigns.app import create_app
from pop_campaigns.core.db import Base, db
from tests.conftest import TEST_SETTINGS

pytestmark = pytest.mark.both_databases(always=True)


@pytest.fixture
def empty_app(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """An application on a database without tables."""
    if database_kind == "sqlite":
        uri = f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    else:
        uri = request.getfixturevalue("postgresql_uri")
    app = create_app(TEST_SETTINGS | {"DATA_DIR": str(tmp_path), "SQLALCHEMY_DATABASE_URI": uri})
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def tables() -> set[str]:
    return set(inspect(db.engine).get_table_names()) - {"alembic_version"}


def test_up_down_up(empty_app: Flask) -> None:
    flask_migrate.upgrade()
    assert tables() == set(Base.metadata.tables)
    flask_migrate.downgrade(revision="base")
    assert tables() == set()
    flask_migrate.upgrade()
    assert tables() == set(Base.metadata.tables)


def test_the_schema_is_what_the_models_say(empty_app: Flask) -> None:
    flask_migrate.upgrade()
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_checks_are_what_the_models_say(empty_app: Flask) -> None:
    """Alembic compares no CHECKs, and a table made anew may lose some: each stands there, under its name."""
    flask_migrate.upgrade()
    there = inspect(db.engine)
    for name, table in Base.metadata.tables.items():
        constraints = table.constraints.union(*(column.constraints for column in table.columns))
        wanted = {
            str(constraint.name) for constraint in constraints if isinstance(constraint, CheckConstraint)
        }
        assert {constraint["name"] for constraint in there.get_check_constraints(name)} == wanted, name


def test_a_broken_migration_leaves_the_old_schema(empty_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole upgrade is one transaction: killed half-way, nothing of it stays."""
    from alembic.operations import Operations

    done = Operations.create_table
    calls = []

    def fail_late(self: Operations, name: str, *args: object, **kwargs: object) -> object:
        calls.append(name)
        if len(calls) == 12:
            raise ValueError("cut")
        return done(self, name, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr("alembic.op.create_table", lambda *a, **k: fail_late(_operations(), *a, **k))
    with pytest.raises(ValueError, match="cut"):
        flask_migrate.upgrade()
    monkeypatch.undo()
    assert tables() == set()
    flask_migrate.upgrade()
    assert tables() == set(Base.metadata.tables)


def _operations() -> object:
    from alembic import op

    return op._proxy  # type: ignore[attr-defined]


def test_constraints_hold_on_the_real_database(empty_app: Flask) -> None:
    """The migration carries the CHECKs, not only the models."""
    flask_migrate.upgrade()
    with pytest.raises(Exception, match=r"(?i)check"), db.engine.begin() as connection:
        connection.execute(text("INSERT INTO network (id, short_name, name_sq, name_en, website, email, phone, address, donors)"
                                " VALUES (2, '', '', '', '', '', '', '', '[]')"))  # fmt: skip

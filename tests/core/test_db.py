"""The database refuses what it cannot keep, cleans what is typed, and loses no update."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine, delete, select, text
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import aliased

from pop_campaigns.contacts.models.institutions import Institution
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.contacts.rules import InstitutionKind
from pop_campaigns.core.db import db, like_folded, tune_engine
from pop_campaigns.core.places import Municipality
from tests import factories

pytestmark = pytest.mark.both_databases(always=True)


def test_naive_instants_are_refused(app: Flask) -> None:
    event = factories.make_event()
    event.created_at = datetime(2026, 1, 1)
    with pytest.raises(StatementError, match="time zone"):
        db.session.flush()


def test_instants_come_back_in_utc(app: Flask) -> None:
    event = factories.make_event(starts_at=datetime(2026, 7, 1, 8, 0, tzinfo=UTC))
    db.session.commit()
    db.session.expire_all()
    assert event.starts_at == datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
    assert event.starts_at.tzinfo is UTC


def test_typed_text_is_clean_the_moment_it_is_set(app: Flask) -> None:
    row = Institution(name_sq="Bashkia\r\nFier\u202e", kind=InstitutionKind.OTHER)
    assert row.name_sq == "Bashkia Fier"
    db.session.add(row)
    db.session.commit()
    assert db.session.scalar(text("SELECT name_sq FROM institutions")) == "Bashkia Fier"


def test_search_finds_without_dots_and_takes_percent_literally(app: Flask) -> None:
    factories.make_institution("Bashkia Tiranë")
    factories.make_institution("100% Shqip")
    db.session.commit()

    def found(typed: str) -> list[str]:
        return list(
            db.session.scalars(select(Institution.name_sq).where(like_folded(Institution.search_key, typed)))
        )

    assert found("tirane bashkia") == ["Bashkia Tiranë"]
    assert found("%") == ["100% Shqip"]
    assert found("_") == []


def test_order_is_albanian_whatever_the_collation(app: Flask) -> None:
    for name in ("Thumanë", "Tropojë", "Tiranë", "Shkodër", "Skrapar"):
        factories.make_municipality(name)
    db.session.commit()
    rows = db.session.scalars(select(Municipality.name).order_by(Municipality.sort_key))
    assert list(rows) == ["Skrapar", "Shkodër", "Tiranë", "Tropojë", "Thumanë"]


def test_an_event_cannot_end_before_it_starts(app: Flask) -> None:
    start = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
    with pytest.raises(IntegrityError):
        factories.make_event(starts_at=start, ends_at=start)


def test_foreign_keys_hold(app: Flask) -> None:
    with pytest.raises(IntegrityError):
        db.session.execute(text("INSERT INTO mandates (person_id, office_id) VALUES (1, 1)"))
        db.session.commit()


def test_read_then_write_from_many_threads_loses_no_update(app: Flask) -> None:
    """Ten threads each add one to the same number, ten times: the driver's default loses some of them."""
    place = factories.make_municipality("Fier")
    place.county = "0"
    db.session.flush()
    ident, errors = place.id, []
    db.session.commit()

    def count() -> None:
        with app.app_context():
            for _ in range(10):
                try:
                    row = db.session.get(Municipality, ident, with_for_update=True, populate_existing=True)
                    row.county = str(int(row.county) + 1)
                    db.session.commit()
                except Exception as error:  # counted below
                    db.session.rollback()
                    errors.append(error)

    threads = [threading.Thread(target=count) for _ in range(10)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    db.session.expire_all()
    assert errors == []
    assert db.session.get(Municipality, ident).county == "100"


def test_another_connection_drops_no_lock(tmp_path: Path) -> None:
    """Who opens and closes the database's file loses the locks on it: the next process that leaves takes the journal away.

    A file of its own: any other test that reads the bytes of the common one would lose its locks as well.
    """
    file = tmp_path / "own.sqlite3"
    first, fresh = create_engine(f"sqlite:///{file}"), create_engine(f"sqlite:///{file}")
    for engine in (first, fresh):
        tune_engine(engine, wait=1)
    with first.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE municipalities (name TEXT)")
    fresh.raw_connection().close()
    program = f"import sqlite3; c = sqlite3.connect({str(file)!r}); c.execute('SELECT name FROM municipalities'); c.close()"
    subprocess.run([sys.executable, "-c", program], check=True)
    assert Path(f"{file}-wal").exists()
    with first.begin() as connection:
        connection.exec_driver_sql("INSERT INTO municipalities VALUES ('Vlorë')")
    for engine in (first, fresh):
        engine.dispose()


def test_stems_are_kept_with_the_record_changed_with_it_and_go_with_it(app: Flask) -> None:
    person = factories.make_person("Arben Hoxha")
    db.session.commit()

    def found(typed: str) -> list[int]:
        return list(db.session.scalars(select(Person.id).where(like_folded(Person.search_key, typed))))

    assert found("arbenit hoxhës") == [person.id]
    other = aliased(Person)
    assert db.session.scalar(select(other.id).where(like_folded(other.search_key, "hoxhen"))) == person.id
    person.name = "Sokol Meta"
    db.session.commit()
    assert found("hoxhës") == [] and found("Metës") == [person.id]
    person.phone = "+355692123456"
    db.session.commit()
    assert found("Metës") == [person.id]
    person.name = "123"
    db.session.commit()
    assert db.session.execute(select(Person.__stems__)).all() == [("123", person.id)]
    db.session.execute(delete(Person))  # in bulk, no record is told
    db.session.commit()
    assert db.session.execute(select(Person.__stems__)).all() == []

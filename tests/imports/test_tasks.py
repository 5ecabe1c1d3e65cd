"""Long imports: done by the worker, seen from the page, killed half-way and continued; how fast they are."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.contacts.models.institutions import Office
from pop_campaigns.contacts.models.persons import Person
from pop_campaigns.core import clock
from pop_campaigns.core.db import db
from pop_campaigns.imports import tasks
from pop_campaigns.imports.services import checking, running, undoing
from pop_campaigns.imports.tasks import carry_on, carry_on_all
from pop_campaigns.worker.tasks import work
from tests.imports.scene import columns_of, run, tables, the_import, uploaded
from tests.opened import opened

ROWS, STEP = 90, 30


def long_file(rows: int = ROWS) -> str:
    lines = (
        f"Person {n};p{n}@media{n % 50}.example;069 {2000000 + n};Institucioni {n % 40};Posti {n};Fier;lumenj\n"
        for n in range(rows)
    )
    return "Emri;E-mail;Telefon;Institucioni;Posti;Bashkia;Tema\n" + "".join(lines)


def using(name: str) -> list[ModuleType]:
    """Give the modules of imports that have a name, wherever they have it from."""
    ours = [module for path, module in sys.modules.items() if path.startswith("pop_campaigns.imports")]
    return [module for module in ours if hasattr(module, name)]


@pytest.fixture
def arta(cast: SimpleNamespace, sign_in: Any) -> Iterator[FlaskClient]:
    """Fier's coordinator; an import is long sooner and its steps are shorter than in earnest, so that three take no time."""
    with pytest.MonkeyPatch.context() as patch:
        for module in using("SMALL"):
            patch.setattr(module, "SMALL", STEP)
        for module in (checking, running, undoing):
            patch.setattr(module, "AT_ONCE", STEP)
        yield sign_in(cast.arta)


def to_check(arta: FlaskClient, text: str) -> int:
    ident = uploaded(arta, text)
    data = {"kind": "other", "municipality": "", "language": "sq"} | columns_of(arta, ident)
    path = f"/people/import/{ident}/columns"
    assert arta.post(path, data=data | opened(arta, path)).status_code == 302
    return ident


def count(model: Any) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model)) or 0


@pytest.mark.both_databases
def test_the_worker_does_what_is_long(app: Flask, arta: FlaskClient) -> None:
    ident = to_check(arta, long_file(STEP + 1))
    waiting = arta.get(f"/people/import/{ident}").text
    assert 'http-equiv="refresh"' in waiting and "<progress" in waiting
    work(app)
    assert the_import(ident).state == "checked"
    run(arta, ident)
    assert (the_import(ident).state, count(Person)) == ("running", 0)
    work(app)
    assert (the_import(ident).state, count(Person)) == ("done", STEP + 1)
    assert 'http-equiv="refresh"' not in arta.get(f"/people/import/{ident}").text
    arta.post(f"/people/import/{ident}/undo")
    assert the_import(ident).state == "undoing"
    work(app)
    assert (the_import(ident).state, count(Person)) == ("undone", 0)


class Killed(BaseException):
    """The process ends here."""


def killed_after(steps: int, monkeypatch: pytest.MonkeyPatch, state: str) -> None:
    """Let the process end in the middle of the step after so many, with its changes uncommitted."""
    kinds = dict(tasks._WORK)
    whole = kinds[state]

    def dying(imported: Any, **given: Any) -> Iterator[int]:
        for number, step in enumerate(whole(imported, **given), 1):
            if number > steps:
                raise Killed
            yield step

    monkeypatch.setattr(tasks, "_WORK", kinds | {state: dying})


def a_minute_later(monkeypatch: pytest.MonkeyPatch) -> None:
    later = clock.now() + timedelta(minutes=2)
    monkeypatch.setattr(clock, "now", lambda: later)


@pytest.mark.parametrize("state", ["checking", "running", "undoing"])
def test_killed_half_way_it_goes_on_and_doubles_nothing(
    arta: FlaskClient, cast: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    before = tables()
    ident = to_check(arta, long_file())
    for now_doing, start in (("checking", None), ("running", run), ("undoing", None)):
        if now_doing == "undoing":
            arta.post(f"/people/import/{ident}/undo")
        elif start:
            start(arta, ident)
        if now_doing == state:
            killed_after(1, monkeypatch, state)
            with pytest.raises(Killed):
                carry_on(ident)
            monkeypatch.undo()
            assert the_import(ident).state == state
            if state == "running":
                assert (the_import(ident).done, count(Person)) == (STEP, STEP)
            carry_on(ident)
            assert the_import(ident).state == state, "its lease lasts a minute"
            a_minute_later(monkeypatch)
        carry_on_all()
        if now_doing == "running":
            assert (count(Person), count(Address), count(Office)) == (ROWS, ROWS, ROWS)
            assert db.session.scalar(select(func.count(func.distinct(Person.name)))) == ROWS
    assert the_import(ident).state == "undone"
    assert tables() == before


@pytest.mark.both_databases
def test_a_worker_that_is_told_to_stop_leaves_the_rest_to_the_next(arta: FlaskClient) -> None:
    ident = to_check(arta, long_file())
    carry_on_all()
    run(arta, ident)
    carry_on(ident, should_stop=lambda: True)
    assert (the_import(ident).state, the_import(ident).done) == ("running", STEP)
    carry_on(ident)
    assert (the_import(ident).state, count(Person)) == ("done", ROWS)


def test_what_fails_stops_with_words_and_can_go_on(
    arta: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    ident = to_check(arta, long_file())
    carry_on_all()
    run(arta, ident)

    def failing(_imported: Any, **_given: Any) -> Iterator[int]:
        raise RuntimeError("disk full")
        yield 0

    monkeypatch.setattr(tasks, "_WORK", tasks._WORK | {"running": failing})
    carry_on_all()
    monkeypatch.undo()
    failed = the_import(ident)
    assert (failed.state, failed.failed_in, failed.lease_owner) == ("failed", "running", None)
    assert "RuntimeError" in arta.get(f"/people/import/{ident}").text
    assert arta.post(f"/people/import/{ident}/again").status_code == 302
    carry_on_all()
    assert (the_import(ident).state, count(Person)) == ("done", ROWS)


def test_what_failed_half_way_can_be_taken_back(arta: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tables()
    ident = to_check(arta, long_file())
    carry_on_all()
    run(arta, ident)

    def failing(imported: Any, **given: Any) -> Iterator[int]:
        yield next(running.run_rows(imported, **given))
        raise RuntimeError("disk full")

    monkeypatch.setattr(tasks, "_WORK", tasks._WORK | {"running": failing})
    carry_on_all()
    monkeypatch.undo()
    assert (the_import(ident).state, count(Person)) == ("failed", STEP)
    arta.post(f"/people/import/{ident}/undo")
    assert (the_import(ident).failed_in, the_import(ident).problem) == (None, "")
    carry_on_all()
    assert the_import(ident).state == "undone"
    assert tables() == before


@pytest.mark.both_databases
def test_who_came_since_the_check_is_not_doubled(arta: FlaskClient) -> None:
    first, second = to_check(arta, long_file(20)), to_check(arta, long_file(20))
    run(arta, first)
    run(arta, second)
    assert (the_import(second).state, count(Person), count(Address)) == ("done", 20, 20)


# It asserts nothing of time; a figure is wanted when somebody looks for it.
@pytest.mark.full
def test_how_fast_it_is(arta: FlaskClient, capsys: pytest.CaptureFixture[str]) -> None:
    """No time is asserted, machines differ; the figure is printed, and that it grows no faster than the rows."""
    told = []
    for rows in (250, 1000):
        ident = to_check(arta, long_file(rows).replace("Person", f"Person{rows}").replace("@", f"@r{rows}."))
        times = []
        for begin in (
            lambda: None,
            lambda ident=ident: run(arta, ident),
            lambda ident=ident: arta.post(f"/people/import/{ident}/undo"),
        ):
            begin()
            start = time.perf_counter()
            carry_on_all()
            times.append(time.perf_counter() - start)
        assert the_import(ident).state == "undone"
        told.append(times)
    with capsys.disabled():
        for what, small, large in zip(("check", "run", "undo"), *told, strict=True):
            print(
                f"\n{what}: {1000 / large:.0f} rows/s; four times the rows take {large / small:.1f} times as long"
            )

"""A hundred tries at once are a hundred tries: in threads and in two processes on one database."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from types import SimpleNamespace

import pytest
from flask import Flask

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.rules.passwords import LinkKind, purpose_of
from pop_campaigns.accounts.rules.roles import RoleName
from pop_campaigns.accounts.rules.throttles import FREE_TRIES_FOR_ACCOUNT
from pop_campaigns.accounts.services.links import find_link, new_link, spend_link
from pop_campaigns.accounts.services.membership import CannotChangeUser, change_role
from pop_campaigns.accounts.services.throttles import TooManyTries, count_try
from pop_campaigns.core.db import db
from pop_campaigns.core.tokens import derive_token
from tests import factories
from tests.conftest import TEST_SETTINGS
from tests.forked import forker

pytestmark = pytest.mark.both_databases(always=True)

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
AT_ONCE = 8

PROCESS = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from pop_campaigns.accounts.services.throttles import TooManyTries, count_try
from pop_campaigns.app import create_app
app, taken = create_app(), 0
print("ready", flush=True)
while not Path(sys.argv[1]).exists():
    time.sleep(0.01)
for number in range(25):
    with app.test_request_context(method="POST", environ_base={"REMOTE_ADDR": f"203.0.113.{number}"}):
        try:
            count_try("password", "arta@pop.example", None, now=datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
            taken += 1
        except TooManyTries:
            pass
print(taken, flush=True)
"""


def at_once(app: Flask, work: object) -> list[object]:
    """Run ``work(number)`` in so many threads, each in a request of its own, begun together."""
    together = Barrier(AT_ONCE)

    def one(number: int) -> object:
        with app.test_request_context(method="POST", environ_base={"REMOTE_ADDR": f"203.0.113.{number}"}):
            together.wait()
            try:
                return work(number)  # type: ignore[operator]
            finally:
                db.session.remove()

    db.session.commit()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, range(AT_ONCE)))


def test_tries_at_once_are_each_counted(app: Flask) -> None:
    def knock(_number: int) -> bool:
        try:
            count_try("password", "arta@pop.example", None, now=NOW)
        except TooManyTries:
            return False
        return True

    assert sum(map(bool, at_once(app, knock))) == FREE_TRIES_FOR_ACCOUNT


def test_a_link_pressed_by_many_at_once_is_spent_once(app: Flask, cast: SimpleNamespace) -> None:
    link = new_link(cast.arta, LinkKind.RESET, by=None, now=NOW)
    token = derive_token(purpose_of(LinkKind.RESET), link.nonce)

    def press(_number: int) -> bool:
        link = find_link(token, LinkKind.RESET)
        assert link is not None
        spent = spend_link(link, now=NOW + timedelta(minutes=1))
        db.session.commit()
        return spent

    assert sum(map(bool, at_once(app, press))) == 1


def test_administrators_who_take_each_others_role_at_once_leave_one(
    app: Flask, cast: SimpleNamespace
) -> None:
    people = [cast.drita, *(factories.make_user(f"n{n}", "administrator", None) for n in range(AT_ONCE - 1))]
    idents = [person.id for person in people]

    def take(number: int) -> bool:
        by = db.session.get_one(User, idents[number])
        victim = db.session.get_one(User, idents[(number + 1) % AT_ONCE])
        try:
            change_role(victim, RoleName.VIEWER, None, by=by, now=NOW)
            db.session.commit()
        except CannotChangeUser:
            db.session.rollback()
            return False
        return True

    assert sum(map(bool, at_once(app, take))) == AT_ONCE - 1
    left = [one for one in db.session.query(User).all() if one.role is RoleName.ADMINISTRATOR]
    assert len(left) == 1


def test_two_processes_count_as_one(
    app: Flask, database_kind: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    db.session.commit()
    folder = tmp_path_factory.mktemp("two")
    settings = {
        "POP_MODE": "test", "POP_SECRET_KEY": str(TEST_SETTINGS["SECRET_KEY"]), "POP_BASE_URL": "http://localhost",
        "POP_DATA_DIR": str(folder), "POP_SQLALCHEMY_DATABASE_URI": app.config["SQLALCHEMY_DATABASE_URI"],
    }  # fmt: skip
    begin, said = folder / "begin", [folder / "first", folder / "second"]
    running = []
    for place in said:
        with place.open("wb") as output:
            running.append(forker().start([str(begin)], os.environ | settings, output, program=PROCESS))
    while not all(place.read_text() == "ready\n" for place in said):
        assert [one.poll() for one in running] == [None, None], [place.read_text() for place in said]
        time.sleep(0.02)
    begin.touch()
    assert [one.wait(60) for one in running] == [0, 0]
    taken = [int(place.read_text().removeprefix("ready\n")) for place in said]
    assert sum(taken) == FREE_TRIES_FOR_ACCOUNT

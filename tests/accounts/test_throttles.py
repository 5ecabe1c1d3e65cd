"""Guessing costs time: per account and per remote address, in one count for all processes, and not for who signed in before."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from pop_campaigns.accounts import account_pages, passwords, sign_in_forms
from pop_campaigns.accounts.failed_tries import KEPT_FOR, FailedTries, failed_tries_since
from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.rules import masked_address
from pop_campaigns.accounts.throttle_rules import (
    FREE_TRIES_FROM_ADDRESS,
    LONGEST_WAIT,
    TRIES_FORGOTTEN_AFTER,
    network_of,
    network_words,
    wait_after,
)
from pop_campaigns.accounts.throttles import Throttle
from pop_campaigns.core.db import db

RIGHT, WRONG = "fjalekalim i gjate", "gabim gabim gabim"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HERE = "192.0.2.7"
GROWING = [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


@pytest.fixture
def clock(cast: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The time at the doors, moved by hand; everybody's password is RIGHT."""
    db.session.execute(update(User).values(password=RIGHT))
    db.session.commit()
    hands = SimpleNamespace(now=START)
    monkeypatch.setattr(sign_in_forms, "now", lambda: hands.now)
    monkeypatch.setattr(account_pages, "now", lambda: hands.now)
    return hands


def knock(browser: FlaskClient, email: str, password: str, remote: str = HERE) -> tuple[int, int]:
    """Try to sign in; give the status and the seconds to wait."""
    answer = browser.post(
        "/login", data={"email": email, "password": password}, environ_overrides={"REMOTE_ADDR": remote}
    )
    return answer.status_code, int(answer.headers.get("Retry-After", 0))


def test_the_wait_grows_and_ends_at_five_minutes() -> None:
    waits = [int(wait_after(tries, 5).total_seconds()) for tries in range(1, 17)]
    assert waits == [0, 0, 0, 0, *GROWING, 300]
    assert wait_after(10**9, 5) == LONGEST_WAIT


@pytest.mark.both_databases
@pytest.mark.parametrize("email", ["arta@pop.example", "askush@pop.example"])
def test_guessing_at_one_account_from_everywhere(
    app: Flask, cast: SimpleNamespace, clock: SimpleNamespace, email: str
) -> None:
    """A new remote address each time. An address nobody has is refused alike."""
    waits = []
    for number in range(60):
        status, wait = knock(app.test_client(), email, WRONG, f"203.0.113.{number}")
        if status == 429:
            waits.append(wait)
            clock.now += timedelta(seconds=wait)
    assert waits[: len(GROWING)] == GROWING
    assert set(waits[len(GROWING) :]) == {300}


def test_guessing_at_many_accounts_from_one_address(
    app: Flask, cast: SimpleNamespace, clock: SimpleNamespace
) -> None:
    statuses = [
        knock(app.test_client(), f"n{number}@pop.example", WRONG)[0]
        for number in range(FREE_TRIES_FROM_ADDRESS + 3)
    ]
    assert statuses == [200] * FREE_TRIES_FROM_ADDRESS + [429] * 3
    assert knock(app.test_client(), cast.arta.email, RIGHT)[0] == 429, "nor is a right one looked at"
    assert knock(app.test_client(), cast.arta.email, RIGHT, "198.51.100.9")[0] == 302


def test_being_right_begins_the_account_anew_but_not_the_address(
    app: Flask, cast: SimpleNamespace, clock: SimpleNamespace
) -> None:
    """Who has one account cannot go on guessing at others by signing in to it in between."""
    for number in range(FREE_TRIES_FROM_ADDRESS):
        assert knock(app.test_client(), f"n{number}@pop.example", WRONG)[0] == 200
        if number < FREE_TRIES_FROM_ADDRESS - 1:
            assert knock(app.test_client(), cast.arta.email, RIGHT)[0] == 302
    assert knock(app.test_client(), "tjetër@pop.example", WRONG)[0] == 429
    left = db.session.scalars(select(Throttle.key).where(Throttle.key.like("account:%"))).all()
    assert len(left) == FREE_TRIES_FROM_ADDRESS, "none of the account whose password was right"


def test_after_an_hour_of_rest_it_is_forgotten(
    app: Flask, cast: SimpleNamespace, clock: SimpleNamespace
) -> None:
    for _ in range(5):
        knock(app.test_client(), cast.arta.email, WRONG)
    assert knock(app.test_client(), cast.arta.email, WRONG) == (429, 1)
    clock.now += TRIES_FORGOTTEN_AFTER + timedelta(seconds=1)
    for _ in range(5):
        assert knock(app.test_client(), cast.arta.email, WRONG)[0] == 200
    assert knock(app.test_client(), cast.arta.email, WRONG) == (429, 1)


def test_nobody_locks_out_a_browser_that_signed_in_before(
    app: Flask, cast: SimpleNamespace, clock: SimpleNamespace
) -> None:
    own, stranger = app.test_client(), app.test_client()
    assert knock(own, cast.arta.email, RIGHT)[0] == 302
    own.post("/logout")
    for _ in range(30):
        knock(stranger, cast.arta.email, WRONG)
    assert knock(stranger, cast.arta.email, RIGHT)[0] == 429
    assert knock(own, cast.arta.email, RIGHT)[0] == 302, "also from the very address the guesses come from"


def test_the_known_browser_is_counted_too_and_known_for_its_accounts_only(
    app: Flask, cast: SimpleNamespace, clock: SimpleNamespace
) -> None:
    own = app.test_client()
    for person in (cast.arta, cast.besa):  # two share a computer
        assert knock(own, person.email, RIGHT)[0] == 302
        own.post("/logout")
    cookie = own.get_cookie("pop-known")
    assert cookie is not None and cookie.http_only and cookie.same_site == "Lax"
    assert [knock(own, cast.arta.email, WRONG)[0] for _ in range(7)] == [200] * 5 + [429] * 2
    assert knock(own, cast.besa.email, RIGHT)[0] == 302
    own.post("/logout")
    for _ in range(5):
        knock(app.test_client(), cast.clirim.email, WRONG)
    assert knock(own, cast.clirim.email, RIGHT)[0] == 429, "of another account it knows nothing"


@pytest.mark.parametrize("forged", ["1.abc.def", "", "~~~", "x" * 3000, "1." + "a" * 43 + "." + "b" * 43])
def test_a_forged_cookie_is_no_known_browser(
    app: Flask, cast: SimpleNamespace, clock: SimpleNamespace, forged: str
) -> None:
    browser = app.test_client()
    for _ in range(5):
        knock(app.test_client(), cast.arta.email, WRONG)
    browser.set_cookie("pop-known", forged)
    assert knock(browser, cast.arta.email, RIGHT)[0] == 429


def test_the_page_says_how_long_in_the_readers_language(
    app: Flask, cast: SimpleNamespace, clock: SimpleNamespace
) -> None:
    for number in range(40):
        _status, wait = knock(app.test_client(), cast.arta.email, WRONG, f"203.0.113.{number}")
        if wait == 128:
            break
        clock.now += timedelta(seconds=wait)
    data = {"email": cast.arta.email, "password": WRONG}
    for lang, words in (("sq", "prisni 3 minuta"), ("en", "wait 3 minutes")):
        answer = app.test_client().post("/login", data=data, headers={"Accept-Language": lang})
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "128")
        assert words in answer.text
        assert "no-store" in answer.headers["Cache-Control"]


def test_changing_the_password_is_no_way_around(
    app: Flask, cast: SimpleNamespace, clock: SimpleNamespace, sign_in: Callable[[User], FlaskClient]
) -> None:
    """A copied session in another browser guesses the password it needs."""
    thief = sign_in(cast.arta)
    form = {"new_password": "zëri i lumit plak", "new_password_confirm": "zëri i lumit plak"}
    seen = [thief.post("/change", data=form | {"password": f"{WRONG} {n}"}).status_code for n in range(7)]
    assert seen == [200] * 5 + [429] * 2
    assert thief.post("/change", data=form | {"password": RIGHT}).status_code == 429
    assert knock(app.test_client(), cast.arta.email, RIGHT)[0] == 429, "one count for both doors"


def test_wrong_tries_are_told_and_masked(app: Flask, cast: SimpleNamespace, clock: SimpleNamespace) -> None:
    for email, times in ((cast.arta.email, 3), ("secret-typed-here@pop.example", 2)):
        for _ in range(times):
            knock(app.test_client(), email, WRONG)
        clock.now += timedelta(minutes=5)
    unknown, known = failed_tries_since(START)
    assert (known.user_id, known.number, known.network, known.door) == (
        cast.arta.id,
        3,
        "192.0.2.0/24",
        "sign_in",
    )
    assert (unknown.user_id, unknown.number) == (None, 2)
    assert "secret" not in "".join(map(repr, (unknown.key, known.key)))
    clock.now += KEPT_FOR
    knock(app.test_client(), cast.arta.email, WRONG)
    assert len(db.session.scalars(select(FailedTries)).all()) == 1, "the old ones went"


def test_what_is_kept_of_counts_names_nobody(
    app: Flask, cast: SimpleNamespace, clock: SimpleNamespace
) -> None:
    knock(app.test_client(), cast.arta.email, WRONG)
    keys = db.session.scalars(select(Throttle.key)).all()
    assert len(keys) == 2
    assert not [key for key in keys if "arta" in key or "192" in key]


@pytest.mark.both_databases
def test_few_passwords_are_looked_at_at_once(
    app: Flask, cast: SimpleNamespace, clock: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One more is refused at once, counts as no try, and the room is given back after each."""
    for _ in range(passwords.HASHES_AT_ONCE):
        assert passwords._room.acquire(blocking=False)
    try:
        answer = app.test_client().post("/login", data={"email": cast.arta.email, "password": WRONG})
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
        assert re.search("prisni|wait|again", answer.text)
        assert db.session.scalar(select(Throttle.key)) is None
    finally:
        for _ in range(passwords.HASHES_AT_ONCE):
            passwords._room.release()
    monkeypatch.setattr(passwords, "verify_password", _break)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    try:
        for number in range(passwords.HASHES_AT_ONCE + 1):
            data = {"email": cast.arta.email, "password": WRONG}
            remote = {"REMOTE_ADDR": f"203.0.113.{number}"}
            assert app.test_client().post("/login", data=data, environ_overrides=remote).status_code == 500
            clock.now += TRIES_FORGOTTEN_AFTER * 2
    finally:
        app.config["PROPAGATE_EXCEPTIONS"] = None


def _break(*_: Any) -> bool:
    raise RuntimeError("out of memory")


@pytest.mark.parametrize(
    ("remote", "counted", "shown"),
    [
        ("192.0.2.7", "192.0.2.7", "192.0.2.x"),
        ("::ffff:192.0.2.7", "192.0.2.7", "192.0.2.x"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64", "2001:db8:1::x"),
        ("", "", ""),
        ("unix:", "", ""),
    ],
)
def test_remote_addresses(remote: str, counted: str, shown: str) -> None:
    assert network_of(remote) == counted
    assert network_words(masked_address(remote)) == shown

"""Guessing costs time: per account and per remote address, in one count for all processes, and never for who signed in before."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from pop_campaigns.accounts import passwords, refusal_pages, sign_in_forms, throttles
from pop_campaigns.accounts.failed_tries import KEPT_FOR, FailedTries, failed_tries_since
from pop_campaigns.accounts.throttle_rules import (
    FREE_TRIES_FOR_ACCOUNT,
    FREE_TRIES_FROM_ADDRESS,
    LONGEST_WAIT,
    TRIES_FORGOTTEN_AFTER,
    network_of,
    network_words,
    wait_after,
)
from pop_campaigns.accounts.throttles import Throttle, TooManyTries, count_try, take_back
from pop_campaigns.core.db import db
from tests.conftest import Browser

RIGHT = "fjalëkalim i gjatë"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HERE, ELSEWHERE = "192.0.2.7", "198.51.100.9"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """The time at the doors, moved by hand."""
    hands = SimpleNamespace(now=START)
    monkeypatch.setattr(sign_in_forms, "now", lambda: hands.now)
    yield hands


def sign_in(browser: FlaskClient, email: str, password: str, remote: str = HERE) -> tuple[int, int]:
    """Give the status and the seconds to wait."""
    answer = browser.post(
        "/login", data={"email": email, "password": password}, environ_overrides={"REMOTE_ADDR": remote}
    )
    return answer.status_code, int(answer.headers.get("Retry-After", 0))


def test_the_wait_grows_and_ends_at_five_minutes() -> None:
    waits = [int(wait_after(tries, 5).total_seconds()) for tries in range(1, 17)]
    assert waits == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    assert wait_after(10**9, 5) == LONGEST_WAIT


def test_guessing_at_an_account_costs_more_and_more(
    app: Flask, cast: SimpleNamespace, clock: SimpleNamespace
) -> None:
    """From a new remote address each time: the account itself counts. The refused tries count nothing."""
    waits = []
    for number in range(14):
        remote = f"203.0.113.{number}"
        assert sign_in(app.test_client(), cast.arta.email, "gabim gabim gabim", remote)[0] == 200
        status, wait = sign_in(app.test_client(), cast.arta.email, RIGHT, f"198.51.100.{number}")
        if status != 429:
            continue_at = timedelta(0)
            take_back_right_one(cast.arta.email, number + 1)
        else:
            waits.append(wait)
            continue_at = timedelta(seconds=wait)
        clock.now += continue_at
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]
    assert sign_in(app.test_client(), cast.arta.email, RIGHT, "203.0.113.99")[0] == 302
    assert sign_in(app.test_client(), cast.arta.email, "gabim gabim gabim", "203.0.113.98")[0] == 200
    assert sign_in(app.test_client(), cast.arta.email, RIGHT, "203.0.113.97")[0] == 302, "it begins anew"


def take_back_right_one(_email: str, tries: int) -> None:
    """Being right began the count anew; put it back to where only wrong ones would have brought it."""
    row = db.session.scalars(select(Throttle).where(Throttle.key.like("account:%"))).one_or_none()
    if row is None:
        key = next(iter(throttles._counters_for_tests(_email)))
        db.session.add(Throttle(key=key, tries=tries, until=START, last_at=START))
    db.session.commit()

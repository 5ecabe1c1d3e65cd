"""Sessions as a browser meets them: begun at sign-in, worth nothing after their end, never without a row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_security.utils import get_hmac
from sqlalchemy import select, update

from pop_campaigns.accounts.models import User, UserSession
from pop_campaigns.accounts.rules.sessions import SEEN_EVERY, SessionEnd
from pop_campaigns.accounts.services.sessions import COOKIE_KEY, sessions_of, start_session
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.history import history_of

PASSWORD = "fjalekalim i gjate"
ADDRESS = {"REMOTE_ADDR": "192.0.2.77"}
FIREFOX = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


@pytest.fixture
def cast(cast: SimpleNamespace) -> SimpleNamespace:
    """The cast with a password that can be typed."""
    db.session.execute(update(User).values(password=PASSWORD))
    db.session.commit()
    return cast


def log_in(app: Flask, user: User, browser: FlaskClient | None = None, **typed: str) -> FlaskClient:
    browser = browser or app.test_client()
    form = {"email": user.email, "password": PASSWORD} | typed
    assert browser.post("/login", data=form, headers=FIREFOX, environ_base=ADDRESS).status_code == 302
    return browser


def is_signed_in(browser: FlaskClient) -> bool:
    return browser.get("/today").status_code == 200


def cookie(browser: FlaskClient) -> str:
    row = browser.get_cookie("pop")
    assert row is not None
    return row.value


def rows(user: User) -> list[UserSession]:
    wanted = select(UserSession).where(UserSession.user_id == user.id)
    return list(db.session.scalars(wanted.order_by(UserSession.id).execution_options(populate_existing=True)))


@pytest.mark.both_databases
def test_a_sign_in_makes_one_row_with_where_from(app: Flask, cast: SimpleNamespace) -> None:
    browser = log_in(app, cast.arta)
    assert is_signed_in(browser)
    (row,) = rows(cast.arta)
    assert (row.user_agent_words, row.masked_address) == ("Firefox, Linux", "192.0.2.0/24")
    with browser.session_transaction() as session:
        assert row.id_hash != session[COOKIE_KEY] and len(session[COOKIE_KEY]) >= 43
    (noted,) = history_of(cast.arta)
    assert noted.action == "user.signed_in"
    assert noted.details == {"address": "192.0.2.0/24", "browser": "Firefox, Linux"}


def test_a_password_hashed_anew_at_sign_in_does_not_end_that_sign_in(
    app: Flask, cast: SimpleNamespace
) -> None:
    """As after a change of argon2's cost: the hash changes in the very transaction that begins the session."""
    elsewhere = log_in(app, cast.arta)
    old = app.extensions["security"].pwd_context.hash(get_hmac(PASSWORD), scheme="pbkdf2_sha512")
    db.session.execute(update(User).values(password=old))
    db.session.commit()
    browser = log_in(app, cast.arta)
    db.session.refresh(cast.arta)
    assert cast.arta.password != old, "it was hashed anew"
    assert is_signed_in(browser) and not is_signed_in(elsewhere)


def test_visitors_and_failed_sign_ins_leave_no_row(app: Flask, cast: SimpleNamespace) -> None:
    for browser in (app.test_client(), app.test_client()):
        browser.get("/sq/")
        browser.post("/language", data={"lang": "en"})
        browser.post("/login", data={"email": cast.arta.email, "password": "gabim gabim gabim"})
    assert db.session.scalars(select(UserSession)).all() == []


def test_a_cookie_copied_before_log_out_does_nothing_after_it(app: Flask, cast: SimpleNamespace) -> None:
    browser = log_in(app, cast.arta)
    copied = cookie(browser)
    browser.post("/logout")
    assert not is_signed_in(browser)
    thief = app.test_client()
    thief.set_cookie("pop", copied)
    assert not is_signed_in(thief)
    (row,) = rows(cast.arta)
    assert row.ended_why is SessionEnd.LOG_OUT
    assert [one.action for one in history_of(cast.arta)] == ["user.signed_out", "user.signed_in"]


def test_each_sign_in_has_an_id_of_its_own_and_a_planted_one_is_not_taken(
    app: Flask, cast: SimpleNamespace
) -> None:
    browser = app.test_client()
    with browser.session_transaction() as session:
        session[COOKIE_KEY], session["csrf_token"] = "planted", "planted"
    log_in(app, cast.arta, browser)
    with browser.session_transaction() as session:
        first = session[COOKIE_KEY]
        assert "planted" not in (first, session.get("csrf_token"))
    browser.post("/logout")
    log_in(app, cast.arta, browser)
    with browser.session_transaction() as session:
        assert session[COOKIE_KEY] != first


def test_a_cookie_without_a_row_is_a_visitors(app: Flask, cast: SimpleNamespace) -> None:
    browser = app.test_client()
    with browser.session_transaction() as session:
        session["_user_id"], session["_fresh"] = cast.arta.fs_uniquifier, True
    assert not is_signed_in(browser)
    with browser.session_transaction() as session:
        session[COOKIE_KEY] = ["no", "text"]
    assert not is_signed_in(browser)


def test_a_session_is_its_persons_only(app: Flask, cast: SimpleNamespace) -> None:
    """The id of one person's session with another person's key is nobody's."""
    browser = log_in(app, cast.arta)
    with browser.session_transaction() as session:
        session["_user_id"] = cast.drita.fs_uniquifier
    assert not is_signed_in(browser)


def test_nothing_but_the_cookie_signs_in(app: Flask, cast: SimpleNamespace) -> None:
    """No remember-me cookie, no token in the address or a header: they would outlive the session."""
    browser = log_in(app, cast.arta, remember="y")
    # The other cookie only says that wrong tries from here count apart; with it alone nobody is signed in.
    assert {each_cookie.key for each_cookie in browser._cookies.values()} == {"pop", "pop-known"}  # type: ignore[attr-defined]
    kept = browser.get_cookie("pop")
    assert kept is not None and kept.expires is not None
    assert abs(kept.expires - now() - timedelta(days=90)) < timedelta(minutes=5)
    token = cast.arta.get_auth_token()
    stranger = app.test_client()
    known = browser.get_cookie("pop-known")
    assert known is not None
    stranger.set_cookie("pop-known", known.value)
    assert stranger.get("/today").status_code == 302
    assert stranger.get(f"/today?auth_token={token}").status_code == 302
    assert stranger.get("/today", headers={"Authentication-Token": token}).status_code == 302


@pytest.mark.parametrize(
    ("seen", "begun", "stays"),
    [(13.9, 13.9, True), (14.1, 14.1, False), (0, 89.9, True), (0, 90.1, False)],
)
def test_a_session_rests_and_grows_old(
    app: Flask,
    cast: SimpleNamespace,
    sign_in: Callable[[User], FlaskClient],
    seen: float,
    begun: float,
    stays: bool,
) -> None:
    browser = sign_in(cast.arta)
    at = now()
    times = {"last_seen_at": at - timedelta(days=seen), "created_at": at - timedelta(days=begun)}
    db.session.execute(update(UserSession).values(**times))
    db.session.commit()
    assert len(sessions_of(cast.arta)) == stays
    assert is_signed_in(browser) is stays


def test_when_it_was_seen_is_written_every_five_minutes_also_by_reading(
    app: Flask, cast: SimpleNamespace, sign_in: Callable[[User], FlaskClient]
) -> None:
    browser = sign_in(cast.arta)
    begun = rows(cast.arta)[0].last_seen_at
    assert is_signed_in(browser)
    assert rows(cast.arta)[0].last_seen_at == begun
    for send in (lambda: browser.get("/today"), lambda: browser.post("/language", data={"lang": "sq"})):
        long_ago = now() - SEEN_EVERY - timedelta(seconds=1)
        db.session.execute(update(UserSession).values(last_seen_at=long_ago, created_at=long_ago))
        db.session.commit()
        send()
        assert rows(cast.arta)[0].last_seen_at > now() - timedelta(minutes=1)


@pytest.mark.both_databases
def test_a_busy_database_does_not_keep_the_page_waiting(
    app: Flask, cast: SimpleNamespace, sign_in: Callable[[User], FlaskClient]
) -> None:
    browser = sign_in(cast.arta)
    long_ago = now() - timedelta(hours=1)
    db.session.execute(update(UserSession).values(last_seen_at=long_ago, created_at=long_ago))
    db.session.commit()
    with db.engine.connect() as other, other.begin():
        other.execute(update(UserSession).values(user_agent_words="i zënë"))
        started = now()
        assert is_signed_in(browser)
        assert now() - started < timedelta(seconds=5)
    assert rows(cast.arta)[0].last_seen_at == long_ago
    assert is_signed_in(browser)
    assert rows(cast.arta)[0].last_seen_at > long_ago


def change_password(browser: FlaskClient) -> None:
    new = {
        "password": PASSWORD,
        "new_password": "krejt tjetër fjalë",
        "new_password_confirm": "krejt tjetër fjalë",
    }
    assert browser.post("/change", data=new).status_code == 302


def test_a_new_password_ends_the_others_and_renews_this_one(app: Flask, cast: SimpleNamespace) -> None:
    mine, elsewhere = log_in(app, cast.arta), log_in(app, cast.arta)
    copied = cookie(mine)
    change_password(mine)
    assert is_signed_in(mine) and not is_signed_in(elsewhere)
    thief = app.test_client()
    thief.set_cookie("pop", copied)
    assert not is_signed_in(thief)
    first, second = rows(cast.arta)
    assert (first.ended_at, second.ended_why) == (None, SessionEnd.PASSWORD)
    ended = next(one for one in history_of(cast.arta) if one.action == "user.sessions_ended")
    assert ended.details == {"why": "password", "count": 1} and ended.actor_name == "Arta"


def test_a_sign_in_under_way_does_not_outlive_the_change(app: Flask, cast: SimpleNamespace) -> None:
    """Its row comes after the others were ended, in another process: the person's new key makes it worthless."""
    old_key = cast.arta.fs_uniquifier
    cast.arta.password = "tjetër"
    db.session.commit()
    late = app.test_client()
    ident = start_session(cast.arta, now=now())
    db.session.commit()
    with late.session_transaction() as session:
        session[COOKIE_KEY], session["_user_id"] = ident, old_key
    assert not is_signed_in(late)


CHANGES: dict[str, Callable[[SimpleNamespace], Any]] = {
    "password": lambda cast: setattr(cast.arta, "password", "tjetër"),
    "closed": lambda cast: setattr(cast.arta, "active", False),
    "role": lambda cast: setattr(cast.arta, "roles", list(cast.eva.roles)),
    "role added": lambda cast: cast.arta.roles.append(cast.drita.roles[0]),
    "role taken": lambda cast: cast.arta.roles.clear(),
    "organisation": lambda cast: setattr(cast.arta, "organisation", cast.vlore),
    "organisation by number": lambda cast: setattr(cast.arta, "organisation_id", cast.vlore.id),
    "key": lambda cast: setattr(cast.arta, "fs_uniquifier", "tjetër"),
}


@pytest.mark.both_databases
@pytest.mark.parametrize("change", CHANGES)
def test_whoever_changes_a_persons_rights_ends_their_sessions(
    app: Flask, cast: SimpleNamespace, sign_in: Callable[[User], FlaskClient], change: str
) -> None:
    browser, other = sign_in(cast.arta), sign_in(cast.drita)
    key = cast.arta.fs_uniquifier
    assert is_signed_in(browser)
    CHANGES[change](cast)
    db.session.commit()
    assert sessions_of(cast.arta) == [] and cast.arta.fs_uniquifier != key
    assert not is_signed_in(browser) and is_signed_in(other)
    assert history_of(cast.arta)[0].details["count"] == 1


def test_what_is_no_right_ends_nothing(
    app: Flask, cast: SimpleNamespace, sign_in: Callable[[User], FlaskClient]
) -> None:
    browser = sign_in(cast.arta)
    db.session.refresh(cast.arta)
    cast.arta.language, cast.arta.name, cast.arta.active = "en", "Arta e re", True
    cast.arta.organisation, cast.arta.roles = cast.fier, list(cast.arta.roles)
    db.session.commit()
    assert is_signed_in(browser)


def test_erasing_a_person_erases_their_sessions(
    app: Flask, cast: SimpleNamespace, sign_in: Callable[[User], FlaskClient]
) -> None:
    browser = sign_in(cast.eva)
    db.session.delete(cast.eva)
    db.session.commit()
    assert db.session.scalars(select(UserSession)).all() == []
    assert not is_signed_in(browser)

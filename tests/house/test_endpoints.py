"""Every endpoint: guarded or on the public list; a GET changes nothing; a POST without a token is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from pop_campaigns.accounts.guard import is_public
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.events.rules.visibility import EventVisibility
from tests.house.walk import Walk
from tests.house.world import address, arguments, rules, snapshot

pytestmark = pytest.mark.both_databases(always=True)

# Endpoints that take a POST without our token, each with its reason.
WITHOUT_TOKEN = {
    "invitations.answer",  # the address itself is the secret; officials may refuse cookies
    "invitations.answer_other_time",  # likewise
    "invitations.answer_dates",  # likewise
    "privacy.unsubscribe",  # likewise; mail programs press it by themselves (RFC 8058)
}
# What a reader sees may be taken along as a file; that takes a press, because it leaves a row in the history.
TAKEN_ALONG = {"contacts.export", "lists.export", "privacy.purposes_csv"}


# What everybody decides about themselves, also who only reads.
ABOUT_ONESELF = {
    "accounts.account",
    "accounts.change_password",
    "accounts.end_my_session",
    "accounts.end_my_other_sessions",
    "accounts.new_feed",
    "accounts.feed_alarm",
    "accounts.end_feed",
}


def test_every_endpoint_has_a_guard_or_is_public(app: Flask) -> None:
    bare = [
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if not is_public(rule.endpoint) and not hasattr(app.view_functions[rule.endpoint], "__guard__")
    ]
    assert bare == []


def test_an_endpoint_that_forgot_its_guard_is_closed(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    view = app.view_functions["desk.today"]
    monkeypatch.setitem(app.view_functions, "desk.today", lambda: "bare")
    assert app.test_client().get("/today").status_code == 404
    monkeypatch.setitem(app.view_functions, "desk.today", view)


@pytest.mark.parametrize("who", ["arta", "drita"])
def test_reading_any_address_changes_nothing(walk: Callable[[str], Walk], who: str) -> None:
    """Who sees most and who changes most; the others on one database, in ``test_caching``."""
    walked = walk(who)
    failed = [
        (reading.method, reading.endpoint, reading.answer.status_code)
        for reading in walked.readings
        if reading.answer.status_code >= 500
    ]
    assert failed == []
    assert not walked.changed


def test_strangers_reach_no_page_that_needs_an_account(
    app: Flask, world: SimpleNamespace, client: FlaskClient, walk: Callable[[str], Walk]
) -> None:
    values = arguments(world)
    answers = [(reading.endpoint, reading.answer) for reading in walk("nobody").by("GET")]
    answers += [
        (rule.endpoint, client.post(address(app, rule, values)))
        for rule in app.url_map.iter_rules()
        if "GET" not in (rule.methods or ()) and not is_public(rule.endpoint)
    ]
    open_doors = []
    for endpoint, answer in answers:
        if is_public(endpoint):
            continue
        if answer.status_code == 200 or (answer.status_code == 302 and "/login" not in answer.location):
            open_doors.append((endpoint, answer.status_code))
    assert open_doors == []
    assert len(answers) > 140


def test_the_other_organisation_finds_none_of_it(
    app: Flask, world: SimpleNamespace, sign_in: Callable[[Any], FlaskClient]
) -> None:
    """Çlirim of Vlorë gets 404 wherever an address names a record of Fier, whatever the method.

    A published event alone is there for everybody, as its public page shows it: what is tried here is not published.
    """
    browser = sign_in(world.cast.clirim)
    values = arguments(world)
    world.event.visibility = EventVisibility.INTERNAL
    db.session.commit()
    seen = []
    for rule in app.url_map.iter_rules():
        if is_public(rule.endpoint) or not any(name.endswith(("_id", "ident")) for name in rule.arguments):
            continue
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            status = browser.open(address(app, rule, values), method=method).status_code
            if status != 404:
                seen.append((method, rule.endpoint, status))
    assert seen == []


def test_a_reader_changes_nothing(
    app: Flask, world: SimpleNamespace, sign_in: Callable[[Any], FlaskClient]
) -> None:
    browser = sign_in(world.cast.eva)
    values = arguments(world)
    before = snapshot()
    for rule in rules(app, "POST"):
        if not is_public(rule.endpoint) and rule.endpoint not in TAKEN_ALONG | ABOUT_ONESELF:
            assert browser.post(address(app, rule, values)).status_code == 404, rule.endpoint
    assert snapshot() == before


def test_every_post_needs_a_token(
    app: Flask, world: SimpleNamespace, sign_in: Callable[[Any], FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    browser = sign_in(world.cast.drita)
    values = arguments(world)
    before = snapshot()
    for rule in rules(app, "POST"):
        if rule.endpoint in WITHOUT_TOKEN:
            continue
        answer = browser.post(address(app, rule, values))
        assert answer.status_code == 400, rule.endpoint
    assert snapshot() == before


# Several at once: pages read each for itself, and a page per parameter would take minutes.
HOSTILE_QUERIES = (
    "page=-1&q=%25%25%25&state=;drop&kind=nonsense&municipality=nowhere&view=month&month=9999-99&when=never&tab=../../etc",
    "page=999999999999999999999&q=%00&kind=%00&show=%27&year=-1&view=month&month=-1&guest=999999&campaign=x&lang=xx",
    "page=x&q=%ED%A0%80&municipality=%ED%A0%80&month=2026-02-30&year=99999&guest=-1&campaign=99999999999999999999",
    "per_page=1000000&sort=;drop&q=" + "a" * 10_000,
    "q=%27%22)--&q=b&kind=hearing&kind=protest&page=1&page=2",
)


@pytest.mark.parametrize("query", HOSTILE_QUERIES, ids=range(len(HOSTILE_QUERIES)))
def test_no_query_breaks_a_page(
    app: Flask, world: SimpleNamespace, sign_in: Callable[[Any], FlaskClient], query: str
) -> None:
    browser = sign_in(world.cast.arta)
    values = arguments(world)
    for rule in rules(app, "GET"):
        url = address(app, rule, values)
        status = browser.get(f"{url}{'&' if '?' in url else '?'}{query}").status_code
        assert status < 500, (rule.endpoint, status)


def test_every_answer_carries_the_headers(walk: Callable[[str], Walk]) -> None:
    for reading in walk("arta").readings:
        headers, url = reading.answer.headers, f"{reading.method} {reading.url}"
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and (
            "frame-ancestors" in policy or policy.endswith("sandbox")
        ), url
        assert "unsafe-inline" not in policy or "sandbox" in policy, url
        assert headers["X-Content-Type-Options"] == "nosniff", url
        assert headers["Referrer-Policy"] == "same-origin", url


def test_private_pages_are_never_kept(
    app: Flask, world: SimpleNamespace, sign_in: Callable[[Any], FlaskClient]
) -> None:
    browser = sign_in(world.cast.arta)
    for url in ("/today", f"/events/{world.event.id}", f"/a/{world.token}", "/login"):
        headers = browser.get(url).headers
        assert "no-store" in headers["Cache-Control"], url
        assert "noindex" in headers["X-Robots-Tag"], url


def test_a_wrong_link_and_an_expired_one_look_alike(
    app: Flask, world: SimpleNamespace, client: FlaskClient
) -> None:
    wrong = client.get("/a/" + "x" * 43)
    world.event.starts_at, world.event.ends_at = now() - timedelta(days=3), now() - timedelta(days=2)
    db.session.commit()
    expired = client.get(f"/a/{world.token}")
    assert (wrong.status_code, expired.status_code) == (404, 404)
    assert wrong.data == expired.data

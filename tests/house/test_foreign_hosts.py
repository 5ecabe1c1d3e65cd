"""A request under a name that is not ours, or too broken to find a page: refused with all headers, without a traceback."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

HEADERS = (
    "Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "Permissions-Policy",
    "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy", "Cache-Control", "X-Robots-Tag",
)  # fmt: skip
FOREIGN = (
    "evil.example",
    "evil.example:80",
    "localhost.evil.example",
    "[::1",
    "a b",
    "",
    "localhost:99999999",
    "\xeb",
)


@pytest.fixture
def strict(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """As the service runs: errors become pages."""
    monkeypatch.setitem(app.config, "TESTING", False)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    return app


@pytest.mark.parametrize("host", FOREIGN)
def test_an_unknown_host_is_refused_in_words(
    strict: Flask, cast: SimpleNamespace, sign_in: Any, host: str, caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    browsers = (strict.test_client(), sign_in(cast.arta))
    for browser in browsers:
        for method, path in (
            ("GET", "/sq/"),
            ("GET", "/today"),
            ("POST", "/login"),
            ("GET", "/static/css/theme.css"),
        ):
            answer = browser.open(path, method=method, environ_overrides={"HTTP_HOST": host})
            assert answer.status_code == 400, (host, path)
            assert [name for name in HEADERS if name not in answer.headers] == [], (host, path)
            assert answer.headers["Cache-Control"] == "private, no-store"
            assert answer.mimetype == "text/html" and "<h1>" in answer.text
            assert host not in answer.text or len(host) < 4
    assert "Traceback" not in caplog.text + capsys.readouterr().err
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_what_fails_before_a_page_is_found_has_all_headers(strict: Flask, client: FlaskClient) -> None:
    broken = (
        client.post(
            "/login", data=b"x" * (2 * 1024 * 1024), content_type="application/x-www-form-urlencoded"
        ),
        client.post("/login", data=b"{}", content_type="application/json"),
        client.put("/login", json=[1]),
        client.open("/sq/", method="BREW"),
        client.get("/%00%ff/../"),
    )
    assert [answer.status_code for answer in broken] == [413, 415, 405, 405, 404]
    for answer in broken:
        assert [name for name in HEADERS if name not in answer.headers] == [], answer.request.path

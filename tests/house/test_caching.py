"""One place says who may keep a copy, and it says it validly on every answer: nobody, unless declared."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from pop_campaigns.core.headers import kept_for
from tests.house.test_sources import modules
from tests.house.walk import Walk

PUBLIC = {
    "static": 86400,
    "bootstrap.static": 86400,
    "styles": 86400,
    "public.home": 0,
    "public.front": 60,
    "public.events": 60,
    "public.event": 60,
    "public.members": 60,
    "public.about": 60,
    "public.robots": 60,
    "public.sitemap": 60,
    "public.calendar": 900,
    "public.subscribe": 60,
    "public.event_calendar": 900,
    "public.popolo": 900,
}
# RFC 9111 section 5.2: a name, for some with a whole number; nothing else.
DIRECTIVE = re.compile(r"(?:public|private|no-store|no-cache|must-revalidate|max-age=[0-9]+)")


def test_only_what_is_declared_may_be_kept(app: Flask) -> None:
    """An endpoint that becomes public has to be written down here."""
    declared = {
        function: seconds for function in app.view_functions if (seconds := kept_for(function)) is not None
    }
    assert declared == PUBLIC


@pytest.mark.parametrize("who", ["nobody", "clirim", "eva"])
def test_reading_any_address_changes_nothing(walk: Callable[[str], Walk], who: str) -> None:
    """The others of ``test_endpoints``, where who sees and changes most walks on both databases."""
    walked = walk(who)
    assert [reading.endpoint for reading in walked.readings if reading.answer.status_code >= 500] == []
    assert not walked.changed


@pytest.mark.parametrize("who", ["nobody", "arta", "drita", "eva"])
def test_every_answer_says_who_may_keep_it(walk: Callable[[str], Walk], who: str) -> None:
    wrong, kept = [], 0
    for reading in walk(who).readings:
        endpoint, method, answer = reading.endpoint, reading.method, reading.answer
        said = answer.headers.get_all("Cache-Control")
        public = bool(PUBLIC.get(endpoint)) and answer.status_code == 200 and method in ("GET", "HEAD")
        kept += public and method == "GET"
        expected = [f"public, max-age={PUBLIC[endpoint]}"] if public else ["private, no-store"]
        if said != expected or not all(DIRECTIVE.fullmatch(part) for part in said[0].split(", ")):
            wrong.append((method, endpoint, answer.status_code, said))
        elif not public and "Cookie" not in answer.vary:
            wrong.append((method, endpoint, "Vary", answer.vary.to_header()))
        elif public and (answer.headers.getlist("Set-Cookie") or "Cookie" in answer.vary):
            wrong.append((method, endpoint, "cookie", answer.vary.to_header()))
        elif endpoint not in PUBLIC and "noindex" not in answer.headers.get("X-Robots-Tag", ""):
            wrong.append((method, endpoint, "X-Robots-Tag", ""))
    assert wrong == []
    assert kept > 8


def test_a_copy_that_is_still_right_says_so_and_carries_the_headers(
    app: Flask, world: SimpleNamespace, client: FlaskClient
) -> None:
    for url in (
        "/calendar.ics",
        "/open-data/popolo.json",
        "/sq/",
        "/static/css/theme.css",
        "/styles/contacts.css",
    ):
        first = client.get(url)
        again = client.get(url, headers={"If-None-Match": first.headers["ETag"]})
        assert (first.status_code, again.status_code) == (200, 304), url
        assert again.headers["Cache-Control"] == first.headers["Cache-Control"], url
        assert again.headers["X-Content-Type-Options"] == "nosniff", url
        assert "default-src 'none'" in again.headers["Content-Security-Policy"], url


def test_a_private_file_is_never_a_copy_of_somebody_else(walk: Callable[[str], Walk]) -> None:
    """Proofs, scans, answers to letters, raw mail and what hangs on it: named one by one, for they were public once."""
    seen = 0
    for reading in walk("drita").by("GET"):
        headers = reading.answer.headers
        if "attachment" in headers.get("Content-Disposition", "") and reading.endpoint not in PUBLIC:
            seen += 1
            assert headers["Cache-Control"] == "private, no-store", reading.endpoint
    assert seen >= 4


# How long a signed text or a cookie is good, which no cache reads.
OF_OTHER_THINGS = re.compile(r"\.loads\(|set_cookie\(|_KEPT_FOR\b")


def test_nothing_else_speaks_of_caches() -> None:
    """``Cache-Control`` and its kin belong to core/headers.py; a view that sets them would be overruled in silence."""
    speaks = re.compile(r"cache_control|Cache-Control|max_age\b|SEND_FILE_MAX_AGE|\bno-store\b|\.expires\b")
    rows = [
        f"{name}:{number}: {line.strip()}"
        for name, path, _tree in modules()
        if name != "pop_campaigns/core/headers.py"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if speaks.search(line) and not OF_OTHER_THINGS.search(line)
    ]
    assert rows == []

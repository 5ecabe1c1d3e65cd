"""Whatever anybody sends to whatever address: words or a refusal, never an error of ours."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.routing import IntegerConverter, Rule

from pop_campaigns.core.bodies import MOST_FIELDS
from pop_campaigns.core.numbers import LARGEST, RowNumber
from pop_campaigns.core.text import clean_line
from tests.house.page_forms import Fields, fields_of_classes, forms_of_pages
from tests.house.test_sources import modules
from tests.house.walk import Walk, some_of
from tests.house.world import address, arguments, rules, snapshot
from tests.plugins.full import wanted_in_full

FORM = "application/x-www-form-urlencoded"
NO_FORMS: tuple[tuple[str, bytes], ...] = (
    ("application/json", b'{"email": {"a": 1}, "password": null}'),
    ("application/json", b"[1]"),
    ("application/json; charset=utf-8", b"1e309"),
    ("application/vnd.api+json", b"{}"),
    ("application/json", b""),
    ("text/plain", b"a=b"),
    ("application/octet-stream", b"\x00\xff"),
    ("application/xml", b"<a/>"),
    ("", b"a=b"),
)
BLANK = "\u00a0\u200b\u2800\u3000\u3164\ufeff \t"
HOSTILE = (
    *(str(2**63), str(2**31), "-1", "1e309", "9" * 5000, "²", "٣"),
    *(BLANK, " ", "\0", "a\0b", "\ud800"),
    *("office-999999999", "office-9999999999", "person-99999999999999999999"),
    *("0000-00-00", "9999-12-31T23:59", "0001-01-01"),
    *("' OR 1=1 --", "{{ 7*7 }}{0.__class__}%s%(a)s"),
)
BROKEN_MULTIPART = (
    ("multipart/form-data", b"--x\r\n\r\n"),
    ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=email\r\n\r\nno end"),
    ("multipart/form-data; boundary=x", b"\xff\x00" * 50),
    ("multipart/form-data; boundary=\xeb", b"--x--"),
    (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="\xed\xa0\x80\x00../.."\r\n'
        b"Content-Type: \xff\r\nContent-Length: -5\r\n\r\n\r\n--x--\r\n",
    ),
)


@pytest.fixture
def administrator(world: SimpleNamespace, sign_in: Callable[[Any], FlaskClient]) -> FlaskClient:
    """A browser signed in before nothing is saved any more: a session is a row."""
    return sign_in(world.cast.drita)


@pytest.fixture
def pages(walk: Callable[[str], Walk]) -> dict[str, Fields]:
    """The forms of all pages, by where they are sent."""
    return forms_of_pages(walk("drita").pages)


@pytest.fixture
def unsaved(administrator: FlaskClient, pages: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the database check what is written, then forget it: each request finds the world as it was."""
    monkeypatch.setattr(Session, "commit", lambda session: session.flush())


def _status(browser: FlaskClient, url: str, body: Any, kind: str = FORM) -> int:
    """Give the status; what the service would answer with 500 comes up as an exception in tests.

    The cookies stay as they were: some addresses end the session, and what pages say once would pile up.
    """
    kept = dict(browser._cookies or {})
    try:
        return browser.post(url, data=body, content_type=kind).status_code
    except Exception:
        return 500
    finally:
        browser._cookies = kept


def _encoded(fields: Fields) -> bytes:
    return urlencode(fields, doseq=True, errors="surrogatepass").encode()


def _targets(
    app: Flask, pages: dict[str, Fields], world: SimpleNamespace
) -> Iterator[tuple[str, str, Fields, set[str]]]:
    """Give, for every endpoint that takes a POST: its name, its address, the fields as the page sends them, and the
    names of all fields that the forms of its package know."""
    values, classes = arguments(world), fields_of_classes()
    for rule in rules(app, "POST"):
        url = address(app, rule, values)
        fields = pages.get(url, {})
        yield rule.endpoint, url, fields, classes.get(rule.endpoint.partition(".")[0], set()) | fields.keys()


@pytest.mark.usefixtures("unsaved")
def test_only_forms_are_read(
    app: Flask, world: SimpleNamespace, administrator: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """JSON and the rest are 415 before anything else, also before the token is looked for and for strangers."""
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    values, seen, urls = arguments(world), [], []
    for rule in rules(app, "POST"):
        urls.append(address(app, rule, values))
    assert len(urls) > 60
    before = snapshot()
    for browser in (administrator, app.test_client()):
        for place, url in enumerate(urls):
            # One place refuses them all, before any view: each address meets JSON and some of the others.
            for kind, body in NO_FORMS[:1] + tuple(some_of(NO_FORMS[1:], place)):
                status = _status(browser, url, body, kind)
                if status != 415:
                    seen.append((url, kind, body, status))
    assert seen == []
    assert snapshot() == before


@pytest.mark.usefixtures("unsaved")
def test_no_value_in_any_field_breaks_a_form(
    app: Flask, world: SimpleNamespace, administrator: FlaskClient, pages: dict[str, Fields]
) -> None:
    """Each field of each form gets hostile values, alone among good ones and all at once."""
    browser, broken, answers = administrator, set(), Counter[int]()
    for place, (endpoint, url, fields, names) in enumerate(_targets(app, pages, world)):
        bodies = [{key: [value] for key in names} for value in some_of(HOSTILE, place)]
        bodies += [{key: [BLANK, "-1", str(2**63), "x"] for key in names}]
        bodies += [fields | {f"row-{2**63}": ["new"], "x" * 20_000: ["1"], "a[b][]": ["1"], "\ud800": ["1"]}]
        # One field at a time: behind the first refusal of a form lies what the others would reach.
        for turn, name in enumerate(fields):
            bodies += [fields | {name: [value]} for value in some_of((BLANK, str(2**63)), place + turn, 2)]
        for body in bodies:
            status = _status(browser, url, _encoded(body))
            answers[status] += 1
            if status >= 500:
                broken.add((endpoint, _difference(body, fields)))
    assert sorted(broken) == []
    # The walk goes into the forms, not past them.
    assert min(answers[302], answers[422]) > (500 if wanted_in_full() else 150), answers


def _difference(body: Fields, fields: Fields) -> str:
    changed = {name: values for name, values in body.items() if values != fields.get(name)}
    return ascii(dict(list(changed.items())[:2]))[:120]


@pytest.mark.usefixtures("unsaved")
def test_no_broken_body_breaks_a_form(
    app: Flask, world: SimpleNamespace, administrator: FlaskClient, pages: dict[str, Fields]
) -> None:
    browser, broken = administrator, []
    crowd = urlencode([(f"f{number}", "1") for number in range(MOST_FIELDS + 1)]).encode()
    parts = b"".join(
        b'--x\r\nContent-Disposition: form-data; name="f"\r\n\r\n1\r\n' for _ in range(201)
    )  # fmt: skip
    bodies = [*BROKEN_MULTIPART, (FORM, b"\xff=%ff&=&%"), (FORM, b"\xed\xa0\x80=1"), (FORM, crowd)]
    bodies += [("multipart/form-data; boundary=x", parts + b"--x--")]
    tried = 0
    for place, (endpoint, url, *_fields) in enumerate(_targets(app, pages, world)):
        for kind, body in some_of(bodies, place, 4):
            tried += 1
            if (status := _status(browser, url, body, kind)) >= 500:
                broken.append((endpoint, kind, body[:40], status))
    assert broken == []
    assert tried > 150


def test_a_crowd_of_fields_or_parts_is_refused(app: Flask, client: FlaskClient) -> None:
    crowd = [(f"f{number}", "1") for number in range(10_001)]
    assert client.post("/login", data=urlencode(crowd), content_type=FORM).status_code == 413
    parts = b'--x\r\nContent-Disposition: form-data; name="f"\r\n\r\n1\r\n' * 201
    answer = client.post("/login", data=parts + b"--x--", content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 413
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_numbers_beyond_the_database_are_no_address(
    app: Flask, world: SimpleNamespace, sign_in: Callable[[Any], FlaskClient]
) -> None:
    """Every ``<int:…>`` of every address: 404 for what is no row's number, also for what cannot be one."""
    browser, values, seen, tried = sign_in(world.cast.drita), arguments(world), [], 0
    wrongs = (2**31, 2**63, "9" * 5000, "-1", "+1", "%2B1", "٣", "1e3", "0x1", "1.0", "1%00")
    for rule in app.url_map.iter_rules():
        for name, converter in rule._converters.items():
            if not isinstance(converter, IntegerConverter):
                continue
            assert isinstance(converter, RowNumber), rule.rule
            marked = _with_number(app, rule, values, name)
            # All are of one class, which is asked above: each address meets some of the values.
            for wrong in some_of(wrongs, tried):
                url = marked.replace(str(LARGEST), str(wrong))
                method = "GET" if "GET" in (rule.methods or ()) else "POST"
                tried += 1
                if (status := browser.open(url, method=method).status_code) != 404:
                    seen.append((rule.rule, str(wrong)[:20], status))
    assert seen == []
    assert tried > (500 if wanted_in_full() else 100)


def _with_number(app: Flask, rule: Rule, values: dict[str, Any], name: str) -> str:
    """Give the rule's address with the largest number as one of its parts."""
    given = values | {"owners": "offices", "ident": 1, name: LARGEST}
    with app.test_request_context():
        return url_for(rule.endpoint, **{part: given[part] for part in rule.arguments})


def test_an_address_of_white_space_is_answered_in_words(app: Flask, client: FlaskClient) -> None:
    for typed in (" ", BLANK, "\u3000", "\u200b", "\0"):
        answer = client.post("/login", data={"email": typed, "password": typed})
        assert answer.status_code in (200, 422), ascii(typed)
        assert "/login" in answer.text


def test_a_mail_program_may_still_unsubscribe_with_one_click(app: Flask, world: SimpleNamespace) -> None:
    """RFC 8058: a form body, no cookie, no token of ours."""
    url = f"/u/{arguments(world)['wish']}"
    browser = app.test_client()
    one_click = {"List-Unsubscribe": "One-Click"}
    assert browser.post(url, data=one_click).status_code == 200
    assert browser.post(url, data=one_click, content_type="multipart/form-data").status_code == 200


def test_numbers_are_read_in_one_place() -> None:
    """Typed numbers go through ``core/numbers.py``: ``isdigit`` takes ², ``int`` takes ٣ and 2^63."""
    own = re.compile(
        r"\.is(?:digit|decimal|numeric)\(|type=int\b|coerce=int\b|\bIntegerField\(|\bint\(request\."
    )
    reads = re.compile(r"from flask import [^\n]*\brequest\b|from wtforms import")
    rows = [
        f"{name}: {hit[0]}"
        for name, path, _tree in modules()
        if reads.search(text := path.read_text(encoding="utf-8"))
        and name not in ("pop_campaigns/core/pages.py",)
        for hit in [own.search(text)]
        if hit
    ]
    assert rows == []


def test_what_shows_nothing_is_no_text() -> None:
    assert clean_line(BLANK) == ""

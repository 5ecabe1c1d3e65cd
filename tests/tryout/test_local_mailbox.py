"""The local mailbox: in try-out only, each organisation its own mail, links that can be followed and nothing that runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask, get_template_attribute, url_for
from flask.testing import FlaskClient

from pop_campaigns.accounts.models import User
from pop_campaigns.mail.compose import compose
from pop_campaigns.mail.message import message_bytes
from pop_campaigns.tryout.mailserver import store_message
from pop_campaigns.tryout.views.local_mailbox import guest_links, pieces_of
from tests import factories
from tests.desk.conftest import invited_event, mails_of

Browser = Callable[[User], FlaskClient]


@pytest.fixture
def folder(app: Flask, tmp_path: Path) -> Iterator[Path]:
    """The embedded server's folder, with the setting that it is in use."""
    before = {name: app.config[name] for name in ("MAIL_LOCAL", "MAIL_KEEP_FOLDER")}
    kept = tmp_path / "mail"
    kept.mkdir()
    app.config.update(MAIL_LOCAL=True, MAIL_KEEP_FOLDER=str(kept))
    yield kept
    app.config.update(before)


def deliver(folder: Path, raw: bytes) -> str:
    return Path(store_message(folder, raw, "b-x@rsvp.example", ["zyra@bashkia.example"])).stem


def delivered_invitation(folder: Path, by: User) -> tuple[str, str]:
    """A delivered invitation: its id in the mailbox and its guest's secret."""
    event = invited_event(by, guests=1)
    mail = mails_of(event)[-1]
    parts = compose(mail)
    return deliver(folder, message_bytes(parts)), next(iter(mail.links.values()))["nonce"]


def test_only_where_mail_stays_here(people: SimpleNamespace, sign_in: Browser) -> None:
    assert sign_in(people.arta).get("/mail/local").status_code == 404
    assert sign_in(people.arta).get("/mail/local/00000000000000000000-00000000").status_code == 404


def test_no_page_is_there_where_a_real_mail_server_is_set(
    app: Flask, people: SimpleNamespace, sign_in: Browser, folder: Path
) -> None:
    name, _nonce = delivered_invitation(folder, people.arta)
    with app.test_request_context():
        pages = [
            (method, url_for(rule.endpoint, name=name, number=1))
            for rule in app.url_map.iter_rules()
            if rule.endpoint.startswith("tryout.")
            for method in ("GET", "POST")
            if method in (rule.methods or ())
        ]
    browser = sign_in(people.drita)
    assert len(pages) >= 5
    assert 404 not in [browser.open(url, method=method).status_code for method, url in pages]
    app.config["MAIL_LOCAL"] = False
    assert {browser.open(url, method=method).status_code for method, url in pages} == {404}
    assert "/mail/local" not in browser.get("/mail").text


def test_writers_only_and_each_their_own(
    people: SimpleNamespace, client: FlaskClient, sign_in: Browser, folder: Path
) -> None:
    name, _nonce = delivered_invitation(folder, people.arta)
    addresses = [f"/mail/local/{name}{rest}" for rest in ("", "/html", "/files/1")]
    for address in ["/mail/local", *addresses]:
        assert client.get(address).status_code == 302
        assert sign_in(people.eva).get(address).status_code == 404
        assert sign_in(people.arta).get(address).status_code == 200
        assert sign_in(people.drita).get(address).status_code == 200
        assert sign_in(people.arta).post(address).status_code == 405
    stranger = sign_in(people.clirim)
    assert name not in stranger.get("/mail/local").text
    for address in addresses:
        assert stranger.get(address).status_code == 404


def test_one_can_answer_as_the_guest(people: SimpleNamespace, sign_in: Browser, folder: Path) -> None:
    name, nonce = delivered_invitation(folder, people.arta)
    link = f"http://localhost/a/{factories.derive_token('answer', nonce)}"
    browser = sign_in(people.arta)
    for part in ("text", "html"):
        page = browser.get(f"/mail/local/{name}?part={part}").text
        assert f'class="btn btn-primary" href="{link}"' in page
        assert "Nothing leaves this machine" in page
    assert f'<a href="{link}" rel="noopener noreferrer">' in browser.get(f"/mail/local/{name}?part=text").text


@pytest.mark.parametrize(
    "name", ["..%2f..%2fetc%2fpasswd", "x", "0" * 400, "00000000000000000000-00000000", "%00"]
)
def test_names_that_are_none(people: SimpleNamespace, sign_in: Browser, folder: Path, name: str) -> None:
    assert sign_in(people.drita).get(f"/mail/local/{name}").status_code == 404


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe\x00 no mail at all",
        b"Subject: =?utf-8?q?=3Cscript=3Ealert(1)=3C/script=3E?=\r\n\r\n<script>alert(1)</script>",
        b"Content-Type: text/html\r\nSubject: x\r\n\r\n<script>alert(1)</script><form action=//evil>",
        b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + b"--a\r\n" * 500,
    ],
)
def test_hostile_mail(people: SimpleNamespace, sign_in: Browser, folder: Path, raw: bytes) -> None:
    name = deliver(folder, raw)
    browser = sign_in(people.drita)
    assert "<script>alert" not in browser.get("/mail/local").text
    for part in ("", "text", "html", "source", "calendar"):
        page = browser.get(f"/mail/local/{name}?part={part}")
        assert page.status_code == 200
        assert "<script>alert" not in page.text
    framed = browser.get(f"/mail/local/{name}/html")
    assert framed.status_code in (200, 404)
    if framed.status_code == 200:
        assert framed.headers["Content-Security-Policy"].endswith("sandbox")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("shih https://x.example/a?b=1&c=2.", 'shih <a href="https://x.example/a?b=1&amp;c=2" rel="noopener noreferrer">'
         "https://x.example/a?b=1&amp;c=2</a>."),
        ("<b>jo</b>", "&lt;b&gt;jo&lt;/b&gt;"),
        ('https://x.example/"onclick=1', '<a href="https://x.example/" rel="noopener noreferrer">https://x.example/</a>'
         "&#34;onclick=1"),
        ("javascript:alert(1) data:text/html,x", "javascript:alert(1) data:text/html,x"),
        ("", ""),
    ],
)  # fmt: skip
def test_only_web_addresses_can_be_pressed(app: Flask, text: str, html: str) -> None:
    with app.test_request_context():
        pressable = get_template_attribute("desk/_message.html", "pressable")
        assert str(pressable(pieces_of(text))) == html


def test_guest_links_are_ours_alone(app: Flask) -> None:
    token = "t" * 43
    text = f"http://localhost/a/{token} http://evil.example/a/{token} http://localhost/a/{token} http://localhost/a/short"
    with app.test_request_context():
        assert guest_links(text) == [f"http://localhost/a/{token}"]

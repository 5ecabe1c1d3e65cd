"""A forgotten password: one link by mail, half an hour, once, and nobody learns from it who has an account."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text, update

from pop_campaigns.accounts import messages
from pop_campaigns.accounts.models import AccountLink, User
from pop_campaigns.accounts.rules.passwords import LinkKind, LinkState
from pop_campaigns.accounts.services import links
from pop_campaigns.accounts.services.links import find_link, new_link, spend_link
from pop_campaigns.accounts.views import links as link_pages
from pop_campaigns.core.db import db
from pop_campaigns.core.history import history_of
from pop_campaigns.core.logs import mask
from pop_campaigns.core.tokens import derive_token
from pop_campaigns.mail.compose import compose
from pop_campaigns.mail.models import OutgoingMail

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OLD, NEW = "fjalekalim i gjate", "zëri i lumit plak"
NEW_TWICE = {"new_password": NEW, "new_password_confirm": NEW}


@pytest.fixture
def clock(cast: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The time at the page, moved by hand; everybody's password is OLD."""
    hands = SimpleNamespace(now=START)
    monkeypatch.setattr(link_pages, "now", lambda: hands.now)
    db.session.execute(update(User).values(password=OLD))
    db.session.commit()
    return hands


def ask(app: Flask, email: str, remote: str = "192.0.2.7") -> Any:
    return app.test_client().post("/reset", data={"email": email}, environ_overrides={"REMOTE_ADDR": remote})


def mails() -> list[OutgoingMail]:
    return list(db.session.scalars(select(OutgoingMail).order_by(OutgoingMail.id)))


def link_in(mail: OutgoingMail) -> str:
    """The path in a mail, as its reader gets it."""
    parts = [word for word in compose(mail).text.split() if "/reset/" in word or "/welcome/" in word]
    assert len(parts) == 1
    return parts[0].removeprefix("http://localhost")


def signs_in(app: Flask, email: str, password: str) -> bool:
    return app.test_client().post("/login", data={"email": email, "password": password}).status_code == 302


def test_the_whole_way(
    app: Flask, cast: SimpleNamespace, clock: SimpleNamespace, sign_in: Callable[[User], FlaskClient]
) -> None:
    elsewhere = sign_in(cast.arta)
    assert ask(app, " ARTA@pop.example ").status_code == 200
    (mail,) = mails()
    path = link_in(mail)
    reader = app.test_client()
    page = reader.get(path)
    assert page.status_code == 200 and cast.arta.email in page.text
    answer = reader.post(path, data=NEW_TWICE)
    assert (answer.status_code, answer.location) == (302, "/login")
    assert reader.get("/today").status_code == 302, "nobody is signed in by a link"
    assert elsewhere.get("/today").status_code == 302, "all sessions ended"
    assert not signs_in(app, cast.arta.email, OLD)
    assert signs_in(app, cast.arta.email, NEW)
    notice = mails()[1]
    assert (notice.kind, notice.to_address) == ("account.password_changed", cast.arta.email)
    assert "http://localhost/reset" in compose(notice).text and not notice.links
    actions = [change.action for change in history_of(cast.arta)]
    assert actions.index("user.password_reset") < actions.index("user.reset_asked")


def test_looking_spends_nothing_and_a_post_spends_it_once(
    app: Flask, cast: SimpleNamespace, clock: SimpleNamespace
) -> None:
    """Mail filters open every link, some with HEAD (authelia#2994)."""
    ask(app, cast.arta.email)
    path = link_in(mails()[0])
    for method in ("GET", "HEAD", "OPTIONS") * 3:
        assert app.test_client().open(path, method=method).status_code == 200
    wrong = {"new_password": "shkurt", "new_password_confirm": "shkurt"}
    refused = app.test_client().post(path, data=wrong)
    assert refused.status_code == 200 and "shumë i shkurtër" in refused.text
    differing = app.test_client().post(path, data=NEW_TWICE | {"new_password_confirm": "tjetër"})
    assert "ndryshojnë" in differing.text
    assert app.test_client().post(path, data=NEW_TWICE).status_code == 302
    for answer in (app.test_client().get(path), app.test_client().post(path, data=NEW_TWICE)):
        assert answer.status_code == 404 and "nuk vlen më" in answer.text


def test_used_expired_replaced_and_invented_links_look_alike(
    app: Flask, cast: SimpleNamespace, clock: SimpleNamespace
) -> None:
    people = {name: getattr(cast, name) for name in ("arta", "besa", "clirim", "drita")}
    paths = {}
    for name, person in people.items():
        ask(app, person.email)
        paths[name] = link_in(mails()[-1])
    app.test_client().post(paths["arta"], data=NEW_TWICE)
    clock.now += timedelta(minutes=6)
    ask(app, cast.besa.email)
    cast.clirim.active = False
    db.session.commit()
    over = [paths["arta"], paths["besa"], paths["clirim"], "/reset/" + "x" * 43]
    clock.now = START + timedelta(minutes=30)
    over.append(paths["drita"])
    pages = {
        (answer.status_code, answer.text)
        for path in over
        for answer in (
            app.test_client().get(path, headers={"Accept-Language": "sq"}),
            app.test_client().post(path, data=NEW_TWICE, headers={"Accept-Language": "sq"}),
        )
    }
    assert len(pages) == 1 and next(iter(pages))[0] == 404
    assert {user.password for user in db.session.scalars(select(User)).all() if user.id != cast.arta.id} == {
        OLD
    }


def test_who_has_an_account_is_not_told(
    app: Flask, cast: SimpleNamespace, clock: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Same status, same words, and a mail is written for each, though sent to one."""
    cast.besa.active = False
    cast.clirim.password = None
    db.session.commit()
    written: list[int] = []
    render = messages._render

    def count(*args: Any, **values: Any) -> Any:
        written.append(1)
        return render(*args, **values)

    monkeypatch.setattr(messages, "_render", count)
    emails = (cast.arta.email, cast.arta.email, cast.besa.email, cast.clirim.email, "askush@pop.example")
    answers = [ask(app, email) for email in emails]
    assert len({(answer.status_code, answer.text) for answer in answers}) == 1
    assert len(written) == len(answers)
    assert [mail.to_address for mail in mails()] == [cast.arta.email]
    assert [account_link.user_id for account_link in db.session.scalars(select(AccountLink))] == [
        cast.arta.id
    ]


@pytest.mark.both_databases
def test_one_mail_in_five_minutes_and_only_the_last_link_counts(
    app: Flask, cast: SimpleNamespace, clock: SimpleNamespace
) -> None:
    for _ in range(3):
        ask(app, cast.arta.email)
    assert len(mails()) == 1
    clock.now += timedelta(minutes=5, seconds=1)
    ask(app, cast.arta.email)
    first, second = mails()
    assert app.test_client().get(link_in(first)).status_code == 404
    assert app.test_client().get(link_in(second)).status_code == 200


def test_asking_counts_as_a_try(app: Flask, cast: SimpleNamespace, clock: SimpleNamespace) -> None:
    statuses = [ask(app, "askush@pop.example", f"203.0.113.{n}").status_code for n in range(6)]
    assert statuses == [200] * 5 + [429]
    statuses = [ask(app, f"n{n}@pop.example").status_code for n in range(21)]
    assert statuses == [200] * 20 + [429]
    assert signs_in(app, cast.arta.email, OLD), "and nobody is kept from signing in by it"


def test_after_a_reset_the_browser_is_known(
    app: Flask, cast: SimpleNamespace, clock: SimpleNamespace
) -> None:
    """The way in for who is guessed at and stands before a new computer."""
    for n in range(6):
        form = {"email": cast.arta.email, "password": "gabim gabim gabim"}
        app.test_client().post("/login", data=form, environ_overrides={"REMOTE_ADDR": f"203.0.113.{n}"})
    assert not signs_in(app, cast.arta.email, OLD)
    ask(app, cast.arta.email)
    reader = app.test_client()
    reader.post(link_in(mails()[0]), data=NEW_TWICE)
    form = {"email": cast.arta.email, "password": NEW}
    assert reader.post("/login", data=form).status_code == 302


def test_the_link_is_in_the_mail_alone(app: Flask, cast: SimpleNamespace, clock: SimpleNamespace) -> None:
    ask(app, cast.arta.email)
    mail = mails()[0]
    token = link_in(mail).rpartition("/")[2]
    everything = "".join(
        str(list(map(repr, row)))
        for table in ("account_links", "outgoing_mails", "mail_skeletons", "history")
        for row in db.session.execute(text(f"SELECT * FROM {table}"))
    )
    assert token not in everything
    assert token not in compose(mail, reveal=False).text + compose(mail, reveal=False).html
    assert token not in mask(f"GET /reset/{token} HTTP/1.1") + mask(f"GET /welcome/{token}/again")


def test_a_link_leads_to_our_address_whatever_the_host_says(
    app: Flask, cast: SimpleNamespace, clock: SimpleNamespace
) -> None:
    headers = {"Host": "localhost", "X-Forwarded-Host": "evil.example"}
    app.test_client().post("/reset", data={"email": cast.arta.email}, headers=headers)
    assert "evil" not in compose(mails()[0]).text
    assert "http://localhost/reset/" in compose(mails()[0]).html


@pytest.mark.parametrize(
    ("language", "subject"), [("sq", "Zgjidhni një fjalëkalim të ri"), ("en", "Choose a new password")]
)
def test_the_mail_speaks_its_readers_language(
    app: Flask, cast: SimpleNamespace, clock: SimpleNamespace, language: str, subject: str
) -> None:
    cast.arta.language = language
    db.session.commit()
    app.test_client().post(
        "/reset",
        data={"email": cast.arta.email},
        headers={"Accept-Language": "en" if language == "sq" else "sq"},
    )
    parts = compose(mails()[0])
    assert parts.subject == subject
    assert "{" not in parts.text + parts.html.split("</style>")[-1]
    assert parts.auto_submitted


@pytest.mark.both_databases(always=True)
def test_two_who_press_at_once_are_one(app: Flask, cast: SimpleNamespace) -> None:
    link = new_link(cast.arta, LinkKind.RESET, by=None, now=START)
    db.session.commit()
    at = START + timedelta(minutes=1)
    assert (spend_link(link, now=at), spend_link(link, now=at)) == (True, False)


def test_a_token_of_one_kind_opens_no_other(app: Flask, cast: SimpleNamespace) -> None:
    link = new_link(cast.arta, LinkKind.RESET, by=None, now=START)
    token = derive_token(links.purpose_of(LinkKind.RESET), link.nonce)
    assert find_link(token, LinkKind.RESET) is link
    assert find_link(token, LinkKind.INVITATION) is None
    assert find_link(derive_token(links.purpose_of(LinkKind.INVITATION), link.nonce), LinkKind.RESET) is None
    assert link.state(START + timedelta(minutes=30)) is LinkState.EXPIRED


def test_blank_and_hostile_addresses_are_no_error(
    app: Flask, cast: SimpleNamespace, clock: SimpleNamespace
) -> None:
    for typed in (
        "",
        " ",
        "\u200b",
        "\x00",
        "a\r\nBcc: x@y.example",
        "x" * 300,
        "%",
        "' OR 1=1 --@x.example",
    ):
        assert ask(app, typed).status_code in (200, 429)
    assert mails() == []
    assert db.session.scalar(select(func.count(AccountLink.id))) == 0


def test_mails_about_accounts_are_seen_by_administrators_alone(
    app: Flask, cast: SimpleNamespace, clock: SimpleNamespace, sign_in: Callable[[User], FlaskClient]
) -> None:
    ask(app, cast.arta.email)
    (mail,) = mails()
    token = link_in(mail).rpartition("/")[2]
    for person, seen in ((cast.eva, False), (cast.besa, False), (cast.drita, True)):
        browser = sign_in(person)
        assert (cast.arta.email in browser.get("/mail").text) is seen
        page = browser.get(f"/mail/{mail.id}")
        assert (page.status_code == 200) is seen and token not in page.text
        assert (f"/mail/{mail.id}" in browser.get(f"/search?q={cast.arta.email}").text) is seen


def test_the_worker_is_woken_at_once_whoever_asks(
    app: Flask, cast: SimpleNamespace, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[None] = []
    monkeypatch.setitem(app.extensions, "wake_worker", lambda: rung.append(None))
    for address in (cast.arta.email, "askush@pop.example"):
        assert client.post("/reset", data={"email": address}).status_code == 200
    assert len(rung) == 2

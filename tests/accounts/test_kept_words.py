"""A form met by an ended session or an old token: filled again for its own person, never for anybody else, never carried out."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask, Response, abort, request
from flask.testing import FlaskClient
from sqlalchemy import select, update

from pop_campaigns.accounts.models import User, UserSession
from pop_campaigns.accounts.rules.sessions import SessionEnd
from pop_campaigns.accounts.sign_in.kept_words import FIELD, LONGEST_KEPT, unseal_words
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.letters.models import Letter
from tests import factories

PASSWORD = "fjalekalim i gjate"
OURS = {"Origin": "http://localhost"}
WORDS = 'Ndotja e lumit "Gjanica" <b>'


@pytest.fixture(autouse=True)
def checked_tokens(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    return


@pytest.fixture
def cast(cast: SimpleNamespace) -> SimpleNamespace:
    """The cast with a password that can be typed."""
    db.session.execute(update(User).values(password=PASSWORD))
    db.session.commit()
    return cast


def token_in(page: str) -> str:
    return re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', page)[-1]


def value_of(name: str, page: str) -> str:
    match = re.search(
        rf'<(?:input|textarea)[^>]*name="{name}"[^>]*?(?:value="([^"]*)"|>([^<]*)</textarea>)', page
    )
    assert match is not None, name
    return html.unescape(match[1] or match[2] or "")


def log_in(browser: FlaskClient, user: User, page: str = "", **hidden: str) -> Any:
    page = page or browser.get("/login").text
    form = {"email": user.email, "password": PASSWORD, "csrf_token": token_in(page)}
    if FIELD in page:
        form[FIELD] = value_of(FIELD, page)
    return browser.post("/login", data=form | hidden, headers=OURS)


def log_out(browser: FlaskClient) -> None:
    browser.post("/logout", data={"csrf_token": token_in(browser.get("/today").text)})


def typed_letter(browser: FlaskClient) -> dict[str, str]:
    """Open the form of a new letter and type; what a press would send."""
    page = browser.get("/letters/new").text
    typed = {"subject_sq": WORDS, "body_sq": "Rreshti i parë.\r\nI dyti, me ë.", "signed_by": "Arta"}
    chosen = {"basis": "information_request", "campaign": ""}
    return typed | chosen | {"csrf_token": token_in(page), "once": value_of("once", page)}


def letters() -> int:
    return len(db.session.scalars(select(Letter)).all())


def press(browser: FlaskClient, form: dict[str, str], headers: dict[str, str] = OURS) -> Any:
    return browser.post("/letters/new", data=form, headers=headers)


def assert_filled(page: str) -> None:
    assert value_of("subject_sq", page) == WORDS
    assert "I dyti, me ë." in page and 'action="/letters/new"' in page
    assert "Ende nuk u ruajt asgjë" in page or "Nothing was saved yet" in page


def test_an_old_token_brings_the_form_back_and_one_press_saves_it_once(
    app: Flask, cast: SimpleNamespace
) -> None:
    browser = app.test_client()
    log_in(browser, cast.arta)
    form = typed_letter(browser)
    log_out(browser)
    log_in(browser, cast.arta)
    answer = press(browser, form)
    assert answer.status_code == 400 and letters() == 0
    assert_filled(answer.text)
    fresh = form | {"csrf_token": token_in(answer.text)}
    assert press(browser, fresh).status_code == 302
    assert letters() == 1
    assert db.session.scalars(select(Letter.subject_sq)).one() == WORDS


@pytest.mark.parametrize("end", ["log out", "elsewhere", "gone"])
def test_an_ended_session_signs_in_first_and_then_brings_the_form_back(
    app: Flask, cast: SimpleNamespace, end: str
) -> None:
    browser = app.test_client()
    log_in(browser, cast.arta)
    form = typed_letter(browser)
    if end == "log out":
        log_out(browser)
    elif end == "elsewhere":
        db.session.execute(update(UserSession).values(ended_at=now(), ended_why=SessionEnd.ENDED))
        db.session.commit()
    else:
        browser.delete_cookie("pop")
    answer = press(browser, form)
    assert answer.status_code == 400 and letters() == 0
    assert 'action="/login?next=/letters/new"' in answer.text and "subject_sq" not in answer.text
    wrong = log_in(browser, cast.arta, answer.text, password="gabim")
    assert wrong.status_code == 200 and value_of(FIELD, wrong.text)
    again = log_in(browser, cast.arta, wrong.text)
    assert again.status_code == 200 and letters() == 0
    assert_filled(again.text)
    assert "Koordinator" in again.text or "Arta" in again.text
    assert press(browser, form | {"csrf_token": token_in(again.text)}).status_code == 302
    assert letters() == 1


def test_who_has_to_wait_keeps_the_words(
    app: Flask, cast: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = app.test_client()
    log_in(browser, cast.arta)
    form = typed_letter(browser)
    log_out(browser)
    page = press(browser, form).text
    wait = Response("prit", 429, headers={"Retry-After": "17"})
    with monkeypatch.context() as throttled:
        throttled.setitem(
            app.view_functions, "security.login", lambda: abort(wait) if request.method == "POST" else page
        )
        refused = log_in(browser, cast.arta, page)
    assert refused.status_code == 429 and refused.headers["Retry-After"] == "17"
    assert_filled(log_in(browser, cast.arta, refused.text).text)


def test_nobody_else_sees_the_words(app: Flask, cast: SimpleNamespace) -> None:
    browser = app.test_client()
    log_in(browser, cast.arta)
    form = typed_letter(browser)
    log_out(browser)
    page = press(browser, form).text
    other = log_in(browser, cast.besa, page)
    assert other.status_code == 302 and "Gjanica" not in other.text
    assert "llogarie tjetër" in browser.get("/today").text
    # The other person signed in before Arta's tab was saved.
    refused = press(browser, form)
    assert refused.status_code == 400
    assert "Gjanica" not in refused.text and "llogarie tjetër" in refused.text
    assert letters() == 0


FOREIGN: dict[str, dict[str, str]] = {
    "another site": {"Origin": "https://evil.example"},
    "its page": {"Referer": "https://evil.example/letters/new"},
    "a sandbox": {"Origin": "null"},
    "a neighbour": {"Origin": "http://localhost", "Sec-Fetch-Site": "same-site"},
    "another port": {"Origin": "http://localhost:8025"},
    "a silent browser": {},
    "a prefix": {"Origin": "http://localhost.evil.example"},
}


@pytest.mark.parametrize("where", FOREIGN)
@pytest.mark.parametrize("signed_in", [True, False])
def test_another_site_gets_no_filled_page(
    app: Flask, cast: SimpleNamespace, where: str, signed_in: bool
) -> None:
    """Not even with a true old token of that person: the words would be a press away from being carried out."""
    browser = app.test_client()
    log_in(browser, cast.arta)
    form = typed_letter(browser)
    log_out(browser)
    if signed_in:
        log_in(browser, cast.arta)
    answer = press(browser, form, FOREIGN[where])
    assert answer.status_code == 400
    assert (
        "Gjanica" not in answer.text
        and FIELD not in answer.text
        and "<form" not in answer.text.partition("<main")[2]
    )


def test_words_without_a_true_token_are_nobodys(app: Flask, cast: SimpleNamespace) -> None:
    browser, stranger = app.test_client(), app.test_client()
    log_in(browser, cast.arta)
    log_in(stranger, cast.clirim)
    form = typed_letter(browser)
    strangers = token_in(stranger.get("/letters/new").text)
    visitors = token_in(app.test_client().get("/login").text)
    for token in ("", "x", form["csrf_token"].replace(".", ".x", 1), strangers, visitors):
        answer = press(browser, form | {"csrf_token": token})
        assert answer.status_code == 400 and "Gjanica" not in answer.text, token
    assert letters() == 0


def test_a_forged_hidden_field_brings_nothing(app: Flask, cast: SimpleNamespace) -> None:
    browser = app.test_client()
    answer = log_in(browser, cast.arta, **{FIELD: "WzEsIi94IiwiL3giLFtdXQ.aaaa.bbbb"})
    assert answer.status_code == 302 and answer.location == "/today"


def test_passwords_files_and_tokens_do_not_travel(app: Flask, cast: SimpleNamespace) -> None:
    browser = app.test_client()
    log_in(browser, cast.arta)
    form = typed_letter(browser) | {"next": "//evil.example", "new_password": "shumë sekret"}
    log_out(browser)
    page = press(browser, form).text
    sealed = value_of(FIELD, page)
    assert "sekret" not in log_in(browser, cast.arta, page).text
    words = unseal_words(sealed)
    assert words is not None
    assert {name for name, _value in words.typed} == {
        "once",
        "basis",
        "campaign",
        "subject_sq",
        "body_sq",
        "signed_by",
    }


def test_too_many_words_are_shown_to_be_copied(app: Flask, cast: SimpleNamespace) -> None:
    browser = app.test_client()
    log_in(browser, cast.arta)
    form = typed_letter(browser) | {"body_sq": "ë" * (LONGEST_KEPT // 2)}
    log_out(browser)
    answer = press(browser, form)
    assert answer.status_code == 400 and FIELD not in answer.text
    assert html.escape(WORDS, quote=False).replace('"', "&#34;") in answer.text
    assert "256 KB" in answer.text and answer.text.count("ë" * 1000) > 100


def test_a_form_that_is_not_there_any_more_leaves_its_words(app: Flask, cast: SimpleNamespace) -> None:
    browser = app.test_client()
    log_in(browser, cast.arta)
    form = typed_letter(browser)
    log_out(browser)
    log_in(browser, cast.arta)
    answer = browser.post("/letters/99/recipients/1", data=form, headers=OURS)
    assert answer.status_code == 400 and letters() == 0
    shown = [html.unescape(one) for one in re.findall(r"readonly>\n?([^<]*)</textarea>", answer.text)]
    assert shown == [WORDS, "Rreshti i parë.\r\nI dyti, me ë.", "Arta"], "no keys, no codes"


def test_a_press_without_words_is_asked_for_again_on_its_page(app: Flask, cast: SimpleNamespace) -> None:
    """A button of a page, whose address is not the page's: the page comes back, where the browser came from."""
    letter = factories.make_letter(cast.fier)
    db.session.commit()
    path = f"/letters/{letter.id}/recipients"
    browser = app.test_client()
    log_in(browser, cast.arta)
    stale = token_in(browser.get(path).text)
    log_out(browser)
    log_in(browser, cast.arta)
    answer = browser.post(
        "/language",
        data={"csrf_token": stale, "lang": "en"},
        headers=OURS | {"Referer": f"http://localhost{path}"},
    )
    assert answer.status_code == 400 and "kept-notice" in answer.text
    assert cast.arta.language == "sq"


def test_a_log_in_page_left_open_asks_for_the_password_again(app: Flask, cast: SimpleNamespace) -> None:
    browser = app.test_client()
    log_in(browser, cast.arta)
    old = browser.get("/letters/new").text
    form = {"email": cast.arta.email, "password": PASSWORD, "csrf_token": token_in(old)}
    assert (
        browser.post("/login?next=/events", data=form | {"csrf_token": "x"}, headers=OURS).location
        == "/events"
    )
    log_out(browser)
    answer = browser.post("/login?next=/events", data=form, headers=OURS)
    assert answer.status_code == 400
    assert value_of("email", answer.text) == cast.arta.email and PASSWORD not in answer.text
    assert log_in(browser, cast.arta, answer.text).status_code == 302
    foreign = browser.post("/login", data=form, headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 400 and cast.arta.email not in foreign.text


def test_who_is_logged_out_already_may_log_out_again(app: Flask, cast: SimpleNamespace) -> None:
    browser = app.test_client()
    log_in(browser, cast.arta)
    token = token_in(browser.get("/today").text)
    log_out(browser)
    answer = browser.post("/logout", data={"csrf_token": token}, headers=OURS)
    assert (answer.status_code, answer.location) == (302, "/")


def test_public_forms_need_no_session(
    app: Flask, cast: SimpleNamespace, sign_in: Callable[[User], FlaskClient]
) -> None:
    """Visitors keep their signed cookie: the language switch works, an old token of theirs is refused plainly."""
    visitor = app.test_client()
    token = token_in(visitor.get("/login").text)
    assert visitor.post("/language", data={"lang": "en", "csrf_token": token}).status_code == 302
    assert visitor.post("/language", data={"lang": "en", "csrf_token": "x"}, headers=OURS).status_code == 400


def test_a_form_with_a_file_says_to_choose_it_again(
    app: Flask, cast: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = "Skedarët duhet t’i zgjidhni përsëri."
    browser = app.test_client()
    log_in(browser, cast.arta)

    def send(address: str, **typed: Any) -> str:
        file = (io.BytesIO(b"%PDF-1.4"), "prova.pdf")
        return str(browser.post(address, data=typed | {"file": file}, headers=OURS).text)

    form = typed_letter(browser)
    assert again not in press(browser, form | {"csrf_token": "x"}).text
    assert again in send("/people/import/new", csrf_token=token_in(browser.get("/today").text)), "refused"
    log_out(browser)
    at_log_in = send("/letters/new", **form)
    assert again in at_log_in
    assert again in log_in(browser, cast.arta, at_log_in).text
    log_out(browser)
    assert again in send("/letters/new", **form | {"body_sq": "ë" * LONGEST_KEPT}), "to be copied"


def test_a_desk_page_says_whose_drafts_it_may_show(app: Flask, cast: SimpleNamespace) -> None:
    """Always the same for one person, another for each, and no word of who it is; no page without an account has one."""

    def owners(user: User) -> set[str]:
        browser = app.test_client()
        log_in(browser, user)
        return {
            re.findall(r'data-person="([^"]+)"', browser.get(path).text)[0]
            for path in ("/today", "/letters/new")
        }

    own = owners(cast.arta)
    assert own == owners(cast.arta) and len(own) == 1
    assert not own & owners(cast.clirim)
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", own.pop())
    visitor = app.test_client()
    assert "data-person" not in visitor.get("/login").text + visitor.get("/sq/").text

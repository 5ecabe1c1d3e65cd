"""A form met by an ended session or an old CSRF token comes back filled: shown, never carried out by itself.

Works for every form of the service: the page the form stood on is made again within the service, as a reading of it, and
its form filled (:mod:`core.form_filling`). Who is not signed in meets the log-in page first, which carries the words.
"""

from __future__ import annotations

import contextvars
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Flask, Response, current_app, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_security import current_user
from flask_security.decorators import default_unauthn_handler
from flask_wtf.csrf import CSRFError, generate_csrf
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Response as AnyResponse

from pop_campaigns.accounts.guard import is_public
from pop_campaigns.accounts.sign_in.kept_words import (
    FIELD,
    LONGEST_KEPT,
    KeptWords,
    is_same_origin,
    seal_words,
    unseal_words,
    words_of_request,
)
from pop_campaigns.core.db import db
from pop_campaigns.core.form_filling import Typed, fill_form
from pop_campaigns.core.safe_path import local_path
from pop_campaigns.core.tokens import derive_token

_POLICY = "Content-Security-Policy"
_SIGN_IN = "security.login"


def init_kept_words(app: Flask) -> None:
    """Answer old tokens and ended sessions; call it after signing in and CSRF are bound."""
    app.register_error_handler(CSRFError, _on_old_token)
    # Ours (accounts.guard) ask the one, Flask-Security's own pages the other.
    app.login_manager.unauthorized_handler(_on_ended_session)  # type: ignore[attr-defined]
    app.extensions["security"].unauthn_handler(_on_ended_session)
    app.after_request(_after_sign_in)
    app.jinja_env.globals["kept_words"] = _kept_in_form
    app.jinja_env.globals["draft_owner"] = _draft_owner


def _on_old_token(_error: CSRFError) -> Any:
    if request.endpoint == _SIGN_IN and is_same_origin():
        return _sign_in_again()
    if request.endpoint == "security.logout" and not current_user.is_authenticated and is_same_origin():
        return redirect("/")
    return _answer_with_words() or _plain_refusal()


def _on_ended_session(mechanisms: Any = None, headers: Any = None) -> Any:
    return _answer_with_words() or default_unauthn_handler(mechanisms, headers)


def _after_sign_in(answer: Response) -> Response:
    """Bring back the form instead of going on to the next page, once its own person has signed in."""
    # A body that was refused (413, 415) is not read once more.
    if request.endpoint != _SIGN_IN or request.method != "POST" or answer.status_code not in (302, 303, 429):
        return answer
    sealed = request.form.get(FIELD, "")
    words = unseal_words(sealed) if sealed else None
    if words is None:
        return answer
    if answer.status_code == 429:
        return _sign_in_later(answer, words)
    if not current_user.is_authenticated:
        return answer
    if words.user_id != current_user.id:
        flash(_not_yours(), "warning")
        return _go_to(url_for("desk.today"))
    return form_again(words, status=200)


def _answer_with_words() -> Response | None:
    words = words_of_request()
    if words is None:
        return None
    if current_user.is_authenticated:
        return form_again(words) if words.user_id == current_user.id else _plain_refusal(_not_yours())
    if request.endpoint is None or is_public(request.endpoint):
        return None
    return _sign_in_first(words)


def _plain_refusal(description: str = "") -> Response:
    return Response(render_template("errors/400.html", description=description), 400, mimetype="text/html")


def _go_to(path: str) -> Response:
    return current_app.make_response(redirect(path))


def _not_yours() -> str:
    return _("What was typed before belongs to another account and is not shown here.")


def form_again(words: KeptWords, status: int = 400) -> Response:
    """Return the form's page with the form filled, or, where there is no such form any more, the words by themselves."""
    for path in dict.fromkeys((words.page, words.path)):
        page = _read_page(path)
        if page is None:
            continue
        filled = fill_form(
            page.html, at=path, action=words.path, typed=words.typed, notice=partial(_form_notice, words)
        )
        if filled is not None:
            return page.answer(filled.html, status)
    return _to_copy(words, status)


def _to_copy(words: KeptWords, status: int = 400, limit: int = 0) -> Response:
    page = render_template("accounts/words_to_copy.html", words=words, limit=limit)
    return Response(page, status, mimetype="text/html")


def _form_notice(words: KeptWords, left_over: Typed) -> str:
    return render_template("accounts/_form_notice.html", words=words, left_over=left_over)


def _sign_in_first(words: KeptWords) -> Response:
    """Return the log-in page with the words inside, or, if they are too many, the words to be copied."""
    if words.size > LONGEST_KEPT:
        return _to_copy(words, limit=LONGEST_KEPT // 1024)
    notice = render_template("accounts/_sign_in_notice.html", words=words)
    return _sign_in_page(words.page, notice, {FIELD: seal_words(words)}, ())


def _sign_in_later(refused: Response, words: KeptWords) -> Response:
    """Return the log-in page with the words inside instead of the page that says to wait, and say so there."""
    notice = render_template("accounts/_sign_in_notice.html", words=words, wait=True)
    page = _sign_in_page(words.page, notice, {FIELD: seal_words(words)}, ())
    page.status_code = refused.status_code
    if "Retry-After" in refused.headers:
        page.headers["Retry-After"] = refused.headers["Retry-After"]
    return page


def _sign_in_again() -> Response:
    """Answer a log-in page that was too old: whoever is signed in by now goes on, others type the password again."""
    if current_user.is_authenticated:
        return _after_sign_in(_go_to(local_path(request.args.get("next", ""), url_for("desk.today"))))
    notice = render_template("accounts/_sign_in_notice.html", words=None)
    typed = tuple(
        (name, request.form.get(name, "")) for name in ("email", "remember") if name in request.form
    )
    sealed = {FIELD: request.form[FIELD]} if FIELD in request.form else {}
    return _sign_in_page(request.args.get("next", ""), notice, sealed, typed)


def _sign_in_page(goes_on_to: str, notice: str, hidden: dict[str, str], typed: Typed) -> Response:
    address = url_for(_SIGN_IN, next=local_path(goes_on_to, "/today"))
    page = _read_page(address)
    filled = page and fill_form(
        page.html, at=address, action=address, typed=typed, notice=lambda _left: notice, added=hidden
    )
    return page.answer(filled.html, 400) if page and filled else _plain_refusal()


def _kept_in_form() -> str:
    """Return what the log-in page carries, so that a mistyped password does not lose it."""
    sealed = request.form.get(FIELD, "")
    return sealed if sealed and unseal_words(sealed) else ""


def _draft_owner() -> str:
    """Return under what name this person's browser keeps texts that were not sent: the same always, telling nothing."""
    return derive_token("drafts in a browser", str(current_user.id))


@dataclass(frozen=True)
class _Page:
    html: str
    policy: str

    def answer(self, html: str, status: int) -> Response:
        answer = Response(html, status, mimetype="text/html")
        if self.policy:
            answer.headers[_POLICY] = self.policy
        return answer


def _read_page(path: str) -> _Page | None:
    """Return what this browser would see at ``path`` now, by a reading request within the service; None if no page."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    db.session.rollback()  # nothing was changed; on SQLite the other request could wait for this one
    generate_csrf()
    cookie = app.session_interface.get_signing_serializer(app).dumps(dict(session))
    passed_headers = {
        name: request.headers[name] for name in ("Accept-Language", "User-Agent") if name in request.headers
    }
    environ = EnvironBuilder(
        path=path,
        base_url=request.host_url,
        headers=Headers(passed_headers | {"Cookie": f"{app.config['SESSION_COOKIE_NAME']}={cookie}"}),
        environ_base={"REMOTE_ADDR": request.remote_addr or ""},
    ).get_environ()
    # Not through the proxies' middleware, and in a context of its own: another request, another database session.
    answer = contextvars.Context().run(
        AnyResponse.from_app, partial(Flask.wsgi_app, app), environ, buffered=True
    )
    session.pop("_flashes", None)  # said on that page
    if answer.status_code != 200 or answer.mimetype != "text/html":
        return None
    return _Page(answer.get_data(as_text=True), answer.headers.get(_POLICY, ""))

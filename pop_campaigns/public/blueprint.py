"""The public pages as a whole: nobody is known here, everybody may keep a copy."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from flask import Blueprint, Flask, Response, current_app, g, request, url_for
from flask.blueprints import BlueprintSetupState
from flask.sessions import SecureCookieSessionInterface, SessionMixin

from pop_campaigns.accounts.models import Network
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.headers import may_be_kept
from pop_campaigns.core.i18n import LANGUAGES

bp = Blueprint("public", __name__)
previews = Blueprint("previews", __name__)
"""What is not public yet, as it will look: for those who may publish it. Nobody keeps a copy."""
HOME: Final = "public.home"
"""The one address that asks who comes: it sends people to the pages in their language."""
PAGES_KEPT_FOR: Final = 60
"""Seconds a copy of a page may be shown without asking again."""

FEEDS_KEPT_FOR: Final = 900
"""Seconds a copy of what programs read, a calendar or open data, holds."""
_SETTLED: Final = timedelta(seconds=5)


class SessionsOfPersons(SecureCookieSessionInterface):
    """Sessions, except on what every cache may keep: there a cookie, or a copy for each cookie, has no place.

    Libraries look into the session after every request, which would mark all answers as different for each person.
    """

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Save the session, except on what every cache may keep."""
        if not (may_be_kept() and response.status_code < 400):
            super().save_session(app, session, response)


@bp.record_once
def use_sessions_of_persons(state: BlueprintSetupState) -> None:
    """Let public answers be the same for everybody."""
    app: Any = state.app
    app.session_interface = SessionsOfPersons()


@bp.url_value_preprocessor
@previews.url_value_preprocessor
def take_language(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Take the language of the address, of a calendar's query, else Albanian; only the home page asks the browser."""
    if endpoint != HOME:
        asked = (values or {}).pop("lang", None) or request.args.get("lang", "")
        g.lang = asked if asked in LANGUAGES else LANGUAGES[0]


@bp.before_request
def know_nobody() -> None:
    """Make whoever comes a stranger: a page that caches keep cannot depend on who asked for it first."""
    if request.endpoint == HOME:
        return
    # Where Flask-Login looks before it reads the session.
    g._login_user = current_app.login_manager.anonymous_user()  # type: ignore[attr-defined]


@bp.after_request
def let_caches_keep(answer: Response) -> Response:
    """Answer 304 to whoever has the same copy."""
    if answer.status_code != 200 or request.method not in ("GET", "HEAD"):
        return answer
    answer.headers.setdefault("Content-Language", g.lang)
    answer.add_etag()
    answer.make_conditional(request)
    return answer


def keepable(answer: Response, etag: str, changed: datetime | None) -> Response:
    """Return an answer for programs with its tag, and when it last changed once that moment has passed."""
    answer.set_etag(etag)
    # Last-Modified has whole seconds: while more can change within this one, it would hide the later change.
    if changed is not None and changed < now() - _SETTLED:
        answer.last_modified = changed
    return answer


def network() -> Network:
    """Return the network, an empty one if nobody has written it down yet."""
    if "network" not in g:
        g.network = db.session.get(Network, 1) or Network(
            short_name="", name_sq="", name_en="", website="", email="", phone="", address="", donors=[]
        )
    return g.network


def base_url() -> str:
    """Return the address of the service, without a slash at its end."""
    return str(current_app.config["BASE_URL"]).rstrip("/")


@bp.context_processor
@previews.context_processor
def for_public_pages() -> dict[str, Any]:
    """Return what the frame shows: its contact and the addresses of the page in both languages."""
    if request.endpoint == HOME:
        return {}
    return {"network_contact": network().email, "alternate_urls": alternates(), "base_url": base_url()}


def alternates() -> dict[str, str]:
    """Return the path of this page in each language, with its filter."""
    values = dict(request.view_args or {}) | g.get("kept", {})
    return {code: url_for(request.endpoint or HOME, **(values | {"lang": code})) for code in LANGUAGES}

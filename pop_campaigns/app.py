"""create_app: the one file that knows every package."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from flask import Flask, Response, g, jsonify, render_template, request
from flask_babel import gettext as _
from flask_babel import refresh
from flask_bootstrap import Bootstrap5
from flask_compress import Compress
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_migrate import Migrate
from sqlalchemy import text
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from config import ROOT, read_settings
from pop_campaigns import cli
from pop_campaigns.accounts import views as accounts_views
from pop_campaigns.accounts.guard import init_guards
from pop_campaigns.accounts.scope import may_change
from pop_campaigns.accounts.services.known_browsers import init_known_browsers
from pop_campaigns.accounts.sign_in.security import init_sign_in
from pop_campaigns.accounts.views import account, links
from pop_campaigns.accounts.views.kept_words import init_kept_words
from pop_campaigns.accounts.views.refusals import init_refusal_pages
from pop_campaigns.calendars.invite import invitation_from_json
from pop_campaigns.contacts import views as contacts_views
from pop_campaigns.core.bodies import init_bodies
from pop_campaigns.core.db import db, init_db
from pop_campaigns.core.debugging import init_debugging
from pop_campaigns.core.file_pages import kept_kinds
from pop_campaigns.core.forms import csrf, errors_of
from pop_campaigns.core.headers import init_headers
from pop_campaigns.core.i18n import LANGUAGES, current_language, in_language, init_i18n, misses_translation
from pop_campaigns.core.logs import init_logs
from pop_campaigns.core.numbers import init_numbers
from pop_campaigns.core.private_files import keep_to_owner
from pop_campaigns.core.safe_path import init_ways
from pop_campaigns.core.secret_links import init_secret_links, is_secret_link
from pop_campaigns.core.styles import init_styles
from pop_campaigns.core.versions import init_versions
from pop_campaigns.desk import views as desk_views
from pop_campaigns.desk.queries.doubts import find_doubts
from pop_campaigns.desk.queries.subjects import find_subjects
from pop_campaigns.desk.views import feed
from pop_campaigns.desk.views.translations import translations_url
from pop_campaigns.desk.words.navigation import navigation
from pop_campaigns.events import views as events_views
from pop_campaigns.events.queries.planning import set_doubt_finder
from pop_campaigns.follow_ups import views as follow_ups_views
from pop_campaigns.follow_ups.queries.subjects import set_subject_finder
from pop_campaigns.imports import views as imports_views
from pop_campaigns.incoming import views as incoming_views
from pop_campaigns.invitations import views as invitations_views
from pop_campaigns.invitations.views import answer
from pop_campaigns.letters import views as letters_views
from pop_campaigns.lists import views as lists_views
from pop_campaigns.mail.compose import set_calendar_writer
from pop_campaigns.mail.secrets import init_masking
from pop_campaigns.privacy import views as privacy_views
from pop_campaigns.privacy.queries.traces import set_kept_copies
from pop_campaigns.privacy.views import unsubscribe
from pop_campaigns.public import views as public_views
from pop_campaigns.public.blueprint import network
from pop_campaigns.public.views import pages as public_pages
from pop_campaigns.tryout import views as tryout_views
from pop_campaigns.tryout.first_start import read_sign_in
from pop_campaigns.tryout.local_mailbox import kept_copies
from pop_campaigns.tryout.views.local_mailbox import delivered_url, inbox_url
from pop_campaigns.worker.huey_app import init_worker

BLUEPRINTS = (
    public_views.bp,
    public_views.previews,
    accounts_views.bp,
    desk_views.bp,
    events_views.bp,
    invitations_views.bp,
    letters_views.bp,
    contacts_views.bp,
    follow_ups_views.bp,
    privacy_views.bp,
    lists_views.bp,
    imports_views.bp,
    incoming_views.bp,
    tryout_views.bp,
)
LIMITS = (
    account.LIMITS | links.LIMITS | answer.LIMITS | unsubscribe.LIMITS | public_pages.LIMITS | feed.LIMITS
)
ERRORS = (400, 403, 404, 405, 409, 413, 415, 429, 500)


def create_app(overrides: Mapping[str, Any] | None = None) -> Flask:
    """Make the application from the environment, with ``overrides`` on top (tests).

    :raises config.SettingsError: when the settings are wrong or unsafe.
    """
    keep_to_owner()
    app = Flask(
        "pop_campaigns",
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "pop_campaigns/static"),
    )
    _configure(app, read_settings(overrides))
    init_logs(app.config["LOG_LEVEL"])
    init_debugging(app)
    init_bodies(app)
    init_numbers(app)
    init_db(app)
    Migrate(app, db, directory=str(ROOT / "migrations"), compare_type=True)
    init_i18n(app)
    init_guards(app)
    init_sign_in(app, db)
    csrf.init_app(app)
    init_headers(app)
    init_styles(app)
    init_ways(app)
    init_kept_words(app)
    Bootstrap5(app)
    Compress(app)
    # One for each application: whether and where it counts is the application's setting.
    limiter = Limiter(get_remote_address, app=app, default_limits=[], in_memory_fallback_enabled=True)
    init_known_browsers(app)
    init_refusal_pages(app, limiter)
    set_calendar_writer(invitation_from_json, app)
    _set_finders(app)
    set_kept_copies(partial(kept_copies, app.config), app)
    init_worker(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    _limit_rates(app, limiter)
    _add_pages(app)
    init_secret_links(app)
    init_masking(app)
    init_versions(app)
    cli.init_commands(app)
    return app


def _set_finders(app: Flask) -> None:
    """Let packages below ask those above, which know more."""
    set_subject_finder(find_subjects, app)
    set_doubt_finder(find_doubts, app)


def _configure(app: Flask, settings: Mapping[str, Any]) -> None:
    app.config.from_mapping(settings)
    secure = settings["BASE_URL"].startswith("https://")
    app.config.from_mapping(
        SESSION_COOKIE_NAME="__Host-pop" if secure else "pop",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=settings.get("MAX_CONTENT_LENGTH", 1024 * 1024),
        MAX_FORM_PARTS=200,
        MAX_FORM_MEMORY_SIZE=1024 * 1024,
        WTF_CSRF_TIME_LIMIT=None,
        BOOTSTRAP_SERVE_LOCAL=True,
        # Only what holds no secret is compressed (BREACH): style sheets and scripts.
        COMPRESS_MIMETYPES=["text/css", "text/javascript", "application/javascript", "image/svg+xml"],
        COMPRESS_ALGORITHM_STREAMING=["zstd", "br", "gzip", "deflate"],
        RATELIMIT_HEADERS_ENABLED=False,
        RATELIMIT_ENABLED=settings.get("RATELIMIT_ENABLED", settings["MODE"] != "test"),
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    if settings["PROXY_HOPS"]:
        hops = settings["PROXY_HOPS"]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]


def _limit_rates(app: Flask, limiter: Limiter) -> None:
    for endpoint, rule in LIMITS.items():
        # A form may be looked at as often as one likes; guessing tokens in an address is done by looking.
        methods = ["POST"] if endpoint.startswith("security.") else None
        limited: Any = limiter.limit(rule, methods=methods)(app.view_functions[endpoint])
        app.view_functions[endpoint] = limited


def _add_pages(app: Flask) -> None:
    """Add what belongs to no package: health, errors, what every template may use."""

    @app.get("/healthz")
    def healthz() -> tuple[Response, int]:
        try:
            db.session.execute(text("SELECT 1"))
        except Exception:  # whatever is wrong with the database, the answer is the same
            structlog.get_logger().exception("health check failed")
            return jsonify(status="database unavailable"), 503
        return jsonify(status="ok"), 200

    def show_error(error: HTTPException) -> tuple[str, int]:
        code = error.code if error.code in ERRORS else 400 if (error.code or 500) < 500 else 500
        if code == 500:
            # Without context: whatever broke (the database, the session) must not break this page too.
            db.session.remove()
            return app.jinja_env.get_template("errors/500.html").render(), error.code or 500
        page = {403: 404, 405: 404, 415: 400}.get(code, code)
        if page == 404 and is_secret_link():
            return _broken_link(), code
        return render_template(f"errors/{page}.html"), error.code or code

    for code in ERRORS:
        app.register_error_handler(code, show_error)

    @app.context_processor
    def for_every_template() -> dict[str, Any]:
        return {
            "lang": current_language(),
            "nav": navigation(),
            "local_mail": inbox_url(),
            "delivered_url": delivered_url,
            "translations_url": translations_url,
            "in_language": in_language,
            "misses_translation": misses_translation,
            "may_change": may_change,
            "errors_of": errors_of,
            "kept_kinds": kept_kinds,
            "site_name": _("POP network"),
            "tryout_accounts": _tryout_accounts(app),
        }


def _broken_link() -> str:
    """Return the page behind a personal link that opens nothing: in the language it asks for, with whom to write to."""
    if request.args.get("lang", "") in LANGUAGES:
        g.lang = request.args["lang"]
        refresh()
    return render_template("errors/link.html", network_contact=network().email)


def _tryout_accounts(app: Flask) -> list[tuple[str, str, str]]:
    """Return what the sign-in page of a try-out shows: only accounts that `make run` made, only on this machine."""
    if app.config["MODE"] != "tryout" or request.endpoint != "security.login":
        return []
    return [
        (account.email, account.password, account.role_words)
        for account in read_sign_in(Path(app.config["DATA_DIR"]))
    ]

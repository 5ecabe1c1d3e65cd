"""What every test may ask for: an application with its database, the cast, a signed-in client.

Tests that use ``app`` run on SQLite; marked ``both_databases`` they run on PostgreSQL as well, because what they ask the
two might answer differently (`docs/testing.md`); that second run waits for a change (`tests/plugins/twins.py`).
``--database sqlite|postgresql|both`` decides for all alike.
"""

from __future__ import annotations

import contextvars
import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import flask_migrate
import pytest
from flask import Flask, has_app_context
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import event

from pop_campaigns.accounts.models import Organisation, User
from pop_campaigns.accounts.services.sessions import COOKIE_KEY, start_session
from pop_campaigns.accounts.sign_in.kept_words import csrf_value
from pop_campaigns.app import create_app
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from tests import factories
from tests.tables import empty_tables, known, made_once

pytest_plugins = [
    "tests.plugins.services_plugin",
    "tests.plugins.left_out",
    "tests.plugins.full",
    "tests.plugins.seeds",
    "tests.plugins.cpu_times",
    "tests.plugins.spreading",
]

# The closest decides: a module may be for both, one walk over pages in it for one.
DATABASE_MARKS = ("both_databases", "one_database")
TEST_SETTINGS: dict[str, Any] = {
    "MODE": "test",
    "TESTING": True,
    "SECRET_KEY": "a key for tests only, long enough 0123456789",
    "BASE_URL": "http://localhost",
    "MAIL_DOMAIN": "rsvp.example",
    # Tests that ask for the time to undo set it themselves; the others send at once.
    "UNDO_SECONDS": 0,
    # Argon2's cost is for people; tests sign in a thousand times.
    "SECURITY_PASSWORD_HASH": "plaintext",
    "WTF_CSRF_ENABLED": False,
    "PRESERVE_CONTEXT_ON_EXCEPTION": False,
}


# What is imported and collected stays: it is not looked through for garbage, neither meanwhile nor later.
def pytest_configure() -> None:
    gc.disable()


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    gc.freeze()
    gc.enable()


# pytest looks through everything once more at its end, seconds in each process; its own hooks have run by then.
@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    gc.freeze()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=("marked", "sqlite", "postgresql", "both"),
        default="marked",
        help="run tests with a database on SQLite, and those marked both_databases on PostgreSQL too (marked, the default)",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_kind" not in metafunc.fixturenames:
        return
    wanted = metafunc.config.getoption("--database")
    if wanted == "marked":
        marks = [mark.name for mark in metafunc.definition.iter_markers() if mark.name in DATABASE_MARKS]
        wanted = "both" if marks and marks[0] == "both_databases" else "sqlite"
    kinds: list[Any] = ["sqlite"] if wanted in ("sqlite", "both") else []
    if wanted in ("postgresql", "both"):
        always = any(mark.kwargs.get("always") for mark in metafunc.definition.iter_markers("both_databases"))
        twin = [] if always or not kinds else [pytest.mark.postgresql_twin]
        kinds.append(pytest.param("postgresql", marks=[pytest.mark.needs_postgresql, *twin]))
    metafunc.parametrize("database_kind", kinds, indirect=True)


@pytest.fixture
def database_kind(request: pytest.FixtureRequest) -> str:
    """``sqlite`` or ``postgresql``."""
    return str(request.param)


@pytest.fixture(scope="session")
def migrated_app(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Flask]]:
    """One migrated application per database and test process, kept while tests go to and fro between the two."""
    apps: dict[str, Flask] = {}
    # Each template is compiled once for all databases and processes of this run.
    whole_run = tmp_path_factory.getbasetemp()
    templates = (whole_run.parent if os.environ.get("PYTEST_XDIST_WORKER") else whole_run) / "templates"
    templates.mkdir(exist_ok=True)

    def give(kind: str) -> Flask:
        if kind not in apps:
            folder = tmp_path_factory.mktemp(f"data-{kind}")
            if kind == "sqlite":
                uri = f"sqlite:///{folder / 'test.sqlite3'}"
            else:
                uri = request.getfixturevalue("make_postgresql_database")()
            apps[kind] = _make_app(folder, uri)
            apps[kind].jinja_env.bytecode_cache = FileSystemBytecodeCache(str(templates))
        return apps[kind]

    yield give
    for app in apps.values():
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def _make_app(folder: Path, uri: str) -> Flask:
    app = create_app(TEST_SETTINGS | {"DATA_DIR": str(folder), "SQLALCHEMY_DATABASE_URI": uri})
    app.test_client_class = Browser
    with app.app_context():
        if uri.startswith("sqlite"):
            # What a test writes need not outlive a power cut; what the service writes must, and does.
            event.listen(db.engine, "connect", lambda raw, _record: raw.execute("PRAGMA synchronous=OFF"))
        flask_migrate.upgrade()
    return app


@pytest.fixture
def app(migrated_app: Callable[[str], Flask], database_kind: str, tmp_path: Path) -> Iterator[Flask]:
    """The application with empty tables and a data folder of its own, in an application context."""
    app = migrated_app(database_kind)
    app.config["DATA_DIR"] = str(tmp_path)
    with app.app_context():
        yield app
        db.session.rollback()
        db.session.remove()
        empty_tables()
        db.session.remove()


class Browser(FlaskClient):
    """Sends each request in a context of its own, as separate from the test and from other requests as real ones.

    Within the test's application context a request would share its database session, so that what was never
    committed would look saved, and its ``g``, so that the first person signed in would be everybody. Before a
    request the test lets go of the database.
    """

    def open(self, *args: Any, **kwargs: Any) -> Any:
        if has_app_context():
            db.session.rollback()
        answer = contextvars.Context().run(super().open, *args, **kwargs)
        if has_app_context():
            db.session.rollback()  # what the request committed is read afresh
        return answer


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without an account."""
    return app.test_client()


@pytest.fixture
def cast(app: Flask) -> SimpleNamespace:
    """People with intent: Arta coordinates Fier, Besa is in her organisation, Çlirim of Vlorë must see nothing of theirs;
    Drita administers the network, Eva only reads."""
    organisations, users = made_once("cast", _make_cast)
    return SimpleNamespace(
        **{name: known(Organisation, ident) for name, ident in organisations.items()},
        **{name: known(User, ident) for name, ident in users.items()},
    )


def _make_cast() -> tuple[dict[str, int], dict[str, int]]:
    fier, vlore = factories.make_organisation("Fier"), factories.make_organisation("Vlorë")
    users = {
        "arta": factories.make_user("arta", "coordinator", fier),
        "besa": factories.make_user("besa", "coordinator", fier),
        "clirim": factories.make_user("clirim", "coordinator", vlore),
        "drita": factories.make_user("drita", "administrator", None),
        "eva": factories.make_user("eva", "viewer", None),
    }
    return {"fier": fier.id, "vlore": vlore.id}, {name: user.id for name, user in users.items()}


@pytest.fixture
def sign_in(app: Flask) -> Callable[[User], FlaskClient]:
    """Give a browser in which a person is signed in."""

    def open_browser(user: User) -> FlaskClient:
        browser = app.test_client()
        ident = start_session(user, now=now())
        db.session.commit()
        with browser.session_transaction() as session:
            session[COOKIE_KEY] = ident
            session["csrf_token"] = csrf_value(user)
            session["_user_id"] = user.fs_uniquifier
            session["_fresh"] = True
        return browser

    return open_browser

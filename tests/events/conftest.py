"""Browsers whose requests are as separate from the test, and from each other, as real ones.

Within the test's own application context a request would share its database session, so that what was never
committed would look saved, and its ``g``, so that the first person signed in would be everybody.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db


class Browser(FlaskClient):
    """Sends each request in a context of its own; before it, the test lets go of the database."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        db.session.rollback()
        return contextvars.Context().run(super().open, *args, **kwargs)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without an account."""
    return Browser(app, app.response_class)


@pytest.fixture
def sign_in(app: Flask) -> Callable[[User], FlaskClient]:
    """Give a browser in which a person is signed in."""

    def open_browser(user: User) -> FlaskClient:
        browser = Browser(app, app.response_class)
        with browser.session_transaction() as session:
            session["_user_id"] = user.fs_uniquifier
            session["_fresh"] = True
        return browser

    return open_browser

"""Browsers for these tests: each request stands alone, as it does in service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, g, has_app_context
from flask.testing import FlaskClient

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db


class Browser(FlaskClient):
    """A browser whose request sees nothing of the one before, and leaves nothing that was not committed."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        if not has_app_context():  # in a thread of its own: nothing is shared
            return super().open(*args, **kwargs)
        # The tests' application context is open the whole time: who was signed in stays in it otherwise.
        for name in list(g):
            g.pop(name)
        db.session.rollback()
        response = super().open(*args, **kwargs)
        db.session.rollback()
        return response


@pytest.fixture
def sign_in(app: Flask) -> Callable[[User], FlaskClient]:
    """Give a browser in which a person is signed in."""

    def open_browser(user: User) -> FlaskClient:
        browser = Browser(app)
        with browser.session_transaction() as session:
            session["_user_id"] = user.fs_uniquifier
            session["_fresh"] = True
        return browser

    return open_browser


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without an account."""
    return Browser(app)

"""What those read who tried too often: how long to wait, in words, and Retry-After for machines."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from flask import Flask, make_response, render_template
from flask_babel import ngettext
from flask_limiter import Limiter, RateLimitExceeded
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from pop_campaigns.accounts.services.passwords import TooBusy
from pop_campaigns.accounts.services.throttles import TooManyTries
from pop_campaigns.core.db import db

_MINUTE: Final = 60


def wait_words(seconds: int) -> str:
    """Return *45 seconds*, *2 minutes*: rounded up, so that who waits that long is let in."""
    if seconds <= _MINUTE:
        return ngettext("%(num)d second", "%(num)d seconds", seconds)
    return ngettext("%(num)d minute", "%(num)d minutes", -(-seconds // _MINUTE))


def init_refusal_pages(app: Flask, limiter: Limiter) -> None:
    """Show the page for every kind of *too often*."""

    def until_window_ends(_error: HTTPException) -> int:
        limit: Any = limiter.current_limit
        return max(1, int(limit.reset_at - time.time()) + 1) if limit else _MINUTE

    def as_said(error: Any) -> int:
        return int(error.retry_after)

    app.register_error_handler(TooManyTries, _page("429", as_said))
    app.register_error_handler(TooBusy, _page("503", as_said))
    app.register_error_handler(RateLimitExceeded, _page("429", until_window_ends))


def _page(name: str, seconds_of: Callable[[Any], int]) -> Callable[[HTTPException], Response]:
    def show(error: HTTPException) -> Response:
        db.session.rollback()
        seconds = seconds_of(error)
        page = render_template(f"errors/{name}.html", wait=wait_words(seconds))
        answer = make_response(page, error.code)
        answer.headers["Retry-After"] = str(seconds)
        return answer

    return show

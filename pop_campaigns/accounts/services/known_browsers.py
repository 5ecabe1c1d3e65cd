"""Browsers in which somebody signed in before: a cookie bound to that account, signed, that opens nothing.

It only says that wrong tries from here are counted apart (OWASP, *Slow down online guessing attacks with device cookies*).
One cookie holds the last few accounts: offices share a computer.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from flask import Flask, Response, current_app, g, request

from pop_campaigns.accounts.models import User
from pop_campaigns.core.tokens import new_nonce, read_signed, sign_text

_PURPOSE: Final = "known browser"
_KEPT_FOR: Final = timedelta(days=365)
_MOST_ACCOUNTS: Final = 5
_BETWEEN: Final = "~"


def browser_of(user_id: int) -> str | None:
    """Return the mark this browser is known by for the account; None where the account never signed in here."""
    return next((text for text in _known() if text.partition(".")[0] == str(user_id)), None)


def know_browser(user: User) -> None:
    """Let this browser be known for the account from the end of this request on."""
    g.browser_known_for = user.id


def init_known_browsers(app: Flask) -> None:
    """Set the cookie after the requests that ask for it."""

    @app.after_request
    def set_cookie(answer: Response) -> Response:
        ident = g.pop("browser_known_for", None)
        if ident is not None:
            known = _known()
            mine = [text for text in known if text.partition(".")[0] == str(ident)]
            others = [text for text in known if text not in mine]
            texts = [*(mine[:1] or [f"{ident}.{new_nonce()}"]), *others][:_MOST_ACCOUNTS]
            answer.set_cookie(
                _cookie_name(),
                _BETWEEN.join(sign_text(_PURPOSE, text) for text in texts),
                max_age=_KEPT_FOR,
                secure=current_app.config["SESSION_COOKIE_SECURE"],
                httponly=True,
                samesite="Lax",
                path="/",
            )
        return answer


def _known() -> list[str]:
    signed = request.cookies.get(_cookie_name(), "").split(_BETWEEN)[:_MOST_ACCOUNTS]
    return [text for part in signed if (text := read_signed(_PURPOSE, part)) is not None]


def _cookie_name() -> str:
    return "__Host-pop-known" if current_app.config["SESSION_COOKIE_SECURE"] else "pop-known"

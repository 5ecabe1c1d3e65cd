"""Headers on every response, errors and static files included; the one place that says who may keep a copy.

Nobody keeps anything, unless a view is declared :func:`for_everybody`. Views set no ``Cache-Control``: a file handed
out by a library that means well ("public, for a day") would be in the caches of a whole office.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from flask import Flask, Response, current_app, request

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Mail shown inside a page: no scripts, no forms, nothing remote; only our own pages may frame it.
FRAMED_MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox"
)
# A page of ours that another one of ours may show.
FRAMED_PAGE_POLICY = POLICY.replace("frame-ancestors 'none'", "frame-ancestors 'self'")
# The same page policy for pages that hold such a frame.
FRAMING_POLICY = POLICY.replace("connect-src", "frame-src 'self'; connect-src")
View = TypeVar("View", bound=Callable[..., Any])
FILES_KEPT_FOR: Final = 86_400
"""Seconds a copy of a style sheet, a script or a picture of our own holds."""
_OWN_FILES: Final = frozenset({"static", "bootstrap.static"})


def for_everybody(seconds: int = 0) -> Callable[[View], View]:
    """Declare a view that depends on nobody: search engines may list it, and everybody keep a copy for ``seconds``.

    With 0 no copy is kept, for an answer that differs by browser.
    """

    def declare(view: View) -> View:
        view.__kept_for__ = seconds  # type: ignore[attr-defined]
        return view

    return declare


def kept_for(endpoint: str | None) -> int | None:
    """Return for how many seconds copies of what an endpoint answers hold; None where it is nobody else's business."""
    if endpoint is None:
        return None
    if endpoint in _OWN_FILES:
        return FILES_KEPT_FOR
    seconds: int | None = getattr(current_app.view_functions.get(endpoint), "__kept_for__", None)
    return seconds


def may_be_kept() -> bool:
    """Return whether what this request is answered with may be the same for everybody, so that no cookie belongs to it."""
    return bool(kept_for(request.endpoint))


def framed_mail(html: str) -> Response:
    """Return cleaned mail HTML as a response that can only be shown inside our own pages."""
    answer = Response(html, mimetype="text/html")
    answer.headers["Content-Security-Policy"] = FRAMED_MAIL_POLICY
    return answer


def framed_page(page: str) -> Response:
    """Return a page of ours to be looked at inside another one."""
    answer = Response(page, mimetype="text/html")
    answer.headers["Content-Security-Policy"] = FRAMED_PAGE_POLICY
    return answer


def with_frames(page: str) -> Response:
    """Return a page that may hold frames of our own."""
    answer = Response(page, mimetype="text/html")
    answer.headers["Content-Security-Policy"] = FRAMING_POLICY
    return answer


def init_headers(app: Flask) -> None:
    """Set the headers after every request."""

    @app.after_request
    def set_headers(answer: Response) -> Response:
        headers = answer.headers
        headers.setdefault("Content-Security-Policy", POLICY)
        headers.setdefault("X-Content-Type-Options", "nosniff")
        # Never no-referrer: the CSRF check over https needs the Referer.
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if request.is_secure or app.config["MODE"] == "production":
            headers.setdefault("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
        _set_keeping(answer)
        return answer


def _set_keeping(answer: Response) -> None:
    """Set who may keep this answer. What went wrong is kept by nobody: it may be right a minute later."""
    seconds = kept_for(request.endpoint)
    if seconds and answer.status_code in (200, 206, 304) and request.method in ("GET", "HEAD"):
        answer.headers["Cache-Control"] = f"public, max-age={seconds}"
        return
    answer.headers["Cache-Control"] = "private, no-store"
    answer.vary.add("Cookie")
    # Libraries say until when a copy holds in two more ways.
    del answer.headers["Expires"], answer.headers["Pragma"]
    if seconds is None or answer.status_code >= 400:
        answer.headers["X-Robots-Tag"] = "noindex, nofollow"

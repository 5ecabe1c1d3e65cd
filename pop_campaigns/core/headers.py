"""Headers on every response, errors and static files included."""

from __future__ import annotations

from flask import Flask, Response, request

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Mail shown inside a page: no scripts, no forms, nothing remote; only our own pages may frame it.
FRAMED_MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox"
)
# The same page policy for pages that hold such a frame.
FRAMING_POLICY = POLICY.replace("connect-src", "frame-src 'self'; connect-src")
OPEN_FRAMES = "framing"
PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}


def framed_mail(html: str) -> Response:
    """Give cleaned mail HTML as a response that can only be shown inside our own pages."""
    answer = Response(html, mimetype="text/html")
    answer.headers["Content-Security-Policy"] = FRAMED_MAIL_POLICY
    return answer


def with_frames(page: str) -> Response:
    """Give a page that may hold frames of our own."""
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
        if request.endpoint is None or not is_public_page(request.endpoint):
            for name, value in PRIVATE.items():
                headers.setdefault(name, value)
            answer.vary.add("Cookie")
        return answer


def is_public_page(endpoint: str) -> bool:
    """Tell whether an endpoint is for everyone and may be kept by caches and found by search engines."""
    return endpoint.startswith("public.") or endpoint in ("static", "bootstrap.static")

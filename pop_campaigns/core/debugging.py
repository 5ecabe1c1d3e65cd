"""Production answers nobody while a debugger is on: what the settings cannot know when they are checked at the start."""

from __future__ import annotations

import structlog
from flask import Flask, Response, request

_DEBUGGER_IS_ROUND_US = "werkzeug.debug.preserve_context"
"""Werkzeug's debugger leaves this in every request it passes on."""


def init_debugging(app: Flask) -> None:
    """Refuse to answer where debug was switched on after the start, as by ``app.debug = True`` or ``app.run(debug=True)``.

    ``config.REFUSALS`` holds what is refused before.
    """
    if app.config["MODE"] != "production":
        return

    @app.before_request
    def refuse_under_a_debugger() -> Response | None:
        wrapped = _DEBUGGER_IS_ROUND_US in request.environ
        if not (app.debug or app.testing or app.config["PROPAGATE_EXCEPTIONS"] or wrapped):
            return None
        structlog.get_logger().critical("a debugger is on: production answers nothing until it is off")
        # Returned, not raised: to a debugger an error is an invitation.
        return Response("Debug is on; this service answers nothing.\n", 503, mimetype="text/plain")

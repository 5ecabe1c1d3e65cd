"""The blueprint of what one tries out with; its pages are there only where mail stays on this machine."""

from __future__ import annotations

from flask import Blueprint, abort, current_app

bp = Blueprint("tryout", __name__)


@bp.before_request
def _only_where_mail_stays_here() -> None:
    """Answer 404 where a real mail server is set, whatever page somebody adds."""
    if not current_app.config["MAIL_LOCAL"]:
        abort(404)

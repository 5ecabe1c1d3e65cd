"""The language switch."""

from __future__ import annotations

from flask import abort, redirect, request, session
from flask_security import current_user
from werkzeug.wrappers import Response

from pop_campaigns.accounts.blueprint import bp
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import LANGUAGES
from pop_campaigns.core.safe_path import local_path

# The outer bound of what one remote address may ask for; what guessing costs stands in accounts/services/throttles.py.
LIMITS = {"security.login": "30 per minute; 200 per hour"}


@bp.post("/language")
def set_language() -> Response:
    """Remember the language: with the person if signed in, else with the session."""
    lang = request.form.get("lang", "")
    if lang not in LANGUAGES:
        abort(400)
    session["lang"] = lang
    if current_user.is_authenticated:
        current_user.language = lang
        db.session.commit()
    return redirect(local_path(request.form.get("next", ""), "/"))

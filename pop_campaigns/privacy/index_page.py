"""Where everything about personal data is found."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_security import current_user

from pop_campaigns.accounts.guard import reader
from pop_campaigns.accounts.rules import RoleName
from pop_campaigns.privacy.blueprint import bp


@bp.get("/privacy")
@reader
def index() -> ResponseReturnValue:
    """Say what people may ask for and where it is done."""
    return render_template("privacy/index.html", administers=current_user.role is RoleName.ADMINISTRATOR)

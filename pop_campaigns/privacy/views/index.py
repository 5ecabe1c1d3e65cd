"""Where everything about personal data is found."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_security import current_user

from pop_campaigns.accounts.guard import reader
from pop_campaigns.accounts.rules.roles import MAY_WRITE, RoleName
from pop_campaigns.core.i18n import current_language
from pop_campaigns.privacy.blueprint import bp
from pop_campaigns.privacy.words.exports import exports_seen_by


@bp.get("/privacy")
@reader
def index() -> ResponseReturnValue:
    """Say what people may ask for and where it is done."""
    role = current_user.role
    records = role in MAY_WRITE
    return render_template(
        "privacy/index.html",
        administers=role is RoleName.ADMINISTRATOR,
        records=records,
        exports=exports_seen_by(current_user, current_language()) if records else [],
    )

"""Pages of invitations."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("invitations", __name__)
LIMITS: dict[str, str] = {}

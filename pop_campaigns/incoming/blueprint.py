"""The blueprint of mail that came in."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("incoming", __name__, url_prefix="/mail/in")

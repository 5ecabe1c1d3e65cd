"""The blueprint of what one tries out with; its pages are there only where mail stays on this machine."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("tryout", __name__)

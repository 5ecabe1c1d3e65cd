"""The blueprint of the pages about personal data."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("privacy", __name__)

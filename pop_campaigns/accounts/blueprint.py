"""The pages about accounts: whose they are is said by each page's guard."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("accounts", __name__)

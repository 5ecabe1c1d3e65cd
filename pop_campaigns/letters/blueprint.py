"""The blueprint of letters; its pages add themselves, by noun."""

from __future__ import annotations

from flask import Blueprint

from pop_campaigns.core.file_pages import make_room

bp = Blueprint("letters", __name__)
make_room(bp, {"letters.response", "letters.correct"})

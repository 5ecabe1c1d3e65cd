"""The blueprint of the contacts; its pages add themselves, by noun."""

from __future__ import annotations

from flask import Blueprint

from pop_campaigns.core.file_pages import make_room

bp = Blueprint("contacts", __name__, url_prefix="/people")
make_room(bp, {"contacts.new_consent"})

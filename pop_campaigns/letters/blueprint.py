"""The blueprint of letters; its pages add themselves, by noun. And where a letter is shown."""

from __future__ import annotations

from flask import Blueprint, url_for

from pop_campaigns.core.file_pages import make_room

bp = Blueprint("letters", __name__)
make_room(bp, {"letters.response", "letters.correct"})


@bp.app_template_global()
def letter_url(letter_id: int) -> str:
    """Return the address of a letter's page, which belongs to the desk because it shows mails too."""
    return url_for("desk.letter", letter_id=letter_id)

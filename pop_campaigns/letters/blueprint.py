"""The blueprint of letters; its pages add themselves, by noun. And where a letter is shown."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, url_for
from flask_babel import gettext as _

from pop_campaigns.contacts.forms.picking import read_place
from pop_campaigns.core.file_pages import make_room
from pop_campaigns.core.steps import Step
from pop_campaigns.letters.models import Letter

bp = Blueprint("letters", __name__)
make_room(bp, {"letters.response", "letters.correct"})


@bp.app_template_global()
def letter_url(letter_id: int) -> str:
    """Return the address of a letter's page, which belongs to the desk because it shows mails too."""
    return url_for("desk.letter", letter_id=letter_id)


@bp.context_processor
def steps_of_writing() -> dict[str, Any]:
    """Let the pages on which a letter is made show where one is."""
    return {"letter_steps": letter_steps}


def letter_steps(letter: Letter | None = None, place: dict[str, str] | None = None) -> list[Step]:
    """Return the steps of a letter, None for one not saved yet; ``place`` is what was searched and ticked, which goes along.

    Without it, it is what the page's own address carries.
    """
    query: dict[str, Any] = read_place().query if place is None else place
    steps = [
        (_("Text"), "letters.edit", ""),
        (_("Recipients"), "letters.recipients", _("once the text is saved")),
        (_("Look and send"), "letters.preview", _("once there is a recipient")),
    ]
    reached = {"letters.edit", "letters.recipients"} if letter else set()
    if letter and letter.recipients:
        reached.add("letters.preview")
    return [
        Step(label, url_for(page, letter_id=letter.id, **query) if letter and page in reached else "", why)
        for label, page, why in steps
    ]

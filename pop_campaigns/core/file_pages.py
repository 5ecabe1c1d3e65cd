"""Files people hand in, as pages meet them: room made for them, refused in words."""

from __future__ import annotations

from collections.abc import Collection, MutableMapping, Sequence
from typing import Any, Final

from flask import Blueprint, request
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_security import current_user

from pop_campaigns.core.file_kinds import SHOWN_KINDS
from pop_campaigns.core.files import LARGEST_FILE, RefusedFile
from pop_campaigns.core.subject_files import MOST_FILES, SubjectFile

# Room for the other fields, and for a file a little too large, so that it is refused in words.
BESIDE_THE_FILE: Final = 1024 * 1024


def make_room(
    bp: Blueprint, endpoints: Collection[str], largest: int = LARGEST_FILE, beside: int = BESIDE_THE_FILE
) -> None:
    """Let people who are signed in send files of up to ``largest`` bytes to some endpoints of a blueprint.

    Before any request hook, because the check against forged forms reads the form.
    """

    @bp.url_value_preprocessor
    def make_room_for_files(endpoint: str | None, _values: MutableMapping[str, Any] | None) -> None:
        if endpoint in endpoints and current_user.is_authenticated:
            request.max_content_length = largest + beside


def refusal_words(refused: RefusedFile) -> str:
    """Return why a file was not taken, and what to do."""
    return {
        "empty": _("This file is empty. Choose another one."),
        "size": _("This file is larger than 25 MB. Make it smaller, or go on without it."),
        "many": _("There are %(most)d files already; more do not go with one thing.", most=MOST_FILES),
    }.get(refused.reason, _("Files of this kind are not kept. Kept are: %(kinds)s.", kinds=SHOWN_KINDS))


def kept_kinds() -> str:
    """Return which files are kept and how large, as a hint below a field."""
    return _("%(kinds)s, at most 25 MB.", kinds=SHOWN_KINDS)


def moved_words(moved: Sequence[SubjectFile]) -> str:
    """Return that files wished in the mail go as a link, and why; "" where all fit."""
    if not moved:
        return ""
    return ngettext(
        "%(names)s is too large for the mail and goes as a link.",
        "Together the files are too large for one mail; as a link go: %(names)s.",
        len(moved),
        names=", ".join(row.label for row in moved),
    )

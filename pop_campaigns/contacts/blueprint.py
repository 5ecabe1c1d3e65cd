"""The blueprint of the contacts; its pages add themselves, by noun."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, Final

from flask import Blueprint, request
from flask_security import current_user

from pop_campaigns.core.files import LARGEST_FILE

bp = Blueprint("contacts", __name__, url_prefix="/people")

TAKE_FILES: Final = frozenset({"contacts.new_consent"})
# Room for the other fields, and for a file a little too large, so that it is refused in words.
_BESIDE_THE_FILE: Final = 1024 * 1024


@bp.url_value_preprocessor
def make_room_for_files(endpoint: str | None, _values: MutableMapping[str, Any] | None) -> None:
    """Let people who are signed in send the scan of a consent; before any hook, as the forgery check reads the form."""
    if endpoint in TAKE_FILES and current_user.is_authenticated:
        request.max_content_length = LARGEST_FILE + _BESIDE_THE_FILE

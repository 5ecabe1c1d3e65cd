"""What people read about passwords: the advice, and why one was refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

PASSWORD_ADVICE: Final = _l(
    "At least 12 characters. Several words in a row are easy to remember and hard to guess."
)
PASSWORD_PROBLEMS: Final[Mapping[str, LazyString]] = {
    "password_short": _l("The password is too short: at least 12 characters."),
    "password_long": _l("The password is too long: at most 128 characters."),
    "password_own": _l(
        "This password would be guessed early: there is little in it besides your address, your name or your organisation."
        " Take several words that have nothing to do with you."
    ),
    "password_pattern": _l(
        "This password would be guessed early: it repeats itself or follows a row."
        " Take several words that have nothing to do with each other."
    ),
    "password_common": _l(
        "This password would be guessed early: it is among those that many people use."
        " Take several words that have nothing to do with each other."
    ),
}

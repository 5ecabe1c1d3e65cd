"""How a state is shown: a sign, words and a tone, so that it never hangs on a colour."""

from __future__ import annotations

from typing import Literal, NamedTuple

from flask_babel.speaklater import LazyString

Tone = Literal["good", "warn", "bad", "info", "quiet"]


class Chip(NamedTuple):
    """A state as every page shows it; in templates ``chip(*value)`` of ``macros/state.html``."""

    mark: str
    words: str | LazyString
    tone: Tone

"""Which addresses of ours carry a secret: read off the app's own URL map, so that a new one is hidden without a word here.

Whoever holds such an address may act with it (answer for a guest, refuse mail, set a password), so no log, page or
export shows one. A part of an address that holds a secret is called by one of SECRET_PARTS.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from flask import Flask, request

SECRET_PARTS: Final = ("token", "wish")
SLASH: Final = r"(?:/|\\/|=2f|%(?:25){0,3}2f|&\#47;|&\#x2f;)"
"""A slash as it stands in text, in JSON, quoted-printable, encoded in other addresses, in HTML (match with IGNORECASE)."""

_PART = re.compile(r"<(?:[^<>:]*:)?([A-Za-z_][A-Za-z0-9_]*)>")
_SIGNS: Final = r"""[\s.,;:!?'"<>()\[\]{}*|…’‘“”„«»\u200b-\u200d\ufeff]+"""
_SIGNS_AROUND: Final = re.compile(rf"^{_SIGNS}|{_SIGNS}$")
# Before an app has told its addresses, every long last part counts.
_ANY_PATH: Final = f"{SLASH}[a-z]{{1,20}}{SLASH}"
_paths: set[str] = set()


def paths_before_secrets(rules: Iterable[str]) -> set[str]:
    """Return what stands before the secret in each rule that has one, as patterns: ``/a/<token>`` gives that of ``/a/``."""
    patterns = set()
    for rule in rules:
        before = ""
        for at, piece in enumerate(_PART.split(rule)):
            if at % 2 and piece in SECRET_PARTS:
                patterns.add(before)
                break
            # Fixed pieces and names of variable parts take turns.
            before += r"[^/%\s]{1,100}" if at % 2 else re.escape(piece).replace("/", SLASH)
    return patterns


def init_secret_links(app: Flask) -> None:
    """Learn the app's secret addresses; when all of them are registered."""
    _paths.update(paths_before_secrets(rule.rule for rule in app.url_map.iter_rules()))
    app.url_value_preprocessor(_take_signs_off)


def _take_signs_off(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Read a link as it was meant where a program took the full stop, bracket or quote behind it for a part of it."""
    for name in SECRET_PARTS:
        if values and isinstance(values.get(name), str):
            values[name] = _SIGNS_AROUND.sub("", values[name]) or values[name]


def is_secret_link() -> bool:
    """Return whether the address asked for is one of a mail's personal links, or the start of one."""
    return re.match(secret_path_pattern(), request.path, re.IGNORECASE) is not None


def secret_path_pattern() -> str:
    """Return the pattern of all that may stand before a secret in an address (match with IGNORECASE)."""
    return "(?:" + "|".join(sorted(_paths, key=len, reverse=True) or [_ANY_PATH]) + ")"

"""Paper: A4 as PDF/A-2a and PDF/UA-1, from the typst templates in templates/.

What people write is handed to the typesetter as JSON and shown as text. It is never compiled, so nothing in
it can be markup, code or a file to read. Only the fonts inside the `typst` wheel are used, so the same words
give the same bytes on every machine.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import typst

from config import ROOT

TEMPLATES: Final = ROOT / "templates"
_ARCHIVE: Final[list[Any]] = ["a-2a", "ua-1"]


def typeset(template: str, name: str, data: dict[str, Any], *, at: datetime) -> bytes:
    """Return ``data`` on paper, the same bytes for the same data; the template reads it as JSON from the input ``name``.

    PDF/A-2a (for archives) and PDF/UA-1 (for screen readers). ``at``, an aware moment, becomes the file's creation date.
    Characters the fonts do not have are printed as "□": an archive file may not contain a sign it cannot show. Raise
    ValueError for a moment without time zone.
    """
    if at.tzinfo is None:
        raise ValueError("The moment of a paper needs a time zone.")
    shown = {key: _each_text(value, _printable_text) for key, value in data.items()}
    try:
        return _compile(template, name, shown, at)
    except typst.TypstError:
        # Signs the fonts have one by one may still make a cluster they cannot show.
        return _compile(template, name, _each_text(shown, _without_clusters), at)


def _compile(template: str, name: str, data: dict[str, Any], at: datetime) -> bytes:
    return typst.compile(
        TEMPLATES / template,
        root=TEMPLATES,
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={name: json.dumps(data, ensure_ascii=False)},
        pdf_standards=_ARCHIVE,
        timestamp=int(at.timestamp()),
    )


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list | tuple):
        return [_each_text(item, change) for item in value]
    if isinstance(value, dict):
        return {key: _each_text(item, change) for key, item in value.items()}
    return value


def _printable_text(text: str) -> str:
    composed = unicodedata.normalize("NFC", text)
    return "".join(_printable_character(character) for character in composed)


def _without_clusters(text: str) -> str:
    """Return text with marks that join others as boxes; letters that stand alone stay."""
    return "".join("□" if unicodedata.category(character)[0] == "M" else character for character in text)


@lru_cache(maxsize=4096)
def _printable_character(character: str) -> str:
    if character.isascii() and character.isprintable():
        return character
    if character.isspace():
        # Also tabs and line ends: where lines break is the sheet's matter. A no-break space stays.
        return character if character == "\N{NO-BREAK SPACE}" else " "
    if unicodedata.category(character) in ("Cc", "Cf"):
        return ""
    return character if _fonts_show(character) else "□"


@lru_cache(maxsize=4096)
def _fonts_show(character: str) -> bool:
    """Return whether the fonts have the sign: asked of the typesetter itself, once for each unusual character."""
    if unicodedata.category(character) in ("Cn", "Co", "Cs"):
        return False
    try:
        typst.compile(
            TEMPLATES / "paper" / "probe.typ",
            root=TEMPLATES,
            font_paths=_fonts(),
            ignore_system_fonts=True,
            sys_inputs={"text": character},
            pdf_standards=_ARCHIVE,
        )
    except typst.TypstError:
        return False
    return True


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False)

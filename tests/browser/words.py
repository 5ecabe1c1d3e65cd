"""The words on the pages, from the catalogues: a test presses what a reader sees, and may be reworded without it."""

from __future__ import annotations

from functools import cache

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from config import ROOT


@cache
def catalogue(lang: str) -> Catalog:
    """The catalogue of a language, as translators write it."""
    with (ROOT / f"pop_campaigns/translations/{lang}/LC_MESSAGES/messages.po").open("rb") as file:
        return read_po(file, locale=lang)


def sq(message: str, context: str | None = None, **values: object) -> str:
    """Say a message in Albanian; of those with a number, what is said of several. KeyError if it is unknown."""
    result = catalogue("sq").get(message, context)
    if result is None:
        raise KeyError(f"no message {message!r} in the catalogue")
    words = result.string[1] if isinstance(result.string, tuple) else result.string
    assert words, f"{message!r} has no Albanian"
    return str(words) % values if values else str(words)


def every_text(lang: str) -> set[str]:
    """Every text of a language; of English also the messages that need no text of their own."""
    result: set[str] = set()
    for message in catalogue(lang):
        for texts in (message.string, message.id if lang == "en" else ()):
            result |= {" ".join(one.split()) for one in ([texts] if isinstance(texts, str) else texts) if one}
    return result

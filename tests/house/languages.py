"""What a page or a mail says, piece by piece, and which words of it are of the other language.

The catalogue itself knows both languages: a word that stands in its English texts and in none of its Albanian ones gives
an English text away, and the other way round. What people typed is left out, it may be in any language.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from babel import Locale
from babel.messages.pofile import read_po
from sqlalchemy import JSON, Enum, String, TypeDecorator

from pop_campaigns.contacts.words.consent_texts import TEXTS
from pop_campaigns.core.db import Base, db

ROOT = Path(__file__).resolve().parents[2]
CATALOGUES = ROOT / "pop_campaigns/translations"
OTHER = {"sq": "en", "en": "sq"}

# What a reader sees or hears besides text; some of it is put there by scripts and styles.
SPOKEN_ATTRIBUTES = frozenset(
    ("title", "aria-label", "placeholder", "alt", "label", "data-label", "data-words")
)
NOT_SPOKEN = frozenset(("script", "style", "code"))
WITHOUT_END = frozenset(("br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"))
WORD = re.compile(r"[^\W\d_]+(?:’[^\W\d_]+)*")
# Placeholders, tags, addresses, and what another program calls its own things.
NO_WORDS = re.compile(
    r"%\(\w+\)[sd]|\{\w+\}|<[^<>]+>|https?://\S+|\S+@\S+|“[^“”]*”|\b\w+\.\w{2,4}\b\S*|^Re: |\b[A-Z]\w+/[A-Z]\w+"
)
SHORTEST_VALUE = 3


@dataclass(frozen=True)
class Said:
    """A piece of text, the language it is declared to be in, and where it stands."""

    text: str
    lang: str
    place: str


class _Reader(HTMLParser):
    def __init__(self, lang: str) -> None:
        super().__init__()
        self.said: list[Said] = []
        self._open = [("", lang)]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        lang = given.get("lang") or self._open[-1][1]
        for name, value in given.items():
            if name in SPOKEN_ATTRIBUTES or _is_button(tag, name, given):
                self.said.append(Said(value, lang, f"{tag} {name}"))
        if tag == "meta" and given.get("name") == "description":
            self.said.append(Said(given["content"], lang, "meta"))
        if tag not in WITHOUT_END:
            self._open.append((tag, lang))

    def handle_endtag(self, tag: str) -> None:
        for place in range(len(self._open) - 1, 0, -1):
            if self._open[place][0] == tag:
                del self._open[place:]
                return

    def handle_data(self, data: str) -> None:
        tag, lang = self._open[-1]
        if tag not in NOT_SPOKEN and data.strip():
            self.said.append(Said(" ".join(data.split()), lang, tag))


def _is_button(tag: str, name: str, given: dict[str, str]) -> bool:
    return tag == "input" and name == "value" and given.get("type") in ("submit", "button", "reset")


def said_in(html: str, lang: str) -> list[Said]:
    """Return what a page says, each piece with the language it is declared to be in; ``lang`` is the page's."""
    reader = _Reader(lang)
    reader.feed(html)
    return reader.said


@cache
def words_of_one_language() -> dict[str, frozenset[str]]:
    """Return, by language, the words that texts and calendar know in this language alone."""
    known = {lang: {word for text in _texts(lang) for word in words_in(text)} for lang in OTHER}
    return {lang: frozenset(known[lang] - known[OTHER[lang]]) for lang in known}


def _texts(lang: str) -> Iterator[str]:
    with (CATALOGUES / lang / "LC_MESSAGES/messages.po").open("rb") as file:
        for message in read_po(file, locale=lang):
            if message.id:
                yield from [message.string] if isinstance(message.string, str) else message.string
    for text in TEXTS.values():
        yield from (words[lang] for words in text.values())
    locale = Locale.parse(lang)
    for names in (locale.months, locale.days):
        for width in ("wide", "abbreviated"):
            yield from names["format"][width].values()


def words_in(text: str) -> list[str]:
    """Return the words of a text in small letters, without placeholders, tags, addresses and what stands in quotes."""
    return [word for word in WORD.findall(NO_WORDS.sub(" ", text).lower()) if len(word) > 1]


def foreign_words(said: Said, typed: Iterable[str] = ()) -> list[str]:
    """Return the words of a piece that are of the other language than its own; ``typed`` is left out."""
    foreign = words_of_one_language()[OTHER[said.lang]]
    if foreign.isdisjoint(words_in(said.text)):
        return []
    text = said.text
    for value in typed:
        text = text.replace(value, " ")
    return [word for word in words_in(text) if word in foreign]


def typed_values() -> list[str]:
    """Return every text of every row, line by line, the longest first: what a page may show in whatever language it is."""
    found: set[str] = set()
    for table in Base.metadata.sorted_tables:
        names = [column.name for column in table.columns if _holds_text(column.type)]
        for row in db.session.execute(table.select()).mappings() if names else ():
            found.update(line for name in names for line in _lines(row[name]))
    return sorted(found, key=len, reverse=True)


def _holds_text(kind: Any) -> bool:
    inner = kind.impl if isinstance(kind, TypeDecorator) else kind
    return isinstance(inner, String | JSON) and not isinstance(inner, Enum)


def _lines(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        for line in value.splitlines():
            if len(words := " ".join(line.split())) > SHORTEST_VALUE:
                yield words
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _lines(part)

"""Which passwords are good enough; pure. One rule for pages, commands, invitations and forgotten passwords.

Length before everything else and no required kinds of characters (OWASP ASVS 5.0, 6.2); what is left is that nobody
guesses it early: ``zxcvbn`` estimates how many guesses that takes, and 10^8 (its score of 3) is the least.
"""

from __future__ import annotations

import enum
import re
import unicodedata
from collections.abc import Iterable
from datetime import timedelta
from threading import Lock
from typing import Any, Final

from zxcvbn import zxcvbn

from pop_campaigns.core.text import fold

SHORTEST_PASSWORD: Final = 12
LONGEST_PASSWORD: Final = 128
LEAST_SCORE: Final = 3
_LEAST_LETTERS: Final = 6
# Guessing time grows with the square of the length; nobody's password gets weaker by what stands behind.
_LOOKED_AT: Final = 100
# What everybody here would try first; zxcvbn's own lists are English.
_OF_THE_PLACE: Final = (
    "pop", "përballja", "perballja", "ofertave", "politike", "fushata", "fjalëkalim", "fjalekalim", "fjalëkalimi",
    "fjalekalimi", "shqipëria", "shqiperia", "shqipëri", "shqiperi", "tirana", "tiranë", "tirane", "kosova", "mirëdita",
    "miredita", "përshëndetje", "pershendetje", "bashkia", "administrator", "koordinator", "password",
)  # fmt: skip
_ORDER_OR_REPEAT: Final = frozenset({"repeat", "sequence", "spatial", "date", "regex"})
# zxcvbn keeps the words of the person in a table of its module: two threads at once would mix two people's.
_one_at_a_time = Lock()


def length_of(typed: str) -> int:
    """Return how many characters people see in a password: *ë* is one, however it was typed (NFC)."""
    return len(unicodedata.normalize("NFC", typed))


def password_problem(typed: str, own: Iterable[str] = ()) -> str | None:
    """Return why a password is refused, None for a good one.

    ``own`` is what others know of the person: address, name, organisation. The reasons: ``password_short``,
    ``password_long``, ``password_own`` (one's own address, or little besides such words), ``password_pattern`` (a row of
    keys, a repetition, a date) or ``password_common``.
    """
    if length_of(typed) < SHORTEST_PASSWORD or not typed.strip():
        return "password_short"
    if length_of(typed) > LONGEST_PASSWORD:
        return "password_long"
    words = _words_of(own)
    if _little_besides(fold(typed), words):
        return "password_own"
    estimate = _estimate(
        unicodedata.normalize("NFC", typed)[:_LOOKED_AT], [*words, *_words_of(_OF_THE_PLACE)]
    )
    if estimate["score"] >= LEAST_SCORE:
        return None
    patterns = {match["pattern"] for match in estimate["sequence"]}
    if any(match.get("matched_word") in words for match in estimate["sequence"]):
        return "password_own"
    return "password_pattern" if patterns <= _ORDER_OR_REPEAT | {"bruteforce"} else "password_common"


def _little_besides(folded: str, words: list[str]) -> bool:
    """Return whether hardly a word is left when what others know of the person is taken out."""
    rest = folded
    for word in sorted(map(fold, words), key=len, reverse=True):
        rest = rest.replace(word, " ")
    return rest != folded and sum(letter.isalpha() for letter in rest) < _LEAST_LETTERS


def _estimate(text: str, words: list[str]) -> dict[str, Any]:
    with _one_at_a_time:
        estimate: dict[str, Any] = zxcvbn(text, user_inputs=words, max_length=_LOOKED_AT)
    return estimate


def _words_of(names: Iterable[str]) -> list[str]:
    """Return what a guesser would begin with: each thing whole and in its parts, with and without Albanian letters."""
    words: dict[str, None] = {}
    for name in names:
        for part in (name, *re.split(r"[^\w]+", name)):
            if len(part) > 2:
                words |= {part.lower(): None, fold(part): None}
    return list(words)


class LinkKind(enum.StrEnum):
    """What a link is for."""

    RESET = "reset"
    INVITATION = "invitation"


class LinkState(enum.StrEnum):
    """What became of a link."""

    OPEN = "open"
    USED = "used"
    EXPIRED = "expired"
    ENDED = "ended"


LASTS: Final = {LinkKind.RESET: timedelta(minutes=30), LinkKind.INVITATION: timedelta(hours=72)}


PATHS: Final = {LinkKind.RESET: "/reset/{token}", LinkKind.INVITATION: "/welcome/{token}"}


def purpose_of(kind: LinkKind) -> str:
    """Return what the token of a link of this kind is derived for: one of another kind opens nothing."""
    return f"account {kind.value}"

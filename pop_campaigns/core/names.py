"""Names as they are compared, not as they are written: of persons, of institutions and of offices; pure.

A name is typed in many ways: *Hoxha* and *Hoxhë*, *D’Angelo* and *D'Angelo*, *Vau–Dejës* and *Vau-Dejës*, family name first,
an initial, a middle name more or less, a slip of the hand. What is alike is asked about, never refused and never taken for
the same: so asking once too often is the lesser fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from pop_campaigns.core.text import fold

_WITHIN_A_WORD: Final = "'"  # folded
_BETWEEN_WORDS: Final = re.compile(r"[\W_]+")
_TITLES: Final = frozenset(
    [
        "z",
        "zt",
        "zoti",
        "zj",
        "znj",
        "zonja",
        "zonjusha",
        "dr",
        "prof",
        "doc",
        "msc",
        "phd",
        "av",
        "avokat",
        "avokate",
        "ing",
        "inxh",
        "arkitekt",
        "mr",
        "mrs",
        "ms",
        "dott",
        "sh",
    ]
)
# Endings of names (definite *Hoxha* beside *Hoxhë*, *Prifti* beside *Prift*; genitive *Beqirit*, *Metës*).
_OF_NAMES: Final = ("it", "ut", "es")
_VOWELS: Final = "aeiou"
# Endings of nouns by case, gender and definiteness, the longest first; taken off until none is left.
_OF_NOUNS: Final = (
    "eshave", "eshat", "eshes", "eshen", "eshe", "esha",
    "ave", "eve", "ise", "jes", "jen", "eje", "ja", "it", "in", "ut", "un", "et", "es", "en",
    "a", "e", "i", "u",
)  # fmt: skip
_SHORTEST_STEM: Final = 3
_LINKS: Final = frozenset(["i", "e", "te", "se", "me", "dhe", "per", "ne", "prane"])
_DEPUTIES: Final = {"zv": "zevendes", "zevendes": "zevendes", "nen": "nen"}


@lru_cache(maxsize=65_536)
def name_words(name: str) -> tuple[str, ...]:
    """Return the words of a name as they are compared: folded, apostrophes left out, parted at dashes, without titles."""
    plain = fold(name).replace(_WITHIN_A_WORD, "")
    words = [word for word in _BETWEEN_WORDS.split(plain) if word]
    return tuple(words[_titles_before(words) :])


def _titles_before(words: Sequence[str]) -> int:
    """Return how many titles stand before a name."""
    number = 0
    while number < len(words) - 1 and words[number] in _TITLES:
        # *S. Meta* has an initial, *Z. Sokol Meta* a title.
        if len(words) - number == 2 and len(words[number]) == 1:
            break
        number += 1
    return number


@lru_cache(maxsize=65_536)
def name_stem(word: str) -> str:
    """Return a word of a name without the ending that the definite form or a genitive gives it."""
    for ending in _OF_NAMES:
        if word.endswith(ending) and len(word) - len(ending) > _SHORTEST_STEM:
            return word[: -len(ending)]
    return word[:-1] if word[-1:] in _VOWELS and len(word) > _SHORTEST_STEM else word


def person_keys(name: str, printed: str = "") -> tuple[str, str, str]:
    """Return up to three words by which a person is looked up among many: the first, the last and another one."""
    stems = [name_stem(word) for word in (*name_words(name), *name_words(printed)) if len(word) > 1]
    own = [name_stem(word) for word in name_words(name) if len(word) > 1]
    if not own:
        return ("", "", "")
    others = [stem for stem in dict.fromkeys((*own[1:-1], *stems)) if stem not in (own[0], own[-1])]
    last = own[-1] if len(own) > 1 else ""
    return (own[0][:40], last[:40], others[0][:40] if others else "")


def asked_keys(name: str) -> frozenset[str]:
    """Return the words by which those of a like name are found: see :func:`person_keys`."""
    return frozenset(name_stem(word)[:40] for word in name_words(name) if len(word) > 1)


def alike_persons(first: str, second: str) -> bool:
    """Return whether two names may be one person's.

    At least one whole word is the same but for its ending, in whatever place; every other word of the shorter name has
    one in the longer that is the same, is its initial, or (once) is a slip of the hand apart.
    """
    return _alike(name_words(first), name_words(second))


@lru_cache(maxsize=65_536)
def _alike(first: tuple[str, ...], second: tuple[str, ...]) -> bool:
    if not first or not second:
        return False
    if "".join(first) == "".join(second):
        return True
    shorter, longer = sorted((first, second), key=len)
    rest, pending, same = list(longer), [], 0
    for word in shorter:
        twin = next((other for other in rest if len(word) > 1 and name_stem(other) == name_stem(word)), None)
        if twin is None:
            pending.append(word)
        else:
            rest.remove(twin)
            same += 1
    if not same:
        return False
    if not pending:
        return len(shorter) > 1 or not rest
    if "".join(pending) == "".join(rest):  # Ana Maria, Anamaria
        return True
    return _one_slip_at_most(pending, rest)


def _one_slip_at_most(words: Sequence[str], others: Sequence[str]) -> bool:
    """Return whether each word is the initial of another one, has it as its initial, or (once) is a slip apart from it."""
    rest, slips = list(others), 0
    for word in words:
        twin = next((other for other in rest if word[0] == other[0] and 1 in (len(word), len(other))), None)
        if twin is None:
            twin = next((other for other in rest if slip_apart(word, other)), None)
            slips += 1
        if twin is None or slips > 1:
            return False
        rest.remove(twin)
    return True


def slip_apart(first: str, second: str) -> bool:
    """Return whether two words differ by one slip of the hand: a letter wrong, left out, added, or two changed about.

    Short words and numbers are never a slip apart: *Ana* is not *Ada*, *Shkolla 12* not *Shkolla 13*.
    """
    if min(len(first), len(second)) <= _SHORTEST_STEM or abs(len(first) - len(second)) > 1:
        return False
    if any(character.isdigit() for character in first + second):
        return False
    at = next(
        (n for n, (a, b) in enumerate(zip(first, second, strict=False)) if a != b),
        min(len(first), len(second)),
    )
    mine, yours = first[at:], second[at:]
    if mine[1:] == yours[1:] or mine[1:] == yours or mine == yours[1:]:
        return True
    return mine[2:] == yours[2:] and mine[:2] == yours[1::-1]


@lru_cache(maxsize=65_536)
def noun_stem(word: str) -> str:
    """Return a folded noun without its endings, the same for man and woman, definite or not, in every case.

    *kryetar*, *kryetare*, *kryetarja*, *kryetarit* and *kryetares* have one stem; so have *drejtor* and *drejtoreshë*. No word
    for people to read: *sekretar* and *sekretari* become one as well.
    """
    shorter = next(
        (
            word[: -len(ending)]
            for ending in _OF_NOUNS
            if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM
        ),
        None,
    )
    if shorter is not None:
        return noun_stem(shorter)
    # The e of *ministër* and of *i përgjithshëm* goes with every ending.
    if word.endswith("shem"):
        return f"{word[:-2]}m"
    return f"{word[:-2]}r" if word.endswith("er") and len(word) > _SHORTEST_STEM + 2 else word


def institution_key(name: str) -> str:
    """Return by what an institution is known again: its words as stems, without links, in whatever order."""
    stems = [noun_stem(word) for word in name_words(name) if word not in _LINKS]
    return " ".join(sorted(stems))[:200]


def alike_institutions(first: str, second: str) -> bool:
    """Return whether two keys of institutions are the same, or one word is a slip of the hand apart."""
    if first == second:
        return bool(first)
    mine, yours = first.split(), second.split()
    if len(mine) != len(yours):
        return False
    odd, even = _without_common(mine, yours)
    return len(odd) == 1 and len(mine) > 1 and slip_apart(odd[0], even[0])


def _without_common(first: Sequence[str], second: Sequence[str]) -> tuple[list[str], list[str]]:
    rest, odd = list(second), []
    for word in first:
        if word in rest:
            rest.remove(word)
        else:
            odd.append(word)
    return odd, rest


def office_key(title: str, institution: str = "") -> str:
    """Return by what an office of an institution is known again, whatever its gender, case or definiteness.

    What names the institution once more is left out: *Kryetari i Bashkisë Fier* at *Bashkia Fier* is *Kryetar*.
    """
    stems = list(_office_stems(title))
    own = {noun_stem(word) for word in name_words(institution)}
    if "prefektur" in own:  # a prefect is one of a county
        own.add(noun_stem("qark"))
    while len(stems) > 1 and stems[-1] in own:
        stems.pop()
    return " ".join(stems)


def _office_stems(title: str) -> Iterator[str]:
    """Give the stems of a title; a deputy is one word, however it is written (*zv. kryetar*, *zëvendëskryetar*)."""
    before = ""
    for word in name_words(title):
        if word in _LINKS:
            continue
        if word in _DEPUTIES:
            before = _DEPUTIES[word]
            continue
        yield before + noun_stem(word)
        before = ""
    if before:
        yield before

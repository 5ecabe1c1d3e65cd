"""Whom a letter is addressed to, in the Albanian dative: *Kryetarit të Bashkisë Fier*; pure.

An office and its institution become one phrase. The rule proposes and people correct: what it does not know it does not
decline, and says so by an empty text. Sources: *Gramatika e gjuhës shqipe* (Akademia e Shkencave), declension of nouns and
linking articles; the addresses that the institutions print on their own letters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, Literal

from pop_campaigns.core.dative_words import (
    ABSORBED,
    DEPUTIES,
    PLACES,
    PREPOSITIONS,
    Noun,
    agrees,
    is_oblique,
    nouns,
    persons_in_dative,
)
from pop_campaigns.core.names import name_words, noun_stem
from pop_campaigns.core.text import clean_line, fold

Case = Literal["dative", "accusative"]

_OPENS: Final = '“„"«”‟'
_CLOSES: Final = '”"»“'
_ARTICLES: Final = ("i", "e")
# Written small within a name, where somebody typed all of it in capitals.
_SMALL: Final = frozenset([*_ARTICLES, *PREPOSITIONS, "te", "se", "dhe", "ose"])


@dataclass(frozen=True)
class _Name:
    """A title or an institution as read: what stands before its noun, the noun, what follows it."""

    before: str
    noun: Noun
    head: str
    tail: tuple[str, ...]


def dative(title: str, institution: str = "", *, woman: bool | None = None) -> str:
    """Return whom a letter to an office (or, without a title, to an institution) is addressed to, in the dative.

    One phrase, the institution in the genitive and named once: *Kryetar* at *Bashkia Fier* is *Kryetarit të Bashkisë Fier*,
    *Ministër* at *Ministria e Drejtësisë* *Ministrit të Drejtësisë*. Empty where a word is not known. ``woman`` says who
    holds the office where that is known; None leaves the gender of the title.
    """
    title, institution = clean_line(title), clean_line(institution)
    where = _read(institution)
    if not title:
        phrase = _declined(where, "dative") if where is not None else ""
    else:
        office = _read(title)
        if office is None or (institution and where is None):
            return ""
        phrase = _joined(office, where) if where is not None else _declined(office, "dative")
    phrase = phrase[:1].upper() + phrase[1:]
    return phrase if woman is None else in_gender(phrase, woman=woman)


def in_gender(phrase: str, *, woman: bool) -> str:
    """Return an address in the dative as it is for a woman or a man who is named (*Ministres së …*, *Ministrit të …*).

    What the rule does not know, and what is so already, stays as it is.
    """
    words = phrase.split(" ")
    at = 1 if len(words) > 1 and fold(words[0]).strip(".-/") in DEPUTIES else 0
    known = _person_in_dative(words[at])
    if known is None or known[1].feminine is woman:
        return phrase
    before, _noun, other = known
    words[at] = _as_written(words[at][len(before) :], before, other.dative)
    _agree(words, at + 1, woman=woman)
    return " ".join(words)


def called(title: str, *, woman: bool) -> str:
    """Return by which word the holder of an office is spoken to (*Kryetar*, *Kryetare*); empty where it is not known."""
    office = _read(clean_line(title))
    if office is None or not office.noun.person:
        return ""
    noun = _other_gender(office.noun) if office.noun.feminine is not woman else office.noun
    word = _as_written(office.head, "", noun.nominative)
    before = office.before
    return before[:1].upper() + before[1:] + word if before else word[:1].upper() + word[1:]


def is_body(title: str) -> bool:
    """Return whether a title names no person but a desk or an institution (*Zyra e protokollit*)."""
    office = _read(clean_line(title))
    return office is not None and not office.noun.person


def _read(name: str) -> _Name | None:
    """Read a title or the name of an institution; None where its first word is not known."""
    words = [_lowered(word) for word in name.split()] if name.isupper() else name.split()
    if not words or fold(words[-1]) in _SMALL or not any(letter.isalnum() for letter in words[-1]):
        return None
    before = ""
    if len(words) > 1 and fold(words[0]).rstrip(".-/") in DEPUTIES:
        before = f"{words.pop(0)} "
    known = _nominative(words[0])
    if known is None:
        return None
    part, noun = known
    return _Name(before + part, noun, words[0][len(part) :], tuple(words[1:]))


def _lowered(word: str) -> str:
    """Return a word typed in capitals as it stands within a name."""
    return word.casefold() if fold(word) in _SMALL else word.capitalize()


def _nominative(word: str) -> tuple[str, Noun] | None:
    """Return the noun of a word in the nominative, and what stands before it there (*zëvendës* of *zëvendësministër*)."""
    noun = nouns().get(fold(word))
    if noun is not None:
        return "", noun
    return next(
        (
            (word[:length], noun)
            for length in _deputy_lengths(word)
            if (noun := nouns().get(fold(word[length:]))) is not None and noun.person
        ),
        None,
    )


def _deputy_lengths(word: str) -> list[int]:
    """Return how many letters may be a prefix: of one that says deputy, or of two (*zëvendëskryeministër*)."""
    folded = fold(word)
    if len(folded) != len(word):
        return []
    lengths: list[int] = []
    for start in (0, *([] if not folded.startswith("zevendes") else [len("zevendes")])):
        for prefix in DEPUTIES:
            if folded.startswith(prefix, start):
                end = start + len(prefix)
                lengths.append(end + len(folded[end:]) - len(folded[end:].lstrip(".-/")))
    return lengths


def _declined(name: _Name, case: Case) -> str:
    """Return a name in a case; empty where something in it would have to change that is not known."""
    tail = _tail(name.tail, name.noun, case)
    if tail is None:
        return ""
    return " ".join([_head(name, case), *tail])


def _head(name: _Name, case: Case) -> str:
    return _as_written(name.head, name.before, getattr(name.noun, case))


def _as_written(model: str, before: str, word: str) -> str:
    """Return a word with a capital where the one it stands for has one."""
    return before + (word[:1].upper() + word[1:] if model[:1].isupper() else word)


def _article(noun: Noun, case: Case, *, next_to_it: bool) -> str:
    """Return the linking article: *së* and *e* stand only next to their noun."""
    if case == "accusative":
        return "e" if next_to_it else "të"
    return "së" if noun.feminine and next_to_it else "të"


def _tail(words: Sequence[str], noun: Noun, case: Case) -> list[str] | None:
    """Return what follows a noun, with its articles in the noun's case; None where it is not clear what belongs to it."""
    done: list[str] = []
    before, quoted = "noun", False
    for at, word in enumerate(words):
        plain = fold(word).strip(",;")
        if quoted or word[0] in _OPENS:
            quoted = word.rstrip(",;")[-1] not in _CLOSES or len(word) == 1
            before = "known"
        elif noun.person and not word[0].isalnum() and word[0] != "(":
            return None
        elif plain in PREPOSITIONS or not word[0].isalnum() or _is_place(words[at:]):
            return [*done, *words[at:]]
        elif plain in _ARTICLES:
            if before not in ("noun", "known", "and"):
                return None
            done.append(_article(noun, case, next_to_it=before == "noun"))
            before = "article"
            continue
        else:
            kind = _kind(plain, before)
            # *Ministër Shteti*: what stands next to a person without an article would have to change.
            if kind is None or (kind == "name" and before == "noun" and noun.person):
                return None
            before = kind
        done.append(word)
    return done


def _kind(word: str, before: str) -> str | None:
    """Return what a word after a noun is: known, so that an article may follow it, or a name; None for a second noun."""
    if before == "article":
        return "known"
    if word in ("dhe", "ose"):
        return None if before == "noun" else "and"
    if word in nouns() and not agrees(word):
        return None
    return "known" if agrees(word) or is_oblique(word) else "name"


def _is_place(words: Sequence[str]) -> bool:
    return tuple(fold(word).strip(",;") for word in words[:3]) in PLACES


def _joined(office: _Name, where: _Name) -> str:
    """Return an office with its institution in the genitive, each thing named once."""
    post = _without_institution(office, where)
    if post is None:  # the title names the place itself
        return _declined(office, "dative")
    absorbed = _absorbed(post, where)
    if absorbed is not None:
        return absorbed
    phrase, place = _declined(post, "dative"), _declined(where, "dative")
    if not phrase or not place:
        return ""
    if post.noun.person and _has_field(post.tail):
        if post.noun.base == "koordinator":
            return f"{phrase} pranë {place}"
        inside = _declined(where, "accusative")
        return f"{phrase} në {inside}"
    return f"{phrase} {_article(post.noun, 'dative', next_to_it=not post.tail)} {place}"


def _without_institution(office: _Name, where: _Name) -> _Name | None:
    """Return an office without what its title says of its institution; None where that names the place in full."""
    theirs = _stems((where.head, *where.tail))
    for at, word in enumerate(office.tail):
        named = _stems(office.tail[at:])
        if _stems([word]) == theirs[:1] and set(named) <= set(theirs):
            end = at - 1 if at and fold(office.tail[at - 1]) in _ARTICLES else at
            return replace(office, tail=office.tail[:end])
    mine = _stems(office.tail)
    if len(theirs) > 1 and mine and mine[-1] == theirs[-1] and len(mine) > 1:
        return None
    return office


def _absorbed(office: _Name, where: _Name) -> str | None:
    """Return an office that is called by its field alone, not by the institution; None for one that is not."""
    if not _is_called_by_field(office, where):
        return None
    mine, field = _stems(office.tail), _stems(where.tail)
    if _has_field(office.tail) or (mine and mine == field):
        return _declined(office, "dative")
    tail = where.tail
    if office.noun.base == "prefekt" and tail and fold(tail[0]) not in _ARTICLES:
        tail = ("i", "Qarkut", *tail)
    if mine or not _is_field(tail):
        return None
    return _declined(replace(office, tail=tail), "dative")


def _is_called_by_field(office: _Name, where: _Name) -> bool:
    """Return whether an office and its institution are named by one field: *Ministër* and *Ministria*, *Avokat* and *Avokati*."""
    if not office.noun.person:
        return False
    if where.noun.person:
        return office.noun.base == where.noun.base
    of_government = fold(office.before).endswith("krye")
    return where.noun.base == ("kryeministria" if of_government else ABSORBED.get(office.noun.base))


def _is_field(tail: Sequence[str]) -> bool:
    """Return whether what follows an institution says its field (*e Drejtësisë*, *për Evropën*), or nothing follows."""
    folded = [fold(word) for word in tail[:2]]
    if not folded or folded[0] in PREPOSITIONS:
        return True
    return folded[0] in _ARTICLES and is_oblique(folded[-1])


def _stems(words: Sequence[str]) -> list[str]:
    """Return the stems of the words that say something."""
    parts = [part for word in words for part in name_words(word)]
    return [noun_stem(part) for part in parts if part not in ("i", "e", "te", "se", "dhe")]


def _has_field(tail: Sequence[str]) -> bool:
    """Return whether a title says for what its holder answers: *i Zyrës së Protokollit*, *për Financat*."""
    folded = [fold(word) for word in tail]
    if any(word in PREPOSITIONS for word in folded):
        return True
    return any(word in _ARTICLES and is_oblique(after) for word, after in pairwise(folded))


def _other_gender(noun: Noun) -> Noun:
    his, hers = persons_in_dative()[fold(noun.dative)]
    return his if noun.feminine else hers


def _person_in_dative(word: str) -> tuple[str, Noun, Noun] | None:
    """Return what stands before the noun in a word in the dative, that noun, and the one of the other gender."""
    pairs = persons_in_dative()
    for length in (0, *_deputy_lengths(word)):
        pair = pairs.get(fold(word[length:]))
        if pair is not None:
            his, hers = pair
            noun, other = (his, hers) if fold(word[length:]) == fold(his.dative) else (hers, his)
            return word[:length], noun, other
    return None


def _agree(words: list[str], at: int, *, woman: bool) -> None:
    """Make what follows a noun at its place agree with its new gender: the article next to it, and an adjective."""
    if at >= len(words):
        return
    if words[at] in ("të", "së"):
        words[at] = "së" if woman else "të"
        if at + 1 < len(words):
            words[at + 1] = _general(words[at + 1], woman=woman)
    elif woman and agrees(fold(words[at])) and not words[at].endswith("e"):
        words[at] += "e"
    elif not woman and agrees(fold(words[at])) and words[at].endswith("e"):
        words[at] = words[at][:-1]


def _general(word: str, *, woman: bool) -> str:
    """Return an adjective in -shëm in a gender (*të përgjithshëm*, *së përgjithshme*); any other word as it is."""
    if woman and word.endswith("shëm"):
        return f"{word[:-2]}me"
    if not woman and word.endswith("shme"):
        return f"{word[:-2]}ëm"
    return word

"""Stems of Albanian nouns and names, by which a word is found in whatever form it is written; pure.

Albanian puts article and case behind the noun: *prefekt, prefekti, prefektit, prefektin, prefektët, prefektëve*. Snowball and
Lucene have no stemmer for it; those that are published (Karanikolas, *Bootstrapping the Albanian Information Retrieval*, 2009;
Sadiku and Biba, *JSTEM*, 2012) give each word one stem and take off derivations as well, so that *ministër* (minister) and
*ministri* (ministry) become one. Here a word has a few possible stems: one for each way to read its ending. Two words
belong together where one of their stems is the same. *Ministri* may be read as *the minister* or as *ministry* and has both
stems, *ministrit* only the one and *ministrisë* only the other, so that these two keep apart.

A woman's office has the stem of a man's (*kryetarja*, *drejtoreshës*: *kryetar*, *drejtor*), as everywhere in the service.
Words come folded (:func:`pop_campaigns.core.text.fold`): ë is e, whoever wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from pop_campaigns.core.text import ARTICLES, fold

LONGEST: Final = 40
"""Letters of a stem that are kept."""
_SHORTEST: Final = 3
_BETWEEN: Final = re.compile(r"[\W_]+")
_WITHIN_A_WORD: Final = "'"
# An ending, and what stands in its place in each stem. Only the longest ending that a word has is read.
_ENDINGS: Final = {
    # Feminine nouns in -i (bashki, drejtori): the i is the stem's. Others in -në, -së, -të, -vë look alike when folded.
    "ia": ("i",), "ise": ("i", "is"), "ine": ("i", "in"), "ite": ("i", "it"), "ive": ("i", "iv"), "iteve": ("i", "it"),
    "ias": ("i",), "ian": ("i", "ian"),
    # Feminine nouns in -ë and -e, plurals in -a and -e (-ë); Kavaja, zonja have a j of their own, kryetarja has none.
    "a": ("",), "e": ("",), "es": ("",), "en": ("",), "ja": ("j", ""),
    "at": ("",), "ave": ("",), "ash": ("",), "et": ("",), "eve": ("",), "esh": ("",),
    # Masculine nouns with article and case.
    "i": ("",), "it": ("",), "in": ("",), "u": ("",), "ut": ("",), "un": ("",),
    # Names and words in -o (Marko, radio).
    "oja": ("o", "oj"), "os": ("o",), "on": ("o",), "ose": ("o", "os"),
    # Women in -eshë, and plurals in -ra (fshatrat, drejtoreshave).
    "esha": ("esh", ""), "eshe": ("esh", ""), "eshes": ("esh", ""), "eshen": ("esh", ""),
    "eshat": ("esh", ""), "eshave": ("esh", ""),
    "sve": ("s",),
    "ra": ("r", ""), "rat": ("r", ""), "rave": ("r", ""),
    # Plurals in -j of nouns in -ll, and such in -nj (artikujt, popujve; lumenjve).
    "uj": ("uj", "ull"), "ujt": ("uj", "ull"), "ujve": ("uj", "ull"), "enj": ("enj", ""),
    "enjte": ("enj", ""), "enjve": ("enj", ""),
}  # fmt: skip
_LONGEST_ENDING: Final = max(map(len, _ENDINGS))
# Before the -e of a plural a k becomes q and a g gj (qark, qarqet; varg, vargjet).
_PLURALS: Final = frozenset(["e", "et", "eve", "esh"])
_SOFTENED: Final = (("gj", "g"), ("q", "k"))
# With too short a stem the basic form itself is it: Anës is Ana's, Edit is Edi's, vaut that of Vau.
_BASIC: Final = {"es": "a", "en": "a", "it": "i", "in": "i", "ut": "u", "un": "u"}
# The -ë- of the last syllable goes with every ending: ministër, ministri; Kamëz, Kamza; i përgjithshëm, e përgjithshme.
_FLEETING: Final = re.compile(r"(?<=[^aeiouy])e(?=[rlzm]$)")
_IRREGULAR: Final = {
    form: stem
    for stem, forms in {
        "uje": "uje uji ujit ujin ujra ujera ujerat ujerave",
        "grua": "grua gruaja gruas gruan gra grate grave",
        "njeri": "njeri njeriu njeriut njeriun njerez njerezit njerezve",
        "vit": "vit viti vitit vitin vite vitet viteve vjet vjetesh",
        "krye": "krye kreu kreut kreun",
    }.items()
    for form in forms.split()
}
# Read as they are: their basic form ends like a case. Towns first, then words of offices and common first names.
_AS_THEY_ARE: Final = frozenset(
    [
        *("berat", "durres", "kukes", "kurbin", "peqin", "permet", "prrenjas", "patos"),
        *(
            "audit",
            "autoritet",
            "buxhet",
            "deputet",
            "drejtues",
            "fakultet",
            "internet",
            "kabinet",
            "kandidat",
            "komitet",
        ),
        *(
            "kredit",
            "ligjvenes",
            "magjistrat",
            "mandat",
            "pergjegjes",
            "sekretariat",
            "sindikat",
            "universitet",
        ),
        *("zedhenes", "zevendes"),
        *("agron", "florin", "ismet", "martin", "mehmet", "murat", "valentin"),
    ]
)


def stems_in(text: str | None) -> frozenset[str]:
    """Return all stems of a text, as they are kept beside it; articles and single letters have none."""
    return frozenset(stem for word in _words(fold(text)) for stem in word_stems(word))


def stems_asked(word: str) -> list[frozenset[str]]:
    """Return what a folded word of a search asks for: of each part one stem at least.

    A word has parts where it is joined by dashes or dots (*vau-dejes*). It asks for nothing where there is no letter in it.
    """
    return [word_stems(part) for part in _words(word)] if re.search(r"[^\W\d_]", word) else []


def _words(folded: str) -> Iterator[str]:
    for word in _BETWEEN.split(folded.replace(_WITHIN_A_WORD, "")):
        if len(word) > 1 and word not in ARTICLES:
            yield word


@lru_cache(maxsize=65_536)
def word_stems(word: str) -> frozenset[str]:
    """Return the possible stems of one folded word."""
    if word in _IRREGULAR:
        return frozenset([_IRREGULAR[word]])
    if word in _AS_THEY_ARE or any(character.isdigit() for character in word):
        return frozenset([word[:LONGEST]])
    stems = set(_without_ending(word))
    # A word in -a, -e or -u is a basic form nowhere but in short names and in loans.
    if not stems or word[-1] not in "aeu":
        stems.add(word)
    stems |= {_FLEETING.sub("", stem) for stem in stems if len(stem) > _SHORTEST}
    return frozenset(stem[:LONGEST] for stem in stems)


def _without_ending(word: str) -> Iterator[str]:
    for length in range(min(_LONGEST_ENDING, len(word)), 0, -1):
        ending = word[-length:]
        base = word[:-length]
        stems = [stem for put in _ENDINGS.get(ending, ()) if len(stem := base + put) >= _SHORTEST]
        if stems:
            yield from stems
            yield from _hard(stems[-1]) if ending in _PLURALS else ()
            return
        if ending in _BASIC and len(base) > 1:
            yield base + _BASIC[ending]
            return


def _hard(stem: str) -> Iterator[str]:
    for soft, hard in _SOFTENED:
        if stem.endswith(soft) and len(stem) > _SHORTEST:
            yield stem[: -len(soft)] + hard
            return

"""The Albanian words by which offices and institutions are called, for :mod:`core.dative` to decline; pure.

What does not stand here is not declined.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from pop_campaigns.core.text import fold

# Who holds an office, indefinite and masculine; the feminine has -e, some of them -eshë as well.
_PERSONS: Final = """
    administrator ambasador anëtar arkitekt arkivist asistent auditues avokat bibliotekar botues dekan deputet drejtor
    drejtues ekspert financier gazetar guvernator gjyqtar inspektor jurist kancelar komandant komisioner koordinator
    këshilltar kryetar llogaritar menaxher mësues mjek ministër mjeshtër moderator noter operator organizator
    përfaqësues përgjegjës përmbarues prefekt president prokuror protokollist psikolog punonjës raportues redaktor
    rektor sekretar shef specialist sociolog themelues titullar udhëheqës veprimtar zëdhënës zyrtar
"""
_IN_ESHE: Final = ("drejtor", "mësues")
# What may stand before them, as part of the word or as a word before it.
DEPUTIES: Final = ("zevendes", "zv", "nen", "krye", "bashke")

# Institutions, definite, in the nominative singular: the ending says the rest.
_INSTITUTIONS: Final = """
    aeroporti arkivi autoriteti bashkimi bordi delegacioni departamenti drejtorati enti fakulteti fondacioni
    fondi forumi fshati grupi gjimnazi inspektorati instituti institucioni kabineti kampusi këshilli klubi koalicioni
    kolegji komisariati komisioni komiteti komuniteti konsulati kontrolli kryqi kuvendi mekanizmi misioni muzeu
    observatori operatori organi parku parlamenti porti portali projekti programi qarku radiotelevizioni reparti rrethi
    rrjeti sekretariati seksioni sektori senati spitali shërbimi stacioni teatri televizioni tribunali unioni universiteti
    administrata akademia aleanca ambasada asambleja avokatura agjencia banka bashkia biblioteka brigada dega dhoma
    drejtoria federata garda gazeta gjykata kancelaria kisha komuna konfederata konsullata kryeministria lagja lagjja
    lëvizja lidhja ministria ndërmarrja njësia organizata partia policia prefektura presidenca prokuroria qendra qeveria
    redaksia republika revista sekretaria sindikata shkolla shoqata shoqëria shtëpia xhamia zyra
"""
# Definite ending: those of the dative and of the accusative; the longest first.
_CASES: Final = (
    ("gjja", "gjes", "gjen"),
    ("eja", "esë", "enë"),
    ("ja", "jes", "jen"),
    ("ia", "isë", "inë"),
    ("a", "ës", "ën"),
    ("i", "it", "in"),
    ("u", "ut", "un"),
)

# An office that is called by the field, not by the institution: *Ministër* of *Ministria e Drejtësisë* is that of justice.
ABSORBED: Final = {
    "ministër": "ministria",
    "prefekt": "prefektura",
    "president": "presidenca",
    "prokuror": "prokuroria",
    "ambasador": "ambasada",
}
PREPOSITIONS: Final = frozenset(
    ["per", "prane", "ne", "me", "nga", "mbi", "kunder", "ndaj", "sipas", "pa", "si", "te", "tek"]
)
# Names with an article of their own, which is no article of the institution.
PLACES: Final = (("malesi", "e", "madhe"), ("vau", "i", "dejes"))
# Endings, folded, of adjectives that agree without an article, masculine and feminine; of words in the genitive.
_AGREEING: Final = (
    "ar",
    "or",
    "al",
    "ik",
    "iv",
    "iak",
    "ian",
    "an",
    "il",
    "ist",
    "ues",
    "es",
    "at",
    "ent",
    "oks",
)
_OBLIQUE: Final = ("it", "ut", "ve", "se", "es", "is")


@dataclass(frozen=True)
class Noun:
    """A noun in the singular: what an office or an institution is called by, first of all.

    ``base`` is the word it is known by: of a person the indefinite masculine, of an institution the definite.
    """

    base: str
    feminine: bool
    person: bool
    nominative: str
    definite: str
    dative: str
    accusative: str


@cache
def nouns() -> dict[str, Noun]:
    """Return all nouns by their forms in the nominative, folded."""
    known: dict[str, Noun] = {}
    for noun in (*_persons(), *_institutions()):
        known.setdefault(fold(noun.nominative), noun)
        known.setdefault(fold(noun.definite), noun)
    return known


@cache
def persons_in_dative() -> dict[str, tuple[Noun, Noun]]:
    """Return the masculine and the feminine of each noun for a person by either's dative, folded."""
    pairs: dict[str, tuple[Noun, Noun]] = {}
    for noun in _persons():
        his = next(other for other in _persons() if other.base == noun.base)
        hers = noun if noun.feminine else next(n for n in _persons() if n.base == noun.base and n.feminine)
        pairs[fold(noun.dative)] = (his, hers)
    return pairs


def _persons() -> Iterator[Noun]:
    for base in _PERSONS.split():
        stem = f"{base[:-2]}r" if base.endswith("ër") else base
        vowel = "u" if stem[-1] in "kgh" else "i"
        yield Noun(base, False, True, base, stem + vowel, f"{stem}{vowel}t", f"{stem}{vowel}n")
        yield Noun(base, True, True, f"{stem}e", f"{stem}ja", f"{stem}es", f"{stem}en")
        if base in _IN_ESHE:
            yield Noun(base, True, True, f"{stem}eshë", f"{stem}esha", f"{stem}eshës", f"{stem}eshën")


def _institutions() -> Iterator[Noun]:
    for word in _INSTITUTIONS.split():
        ending, dative, accusative = next(case for case in _CASES if word.endswith(case[0]))
        stem = word[: -len(ending)]
        yield Noun(word, word.endswith("a"), False, word, word, stem + dative, stem + accusative)


def agrees(word: str) -> bool:
    """Return whether a folded word is an adjective that follows its noun without an article (*bashkiak*, *kombëtare*)."""
    return word.removesuffix("e").endswith(_AGREEING)


def is_oblique(word: str) -> bool:
    """Return whether a folded word has the ending of a genitive (*mjedisit*, *drejtësisë*, *financave*)."""
    return word.endswith(_OBLIQUE)

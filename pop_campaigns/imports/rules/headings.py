"""What the heading of a column may mean, in Albanian and English, as people, address books and forms write it; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from pop_campaigns.contacts.rules import DetailUse
from pop_campaigns.core.names import noun_stem
from pop_campaigns.core.text import fold
from pop_campaigns.imports.rules.cells import use_in
from pop_campaigns.imports.rules.fields import Field

# Folded: lower case, ë as e, ç as c. Where a heading holds words of several fields (*emri i organizatës*, *adresa e
# e-mailit*), the first of these takes it, as far as its cells agree.
_WORDS: Final[dict[Field, str]] = {
    Field.EMAIL: (
        "email|mail|adresa elektronike|adrese elektronike|posta elektronike|email value|email address"
    ),
    Field.PHONE: (
        "telefon|telefoni|tel|cel|celular|celulari|mob|mobil|mobile|phone|telephone|phone value|"
        "whatsapp|viber"
    ),
    Field.CONSENT_DATE: (
        "data pelqimit|data miratimit|consent date|date consent|pelqimi me|timestamp|vula kohore|"
        "submitted at|submission date|submit date|completion time|data plotesimit|koha plotesimit|"
        "data dergimit|koha dergimit|data regjistrimit|submission time|optin time|opt in date"
    ),
    Field.CONSENT_NEWS: "lajme|newsletter|news|njoftime|pelqim lajme|consent news",
    Field.CONSENT_SHARING: "ndarje|sharing|pelqim ndarje|consent sharing",
    Field.CONSENT_EVENTS: "pelqimi|pelqim|ngjarje|veprimtari|ftesa|consent|events|pelqim ngjarje|consent events",
    Field.POST_ADDRESS: (
        "adresa|adresa postare|adrese|address|postal address|post address|mailing address|rruga|street|"
        "address formatted|address street"
    ),
    Field.FIRST_NAME: "first name|given name|emri pare|firstname|forename|vorname|nome",
    Field.MIDDLE_NAME: "middle name|additional name|emri dyte|emri mesit|middlename",
    Field.LAST_NAME: "mbiemri|mbiemer|last name|surname|family name|lastname|nachname|cognome",
    Field.FORM_OF_ADDRESS: (
        "form of address|si t i drejtohemi|name prefix|prefix|salutation|honorific|trajtimi|anrede"
    ),
    Field.LANGUAGE: "gjuha|gjuhe|language|lang",
    Field.KIND: "lloji|lloj|kategoria|kind|type|category|tipi",
    Field.OFFICE: (
        "pozicioni|pozicion|detyra|funksioni|funksion|titulli detyres|zyra|roli|position|office|"
        "job title|title|function|titulli|profesioni"
    ),
    Field.MUNICIPALITY: "bashkia|bashki|qyteti|qytet|municipality|city|town|vendbanimi|address city",
    Field.WORKS_FOR: (
        "media|medium|medja|gazeta|punon per|works for|employer|punedhenesi|redaksia|outlet|newsroom"
    ),
    Field.INSTITUTION: (
        "institucioni|institucion|organizata|organizate|organisation|organization|institution|"
        "company|ent|enti|subjekti|kompania"
    ),
    Field.TOPICS: "tema|temat|interesat|topics|topic|interests|fusha|fushat|tags|etiketa",
    Field.NAME: (
        "emri mbiemri|emri dhe mbiemri|emer mbiemer|emri plote|emri|emer|name|full name|personi|person|"
        "contact name|pjesemarresi|kontakti|contact|display name"
    ),
}  # fmt: skip
# Words that mean it alone, and something else among others (*last changed*, *posta*).
_ALONE: Final = {
    "first": Field.FIRST_NAME,
    "middle": Field.MIDDLE_NAME,
    "last": Field.LAST_NAME,
    "posti": Field.OFFICE,
}
_PLACE_IN_ORDER: Final = {field: number for number, field in enumerate(_WORDS)}
# Words that join, and whose answer is asked for.
_LINKS: Final = frozenset([
    "i", "e", "te", "se", "per", "for", "of", "the", "your", "yours", "juaj", "suaj", "tuaj", "tuaja", "jote",
    "ju", "lutem", "lutemi", "nr", "numri", "number", "no",
])  # fmt: skip
_LABEL: Final = re.compile(r"\s+-\s+(?:label|type)\s*$", re.IGNORECASE)
_VALUE: Final = re.compile(r"\s+-\s+value\s*$", re.IGNORECASE)
_EMAIL: Final = re.compile(r"\be[\W_]*mail\w*")
# What stands beside a value and is none: which of one's phones it is, how a name is spoken, whose assistant's it is.
_BESIDE: Final = re.compile(
    r"\b(?:email|mail)\b.*\b(?:display|angezeigter)\b|\bvisualizzato\b|\b(?:label|yomi|phonetic|fax\w*|faks\w*|pager|telex|tty|tdd|callback"
    r"|assistant\w*|asistent\w*|manager\w*|spouse|bashkeshort\w*|referred|password|fjalekalim\w*)\b"
    r"|\b(?:email|mail|phone|telefon\w*|address|adres\w*|organi[sz]ation|institucion\w*|relation|website|im|event"
    r"|custom field)\b.*\btype?\b|\b(?:lloj\w*|kategori\w*|type|kind|tipo)\b.*\b(?:email|mail|posta|telefon\w*|phone|adres\w*"
    r"|address|institucion\w*|institution|organi[sz]at\w*)\b"
)
# What would be taken for something else by one of its words; its cells may still say what it is.
_OTHER: Final = re.compile(
    r"\b(?:nickname|screen name|ticket|web|website|url|faqja|birthday|lindj\w*|birth|anniversary|gender|gjinia"
    r"|initials|suffix|prefix|file as|photo|maiden|department|departamenti|location|region|state|country"
    r"|postal code|po box|extended|keywords|server|account|government|hobby|profession|symbol|job description)\b"
)


def heading_words(heading: str) -> str:
    """Return a heading as it is compared: folded, without numbers and signs, each way to write *e-mail* as one word."""
    return " ".join(re.sub(r"[\W_]+|\b\d+\b", " ", _EMAIL.sub("email", fold(heading))).split())


def is_beside(heading: str) -> bool:
    """Return whether a column says something about another one (*Phone 1 - Label*), or nothing to be kept (*Fax*)."""
    return bool(_BESIDE.search(heading_words(heading)))


def phone_uses(headings: Sequence[str], mapping: Mapping[int, Field]) -> dict[int, DetailUse | int]:
    """Return where the numbers of a column ring: as its heading says, or the number of the column in which it stands."""
    labels = {
        _LABEL.sub("", heading): number for number, heading in enumerate(headings) if _LABEL.search(heading)
    }
    uses: dict[int, DetailUse | int] = {}
    for number, field in mapping.items():
        if field is not Field.PHONE or number >= len(headings):
            continue
        beside = labels.get(_VALUE.sub("", headings[number])) if _VALUE.search(headings[number]) else None
        use = use_in(headings[number]) if beside is None else beside
        if use is not None:
            uses[number] = use
    return uses


def fields_of(heading: str) -> list[tuple[Field, bool, int]]:
    """Return what a heading may mean, the likeliest first: the field, whether it says nothing else, by how many words."""
    words = heading_words(heading)
    if not words or is_beside(heading):
        return []
    if words in _ALONE:
        return [(_ALONE[words], True, 1)]
    own = _stems(words)
    meanings = {} if _OTHER.search(words) and own not in _WHOLE else _within(own)
    if not _SPECIAL_CONSENTS.isdisjoint(meanings):
        # *Pëlqim, lajme* is about news: for what it is tells more than that it is one.
        meanings.pop(Field.CONSENT_EVENTS, None)
    told = [(field, length == len(own), length) for field, length in meanings.items()]
    return sorted(told, key=lambda meaning: (not meaning[1], _PLACE_IN_ORDER[meaning[0]]))


def _within(own: Sequence[str]) -> dict[Field, int]:
    """Return the fields whose words stand in a heading, and how many; no word counts twice (*job title* is no *title*)."""
    meanings: dict[Field, int] = {}
    covered: set[int] = set()
    for field, phrase in _PHRASES:
        for at in range(len(own) - len(phrase) + 1):
            here = range(at, at + len(phrase))
            if tuple(own[at : at + len(phrase)]) == phrase and covered.isdisjoint(here):
                covered |= set(here)
                meanings[field] = max(meanings.get(field, 0), len(phrase))
    return meanings


@lru_cache(maxsize=4096)
def _stems(words: str) -> tuple[str, ...]:
    return tuple(noun_stem(word) for word in words.split() if word not in _LINKS)


_PHRASES: Final = sorted(
    (
        (field, stems)
        for field, listed in _WORDS.items()
        for stems in dict.fromkeys(_stems(words) for words in listed.split("|"))
    ),
    key=lambda words: -len(words[1]),
)
_WHOLE: Final = frozenset(stems for _field, stems in _PHRASES)
_SPECIAL_CONSENTS: Final = frozenset({Field.CONSENT_NEWS, Field.CONSENT_SHARING})

"""Which field a column fills, guessed from its heading in Albanian or English; pure."""

from __future__ import annotations

import enum
import re
from collections.abc import Sequence
from typing import Final

from pop_campaigns.contacts.rules import Purpose
from pop_campaigns.core.text import fold


class Field(enum.StrEnum):
    """What a column of a file can say about a contact."""

    NAME = "name"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    EMAIL = "email"
    PHONE = "phone"
    INSTITUTION = "institution"
    OFFICE = "office"
    WORKS_FOR = "works_for"
    MUNICIPALITY = "municipality"
    KIND = "kind"
    LANGUAGE = "language"
    TOPICS = "topics"
    POST_ADDRESS = "post_address"
    CONSENT_EVENTS = "consent_events"
    CONSENT_NEWS = "consent_news"
    CONSENT_SHARING = "consent_sharing"
    CONSENT_DATE = "consent_date"


# Several columns may fill one of these; the others have one column each.
OF_SEVERAL_COLUMNS: Final = frozenset({Field.EMAIL, Field.TOPICS, Field.POST_ADDRESS})
CONSENTS: Final = {
    Field.CONSENT_EVENTS: Purpose.EVENTS,
    Field.CONSENT_NEWS: Purpose.NEWS,
    Field.CONSENT_SHARING: Purpose.SHARING,
}
# Folded: lower case, ë as e, ç as c. The first field whose words fit takes the column; the whole heading first.
_WORDS: Final[dict[Field, str]] = {
    Field.EMAIL: (
        "email|e mail|mail|adresa elektronike|adrese elektronike|posta elektronike|"
        "email address|e mail address|emaili"
    ),
    Field.PHONE: (
        "telefon|telefoni|tel|cel|celular|celulari|mobil|numri i telefonit|nr telefoni|nr tel|"
        "phone|phone number|mobile|telephone|kontakti"
    ),
    Field.FIRST_NAME: "first name|given name|emri i pare|firstname",
    Field.LAST_NAME: "mbiemri|mbiemer|last name|surname|family name|lastname",
    Field.NAME: (
        "emri mbiemri|emri dhe mbiemri|emer mbiemer|emri i plote|emri|emer|name|full name|"
        "personi|person|contact name|pjesemarresi"
    ),
    Field.OFFICE: (
        "posti|pozicioni|pozicion|detyra|funksioni|titulli i detyres|zyra|roli|position|office|"
        "job title|title|function|titulli"
    ),
    Field.WORKS_FOR: (
        "media|medium|medja|gazeta|punon per|works for|employer|punedhenesi|redaksia|outlet|"
        "newsroom"
    ),
    Field.INSTITUTION: (
        "institucioni|institucion|organizata|organizate|organisation|organization|institution|"
        "company|ent|enti|subjekti"
    ),
    Field.MUNICIPALITY: "bashkia|bashki|qyteti|qytet|municipality|city|town|vendbanimi",
    Field.KIND: "lloji|lloj|kategoria|kind|type|category|tipi",
    Field.LANGUAGE: "gjuha|gjuhe|language|lang",
    Field.TOPICS: "tema|temat|interesat|topics|topic|interests|fusha|fushat|tags|etiketa",
    Field.POST_ADDRESS: "adresa|adresa postare|adrese|address|postal address|post address|rruga|street",
    Field.CONSENT_DATE: "data e pelqimit|data e miratimit|consent date|date of consent|pelqimi me",
    Field.CONSENT_NEWS: (
        "pelqim per lajme|pelqimi lajme|lajme|newsletter|news|consent news|consent for news|"
        "pelqimi per lajme"
    ),
    Field.CONSENT_EVENTS: (
        "pelqimi|pelqim|pelqim per ngjarje|pelqimi per ngjarje|ngjarje|consent|consent events|"
        "events"
    ),
    Field.CONSENT_SHARING: (
        "pelqim per ndarje|pelqimi per ndarje|ndarje|sharing|consent sharing|"
        "consent for sharing"
    ),
}  # fmt: skip
_BY_WORDS: Final = {words: field for field, listed in _WORDS.items() for words in listed.split("|")}

_ANY_CONSENT: Final = frozenset({"pelqim", "pelqimi", "consent"})


def guess_mapping(headings: Sequence[str]) -> dict[int, Field]:
    """Return which field each column fills, by its number from 0; a column nobody understands is left out."""
    mapping: dict[int, Field] = {}
    for exact in (True, False):
        for number, heading in enumerate(headings):
            if number in mapping:
                continue
            field = _field_of(_words(heading), exact)
            if field and (field in OF_SEVERAL_COLUMNS or field not in mapping.values()):
                mapping[number] = field
    if Field.LAST_NAME in mapping.values() and Field.FIRST_NAME not in mapping.values():
        # *Emri* beside *Mbiemri* is the first name; *Emri mbiemri* alone is the whole.
        mapping = {
            number: Field.FIRST_NAME if field is Field.NAME else field for number, field in mapping.items()
        }
    return mapping


def key_of(headings: Sequence[str]) -> tuple[str, ...]:
    """Return what two files have in common whose columns mean the same."""
    return tuple(_words(heading) for heading in headings)


def _words(heading: str) -> str:
    return " ".join(re.sub(r"[^\w]+|_|\b\d+\b", " ", fold(heading)).split())


def _field_of(words: str, exact: bool) -> Field | None:
    if exact or not words:
        return _BY_WORDS.get(words)
    near = [known for known in _BY_WORDS if len(known) > 3 and re.search(rf"\b{known}\b", words)]
    # *Pëlqim, lajme* is about news: what consent is for tells more than that it is one.
    return _BY_WORDS[max(near, key=lambda known: (known not in _ANY_CONSENT, len(known)))] if near else None

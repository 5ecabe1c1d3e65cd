"""How a mail or letter speaks to its reader: *I nderuar zoti Kryetar,*, *E nderuar zonja Kryetare,*, *I/E nderuar,*; pure.

In Albanian an official is spoken to by the title; whether as a man or a woman somebody has said, and no name tells it. Names are
used whole: which part of one is the family name nobody knows.
"""

from __future__ import annotations

import enum
import re
from typing import Final

from pop_campaigns.core.dative import called, is_body
from pop_campaigns.core.text import fold


class FormOfAddress(enum.StrEnum):
    """How a person is spoken to. Not said is None."""

    ZOTI = "zoti"
    ZONJA = "zonja"


_NEUTRAL: Final = {"sq": "I/E nderuar,", "en": "Dear Sir or Madam,"}
_SEVERAL: Final = {"sq": "Të nderuar,", "en": "Dear Sir or Madam,"}
_BEGINS: Final = re.compile(
    r"(i|e|te|i ?/ ?e)\s+(nderuar|dashur|respektuar)|pershendetje|zoti\b|zonja\b|zoterinj|dear\b|sirs?\b|ladies\b|to whom it may"
)


def salutation(lang: str, form: FormOfAddress | None, *, title: str = "", name: str = "") -> str:
    """Return how somebody is spoken to in ``lang`` (sq or en): by the title they hold, or by the name.

    ``title`` is in the same language; without one and without a name it is an institution, which is many.
    """
    if form is None or not name:
        is_many = not name and (not title or is_body(title))
        return (_SEVERAL if is_many else _NEUTRAL)[lang]
    woman = form is not FormOfAddress.ZOTI
    if lang == "en":
        return f"Dear {'Ms' if woman else 'Mr'} {name},"
    who = f"{'zonja' if woman else 'zoti'} {called(title, woman=woman) or name}".rstrip()
    return f"{'E' if woman else 'I'} nderuar {who},"


def salutation_of_many(lang: str) -> str:
    """Return how several are spoken to at once."""
    return _SEVERAL[lang]


def has_salutation(text: str) -> bool:
    """Return whether a letter's own text begins with a salutation, in Albanian or English."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return len(first) <= 200 and _BEGINS.match(fold(first)) is not None


def neutral_salutation(lang: str) -> str:
    """Return how one person is spoken to of whom nothing is known."""
    return _NEUTRAL[lang]


def is_salutation(line: str) -> bool:
    """Return whether a text is one that :func:`salutation` makes, and nothing else."""
    return line.endswith(",") and "\n" not in line and _BEGINS.match(fold(line)) is not None


def named_in_dative(name: str, form: FormOfAddress | None) -> str:
    """Return a person's name as it stands beside an office in the Albanian dative: *zotit Sokol Meta*, or the name."""
    if form is None or not name:
        return name
    return f"{'zonjës' if form is FormOfAddress.ZONJA else 'zotit'} {name}"


def dative_line(phrase: str, name: str, form: FormOfAddress | None) -> str:
    """Return whom something in Albanian is addressed to, after *Drejtuar:*; empty where only the nominative is known.

    *Kryetarit të Bashkisë Fier, zotit Sokol Meta*; a name alone has no case: *Kryetarit të Bashkisë Fier (Sokol Meta)*.
    """
    if not phrase:
        return named_in_dative(name, form) if form else ""
    if not name:
        return phrase
    return f"{phrase}, {named_in_dative(name, form)}" if form else f"{phrase} ({name})"


def without_name(line: str, name: str) -> str:
    """Return such a line without the name and what belongs to it."""
    for with_name in (f", zotit {name}", f", zonjës {name}", f" ({name})", f"zotit {name}", f"zonjës {name}"):
        line = line.replace(with_name, "")
    return line

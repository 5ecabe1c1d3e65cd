"""Whom a letter names, in the words of its language: in Albanian an office stands in the dative, in one phrase."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pop_campaigns.core.salutations import (
    dative_line,
    has_salutation,
    named_in_dative,
    salutation,
    salutation_of_many,
)
from pop_campaigns.letters.models import Letter
from pop_campaigns.letters.queries.letters import UNSENT, RecipientLine
from pop_campaigns.letters.rules.letters import RecipientRole


@dataclass(frozen=True)
class Addressees:
    """A line for each recipient. ``in_dative``: the addressees all are, so that *Drejtuar* may stand before them."""

    in_dative: bool
    to: tuple[str, ...]
    cc: tuple[str, ...]


def addressees(lines: Sequence[RecipientLine], lang: str) -> Addressees:
    """Return how a letter in ``lang`` (sq or en) names its recipients; the lines are in that language."""
    to = [line for line in lines if line.role is RecipientRole.TO]
    cc = [line for line in lines if line.role is RecipientRole.CC]
    in_dative = all_in_dative(lines, lang)
    return Addressees(
        in_dative,
        tuple(in_one_line(line) if in_dative else nominative(line) for line in to),
        tuple(in_one_line(line) if lang == "sq" and line.dative else nominative(line) for line in cc),
    )


def all_in_dative(lines: Sequence[RecipientLine], lang: str) -> bool:
    """Return whether every addressee has an Albanian dative: one that has none leaves all of them in the nominative."""
    to = [line for line in lines if line.role is RecipientRole.TO]
    return lang == "sq" and bool(to) and all(line.dative for line in to)


def in_one_line(line: RecipientLine) -> str:
    """Return a recipient who has a dative, as it stands after *Drejtuar:*."""
    return dative_line(line.dative, line.name, line.form_of_address)


def named(line: RecipientLine) -> str:
    """Return the name below a recipient in the dative."""
    return named_in_dative(line.name, line.form_of_address)


def nominative(line: RecipientLine) -> str:
    """Return a recipient in the language of the line: *Sokol Meta, Kryetar, Bashkia Fier*."""
    words = line.written_as
    return f"{line.name}, {words}" if line.name and words != line.name else words


def greeting_of(line: RecipientLine) -> str:
    """Return how a mail speaks to its recipient, in the recipient's language."""
    return salutation(line.language, line.form_of_address, title=line.office_title, name=line.name)


def text_of(letter: Letter, lines: Sequence[RecipientLine], lang: str) -> str:
    """Return the text of a letter, with a salutation before it where it has none; one that went without stays so."""
    body: str = getattr(letter, f"body_{lang}")
    is_greeted = letter.greeted or letter.state in UNSENT
    if not is_greeted or not body.strip() or has_salutation(body):
        return body
    to = [line for line in lines if line.role is RecipientRole.TO]
    if len(to) != 1:
        return f"{salutation_of_many(lang)}\n\n{body}"
    only = to[0]
    words = salutation(lang, only.form_of_address, title=only.office_title, name=only.name)
    return f"{words}\n\n{body}"

"""Which field each column of a file fills: guessed by its heading and by what stands in its cells; pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pop_campaigns.core.text import fold
from pop_campaigns.imports.rules.cells import answer_in, form_in
from pop_campaigns.imports.rules.fields import CONSENTS, OF_SEVERAL_COLUMNS, Field
from pop_campaigns.imports.rules.headings import fields_of, heading_words, is_beside

# So many cells of a column tell what it holds.
_LOOKED_AT: Final = 200
_MOST: Final = 0.8
_ADDRESS: Final = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+")
_ONLY_ADDRESSES: Final = re.compile(r"(?:[^@<>;]{0,80}<)?[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+")
_DAY: Final = re.compile(r"\d{1,4}\s*[./-]\s*\d{1,2}\s*[./-]\s*\d{1,4}(?:\D.*)?")
# Where no heading says so, a number is one that is dialled: it begins with 0 or +, or is a mobile without its 0.
_DIALLED: Final = re.compile(r"(?:\+|0|\(0)[\d\s/().-]{7,18}|6[6-9]\d{7}")
_NAME: Final = re.compile(r"[^\W\d_]+[.'’-]?(?:[ -][^\W\d_]+[.'’]?){1,3}")
_TITLES: Final = frozenset([
    "z", "zt", "zoti", "zj", "znj", "zonja", "zonjusha", "dr", "prof", "doc", "msc", "phd", "av", "ing", "inxh",
    "mr", "mrs", "ms", "miss", "sig", "dott",
])  # fmt: skip

Cells = Sequence[str]


@dataclass(frozen=True)
class Vocabulary:
    """Words that a cell may be, folded: names of municipalities, kinds of contacts, languages."""

    places: Collection[str] = frozenset()
    kinds: Collection[str] = frozenset()
    languages: Collection[str] = frozenset()


def guess_mapping(
    headings: Sequence[str], rows: Sequence[Sequence[str]] = (), words: Vocabulary | None = None
) -> dict[int, Field]:
    """Return which field each column fills, by its number from 0; a column nobody understands is left out.

    ``rows`` are the first of the file; without ``words`` no cell contradicts a heading that asks for one of them.
    """
    words = words or Vocabulary()
    columns = [_cells_of(rows, number) for number in range(len(headings))]
    claims = [
        (*rank, number, field)
        for number, (heading, cells) in enumerate(zip(headings, columns, strict=True))
        for rank, field in _claims(heading, cells, words)
    ]
    mapping: dict[int, Field] = {}
    for _strength, _order, _empty, _length, number, field in sorted(claims, key=lambda claim: claim[:5]):
        free = field in OF_SEVERAL_COLUMNS or field not in mapping.values()
        if number not in mapping and free:
            mapping[number] = field
    _keep_one_post_address(mapping, headings, columns)
    _name_the_names(mapping, headings, columns)
    return dict(sorted(mapping.items()))


def key_of(headings: Sequence[str]) -> tuple[str, ...]:
    """Return what two files have in common whose columns mean the same."""
    return tuple(heading_words(heading) for heading in headings)


def _cells_of(rows: Sequence[Sequence[str]], number: int) -> Cells:
    cells = [row[number] for row in rows if number < len(row) and row[number]]
    return cells[:_LOOKED_AT]


def _claims(heading: str, cells: Cells, words: Vocabulary) -> list[tuple[tuple[int, int, bool, int], Field]]:
    """Return what a column may be, each with its rank: the lower, the surer."""
    if is_beside(heading):
        return []
    by_cells = _by_cells(cells)
    told = fields_of(heading)
    if by_cells is Field.EMAIL:  # nothing else looks like it, whatever the heading says
        told = [claim for claim in told if claim[0] is Field.EMAIL] or [(Field.EMAIL, True, 1)]
    if Field.OFFICE in {field for field, _exact, _length in told} and _forms(cells):
        told = [(Field.FORM_OF_ADDRESS, True, 1)]  # *Titulli* over *Z.* and *Znj.*
    if {Field.EMAIL, Field.PHONE} & {field for field, _exact, _length in told}:
        # *Telefoni i zyrës* is no office, whatever its cells are; *njoftime me e-mail?* may be agreed to.
        told = [claim for claim in told if claim[0] in _REACHES_OR_CONSENTS]
    claims = [
        ((0 if is_exact else 1, order, not cells, -length), field)
        for order, (field, is_exact, length) in enumerate(told)
        if _agrees(field, cells, words, is_exact=is_exact)
    ]
    if by_cells and not claims:
        claims.append(((2, 0, False, 0), by_cells))
    return claims


def _by_cells(cells: Cells) -> Field | None:
    if _share(cells, lambda cell: bool(_ONLY_ADDRESSES.match(cell))) >= _MOST:
        return Field.EMAIL
    dialled = _share(cells, lambda cell: bool(_DIALLED.fullmatch(cell) and not _DAY.fullmatch(cell)))
    return Field.PHONE if dialled >= _MOST else None


def _agrees(field: Field, cells: Cells, words: Vocabulary, *, is_exact: bool) -> bool:
    """Return whether the cells of a column may be what its heading says; an empty column contradicts nothing."""
    if not cells:
        return True
    known = {Field.MUNICIPALITY: words.places, Field.KIND: words.kinds, Field.LANGUAGE: words.languages}.get(
        field
    )
    if known:
        share = _share(cells, lambda cell: fold(cell).removeprefix("bashkia ") in known)
        return share >= _HALF or (is_exact and share > 0)
    if is_exact and field in CONSENTS:
        return True
    check = _CHECKS.get(field)
    return check is None or check(cells)


def _share(cells: Cells, is_one: Callable[[str], bool]) -> float:
    return sum(1 for cell in cells if is_one(cell)) / len(cells) if cells else 0


def _is_title(cell: str) -> bool:
    return fold(cell).strip(". ") in _TITLES


def _forms(cells: Cells) -> bool:
    return _share(cells, lambda cell: form_in(cell) is not None) >= _HALF


def _is_name(cell: str) -> bool:
    return bool(_NAME.fullmatch(cell)) and all(word[0].isupper() for word in re.split(r"[ -]", cell) if word)


def _answers(cells: Cells) -> bool:
    return _share(cells, lambda cell: answer_in(cell) is not None or bool(_DAY.fullmatch(cell))) >= _HALF


_HALF: Final = 0.5
_CHECKS: Final[Mapping[Field, Callable[[Cells], bool]]] = {
    Field.EMAIL: lambda cells: any("@" in cell for cell in cells),
    Field.PHONE: lambda cells: (
        _share(cells, lambda cell: any(sign.isdigit() for sign in cell)) >= _HALF
        and _share(cells, lambda cell: bool(_DAY.fullmatch(cell))) < _HALF
    ),
    Field.OFFICE: lambda cells: _share(cells, _is_title) < _HALF,
    Field.FORM_OF_ADDRESS: _forms,
    Field.NAME: lambda cells: _share(cells, lambda cell: any(sign.isalpha() for sign in cell)) >= _HALF,
    Field.CONSENT_DATE: lambda cells: _share(cells, lambda cell: bool(_DAY.fullmatch(cell))) >= _HALF,
} | dict.fromkeys(CONSENTS, _answers)


def _keep_one_post_address(
    mapping: dict[int, Field], headings: Sequence[str], columns: Sequence[Cells]
) -> None:
    """Keep one address of an address book, which has them at home, at work and elsewhere: the first filled, best the whole."""
    words = {
        number: set(heading_words(headings[number]).split())
        for number, field in mapping.items()
        if field is Field.POST_ADDRESS
    }
    books = [number for number in words if words[number] & _OF_BOOKS]
    if books:
        best = min(books, key=lambda n: (not columns[n], "formatted" not in words[n], n))
        for number in books:
            # *Home Address* and *Home Address 2* are one; *Address 1 - Formatted* has all of *Address 1 - Street*.
            if words[number] != words[best] or ("formatted" in words[best] and number != best):
                del mapping[number]


def _name_the_names(mapping: dict[int, Field], headings: Sequence[str], columns: Sequence[Cells]) -> None:
    fields = set(mapping.values())
    if Field.LAST_NAME in fields and Field.FIRST_NAME not in fields:
        # *Emri* beside *Mbiemri* is the first name; *Emri mbiemri* alone is the whole.
        mapping |= {number: Field.FIRST_NAME for number, field in mapping.items() if field is Field.NAME}
    elif fields.isdisjoint(_NAMES):
        nameless = (
            number
            for number, cells in enumerate(columns)
            if number not in mapping and not is_beside(headings[number]) and _share(cells, _is_name) >= _MOST
        )
        if (number := next(nameless, None)) is not None:
            mapping[number] = Field.NAME


_REACHES_OR_CONSENTS: Final = frozenset({Field.EMAIL, Field.PHONE, *CONSENTS})
_OF_BOOKS: Final = frozenset(("street", "formatted", "home", "work", "business", "other"))
_NAMES: Final = frozenset({Field.NAME, Field.FIRST_NAME, Field.LAST_NAME})

"""What stands in one cell, as people and programs write it: several addresses or numbers, a name beside, an answer; pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from pop_campaigns.contacts.rules import POST_USES, DetailUse
from pop_campaigns.core.salutations import FormOfAddress
from pop_campaigns.core.text import fold

# A cell that says it holds nothing.
_NOTHING: Final = frozenset(
    ("-", "--", "–", "—", "/", "//", ".", "?", "n/a", "na", "nuk ka", "s'ka", "s’ka", "ska", "pa", "none", "null", "nil")
)  # fmt: skip
_BETWEEN_ADDRESSES: Final = re.compile(r"[\s;,|()\[\]\"“”„]+|:{2,}")
_BETWEEN_PHONES: Final = re.compile(r":{2,}|[;|\n]|,(?!\s*(?:ext|int|zgj|x|#))", re.IGNORECASE)
_OR_PHONES: Final = re.compile(r"\s*/\s*|\s+(?:dhe|and|ose|or|&)\s+", re.IGNORECASE)
_AROUND: Final = " .,:;'‘’`-–—/&+<>"
_JOINING: Final = frozenset(("dhe", "and", "ose", "or", "email", "e-mail", "mail"))

# Where a number rings, as people, address books and our own files say it, folded.
_USES: Final[dict[str, DetailUse]] = {
    word: use
    for use, words in {
        DetailUse.FAX: "fax|faks|faksi",
        DetailUse.SECRETARY: "secretary|sekretaria|sekretari|sekretare|sekretarja|assistant|asistenti|asistentja",
        DetailUse.MOBILE: "mobile|mobil|mob|cell|cel|celular|celulari|cellular|iphone",
        DetailUse.HOME: "home|at home|shtepi|shtepia|shtepise|ne shtepi",
        DetailUse.WORK: "work|at work|business|office|pune|puna|punes|ne pune|zyra|zyre|zyres",
        DetailUse.OTHER: "other|other use|tjeter|perdorim tjeter",
    }.items()
    for word in words.split("|")
}
_USE_BEHIND: Final = re.compile(r"(?P<number>.*\d.*?)\s*\((?P<use>[^()\d]+)\)\s*", re.DOTALL)
_USE_BEFORE: Final = re.compile(r"\s*(?P<use>[^\W\d]+)\s*[.:]\s*(?P<number>.*\d.*)", re.DOTALL)

_BETWEEN_POSTS: Final = re.compile(r"\s*:{3,}\s*")
_POST_USE: Final = re.compile(r"(?P<address>.*\S)\s*\((?P<use>[^()]+)\)\s*", re.DOTALL)
_FORMS: Final = dict.fromkeys(("zoti", "z", "zt", "mr", "mister"), FormOfAddress.ZOTI) | dict.fromkeys(
    ("zonja", "zj", "znj", "zonjusha", "ms", "mrs", "miss"), FormOfAddress.ZONJA
)

# Answers to *do you agree?*; what says more than yes or no is neither.
_YES: Final = frozenset(
    ["po", "yes", "true", "1", "x", "✓", "✔", "☑", "ok", "y", "p", "e vertete", "verdadero", "wahr"]
)
_NO: Final = frozenset(["jo", "no", "false", "0", "-", "n", "", "☐", "✗", "✘", "e gabuar"])
_AGREES: Final = re.compile(
    r"(?:(?:po|yes|ok) )?(?:(?:e |une |i )?(?:pranoj|dakord|agree|agreed|accept|accepted|consent|subscribed)"
    r"|jam (?:i |e )?dakord|jap pelqimin(?: tim)?|i abonuar|opted in|opt in|dua|deshiroj)"
)
_REFUSES: Final = re.compile(
    r"(?:(?:jo|no) )?(?:nuk (?:e )?(?:pranoj|dua|deshiroj|jap pelqimin|jam (?:i |e )?dakord)|faleminderit|thanks"
    r"|thank you|i do not (?:agree|consent|accept)|i don t (?:agree|consent|accept)|opted out|opt out|unsubscribed)"
)


@dataclass
class Addresses:
    """The addresses in a cell, the names that stand before those in angle brackets, and words that are neither."""

    found: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    rest: list[str] = field(default_factory=list)


def says_nothing(cell: str) -> bool:
    """Return whether a cell holds a sign for *none*."""
    return fold(cell) in _NOTHING


def addresses_in(cell: str) -> Addresses:
    """Return what a cell with e-mail addresses holds; not yet whether the addresses are any."""
    told = Addresses()
    before, *angled = cell.split("<")
    for piece in angled:
        inside, closed, after = piece.partition(">")
        if closed and "@" in inside:
            plain, name = _name_at_end(before)
            _take_plain(told, plain)
            told.found.append(_bare(inside))
            if name:
                told.names.append(name)
            before = after
        else:
            before = f"{before} {inside} {after}"
    _take_plain(told, before)
    return told


def _name_at_end(text: str) -> tuple[str, str]:
    """Part what stands before an address in angle brackets: other addresses, and the name of whose it is."""
    at = max(text.rfind("@"), text.rfind(";"), text.rfind("|"), text.rfind("\n"), text.rfind("::"))
    while 0 <= at < len(text) and not _BETWEEN_ADDRESSES.match(text, at):
        at += 1
    at = max(at, 0)
    return text[:at], " ".join(text[at:].split()).strip(' ,:;|"“”„')


def _take_plain(told: Addresses, text: str) -> None:
    for token in _BETWEEN_ADDRESSES.split(text):
        parts = token.split("/")
        for part in parts if len(parts) > 1 and all("@" in part for part in parts) else [token]:
            if "@" in part:
                told.found.append(_bare(part))
            elif (word := part.strip(_AROUND)) and fold(word) not in _JOINING:
                told.rest.append(word)


def _bare(address: str) -> str:
    address = address.strip(" .,:;'‘’`")
    return address[7:] if address[:7].lower() == "mailto:" else address


def phones_in(cell: str) -> list[str]:
    """Return what a cell with phone numbers holds: each part that signs set apart."""
    return [part for part in (part.strip() for part in _BETWEEN_PHONES.split(cell)) if part]


def or_phones(part: str) -> list[str]:
    """Return into what a part may be parted again.

    ``042 211 001/002`` is one number to whoever reads only the first part; so the reader tries a part as a whole first.
    """
    return [smaller for smaller in _OR_PHONES.split(part) if smaller]


def post_addresses_in(cells: Sequence[str]) -> list[tuple[str, DetailUse]]:
    """Return the post addresses in the cells of a row, of which each holds lines of one, or of several set apart by ``:::``.

    Where one leads stands behind it, if anywhere: *Rr. 1, Fier (home)*.
    """
    columns = [_BETWEEN_POSTS.split(cell) for cell in cells]
    addresses = []
    for number in range(max(map(len, columns), default=0)):
        whole = "\n".join(column[number] for column in columns if number < len(column))
        told = _POST_USE.fullmatch(whole) if number else None  # of the first one no use is kept
        use = _USES.get(fold(told["use"])) if told else None
        if told and use in POST_USES:
            whole = told["address"]
        addresses.append((whole, use if use in POST_USES and use else DetailUse.OTHER))
    return addresses


def use_in(words: str) -> DetailUse | None:
    """Return where a number rings by the label of an address book (*Work Fax*, *\\* Mobile*) or a heading; None: not said."""
    folded = " ".join(re.sub(r"[\W\d_]+", " ", fold(words)).split())
    if folded in _USES:
        return _USES[folded]
    uses = {_USES[word] for word in folded.split() if word in _USES}
    return next((use for use in _USES.values() if use in uses), None)


def part_use(part: str) -> tuple[str, DetailUse | None]:
    """Part a number from the use that stands before or behind it (*Cel: 069…*, *042… (fax)*); other words stay with it."""
    for way in (_USE_BEHIND, _USE_BEFORE):
        told = way.fullmatch(part)
        if told and (use := _USES.get(fold(told["use"]))):
            return told["number"].strip(), use
    return part, None


def form_in(cell: str) -> FormOfAddress | None:
    """Return how a person is spoken to by a cell (*Z.*, *znj*, *Mr*); None where it says neither, as *Dr.* does."""
    return _FORMS.get(re.sub(r"[\s.]+", "", fold(cell)))


def answer_in(cell: str) -> bool | None:
    """Return whether a cell says yes or no; None where it says neither, or more than that."""
    folded = fold(cell)
    if folded in _NO:
        return False
    if folded in _YES:
        return True
    words = " ".join(re.sub(r"[\s,.!;'’]+", " ", folded).split())
    if words in _YES or _AGREES.fullmatch(words):
        return True
    return False if words in _NO - {""} or _REFUSES.fullmatch(words) else None

"""Address books of phones and mail programs: vCards 2.1, 3.0 (RFC 2426) and 4.0 (RFC 6350), card by card; pure.

No library is used: the one that is kept up (vobject) refuses a whole address book for one broken picture. Here a line that
nobody can read is passed over, and a card with others is none the worse for it.
"""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

HEADINGS: Final = [
    "Name", "E-mail", "Phone", "Organization", "Title", "Address", "Tags", "Fax", "Note", "Birthday", "Website",
]  # fmt: skip
"""What is taken from a card. The last ones are no field of a contact: they are there to be named as left out."""

_LONGEST_VALUE: Final = 100_000
# Letters of a picture or a key, which may be megabytes.
_NOT_READ: Final = frozenset(("PHOTO", "LOGO", "SOUND", "KEY"))
_HEAD: Final = re.compile(r'((?:"[^"]*"|[^":])*):(.*)', re.DOTALL)
_PARAMETERS: Final = re.compile(r';(?=(?:[^"]*"[^"]*")*[^"]*$)')
_NAME: Final = re.compile(r"(?:[\w-]+\.)?([A-Za-z-]+)")
_QUOTED: Final = re.compile(r"[;=]QUOTED-PRINTABLE\b", re.IGNORECASE)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_SEVERAL: Final = re.compile(r"(?<!\\)((?:\\\\)*)[;]")
_LISTED: Final = re.compile(r"(?<!\\)((?:\\\\)*),")
# Groups that programs make by themselves.
_OWN_TAGS: Final = frozenset(("mycontacts", "starred", "friends", "family", "coworkers"))
_NO_VOICE: Final = frozenset(("FAX", "PAGER", "TEXTPHONE", "MODEM"))
# What a card says of a number (RFC 6350 §6.4.1, and programs by themselves), as a cell says it, the surest first.
_USES: Final = {
    "CELL": "mobile", "IPHONE": "mobile", "X-SECRETARY": "secretary", "X-ASSISTANT": "secretary",
    "HOME": "home", "WORK": "work",
}  # fmt: skip


@dataclass(frozen=True)
class _Line:
    name: str
    types: frozenset[str]
    is_preferred: bool
    value: str


def is_address_book(start: str) -> bool:
    """Return whether a text begins as an address book does."""
    return start.lstrip("\ufeff \t\r\n")[:11].upper() == "BEGIN:VCARD"


def card_rows(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """Return a row for each card that is not a group of others, with its number in the file, as HEADINGS say."""
    number = depth = 0
    card: list[_Line] = []
    for text in _unfolded(lines):
        mark = text.strip().upper()
        if mark == "BEGIN:VCARD":
            depth += 1
            if depth == 1:
                number, card = number + 1, []
        elif mark == "END:VCARD":
            depth = max(depth - 1, 0)
            if not depth and card and not _is_group(card):
                yield number, _row(card)
            card = card if depth else []
        elif depth == 1 and (line := _read(text)) is not None:
            card.append(line)
    if card and not _is_group(card):  # cut off
        yield number, _row(card)


def _unfolded(lines: Iterable[str]) -> Iterator[str]:
    """Join what was folded: by a blank at the start, or in quoted-printable by ``=`` at the end."""
    whole, is_quoted, is_read = "", False, True
    for raw in lines:
        line = raw.rstrip("\r\n")
        if is_quoted and whole.endswith("="):
            whole = whole[:-1] + line.removeprefix(" ")
            continue
        if line[:1] in (" ", "\t"):
            whole += line[1:] if is_read and len(whole) < _LONGEST_VALUE else ""
            continue
        if whole:
            yield whole
        name = re.split(r"[;:]", line, maxsplit=1)[0].rsplit(".", 1)[-1].upper()
        is_read = name not in _NOT_READ
        whole = line if is_read else ""
        is_quoted = is_read and bool(_QUOTED.search(line.split(":", 1)[0]))
    if whole:
        yield whole


def _read(text: str) -> _Line | None:
    parted = _HEAD.fullmatch(text)
    if parted is None:
        return None
    name, *parameters = _PARAMETERS.split(parted[1])
    named = _NAME.fullmatch(name.strip())
    if named is None:
        return None
    value, types, is_preferred, charset, is_quoted = parted[2], set(), False, "utf-8", False
    for parameter in parameters:
        key, sign, words = parameter.partition("=")
        key = key.strip().upper() if sign else "TYPE"
        for word in (words if sign else parameter).strip('" ').upper().split(","):
            is_quoted = is_quoted or word == "QUOTED-PRINTABLE"
            is_preferred = (
                is_preferred or (key == "PREF" and word == "1") or (key == "TYPE" and word == "PREF")
            )
            if key == "TYPE":
                types.add(word.strip('" '))
            elif key == "CHARSET":
                charset = word
    return _Line(
        named[1].upper(), frozenset(types), is_preferred, _decoded(value, charset) if is_quoted else value
    )


def _decoded(value: str, charset: str) -> str:
    octets = quopri.decodestring(value.encode("utf-8", "replace"))
    try:
        return octets.decode(charset, "replace")
    except LookupError:
        return octets.decode("utf-8", "replace")


def _is_group(card: list[_Line]) -> bool:
    return any(
        line.name in ("KIND", "X-ADDRESSBOOKSERVER-KIND") and line.value.strip().lower() == "group"
        for line in card
    )


def _row(card: list[_Line]) -> list[str]:
    by_name: dict[str, list[_Line]] = {}
    for line in sorted(card, key=lambda line: not line.is_preferred):
        by_name.setdefault(line.name, []).append(line)
    phones = by_name.get("TEL", [])
    return [
        _name(by_name),
        _joined(_bare(line.value, "mailto:") for line in by_name.get("EMAIL", [])),
        _numbers([line for line in phones if not _NO_VOICE & line.types]),
        _first(by_name, "ORG", parts=1),
        _first(by_name, "TITLE") or _first(by_name, "ROLE"),
        " ::: ".join(_addresses(by_name.get("ADR", []))),
        ", ".join(tag for line in by_name.get("CATEGORIES", []) for tag in _tags(line.value)),
        _joined(_phone(line.value) for line in phones if _NO_VOICE & line.types),
        _joined(_plain(line.value) for line in by_name.get("NOTE", [])),
        _first(by_name, "BDAY"),
        _joined(_plain(line.value) for line in by_name.get("URL", [])),
    ]


def _addresses(lines: list[_Line]) -> Iterator[str]:
    """Give the post addresses of a card; those after the first with where they lead (:func:`.cells.post_addresses_in`)."""
    addresses: dict[str, str] = {}
    for line in lines:
        if address := ", ".join(filter(None, _parts(line.value))):
            addresses.setdefault(
                address, next((use for use in ("home", "work") if use.upper() in line.types), "")
            )
    for number, (address, use) in enumerate(addresses.items()):
        yield f"{address} ({use})" if use and number else address


def _numbers(lines: list[_Line]) -> str:
    """Return the numbers of a card; of several, each with its use as far as the card says it (:func:`.cells.part_use`)."""
    numbers: dict[str, str] = {}
    for line in lines:
        use = next((word for kind, word in _USES.items() if kind in line.types), "")
        number = _phone(line.value)
        numbers[number] = numbers.get(number) or use
    several = len(numbers) > 1
    return _joined(f"{number} ({use})" if use and several else number for number, use in numbers.items())


def _name(by_name: dict[str, list[_Line]]) -> str:
    """Return the name as it is written (FN), else put together from its parts (N: family, given, additional, …)."""
    if written := _first(by_name, "FN"):
        return written
    family, given, additional, *_rest = [
        *(_parts(by_name["N"][0].value) if "N" in by_name else []),
        "",
        "",
        "",
    ]
    return " ".join(filter(None, (given, additional, family)))


def _first(by_name: dict[str, list[_Line]], name: str, *, parts: int = 0) -> str:
    for line in by_name.get(name, []):
        words = " ".join(_parts(line.value)[:parts]) if parts else _plain(line.value)
        if words:
            return words
    return ""


def _joined(values: Iterable[str]) -> str:
    return "\n".join(dict.fromkeys(value for value in values if value))


def _parts(value: str) -> list[str]:
    return [_plain(part) for part in _SEVERAL.sub("\\1\0", value).split("\0")]


def _tags(value: str) -> list[str]:
    tags = (_plain(tag) for tag in _LISTED.sub("\\1\0", value).split("\0"))
    return [tag for tag in tags if tag and tag.lower() not in _OWN_TAGS]


def _plain(value: str) -> str:
    return _ESCAPED.sub(lambda mark: "\n" if mark[1] in "nN" else mark[1], value).strip()


def _bare(value: str, scheme: str) -> str:
    value = _plain(value)
    return value[len(scheme) :] if value[: len(scheme)].lower() == scheme else value


def _phone(value: str) -> str:
    """Return a number as people write it; RFC 3966 has the extension as a parameter."""
    number, *parameters = _bare(value, "tel:").split(";")
    extension = next((word[4:] for word in parameters if word.lower().startswith("ext=")), "")
    return f"{number} ext. {extension}" if extension else number

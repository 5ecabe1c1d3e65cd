"""A letter on paper: A4, PDF/A-2a and PDF/UA-1, from the templates in templates/letters/.

What people write is handed to the typesetter as JSON and shown as text. It is never compiled, so nothing in
it can be markup, code or a file to read. Only the fonts inside the `typst` wheel are used, so the same letter
gives the same bytes on every machine.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import typst

from config import ROOT
from pop_campaigns.letters.rules.letters import RecipientRole

TEMPLATES: Final = ROOT / "templates" / "letters"
LANGUAGES: Final = ("sq", "en")

_ARCHIVE: Final[list[Any]] = ["a-2a", "ua-1"]
_BULLET: Final = re.compile(r"[-–•]\s+")


@dataclass(frozen=True, slots=True)
class Addressee:
    """One recipient as printed: any part may be empty. ``dative`` stands for office and institution in one phrase."""

    name: str
    office: str
    institution: str
    address_lines: tuple[str, ...]
    role: RecipientRole
    dative: str = ""


@dataclass(frozen=True, slots=True)
class LetterSheet:
    """All that is printed. Plain text everywhere, in one language.

    `body` has its paragraphs parted by blank lines; a line that begins with "- " is an item of a list, any
    other line break is kept. `register_number` None leaves a blank to be filled in by hand. `date_words` is
    the written day ("16 prill 2020"). `this_recipient` is the one this copy goes to. `dated_at`, an aware
    moment, becomes the file's creation date, so that making the letter again gives the same file. `in_dative`: the
    addressees are, so that *Drejtuar* stands before them.
    """

    lang: str
    register_number: str | None
    date_words: str
    place: str
    sender_name: str
    sender_address_lines: tuple[str, ...]
    sender_contact: str
    addressees: tuple[Addressee, ...]
    subject: str
    body: str
    signed_by: str
    signed_as: str
    enclosures: tuple[str, ...]
    dated_at: datetime
    this_recipient: Addressee | None = None
    in_dative: bool = False


def render_letter_pdf(sheet: LetterSheet) -> bytes:
    """Return the letter as a PDF file, the same bytes for the same sheet.

    PDF/A-2a (for archives) and PDF/UA-1 (for screen readers), with title, author and language. Characters the
    fonts do not have are printed as "□": an archive file may not contain a sign it cannot show. Raise
    ValueError for another language than sq or en, or a moment without time zone.
    """
    if sheet.lang not in LANGUAGES:
        raise ValueError(f"Letters are printed in {' or '.join(LANGUAGES)}, not in {sheet.lang!r}.")
    if sheet.dated_at.tzinfo is None:
        raise ValueError("The moment of a letter needs a time zone.")
    data = _printable(_sheet_data(sheet))
    try:
        return _typeset(sheet, data)
    except typst.TypstError:
        # Signs the fonts have one by one may still make a cluster they cannot show.
        return _typeset(sheet, _each_text(data, _without_clusters))


def _typeset(sheet: LetterSheet, data: dict[str, Any]) -> bytes:
    return typst.compile(
        TEMPLATES / f"letter.{sheet.lang}.typ",
        root=TEMPLATES,
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"letter": json.dumps(data, ensure_ascii=False)},
        pdf_standards=_ARCHIVE,
        timestamp=int(sheet.dated_at.timestamp()),
    )


def read_blocks(body: str) -> list[dict[str, Any]]:
    """Return paragraphs and lists of a plain text: `{"kind": "paragraph" | "list", "lines": [...]}` in order."""
    blocks: list[dict[str, Any]] = []
    open_block = False
    for raw in body.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        line = raw.strip()
        if not line:
            open_block = False
            continue
        bullet = _BULLET.match(line)
        kind = "list" if bullet else "paragraph"
        text = line[bullet.end() :] if bullet else line
        if open_block and blocks[-1]["kind"] == kind:
            blocks[-1]["lines"].append(text)
        else:
            blocks.append({"kind": kind, "lines": [text]})
        open_block = True
    return blocks


def _sheet_data(sheet: LetterSheet) -> dict[str, Any]:
    data = asdict(sheet)
    del data["dated_at"], data["body"], data["addressees"], data["this_recipient"]
    data["blocks"] = read_blocks(sheet.body)
    for role in RecipientRole:
        data[role.value] = [
            _addressee_data(addressee, sheet) for addressee in sheet.addressees if addressee.role is role
        ]
    this = sheet.this_recipient
    data["copy_for"] = _addressee_lines(this) if this and this.role is RecipientRole.CC else []
    return data


def _addressee_data(addressee: Addressee, sheet: LetterSheet) -> dict[str, Any]:
    return {
        "lines": _addressee_lines(addressee),
        "address": [line for line in addressee.address_lines if line.strip()],
        "this": addressee == sheet.this_recipient,
    }


def _addressee_lines(addressee: Addressee) -> list[str]:
    parts = (addressee.dative, addressee.name, addressee.office, addressee.institution)
    return [part for part in parts if part.strip()]


def _printable(data: dict[str, Any]) -> dict[str, Any]:
    """Return every text within `data`, with what cannot be printed taken out or shown as "□"."""
    return {key: _each_text(value, _printable_text) for key, value in data.items()}


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list | tuple):
        return [_each_text(item, change) for item in value]
    if isinstance(value, dict):
        return {key: _each_text(item, change) for key, item in value.items()}
    return value


def _printable_text(text: str) -> str:
    composed = unicodedata.normalize("NFC", text)
    return "".join(_printable_character(character) for character in composed)


def _without_clusters(text: str) -> str:
    """Return text with marks that join others as boxes; letters that stand alone stay."""
    return "".join("□" if unicodedata.category(character)[0] == "M" else character for character in text)


@lru_cache(maxsize=4096)
def _printable_character(character: str) -> str:
    if character.isascii() and character.isprintable():
        return character
    if character.isspace():
        # Also tabs and line ends: where lines break is the sheet's matter. A no-break space stays.
        return character if character == "\N{NO-BREAK SPACE}" else " "
    if unicodedata.category(character) in ("Cc", "Cf"):
        return ""
    return character if _fonts_show(character) else "□"


@lru_cache(maxsize=4096)
def _fonts_show(character: str) -> bool:
    """Return whether the fonts have the sign: asked of the typesetter itself, once for each unusual character."""
    if unicodedata.category(character) in ("Cn", "Co", "Cs"):
        return False
    try:
        typst.compile(
            TEMPLATES / "probe.typ",
            root=TEMPLATES,
            font_paths=_fonts(),
            ignore_system_fonts=True,
            sys_inputs={"text": character},
            pdf_standards=_ARCHIVE,
        )
    except typst.TypstError:
        return False
    return True


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False)

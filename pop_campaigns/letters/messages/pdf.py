"""A letter on paper, from the templates in templates/letters/ (see :mod:`core.typesetting`)."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from pop_campaigns.core.typesetting import typeset
from pop_campaigns.letters.rules.letters import RecipientRole

LANGUAGES: Final = ("sq", "en")

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

    It has title, author and language. Raise ValueError for another language than sq or en, or a moment without time zone.
    """
    if sheet.lang not in LANGUAGES:
        raise ValueError(f"Letters are printed in {' or '.join(LANGUAGES)}, not in {sheet.lang!r}.")
    return typeset(f"letters/letter.{sheet.lang}.typ", "letter", _sheet_data(sheet), at=sheet.dated_at)


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

"""Contacts as files for other programs, pure writers: CSV and Excel for tables, vCard 4 for address books.

The CSV has semicolons: where numbers have a decimal comma, as in Albania, a spreadsheet parts columns at them and shows a table
with commas in one column. A first line ``sep=`` would do as well, but the spreadsheet then forgets the encoding.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from pop_campaigns.contacts.rules import DetailUse
from pop_campaigns.core.phones import show_phone

# What a spreadsheet would take for a formula, also after spaces and as the full-width sign.
_FORMULA = re.compile(r"^[\s\u00a0]*[=+\-@\uff1d\t\r]")
_FOLD_AT = 75
# Characters a column shows: kind, institution, office, name, addresses, phone, municipality, language, form of address,
# post address.
_WIDTHS: Final = (24, 42, 32, 30, 36, 20, 18, 12, 16, 40)
_AS_TEXT: Final = "@"


# What an address book calls the use of a number (RFC 6350 §6.4.1); a secretary's has no name there.
_TEL_TYPES: Final = {
    DetailUse.WORK: "work",
    DetailUse.MOBILE: "cell",
    DetailUse.HOME: "home",
    DetailUse.FAX: "fax",
    DetailUse.SECRETARY: "x-secretary",
}
_BETWEEN_POSTS: Final = " ::: "


@dataclass(frozen=True)
class FurtherDetail:
    """A further number or post address as it is kept, its use, and that in the reader's words."""

    value: str
    use: DetailUse
    words: str


@dataclass(frozen=True)
class ContactLine:
    """One office or person, in words of the reader's language. ``uid`` is stable; ``emails`` best first; ``phone`` as kept.

    ``form`` is how the person who is named is spoken to, as far as that is known.
    """

    uid: str
    kind: str
    name: str
    office: str
    institution: str
    municipality: str
    emails: tuple[str, ...]
    language: str
    phone: str = ""
    further: tuple[FurtherDetail, ...] = ()
    form: str = ""
    post: str = ""
    posts: tuple[FurtherDetail, ...] = ()

    @property
    def cells(self) -> tuple[str, ...]:
        """The cells of a line of the table, in the order of ``listing.EXPORT_HEADS``."""
        emails, phone = "; ".join(self.emails), "; ".join(self._phones())
        who = (self.kind, self.institution, self.office, self.name)
        return (*who, emails, phone, self.municipality, self.language, self.form, self._posts())

    def _phones(self) -> Iterator[str]:
        """Give the numbers as a cell of an import is read: the further ones each with its use (imports.rules.cells)."""
        if self.phone:
            yield show_phone(self.phone)
        for further in self.further:
            yield f"{show_phone(further.value)} ({further.words})"

    def _posts(self) -> str:
        """Return the post addresses as a cell of an import is read."""
        further = (f"{post.value} ({post.words})" for post in self.posts)
        return _BETWEEN_POSTS.join(filter(None, [self.post, *further]))


def safe_cell(text: str) -> str:
    """Return a cell that no spreadsheet runs: what looks like a formula gets a leading apostrophe."""
    return f"'{text}" if _FORMULA.match(text) else text


class TableLine(Protocol):
    """A line of a table: its cells as text, in the order of the headings."""

    @property
    def cells(self) -> Sequence[str]: ...


def write_csv(heads: Sequence[str], lines: Iterable[TableLine]) -> bytes:
    """Return a table in UTF-8, with the mark by which spreadsheets know it, its cells set apart by semicolons."""
    out = io.StringIO()
    table = csv.writer(out, delimiter=";", lineterminator="\r\n")
    table.writerow([safe_cell(head) for head in heads])
    for line in lines:
        table.writerow([safe_cell(cell) for cell in line.cells])
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8")


def write_xlsx(title: str, heads: Sequence[str], lines: Iterable[TableLine]) -> bytes:
    """Return a workbook of one sheet: every cell is text, whatever it looks like, and the headings stay in sight."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for number, width in enumerate(_WIDTHS, 1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    bold, rows = Font(bold=True), 1
    sheet.append([_text_cell(sheet, head, bold) for head in heads])
    for line in lines:
        sheet.append([_text_cell(sheet, cell) for cell in line.cells])
        rows += 1
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(heads))}{rows}"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _text_cell(sheet: Any, text: str, font: Font | None = None) -> Any:
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", text))
    cell.data_type = "s"  # the library takes “=1+1” for a formula
    cell.number_format = _AS_TEXT  # and so does a spreadsheet once somebody edits the cell
    if font is not None:
        cell.font = font
    return cell


def write_vcards(lines: Iterable[ContactLine], domain: str) -> bytes:
    """Return address-book cards, one for each contact that can be reached; ``domain`` makes their UID ours."""
    return "".join(_card(line, domain) for line in lines if line.emails or line.phone or line.further).encode(
        "utf-8"
    )


def _card(line: ContactLine, domain: str) -> str:
    shown = line.name or ", ".join(part for part in (line.office, line.institution) if part)
    fields = [("BEGIN", "VCARD"), ("VERSION", "4.0")]
    fields.append(("UID;VALUE=text", _escape(f"{line.uid}@{domain}")))
    fields += [("KIND", "individual" if line.name else "org"), ("FN", _escape(shown))]
    fields += [("TITLE", _escape(line.office))] if line.office else []
    fields += [("ORG", _escape(line.institution))] if line.institution else []
    fields += [(f"EMAIL;PREF={rank}", _escape(email)) for rank, email in enumerate(line.emails[:100], 1)]
    fields += [("TEL;VALUE=uri", f"tel:{line.phone}")] if line.phone.startswith("+") else []
    for further in line.further:
        if further.value.startswith("+"):
            kind = f';TYPE="{_TEL_TYPES[further.use]}"' if further.use in _TEL_TYPES else ""
            fields.append((f"TEL;VALUE=uri{kind}", f"tel:{further.value}"))
    fields += [("ADR", _address(line.post))] if line.post else []
    for post in line.posts:
        kind = f';TYPE="{_TEL_TYPES[post.use]}"' if post.use in _TEL_TYPES else ""
        fields.append((f"ADR{kind}", _address(post.value)))
    fields += [("LANG", line.language), ("END", "VCARD")]
    return "".join(_fold(f"{name}:{value}") for name, value in fields)


def _address(text: str) -> str:
    """Return a post address as its street (RFC 6350 §6.3.1): which line is the town nobody has said."""
    return f";;{_escape(text)};;;;"


def _escape(text: str) -> str:
    """Return a text value (RFC 6350 §3.4): backslash, comma, semicolon and line breaks escaped."""
    text = text.replace("\\", "\\\\").replace(",", "\\,").replace(";", "\\;")
    return text.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "")


def _fold(line: str) -> str:
    """Return a line in pieces of at most 75 octets (§3.2), never within a letter."""
    pieces, piece, size = [], "", 0
    for letter in line:
        octets = len(letter.encode("utf-8"))
        if size + octets > _FOLD_AT:
            pieces.append(piece)
            piece, size = "", 1  # the space that begins a continued line counts
        piece, size = piece + letter, size + octets
    return "\r\n ".join([*pieces, piece]) + "\r\n"

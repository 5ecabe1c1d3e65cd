"""Contacts as files for other programs: CSV (RFC 4180) for tables, vCard 4 (RFC 6350) for address books; pure writers."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# What a spreadsheet would take for a formula, also after spaces and as the full-width sign.
_FORMULA = re.compile(r"^[\s\u00a0]*[=+\-@\uff1d\t\r]")
_FOLD_AT = 75


@dataclass(frozen=True)
class ContactLine:
    """One office or person, in words of the reader's language. ``uid`` is stable; ``emails`` best first."""

    uid: str
    kind: str
    name: str
    office: str
    institution: str
    municipality: str
    emails: tuple[str, ...]
    language: str


def safe_cell(text: str) -> str:
    """Give a cell that no spreadsheet runs: what looks like a formula gets a leading apostrophe."""
    return f"'{text}" if _FORMULA.match(text) else text


def write_csv(heads: Sequence[str], lines: Iterable[ContactLine]) -> bytes:
    """Give a table in UTF-8, with the mark by which spreadsheets know it."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\r\n")
    table.writerow([safe_cell(head) for head in heads])
    for one in lines:
        cells = (one.kind, one.institution, one.office, one.name, "; ".join(one.emails))
        table.writerow([safe_cell(cell) for cell in (*cells, one.municipality, one.language)])
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8")


def write_vcards(lines: Iterable[ContactLine], domain: str) -> bytes:
    """Give address-book cards, one for each contact that has an address; ``domain`` makes their UID ours."""
    return "".join(_card(one, domain) for one in lines if one.emails).encode("utf-8")


def _card(one: ContactLine, domain: str) -> str:
    shown = one.name or ", ".join(part for part in (one.office, one.institution) if part)
    fields = [("BEGIN", "VCARD"), ("VERSION", "4.0")]
    fields.append(("UID;VALUE=text", _escape(f"{one.uid}@{domain}")))
    fields += [("KIND", "individual" if one.name else "org"), ("FN", _escape(shown))]
    fields += [("TITLE", _escape(one.office))] if one.office else []
    fields += [("ORG", _escape(one.institution))] if one.institution else []
    fields += [(f"EMAIL;PREF={rank}", _escape(email)) for rank, email in enumerate(one.emails[:100], 1)]
    fields += [("LANG", one.language), ("END", "VCARD")]
    return "".join(_fold(f"{name}:{value}") for name, value in fields)


def _escape(text: str) -> str:
    """Give a text value (RFC 6350 §3.4): backslash, comma, semicolon and line breaks escaped."""
    text = text.replace("\\", "\\\\").replace(",", "\\,").replace(";", "\\;")
    return text.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "")


def _fold(line: str) -> str:
    """Give a line in pieces of at most 75 octets (§3.2), never within a letter."""
    pieces, piece, size = [], "", 0
    for letter in line:
        octets = len(letter.encode("utf-8"))
        if size + octets > _FOLD_AT:
            pieces.append(piece)
            piece, size = "", 1  # the space that begins a continued line counts
        piece, size = piece + letter, size + octets
    return "\r\n ".join([*pieces, piece]) + "\r\n"

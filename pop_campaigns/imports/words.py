"""The words of imports: fields, states, what is wrong with a file or a row, why something stayed."""

from __future__ import annotations

from typing import Final

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from flask_babel.speaklater import LazyString

from pop_campaigns.core.chips import Chip
from pop_campaigns.core.phones import PHONE_PROBLEMS
from pop_campaigns.core.steps import Step
from pop_campaigns.imports.models import ContactImport
from pop_campaigns.imports.rules.days import DayOrder
from pop_campaigns.imports.rules.fields import Field
from pop_campaigns.imports.rules.states import ImportState, RowDecision
from pop_campaigns.mail.addresses import ADDRESS_PROBLEMS

FIELDS: Final[dict[Field, LazyString]] = {
    Field.NAME: _l("Name, as it is written"),
    Field.FIRST_NAME: _l("First name"),
    Field.MIDDLE_NAME: _l("Middle name"),
    Field.LAST_NAME: _l("Last name"),
    Field.FORM_OF_ADDRESS: _l("Form of address"),
    Field.EMAIL: _l("E-mail address"),
    Field.PHONE: _l("Phone"),
    Field.INSTITUTION: _l("Institution"),
    Field.OFFICE: _l("Office (title)"),
    Field.WORKS_FOR: _l("Medium or employer"),
    Field.MUNICIPALITY: _l("Municipality"),
    Field.KIND: _l("Kind of person"),
    Field.LANGUAGE: _l("Language of the mails"),
    Field.TOPICS: _l("Topics"),
    Field.POST_ADDRESS: _l("Post address"),
    Field.CONSENT_EVENTS: _l("Consent: invitations to events"),
    Field.CONSENT_NEWS: _l("Consent: news by mail"),
    Field.CONSENT_SHARING: _l("Consent: sharing in the network"),
    Field.CONSENT_DATE: _l("Day of the consent"),
}

STATE_CHIPS: Final[dict[ImportState, Chip]] = {
    ImportState.UPLOADED: Chip("○", _lp("import", "Columns to choose"), "quiet"),
    ImportState.CHECKING: Chip("◐", _lp("import", "Being checked"), "info"),
    ImportState.CHECKED: Chip("○", _lp("import", "To be looked over"), "warn"),
    ImportState.RUNNING: Chip("◐", _lp("import", "Being brought in"), "info"),
    ImportState.DONE: Chip("●", _lp("import", "Brought in"), "good"),
    ImportState.UNDOING: Chip("◐", _lp("import", "Being taken back"), "info"),
    ImportState.UNDONE: Chip("↶", _lp("import", "Taken back"), "quiet"),
    ImportState.FAILED: Chip("!", _lp("import", "Stopped"), "bad"),
}

DECISIONS: Final[dict[RowDecision, LazyString]] = {
    RowDecision.NEW: _lp("row", "Add as new"),
    RowDecision.UPDATE: _lp("row", "Complete the one there"),
    RowDecision.SKIP: _lp("row", "Leave out"),
}


def reading_words(names: list[str], letters: list[str]) -> str:
    """Return how some cells read in one way, and the names of the encodings that read them so."""
    shown = " · ".join(cell if len(cell) <= 40 else f"{cell[:40]}…" for cell in letters)
    return f"{shown} ({', '.join(names)})"


DAY_ORDERS: Final[dict[DayOrder, LazyString]] = {
    DayOrder.DAY_FIRST: _l("The second: day, month, year"),
    DayOrder.MONTH_FIRST: _l("The first: month, day, year"),
}

UNCHANGED: Final = _lp("row", "Unchanged")

MATCH_REASONS: Final[dict[str, LazyString]] = {
    "email": _l("same e-mail address"),
    "phone": _l("same phone number"),
    "name": _l("same name and place"),
    "like": _l("a like name in the same place"),
    "same": _l("everything in this row is there"),
}

WHY_KEPT: Final[dict[str, LazyString]] = {
    "used": _l("used since: invited, written to, on a list or held in an office"),
    "changed": _l("changed since by hand"),
    "belongs": _l("belongs to a contact that stays"),
}

FILE_PROBLEMS: Final[dict[str, LazyString]] = {
    "missing": _l("Choose a file."),
    "empty": _l("This file is empty."),
    "no_rows": _l("This file has headings but no rows below them."),
    "size": _l("This file is larger than 60 MB. Save it without pictures, or part it into several files."),
    "kind": _l("This is no table. Save it in your program as CSV or XLSX and choose that file."),
    "old_excel": _l(
        "This is an old Excel file (.xls), or one with a password. Save it as XLSX or CSV without a password."
    ),
    "opendocument": _l(
        "This is a file of LibreOffice or OpenOffice (.ods). Open it there, choose “Save as” and save it as XLSX or CSV."
    ),
    "numbers": _l("This is a file of Numbers. Open it there and export it as Excel (XLSX) or CSV."),
    "binary_excel": _l(
        "This is a binary Excel file (.xlsb). Open it in Excel, choose “Save as” and save it as Excel Workbook (.xlsx)."
    ),
    "strict": _l(
        "This spreadsheet was saved as “Strict Open XML”. Open it in Excel, choose “Save as” and save it as "
        "Excel Workbook (.xlsx), without “Strict”."
    ),
    "markup": _l(
        "This is a web page or an XML document, whatever its name. Open it in Excel, choose “Save as” and save it as "
        "Excel Workbook (.xlsx)."
    ),
    "damaged": _l("This spreadsheet cannot be opened; it may be damaged. Save it again, or as CSV."),
    "bomb": _l(
        "This spreadsheet would unpack to more than can be read safely. Save it as CSV and choose that."
    ),
    "columns": _l("This table has more than 200 columns. Remove those you do not need."),
    "rows": _l("This table is too large: at most 100,000 rows fit in. Part it into several files."),
    "cell": _l("A cell of this table has more than 20,000 characters. Shorten it."),
    "line": _l("This file has one line without an end. Save it again as CSV or XLSX."),
    "quotes": _l("A quotation mark is opened and never closed. Save the file again as CSV or XLSX."),
}


def file_words(reason: str, row: int) -> str:
    """Return in words why a file was not taken, and where that was seen."""
    words = str(FILE_PROBLEMS[reason])
    return " ".join([words, _("Look at row %(row)d.", row=row)]) if row else words


def error_words(error: str) -> str:
    """Return in words what is wrong with a row, with what was typed."""
    code, detail, typed = [*error.split("|", 2), "", ""][:3]
    if code in ("email", "phone"):
        reasons = ADDRESS_PROBLEMS if code == "email" else PHONE_PROBLEMS
        return f"“{typed}”: {reasons.get(detail, '')}"
    if code == "long":
        return _("%(field)s: at most %(limit)s fit.", field=_field_words(detail), limit=typed)
    if code == "double":
        return _("The same contact stands in row %(row)s.", row=detail)
    words = _ERRORS.get(code)
    if words is None:
        return error
    return f"“{typed}”: {words}" if typed else str(words)


def note_words(note: str) -> str:
    """Return in words what of a row is not kept."""
    code, _detail, typed = note.split("|", 2)
    return _NOTES[code] % {"typed": typed}


def _field_words(name: str) -> str:
    return str(FIELDS[Field(name)]) if name in {field.value for field in Field} else name


_ERRORS: Final[dict[str, LazyString]] = {
    "municipality": _l("No municipality of this name is known."),
    "kind": _l("Not a kind of person. Write official, journalist, ally, citizen or other."),
    "language": _l("Not a language of the mails. Write Albanian or English."),
    "date": _l("Not a day in the past. Write it like 31.12.2025."),
    "consent": _l("Neither yes nor no, nor a day."),
    "nobody": _l("Neither a name nor an address or phone number."),
    "letters": _l("Some of its letters cannot be read."),
    "office_alone": _l("An office without its institution."),
    "erased": _l("This person was erased at their own wish and cannot be brought in again."),
}
_NOTES: Final[dict[str, LazyString]] = {
    "form": _l("Not kept, as it is no form of address: “%(typed)s”"),
    "beside": _l("Not kept, as it is no address: “%(typed)s”"),
}


def import_steps(imported: ContactImport | None = None) -> list[Step]:
    """Return the steps of an import, None for one whose file is still to be chosen."""
    is_checked = imported is not None and imported.state is ImportState.CHECKED
    is_open = is_checked or (imported is not None and imported.state is ImportState.UPLOADED)
    reached = {
        "imports.sheet": is_open and bool(imported and imported.sheets),
        "imports.columns": is_open and imported is not None and imported.sheet is not None,
        "imports.show": is_checked,
    }
    steps = [
        (_("File"), "imports.sheet", ""),
        (_("Columns"), "imports.columns", _("once the file is read")),
        (_("Look over"), "imports.show", _("once the columns are chosen")),
        (_("Done"), "", _("once the rows are brought in")),
    ]
    return [
        Step(label, url_for(page, import_id=imported.id) if imported and reached.get(page) else "", why)
        for label, page, why in steps
    ]

"""The access export in words for the person it is about: names of fields, days and answers in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp

from pop_campaigns.core.dates import moment_words, short_day_words
from pop_campaigns.privacy.words.codes import code_words, deed_words

NAMES: Final = {
    "name": _l("Name"),
    "name_as_printed": _l("As printed"),
    "kind": _l("Kind"),
    "language": _l("Language"),
    "phone": _l("Phone"),
    "post_address": _l("Post address"),
    "topics": _l("Topics"),
    "press_card": _l("Press card"),
    "press_card_until": _l("Press card until"),
    "form_of_address": _l("Form of address"),
    "dative": _l("In Albanian letters"),
    "municipality": _l("Municipality"),
    "works_for": _l("Works for"),
    "email": _l("E-mail"),
    "use": _l("Use"),
    "purpose": _l("Purpose"),
    "text_version": _l("Version of the text"),
    "channel": _l("How"),
    "proof": _l("Proof"),
    "proof_file": _l("File"),
    "shared_with": _l("Shared with"),
    "given_at": _l("Given"),
    "recorded_at": _l("Recorded"),
    "withdrawn_at": _l("Withdrawn"),
    "withdrawn_by": _l("Withdrawn by way of"),
    "at": _l("When"),
    "address": _l("Address"),
    "from_date": _l("From"),
    "to_date": _l("Until"),
    "known_on": _l("Known on"),
    "office": _l("Office"),
    "office_title": _l("Office"),
    "institution": _l("Institution"),
    "institution_name": _l("Institution"),
    "event": _l("Event"),
    "point": _l("Point of an agenda"),
    "starts_at": _l("Begins"),
    "ends_at": _l("Ends"),
    "comment": _l("Comment"),
    "accepted": _lp("proposed time", "Accepted"),
    "state": _l("State"),
    "invited_at": _l("Invited"),
    "answer": _l("Answer"),
    "answered_at": _l("Answered"),
    "substitute": _l("In your place"),
    "substitute_answer": _l("Their answer"),
    "said_at": _l("Said"),
    "note": _l("Note"),
    "as": _l("Named as"),
    "subject": _l("Subject"),
    "register_number": _l("Register number"),
    "sent_at": _l("Sent"),
    "queued_at": _l("Queued"),
    "to_address": _l("Address"),
    "to_name": _l("To"),
    "text": _l("Text"),
    "summary": _l("Summary"),
    "file": _l("File"),
    "row": _l("Row"),
    "cells": _l("Cell"),
    "title": _l("Title"),
    "day": _l("Day"),
    "hour": _l("Hour"),
    "with_whom": _l("With whom"),
    "said": _l("What was said"),
    "checked_address": _l("Address"),
    "result": _l("What came out"),
    "again_on": _l("Try again on"),
    "role": _l("Role"),
    "received_at": _l("Received on"),
    "received_on": _l("Received on"),
    "from_address": _l("Sender’s address"),
    "from_name": _l("Sender"),
    "last_words": _l("What the server said"),
    "words": _l("What the server said"),
    "outcome": _l("What came out"),
    "table": _l("Kind"),
    "medium_kind": _l("Kind of medium"),
}
# Of what an import noted down, before samples were known by their domain.
_LEFT_OUT: Final = frozenset({"placeholder"})
# Codes of programs, by section: nothing of them says anything to a reader.
_LEFT_OUT_IN: Final = {"received_from_person": frozenset({"kind"})}


def readable_lines(section: str, record: Any, lang: str) -> list[tuple[str, str]]:
    """Return one record as lines of name and value; what is empty or of use to programs only is left out."""
    if section == "history":
        row: Any = SimpleNamespace(action=record["action"], details=record["details"] or {})
        return [(_written(section, "at", record["at"], lang), deed_words(row, lang))]
    return list(_lines(section, record, "", lang))


def _lines(section: str, value: Any, name: str, lang: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, part in value.items():
            if not (key.endswith("_id") or key in _LEFT_OUT | _LEFT_OUT_IN.get(section, frozenset())):
                yield from _lines(section, part, key, lang)
    elif isinstance(value, list):
        for part in value:
            yield from _lines(section, part, name, lang)
    elif value not in ("", None):
        yield str(NAMES.get(name, "")), _written(section, name, value, lang)


def _written(section: str, name: str, value: Any, lang: str) -> str:
    text = str(value)
    if name == "hour":
        return text[:5]
    if name == "language":
        return _("English") if text == "en" else _("Albanian")
    # What an import noted down before and after may be no day at all: then it is shown as it is.
    with suppress(ValueError):
        if name == "at" or name.endswith("_at"):
            return moment_words(datetime.fromisoformat(text), lang)
        if name == "day" or name.endswith(("_date", "_on", "_until")):
            return short_day_words(date.fromisoformat(text), lang)
    return code_words(section, name, text)

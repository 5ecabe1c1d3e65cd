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

from pop_campaigns.contacts.words.labels import (
    ADDRESS_USES,
    CHECK_RESULTS,
    CONSENT_CHANNELS,
    LOG_KINDS,
    PERSON_KINDS,
    PURPOSES,
    history_words,
)
from pop_campaigns.core.dates import moment_words, short_day_words
from pop_campaigns.invitations.words.labels import ANSWERS

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
}
_LEFT_OUT: Final = frozenset({"organisation_id", "placeholder", "address_id"})
# Codes as the export holds them, by the field they stand in. Kinds of persons, messages and the contact log share none.
_CODES: Final[dict[str, dict[str, Any]]] = {
    "answer": {answer.value: words for answer, words in ANSWERS.items()},
    "substitute_answer": {answer.value: words for answer, words in ANSWERS.items()},
    "accepted": {"True": _l("yes"), "False": _l("no")},
    "use": {use.value: words for use, words in ADDRESS_USES.items()},
    "kind": {kind.value: words for kind, words in (PERSON_KINDS | LOG_KINDS).items()},
    "result": {result.value: words for result, words in CHECK_RESULTS.items()},
    "purpose": {purpose.value: words for purpose, words in PURPOSES.items()},
    "channel": {channel.value: words for channel, words in CONSENT_CHANNELS.items()},
    "withdrawn_by": {channel.value: words for channel, words in CONSENT_CHANNELS.items()},
}


def readable_lines(section: str, record: Any, lang: str) -> list[tuple[str, str]]:
    """Return one record as lines of name and value; what is empty or of use to programs only is left out."""
    if section == "history":
        words = history_words(SimpleNamespace(action=record["action"], details=record["details"]), lang)  # type: ignore[arg-type]
        return [(_written("at", record["at"], lang), words)]
    return list(_lines(record, "", lang))


def _lines(value: Any, name: str, lang: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, part in value.items():
            if key not in _LEFT_OUT:
                yield from _lines(part, key, lang)
    elif isinstance(value, list):
        for part in value:
            yield from _lines(part, name, lang)
    elif value not in ("", None):
        yield str(NAMES.get(name, name.replace("_", " "))), _written(name, value, lang)


def _written(name: str, value: Any, lang: str) -> str:
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
    return str(_CODES.get(name, {}).get(text, text))

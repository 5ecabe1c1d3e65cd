"""Verbs about what an office answered: recorded by hand, corrected, taken back. The caller commits."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from pop_campaigns.accounts.models import User
from pop_campaigns.core.clock import local_date
from pop_campaigns.core.db import db
from pop_campaigns.core.files import store_file
from pop_campaigns.core.history import note
from pop_campaigns.core.subject_files import detach_all
from pop_campaigns.core.text import clean_line, clean_text
from pop_campaigns.letters.models import Letter, LetterRecipient, LetterResponse
from pop_campaigns.letters.queries.due_days import count_due, is_extended
from pop_campaigns.letters.queries.entered_days import entered_days
from pop_campaigns.letters.rules.letters import LetterState, ResponseKind, may_record_response
from pop_campaigns.letters.services.letters import lock_letter


class NothingToAnswer(ValueError):
    """The letter has not been sent: nobody can have answered it."""


@dataclass(frozen=True)
class HandedFile:
    """A file as somebody handed it in."""

    content: bytes
    name: str


@dataclass(frozen=True)
class ResponseDraft:
    """What a form says about a response. ``extended_by`` counts only for an extension, in days of the rule's unit."""

    kind: ResponseKind
    received_on: date | None
    their_number: str = ""
    summary: str = ""
    extended_by: int = 0


def record_response(
    recipient: LetterRecipient, draft: ResponseDraft, *, file: HandedFile | None, by: User, now: datetime
) -> LetterResponse:
    """Note what a recipient answered; the due day is counted anew where the answer moves it.

    The very same a second time is the same press of the button: what was recorded is returned.

    :raises NothingToAnswer: the letter was not sent yet.
    :raises pop_campaigns.core.files.RefusedFile: the file is not of a kind or size we keep.
    """
    if not may_record_response(recipient.letter.state):
        raise NothingToAnswer(recipient.letter_id)
    lock_letter(recipient.letter)
    made = _made_already(recipient, draft, file)
    if made is not None:
        return made
    response = LetterResponse(recipient=recipient, recorded_at=now, **_values(draft))
    if file is not None:
        response.file = store_file(file.content, file.name, now=now)
    db.session.add(response)
    db.session.flush()
    note("letter.response_recorded", recipient.letter, by=by, now=now, **_told(response))
    _count_again(recipient, draft.extended_by, by=by, now=now)
    return response


def correct_response(
    response: LetterResponse, draft: ResponseDraft, *, file: HandedFile | None, by: User, now: datetime
) -> None:
    """Put right what was recorded; history keeps what stood there. Without a new file the old one stays.

    :raises pop_campaigns.core.files.RefusedFile: the file is not of a kind or size we keep.
    """
    was = _told(response)
    stored = store_file(file.content, file.name, now=now) if file is not None else None
    for name, value in _values(draft).items():
        setattr(response, name, value)
    response.file = stored or response.file
    db.session.flush()
    letter = response.recipient.letter
    if was != _told(response):
        note("letter.response_corrected", letter, by=by, now=now, **_told(response), was=was)
    _count_again(response.recipient, draft.extended_by, by=by, now=now)


def remove_response(response: LetterResponse, *, by: User, now: datetime) -> None:
    """Take back a response that was recorded by mistake. History says what it was; its own file is kept on disk.

    Files kept beside it go: a row made later could have its number, and would have them.
    """
    recipient, details = response.recipient, _told(response)
    detach_all(response, by=by, now=now)
    recipient.responses.remove(response)
    db.session.flush()
    note("letter.response_removed", recipient.letter, by=by, now=now, **details)
    _count_again(recipient, extension_of(recipient), by=by, now=now)


def earliest_response_day(letter: Letter) -> date | None:
    """Return the first day on which an answer can have come: that of the letter, as far as it is known."""
    return local_date(letter.sent_at) if letter.sent_at else letter.day_from


def kinds_for(letter: Letter) -> list[ResponseKind]:
    """Return the kinds of response that can be recorded. Known silence is for an archive's letter: ours have clocks."""
    never = (
        {ResponseKind.UNKNOWN}
        if letter.state is LetterState.RECORDED
        else {ResponseKind.UNKNOWN, ResponseKind.NONE}
    )
    return [kind for kind in ResponseKind if kind not in never]


def extension_of(recipient: LetterRecipient) -> int:
    """Return the days the office added to its deadline, as counted."""
    return int((recipient.due_explained or {}).get("extended_by", 0))


def _made_already(
    recipient: LetterRecipient, draft: ResponseDraft, file: HandedFile | None
) -> LetterResponse | None:
    sha256 = hashlib.sha256(file.content).hexdigest() if file else None
    rows = select(LetterResponse).where(LetterResponse.recipient_id == recipient.id)
    for response in db.session.scalars(rows, execution_options={"populate_existing": True}):
        same_file = (response.file.sha256 if response.file else None) == sha256
        if same_file and all(getattr(response, name) == value for name, value in _values(draft).items()):
            return response
    return None


def _values(draft: ResponseDraft) -> dict[str, Any]:
    return {
        "kind": draft.kind,
        "received_on": draft.received_on,
        "their_number": clean_line(draft.their_number),
        "summary": clean_text(draft.summary),
    }


def _told(response: LetterResponse) -> dict[str, Any]:
    return {
        "who": response.recipient.written_as,
        "kind": response.kind.value,
        "day": response.received_on.isoformat() if response.received_on else "",
        "their_number": response.their_number,
        "file": response.file.name if response.file else "",
    }


def _count_again(recipient: LetterRecipient, extended_by: int, *, by: User, now: datetime) -> None:
    """Move the due day where an extension was announced or the request forwarded, or that was taken back."""
    if recipient.clock_from is None:
        return
    before = recipient.due_on
    by_hand = bool((recipient.due_explained or {}).get("by_hand"))
    days = _extension(recipient, extended_by)
    counted = count_due(recipient, recipient.clock_from, entered_days(), extended_by=days, by_hand=by_hand)
    if counted.on is None or counted.on == before:
        return
    recipient.due_on, recipient.due_explained = counted.on, counted.explained
    note(
        "letter.due_moved", recipient.letter, by=by, now=now,
        who=recipient.written_as, was=before.isoformat() if before else "", due=counted.on.isoformat(),
    )  # fmt: skip


def _extension(recipient: LetterRecipient, asked: int) -> int:
    if not is_extended(recipient.responses):
        return 0
    # Another response, recorded after the extension, says nothing about it.
    return asked or extension_of(recipient)

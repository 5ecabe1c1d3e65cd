"""Verbs about days off and worked days that are announced late: entering one moves what is due. The caller commits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.core.locks import lock_number
from pop_campaigns.core.text import clean_line
from pop_campaigns.letters.models import EnteredDay, Letter, LetterRecipient
from pop_campaigns.letters.queries.due_days import count_due
from pop_campaigns.letters.queries.entered_days import EnteredDays, entered_days, find_entered
from pop_campaigns.letters.queries.recipients import has_answered
from pop_campaigns.letters.rules.letters import LetterState
from pop_campaigns.letters.rules.working_days import DayScope

_LOCK = 7651_1992  # any number, as long as nothing else of ours locks under it
# A holiday nearby may be no estimate any more, which a due day says of itself.
_NEARBY = timedelta(days=7)


class AlreadyEntered(ValueError):
    """Something was entered for this day and place already; ``row`` is that."""

    def __init__(self, row: EnteredDay) -> None:
        super().__init__(row.day.isoformat())
        self.row = row


@dataclass(frozen=True)
class DayDraft:
    """What a form or a command says: ``off``, or a day that is worked; for whom; where it was decided."""

    day: date
    off: bool
    scope: DayScope
    source: str
    name: str = ""
    municipality_id: int | None = None


def enter_day(draft: DayDraft, *, by: User | None, now: datetime) -> tuple[EnteredDay, int]:
    """Enter a day and move the due days of open letters that it touches; return it, and how many moved.

    :raises AlreadyEntered: for the same day and place; that is taken back first.
    """
    lock_number(_LOCK)
    place = draft.municipality_id if draft.scope is DayScope.MUNICIPALITY else None
    there = find_entered(draft.day, draft.scope, place)
    if there is not None:
        raise AlreadyEntered(there)
    row = EnteredDay(
        day=draft.day,
        off=draft.off,
        scope=draft.scope,
        municipality_id=place,
        name=clean_line(draft.name),
        source=clean_line(draft.source),
        entered_at=now,
        entered_by=by.name if by else "",
    )
    db.session.add(row)
    db.session.flush()
    note("day.entered", row, by=by, now=now, day=row.day.isoformat(), off=row.off, source=row.source)
    return row, _move_due_days(row.day, "off" if row.off else "worked", by=by, now=now)


def take_back_day(row: EnteredDay, *, by: User | None, now: datetime) -> int:
    """Take back what was entered by mistake, and let due days be what they are without it; return how many moved."""
    lock_number(_LOCK)
    day = row.day
    note("day.taken_back", row, by=by, now=now, day=day.isoformat(), off=row.off, source=row.source)
    db.session.delete(row)
    db.session.flush()
    return _move_due_days(day, "taken_back", by=by, now=now)


def _move_due_days(day: date, why: str, *, by: User | None, now: datetime) -> int:
    """Count open due days around a day anew; each that moves says so in its letter's history."""
    rows = (
        select(LetterRecipient)
        .join(LetterRecipient.letter)
        .where(
            Letter.state == LetterState.SENT,
            LetterRecipient.clock_from < day + _NEARBY,
            LetterRecipient.due_on >= day - _NEARBY,
            ~has_answered(),
        )
        .order_by(LetterRecipient.id)
        .with_for_update(of=LetterRecipient)
    )
    entered = entered_days()
    moved = [
        recipient
        for recipient in db.session.scalars(rows).unique().all()
        if _count_anew(recipient, entered, day, why, by=by, now=now)
    ]
    db.session.flush()
    return len(moved)


def _count_anew(
    recipient: LetterRecipient, entered: EnteredDays, day: date, why: str, *, by: User | None, now: datetime
) -> bool:
    explained, was = recipient.due_explained or {}, recipient.due_on
    if recipient.clock_from is None or was is None or explained.get("basis") is None:
        return False  # a due day of the record, which we have not counted
    counted = count_due(
        recipient,
        recipient.clock_from,
        entered,
        extended_by=int(explained.get("extended_by", 0)),
        by_hand=bool(explained.get("by_hand")),
    )
    if counted.on is None:
        return False
    if counted.explained != explained:
        recipient.due_on, recipient.due_explained = counted.on, counted.explained
    if counted.on == was:
        return False
    note(
        "letter.due_moved", recipient.letter, by=by, now=now, who=recipient.written_as,
        was=was.isoformat(), due=counted.on.isoformat(), because=why, because_of=day.isoformat(),
    )  # fmt: skip
    return True

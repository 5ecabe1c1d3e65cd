"""Verbs that change agendas. The caller commits. None of them is material: no SEQUENCE goes up, no mail leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, time
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm.attributes import flag_modified

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.core.locks import lock_row
from pop_campaigns.core.once import insert_or_find, once_key
from pop_campaigns.core.subject_files import files_of
from pop_campaigns.core.versions import ChangedMeanwhile
from pop_campaigns.events.models.agenda import Agenda, AgendaPoint
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.queries.agenda import agenda_of, agenda_points
from pop_campaigns.events.rules.agenda import MOST_POINTS, PastedPoint, PointState

# Too long for a line of history, or somebody's name: that they changed is enough.
_UNTOLD: Final = frozenset({"words_sq", "words_en", "office_answer", "speaker"})
# What is noted afterwards: guests were not sent it.
_OF_THE_RECORD: Final = frozenset({"state", "office_answer"})


class NamesRefused(ValueError):
    """An event that stores no names has no names of speakers either."""


class TooManyPoints(ValueError):
    """An agenda has :data:`~events.rules.agenda.MOST_POINTS` points at most."""


@dataclass(frozen=True)
class PointDraft:
    """What a form says about a point, by column."""

    title_sq: str
    title_en: str = ""
    clock: time | None = None
    minutes: int | None = None
    words_sq: str = ""
    words_en: str = ""
    speaker: str = ""
    speaker_office_id: int | None = None
    put_to_id: int | None = None
    state: PointState = PointState.PLANNED
    office_answer: str = ""


def add_point(event: Event, draft: PointDraft, *, by: User, now: datetime, once: str) -> AgendaPoint:
    """Add a point at the end, or return the one that the same form made already.

    :raises TooManyPoints: the agenda is full.
    :raises NamesRefused: the event stores no names, and the point names a speaker; so does every other verb here.
    """
    lock_row(event)

    def make() -> AgendaPoint:
        return _new_point(event, draft, _room(event, 1), now)

    point, is_new = insert_or_find(AgendaPoint, once_key("agenda point", once, by), make)
    if is_new:
        _mark_changed(event, now)
        note("agenda.point_added", event, by=by, now=now, title=point.title_sq)
    return point


def add_several(event: Event, read: Sequence[PastedPoint], *, by: User, now: datetime) -> list[AgendaPoint]:
    """Add pasted points at the end, in their order. Raise :class:`TooManyPoints`."""
    lock_row(event)
    position = _room(event, len(read))
    added = []
    for number, pasted in enumerate(read):
        draft = PointDraft(
            pasted.title, clock=pasted.clock, minutes=pasted.minutes, speaker=pasted.speaker
        )  # fmt: skip
        added.append(_new_point(event, draft, position + number, now))
    db.session.add_all(added)
    if added:
        _mark_changed(event, now)
        note("agenda.points_added", event, by=by, now=now, number=len(added))
    db.session.flush()
    return added


def change_point(point: AgendaPoint, draft: PointDraft, *, by: User, now: datetime) -> None:
    """Make a point what the draft says; what guests were sent is another thing only if they could have read of it."""
    _check_names(point.event, draft)
    values = asdict(draft)
    was = {name: getattr(point, name) for name in values}
    for name, value in values.items():
        setattr(point, name, value)
    changed = sorted(name for name in values if getattr(point, name) != was[name])
    if not changed:
        return
    if set(changed) - _OF_THE_RECORD:
        _mark_changed(point.event, now)
    told = {name: _plain(was[name]) for name in changed if name not in _UNTOLD}
    note("agenda.point_changed", point.event, by=by, now=now, title=point.title_sq, changed=changed, was=told)
    db.session.flush()


def delete_point(point: AgendaPoint, *, by: User, now: datetime) -> None:
    """Take a point off the agenda."""
    event = point.event
    lock_row(event)
    for row in files_of(event):
        if row.part == point.id:
            row.part = None  # its number may become another point's
    db.session.delete(point)
    _mark_changed(event, now)
    note("agenda.point_deleted", event, by=by, now=now, title=point.title_sq)
    db.session.flush()


def order_points(event: Event, idents: Sequence[int], *, version: int, by: User, now: datetime) -> None:
    """Put the points in the order named. Raise ``ChangedMeanwhile``: ``version`` is another one, or points are missing."""
    lock_row(event)
    points, agenda = agenda_points(event), agenda_of(event)
    by_ident = {point.id: point for point in points}
    if agenda is None or agenda.version != version or set(idents) != set(by_ident):
        raise ChangedMeanwhile(event.id)
    if list(idents) == [point.id for point in points]:
        return
    for position, ident in enumerate(dict.fromkeys(idents), start=1):
        by_ident[ident].position = position
    _mark_changed(event, now)
    note("agenda.ordered", event, by=by, now=now)
    db.session.flush()


def copy_agenda(event: Event, to: Event, *, now: datetime) -> int:
    """Give another event the points of this one, without what became of them; return how many. The caller notes it."""
    kept = [field.name for field in fields(PointDraft) if field.name not in _OF_THE_RECORD]
    drafts = [PointDraft(**{name: getattr(point, name) for name in kept}) for point in agenda_points(event)]
    return put_points(to, drafts, now=now)


def put_points(event: Event, drafts: Sequence[PointDraft], *, now: datetime) -> int:
    """Give an event without an agenda its points, in their order; return how many. The caller notes it."""
    for position, draft in enumerate(drafts, start=1):
        db.session.add(_new_point(event, draft, position, now))
    if drafts:
        _mark_changed(event, now)
    db.session.flush()
    return len(drafts)


def _check_names(event: Event, draft: PointDraft) -> None:
    if event.no_names and draft.speaker:
        raise NamesRefused(event.id)


def _new_point(event: Event, draft: PointDraft, position: int, now: datetime) -> AgendaPoint:
    _check_names(event, draft)
    return AgendaPoint(event_id=event.id, position=position, created_at=now, **asdict(draft))


def _room(event: Event, number: int) -> int:
    """Return the position after the last one, where there is room for so many more."""
    positions = db.session.scalars(select(AgendaPoint.position).where(AgendaPoint.event_id == event.id)).all()
    if len(positions) + number > MOST_POINTS:
        raise TooManyPoints(event.id)
    return max(positions, default=0) + 1


def _mark_changed(event: Event, now: datetime) -> None:
    agenda = agenda_of(event)
    if agenda is None:
        db.session.add(Agenda(event_id=event.id, changed_at=now))
    else:
        agenda.changed_at = now
        flag_modified(agenda, "changed_at")  # also at the same moment: its version tells what somebody saw
    db.session.flush()


def _plain(value: object) -> str | int | None:
    return value if value is None or isinstance(value, str | int) else str(value)

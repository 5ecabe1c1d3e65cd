"""Verbs that change events. The caller commits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

from flask import current_app

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.rules.roles import RoleName
from pop_campaigns.accounts.scope import owner_of_new
from pop_campaigns.calendars.zones import check_zone
from pop_campaigns.core.clock import TIRANE, local_date
from pop_campaigns.core.dates import DatePrecision, last_day_of_month
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.core.locks import wait_at
from pop_campaigns.core.once import insert_or_find, once_key
from pop_campaigns.core.text import clean_line, clean_text
from pop_campaigns.events.models.events import Event, PoliceNotice
from pop_campaigns.events.queries.planning import notice_of
from pop_campaigns.events.rules.events import EventFormat, EventKind, EventState, may_cancel
from pop_campaigns.events.rules.visibility import EventVisibility

# What a guest would act on: RFC 5546 §2.1.4 wants a new SEQUENCE for these and for nothing else.
MATERIAL = frozenset({"precision", "starts_at", "ends_at", "zone", "day_from", "day_to", "venue", "join_url"})
# Too long for a line of history: that they changed is enough.
_LONG = frozenset({"description_sq", "description_en"})


class EventIsHeld(ValueError):
    """What has taken place cannot be cancelled."""


@dataclass(frozen=True)
class EventDraft:
    """What a form says about an event.

    ``starts_at`` and ``ends_at`` are aware instants and only for precision *moment*; ``day_from`` and
    ``day_to`` are local days, and are worked out for moments and months. ``organisation_id`` None is the
    whole network; it counts only when an administrator (or nobody: a record being loaded) says it. ``held``:
    someone says that the event took place.
    """

    kind: EventKind
    title_sq: str
    precision: DatePrecision
    format: EventFormat | None = None
    title_en: str = ""
    description_sq: str = ""
    description_en: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    zone: str = TIRANE
    day_from: date | None = None
    day_to: date | None = None
    venue: str = ""
    join_url: str = ""
    more_url: str = ""
    municipality_id: int | None = None
    campaign_id: int | None = None
    organisation_id: int | None = None
    held: bool = False


def draft_of(event: Event) -> EventDraft:
    """Return an event as the draft it could have come from; ``dataclasses.replace`` changes a part of it."""
    values = {field.name: getattr(event, field.name) for field in fields(EventDraft) if field.name != "held"}
    return EventDraft(**values, held=event.state is EventState.HELD)


def create_event(draft: EventDraft, *, by: User | None, now: datetime, once: str) -> Event:
    """Add an event, or return the one that the same ``once`` from the same person made the first time.

    A coordinator's event is their organisation's, whatever the draft says. Nobody else sees it before it is published or
    kept internal (:mod:`events.services.visibility`).

    :raises pop_campaigns.accounts.scope.NoOrganisation: for a coordinator without one.
    :raises pop_campaigns.calendars.zones.UnknownZone: the zone is not in the IANA database.
    """

    def make() -> Event:
        return Event(
            **_settled(draft, owner_of_new(by, draft.organisation_id)),
            uid=f"event-{uuid4()}@{current_app.config['MAIL_DOMAIN']}",
            state=EventState.HELD if draft.held else EventState.PLANNED,
            visibility=EventVisibility.DRAFT,
            created_at=now,
            changed_at=now,
        )

    event, is_new = insert_or_find(Event, once_key("event", once, by), make)
    if is_new:
        note("event.created", event, by=by, now=now, kind=event.kind.value, title=event.title_sq)
    return event


def change_event(event: Event, draft: EventDraft, *, by: User | None, now: datetime) -> bool:
    """Make an event what the draft says; return whether guests need to hear of it (then ``sequence`` went up).

    Time, place and join link are material; words are not, nor is anything about a cancelled event, which
    stays cancelled. Nothing changed: nothing is written. Coordinators cannot hand an event to another
    organisation.

    :raises pop_campaigns.calendars.zones.UnknownZone: the zone is not in the IANA database.
    """
    administrator = by is None or by.role is RoleName.ADMINISTRATOR
    values = _settled(draft, draft.organisation_id if administrator else event.organisation_id)
    if event.state is not EventState.CANCELLED:
        values["state"] = EventState.HELD if draft.held else EventState.PLANNED
    changed = {name: getattr(event, name) for name, value in values.items() if getattr(event, name) != value}
    if not changed:
        return False
    material = bool(MATERIAL & set(changed)) and event.state is not EventState.CANCELLED
    for name in changed:
        setattr(event, name, values[name])
    event.changed_at = now
    if material:
        event.sequence += 1
    if "starts_at" in changed:
        event.date_version += 1
    was = {name: _plain(value) for name, value in changed.items() if name not in _LONG}
    note("event.changed", event, by=by, now=now, changed=sorted(changed), was=was, material=material)
    db.session.flush()
    return material


def change_words(event: Event, words: Mapping[str, str], *, by: User, now: datetime) -> None:
    """Set titles and descriptions, by column: nothing a guest would act on, so nobody is told and ``sequence`` stays."""
    cleaned = {name: clean_text(text) if name in _LONG else clean_line(text) for name, text in words.items()}
    was = {name: getattr(event, name) for name, text in cleaned.items() if getattr(event, name) != text}
    if not was:
        return
    for name in was:
        setattr(event, name, cleaned[name])
    event.changed_at = now
    told = {name: text for name, text in was.items() if name not in _LONG}
    note("event.changed", event, by=by, now=now, changed=sorted(was), was=told, material=False)
    db.session.flush()


def cancel_event(event: Event, *, by: User | None, now: datetime) -> None:
    """Cancel an event: its ``sequence`` goes up. Cancelling twice changes nothing more.

    :raises EventIsHeld: it has taken place.
    """
    if event.state is EventState.CANCELLED:
        return
    if not may_cancel(event.state):
        raise EventIsHeld(event.id)
    event.state = EventState.CANCELLED
    event.sequence += 1
    event.changed_at = now
    note("event.cancelled", event, by=by, now=now, title=event.title_sq)


def note_notice(event: Event, given_on: date, number: str, *, by: User, now: datetime) -> None:
    """Note on which day notice was given and under which number, or correct what was noted; the same twice is once."""
    wait_at(event)
    notice = notice_of(event)
    if notice is None:
        notice = PoliceNotice(event_id=event.id, given_on=given_on, number=number, noted_at=now)
        db.session.add(notice)
    elif (notice.given_on, notice.number) == (given_on, number):
        return
    notice.given_on, notice.number, notice.noted_at = given_on, number, now
    note("event.notice_given", event, by=by, now=now, day=given_on.isoformat(), number=number)
    db.session.flush()


def take_back_notice(event: Event, *, by: User, now: datetime) -> None:
    """Forget that notice was given: it was noted by mistake."""
    notice = notice_of(event)
    if notice is not None:
        db.session.delete(notice)
        note("event.notice_taken_back", event, by=by, now=now)
        db.session.flush()


def _settled(draft: EventDraft, organisation_id: int | None) -> dict[str, Any]:
    """Return the columns a draft stands for: cleaned, with the days that follow from the time."""
    values: dict[str, Any] = {
        field.name: getattr(draft, field.name) for field in fields(EventDraft) if field.name != "held"
    }
    for name, value in values.items():
        if isinstance(value, str) and name not in ("kind", "format", "precision"):
            values[name] = clean_text(value) if name in _LONG else clean_line(value)
    values["zone"] = check_zone(draft.zone)
    values["organisation_id"] = organisation_id
    if draft.precision is not DatePrecision.MOMENT:
        values["starts_at"] = values["ends_at"] = None
    values["day_from"], values["day_to"] = _days(draft)
    return values


def _days(draft: EventDraft) -> tuple[date | None, date | None]:
    if draft.precision is DatePrecision.MOMENT and draft.starts_at is not None:
        # What ends at midnight ends on the day before.
        last = draft.ends_at - timedelta(microseconds=1) if draft.ends_at else draft.starts_at
        return local_date(draft.starts_at, draft.zone), local_date(last, draft.zone)
    if draft.precision is DatePrecision.UNKNOWN or draft.day_from is None:
        return None, None
    if draft.precision is DatePrecision.MONTH:
        return draft.day_from.replace(day=1), last_day_of_month(draft.day_from)
    if draft.precision is DatePrecision.DAY:
        return draft.day_from, draft.day_to or draft.day_from
    return draft.day_from, draft.day_to


def _plain(value: Any) -> str | int | bool | None:
    """Return a value as history keeps it."""
    if isinstance(value, date):
        return value.isoformat()
    return value if value is None or isinstance(value, str | int | bool) else str(value)

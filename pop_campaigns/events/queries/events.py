"""Named reads of events: the list by time, the month, what can be filtered by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, not_, or_, select

from pop_campaigns.accounts.models import Organisation, User
from pop_campaigns.accounts.scope import visible
from pop_campaigns.contacts.models.institutions import Institution
from pop_campaigns.core.clock import local_date
from pop_campaigns.core.dates import DatePrecision, last_day_of_month
from pop_campaigns.core.db import as_typed_first, db, like_folded
from pop_campaigns.core.places import Municipality
from pop_campaigns.core.text import clean_line
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import (
    UNKNOWN_LENGTH,
    EventKind,
    EventState,
    EventWhen,
    EventWhose,
    days_between,
    month_weeks,
)
from pop_campaigns.events.rules.visibility import EventVisibility

# How many institutions a choice offers: those of the place first.
_MOST_INSTITUTIONS = 400
_UPCOMING, _PAST, _UNDATED = 0, 1, 2
_GROUPS = {_UPCOMING: EventWhen.UPCOMING, _PAST: EventWhen.PAST, _UNDATED: EventWhen.UNDATED}
_WITH_DAYS = (DatePrecision.MOMENT, DatePrecision.DAY)


@dataclass(frozen=True)
class EventFilter:
    """What an address asks a list for; anything unreadable in it asks for nothing."""

    when: EventWhen = EventWhen.ALL
    municipality: str = ""
    kind: EventKind | None = None
    typed: str = ""
    whose: EventWhose = EventWhose.OURS

    @property
    def active(self) -> bool:
        """Whether the filter leaves anything out."""
        return replace(self, whose=EventWhose.OURS) != EventFilter()


@dataclass(frozen=True)
class Month:
    """A month as a grid: weeks from Monday, events by day, and events known only to fall in it."""

    first: date
    weeks: list[list[date]]
    days: Mapping[date, list[Event]]
    day_unknown: list[Event] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether the month has no event at all."""
        return not self.day_unknown and not any(day.month == self.first.month for day in self.days)


def read_filter(arguments: Mapping[str, str], *, whose: EventWhose = EventWhose.OURS) -> EventFilter:
    """Read the filter of an address (``when``, ``municipality``, ``kind``, ``q``, ``whose``, which is ``whose`` if unsaid)."""
    when, kind = arguments.get("when", ""), arguments.get("kind", "")
    asked = arguments.get("whose", "")
    return EventFilter(
        when=EventWhen(when) if when in list(EventWhen) else EventWhen.ALL,
        municipality=clean_line(arguments.get("municipality", ""))[:40],
        kind=EventKind(kind) if kind in list(EventKind) else None,
        typed=clean_line(arguments.get("q", ""))[:200],
        whose=EventWhose(asked) if asked in list(EventWhose) else whose,
    )


def readable(user: User, whose: EventWhose) -> ColumnElement[bool]:
    """Return the condition that a list shows an event to the user.

    Of other organisations it is those on the site alone, never a draft or what is planned among themselves: what everybody reads.
    """
    ours = visible(Event, user)
    if whose is EventWhose.OURS:
        return ours
    on_site = Event.visibility == EventVisibility.PUBLIC
    return or_(ours, on_site) if whose is EventWhose.ALL else and_(on_site, not_(ours))


def lies_ahead(now: datetime) -> ColumnElement[bool]:
    """Return the condition that lists show an event as coming: nobody says that it was held, and it is not over."""
    return and_(Event.state != EventState.HELD, ~is_over(now))


def is_over(now: datetime) -> ColumnElement[bool]:
    """Return the condition that an event is over, as :func:`pop_campaigns.events.rules.events.is_over` has it."""
    # Never NULL, so that what has no date is not over when a condition says *not*; so the two below.
    ended = and_(Event.ends_at.is_not(None), Event.ends_at <= now)
    begun = Event.starts_at <= now - UNKNOWN_LENGTH
    without_end = and_(Event.starts_at.is_not(None), Event.ends_at.is_(None), begun)
    return or_(ended, without_end, _days_over(now))


def has_begun(now: datetime) -> ColumnElement[bool]:
    """Return the condition that an event has begun, as :func:`pop_campaigns.events.rules.events.has_begun` has it."""
    return or_(and_(Event.starts_at.is_not(None), Event.starts_at <= now), _days_over(now))


def is_coming(now: datetime) -> ColumnElement[bool]:
    """Return the condition that an event begins later, as :func:`pop_campaigns.events.rules.events.is_coming` has it."""
    return and_(Event.starts_at.is_not(None), Event.starts_at > now)


def _days_over(now: datetime) -> ColumnElement[bool]:
    last = func.coalesce(Event.day_to, Event.day_from)
    return and_(Event.starts_at.is_(None), Event.day_from.is_not(None), last < local_date(now))


def listed_events(
    user: User, wanted: EventFilter, now: datetime, *, as_typed: bool = False
) -> Select[tuple[Event, int]]:
    """Select (event, group): upcoming from the next on, then past from the latest back, then undated.

    ``as_typed`` puts those first, whenever they are, that have the words as they were typed.
    """
    group = _group(now)
    rows = _filtered(user, wanted).add_columns(group.label("time_group"))
    if wanted.when is not EventWhen.ALL:
        rows = rows.where(group == next(key for key, when in _GROUPS.items() if when is wanted.when))
    return rows.order_by(
        *([as_typed_first(Event.search_key, wanted.typed)] if as_typed else []),
        group,
        case((group == _UPCOMING, Event.day_from)).asc(),
        case((group == _UPCOMING, Event.starts_at)).asc().nulls_first(),
        case((group == _PAST, Event.day_from)).desc(),
        case((group == _PAST, Event.starts_at)).desc().nulls_last(),
        Event.sort_key,
        Event.id,
    )


def group_name(group: int) -> EventWhen:
    """Return the name of a group of :func:`listed_events`."""
    return _GROUPS[group]


def month_of_events(user: User, wanted: EventFilter, first: date) -> Month:
    """Return a month with its events. Its first and last week also show the neighbours' days."""
    weeks = month_weeks(first)
    shown_from, shown_to = weeks[0][0], weeks[-1][-1]
    rows = _filtered(user, wanted).where(
        Event.day_from <= shown_to, func.coalesce(Event.day_to, Event.day_from) >= shown_from
    )
    rows = rows.order_by(Event.day_from, Event.starts_at.nulls_first(), Event.sort_key, Event.id)
    days: dict[date, list[Event]] = defaultdict(list)
    day_unknown, last = [], last_day_of_month(first)
    for event in db.session.scalars(rows):
        if event.day_from is None:
            continue
        if event.precision in _WITH_DAYS:
            for day in days_between(event.day_from, event.day_to, shown_from, shown_to):
                days[day].append(event)
        elif days_between(event.day_from, event.day_to, first, last):
            day_unknown.append(event)
    return Month(first, weeks, days, day_unknown)


def count_undated(user: User, wanted: EventFilter) -> int:
    """Count the events without any date."""
    rows = _filtered(user, wanted).where(Event.precision == DatePrecision.UNKNOWN)
    return db.session.scalar(select(func.count()).select_from(rows.subquery())) or 0


def municipalities_with_events(user: User, whose: EventWhose = EventWhose.OURS) -> list[Municipality]:
    """Return the municipalities one can filter by: those of the events shown and of the user's organisation."""
    visible_events = select(Event.municipality_id).where(readable(user, whose))
    condition: ColumnElement[bool] = Municipality.id.in_(visible_events)
    if user.organisation is not None and user.organisation.municipality_id is not None:
        condition = or_(condition, Municipality.id == user.organisation.municipality_id)
    rows = select(Municipality).where(condition).order_by(Municipality.sort_key)
    return list(db.session.scalars(rows))


def all_organisations() -> list[Organisation]:
    """Return every member organisation in Albanian order, for administrators to choose from."""
    return list(db.session.scalars(select(Organisation).order_by(Organisation.sort_key, Organisation.id)))


def institutions_to_choose(user: User, event: Event | None = None) -> list[Institution]:
    """Return the institutions an event may be about: the one it is, those of its place, then others, in Albanian order."""
    named = event.institution_id if event else None
    place = (
        event.municipality_id if event else (user.organisation.municipality_id if user.organisation else None)
    )
    near = func.coalesce(Institution.municipality_id == place, False) if place else literal(0)
    rows = select(Institution).where(
        or_(and_(visible(Institution, user), Institution.merged_into_id.is_(None)), Institution.id == named)
    )
    order = ((Institution.id == named).desc(), near.desc(), Institution.sort_key, Institution.id)
    return list(db.session.scalars(rows.order_by(*order).limit(_MOST_INSTITUTIONS)))


def _filtered(user: User, wanted: EventFilter) -> Select[Any]:
    rows = select(Event).where(readable(user, wanted.whose))
    if wanted.municipality:
        rows = rows.where(Event.municipality.has(Municipality.key == wanted.municipality))
    if wanted.kind is not None:
        rows = rows.where(Event.kind == wanted.kind)
    if wanted.typed:
        rows = rows.where(like_folded(Event.search_key, wanted.typed))
    return rows


def _group(now: datetime) -> ColumnElement[int]:
    """Return the time group of an event in SQL."""
    undated = Event.day_from.is_(None)
    return case((undated, literal(_UNDATED)), (lies_ahead(now), literal(_UPCOMING)), else_=literal(_PAST))

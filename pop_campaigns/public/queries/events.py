"""What the public reads: published events, members, municipalities. Every query of events starts at `published`."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, Select, and_, case, cast, extract, func, literal, or_, select
from sqlalchemy.orm import joinedload, selectinload
from sqlalchemy.sql.base import ExecutableOption

from pop_campaigns.accounts.models import Organisation
from pop_campaigns.campaigns.models import Campaign
from pop_campaigns.contacts.models.persons import Mandate, Person
from pop_campaigns.core.dates import DatePrecision
from pop_campaigns.core.db import db
from pop_campaigns.core.places import Municipality, municipality_key
from pop_campaigns.events.models.events import Attendance, Commitment, Event
from pop_campaigns.events.queries.events import lies_ahead
from pop_campaigns.events.rules.events import FIRST_YEAR, LAST_YEAR, EventKind, EventWhen


class Group(enum.IntEnum):
    """The parts of a list, in their order. What is known less exactly stands apart and is never put on a day."""

    UPCOMING = 0
    UPCOMING_ROUGHLY = 1
    PAST = 2
    PAST_ROUGHLY = 3
    UNDATED = 4

    @property
    def when(self) -> EventWhen:
        """Choice of the filter that shows this part whole."""
        return next(when for when in _NARROW if self in _GROUPS_OF[when])


_GROUPS_OF: Final[Mapping[EventWhen, tuple[Group, ...]]] = {
    EventWhen.ALL: tuple(Group),
    EventWhen.UPCOMING: (Group.UPCOMING, Group.UPCOMING_ROUGHLY),
    EventWhen.PAST: (Group.PAST, Group.PAST_ROUGHLY),
    EventWhen.UNDATED: (Group.UNDATED,),
}
_NARROW: Final = (EventWhen.UPCOMING, EventWhen.PAST, EventWhen.UNDATED)
_ROUGH: Final = (DatePrecision.MONTH, DatePrecision.PERIOD)


@dataclass(frozen=True)
class Wanted:
    """What an address asks for; what cannot be read in it asks for nothing."""

    municipality: str = ""
    kind: EventKind | None = None
    when: EventWhen = EventWhen.ALL
    year: int | None = None

    @property
    def active(self) -> bool:
        """True where the filter leaves anything out."""
        return self != Wanted()

    def as_arguments(self) -> dict[str, str]:
        """Return the filter as parts of an address, always in one order."""
        parts = {
            "municipality": self.municipality,
            "kind": self.kind.value if self.kind else "",
            "when": "" if self.when is EventWhen.ALL else self.when.value,
            "year": str(self.year or ""),
        }
        return {name: value for name, value in parts.items() if value}


def read_wanted(arguments: Mapping[str, str]) -> Wanted:
    """Read ``municipality``, ``kind``, ``when`` and ``year`` of an address; *Tiranë* is understood as *tirane*."""
    kind, when, year = (arguments.get(name, "") for name in ("kind", "when", "year"))
    number = int(year) if len(year) == 4 and year.isascii() and year.isdigit() else 0
    return Wanted(
        municipality=municipality_key(arguments.get("municipality", "")[:80]),
        kind=EventKind(kind) if kind in list(EventKind) else None,
        when=EventWhen(when) if when in list(EventWhen) else EventWhen.ALL,
        year=number if FIRST_YEAR <= number <= LAST_YEAR else None,
    )


def published(*columns: Any) -> Select[Any]:
    """Start a query of what everybody may see."""
    return select(*(columns or (Event,))).where(Event.published)


def listed_events(wanted: Wanted, now: datetime) -> Select[tuple[Event, int]]:
    """Select (event, group): the next first, then the past from the latest back, then what has no date."""
    group = _group(now)
    rows = _filtered(published(Event, group.label("part")), wanted)
    if wanted.when is not EventWhen.ALL:
        rows = rows.where(group.in_(_GROUPS_OF[wanted.when]))
    upcoming = group.in_((Group.UPCOMING, Group.UPCOMING_ROUGHLY))
    return rows.order_by(
        group,
        case((upcoming, Event.day_from)).asc(),
        case((upcoming, Event.starts_at)).asc().nulls_first(),
        case((~upcoming, Event.day_from)).desc(),
        case((~upcoming, Event.starts_at)).desc().nulls_last(),
        Event.sort_key,
        Event.id,
    )


def first_of_groups(
    wanted: Wanted, now: datetime, limits: Mapping[Group, int]
) -> dict[Group, tuple[Sequence[Event], int]]:
    """Return the first events of each part and how many it has in all; a part without events is left out."""
    group = _group(now)
    counts = db.session.execute(
        _filtered(published(group.label("part"), func.count()), wanted).group_by("part")
    )
    totals = {Group(part): total for part, total in counts}
    parts: dict[Group, tuple[Sequence[Event], int]] = {}
    for part in sorted(totals):
        rows: Select[Any] = listed_events(wanted, now).where(group == literal(part.value))
        parts[part] = (db.session.scalars(rows.limit(limits[part])).all(), totals[part])
    return parts


def count_kinds(wanted: Wanted) -> dict[EventKind, int]:
    """Count published events by kind, in the municipality asked for, in the order the kinds are listed."""
    asked = Wanted(municipality=wanted.municipality)
    rows = _filtered(published(Event.kind, func.count()), asked).group_by(Event.kind)
    counts: dict[EventKind, int] = dict(db.session.execute(rows).all())
    return {kind: counts[kind] for kind in EventKind if kind in counts}


def years_with_events() -> list[int]:
    """Return the years in which published events begin, the latest first."""
    year = cast(extract("year", Event.day_from), Integer)
    rows = published(year).where(Event.day_from.is_not(None)).distinct()
    return sorted(db.session.scalars(rows), reverse=True)


def public_municipalities() -> list[Municipality]:
    """Return the municipalities of members and of published events, in Albanian order."""
    rows = select(Municipality).where(
        or_(
            Municipality.id.in_(published(Event.municipality_id)),
            Municipality.id.in_(select(Organisation.municipality_id)),
        )
    )
    return list(db.session.scalars(rows.order_by(Municipality.sort_key)))


def whole_page() -> tuple[ExecutableOption, ...]:
    """Return what to load with an event so that its page asks for nothing more."""
    offices = selectinload(Event.attendances).joinedload(Attendance.person).selectinload(Person.mandates)
    return (
        joinedload(Event.institution),
        joinedload(Event.campaign),
        offices.joinedload(Mandate.office),
        selectinload(Event.supporters),
        selectinload(Event.commitments).joinedload(Commitment.institution),
        selectinload(Event.commitments).joinedload(Commitment.organisation),
    )


def find_public_event(event_id: int, *load: ExecutableOption) -> Event | None:
    """Return a published event, with what ``load`` names, else None."""
    if not 0 < event_id < 2**31:
        return None
    return db.session.scalar(published().where(Event.id == event_id).options(*load))


def current_members(today: date) -> list[Organisation]:
    """Return the organisations that are members, by municipality in Albanian order."""
    rows = (
        select(Organisation)
        .outerjoin(Municipality, Organisation.municipality_id == Municipality.id)
        .where(or_(Organisation.member_to.is_(None), Organisation.member_to >= today))
        .order_by(Municipality.sort_key.nulls_last(), Organisation.sort_key, Organisation.id)
    )
    return list(db.session.scalars(rows))


def events_for_search_engines(limit: int) -> Sequence[Any]:
    """Return (id, changed_at) of the newest published events."""
    rows = published(Event.id, Event.changed_at).order_by(Event.id.desc()).limit(limit)
    return db.session.execute(rows).all()


@dataclass(frozen=True)
class FeedFilter:
    """Which published events a calendar holds: keys of rows that are there, "" for all."""

    kind: EventKind | None = None
    municipality: str = ""
    organisation: str = ""
    campaign: str = ""

    def as_arguments(self) -> dict[str, str]:
        """Return the filter as parts of an address, always in one order; without those that leave nothing out."""
        parts = {
            "kind": self.kind.value if self.kind else "", "municipality": self.municipality,
            "organisation": self.organisation, "campaign": self.campaign,
        }  # fmt: skip
        return {name: value for name, value in parts.items() if value}


def fed_events(wanted: FeedFilter, *columns: Any) -> Select[Any]:
    """Start a query of the published events that a calendar holds."""
    rows = in_municipality(published(*columns), wanted.municipality)
    if wanted.kind is not None:
        rows = rows.where(Event.kind == wanted.kind)
    if wanted.organisation:
        rows = rows.where(Event.organisation.has(Organisation.key == wanted.organisation))
    if wanted.campaign:
        rows = rows.where(Event.campaign.has(Campaign.key == wanted.campaign))
    return rows


def public_campaigns() -> list[Campaign]:
    """Return the campaigns of published events that an address can name, in Albanian order."""
    rows = select(Campaign).where(Campaign.key.is_not(None), Campaign.id.in_(published(Event.campaign_id)))
    return list(db.session.scalars(rows.order_by(Campaign.sort_key, Campaign.id)))


def public_organisations() -> list[Organisation]:
    """Return the organisations of published events, in Albanian order."""
    rows = select(Organisation).where(Organisation.id.in_(published(Event.organisation_id)))
    return list(db.session.scalars(rows.order_by(Organisation.sort_key, Organisation.id)).unique())


def in_municipality(rows: Select[Any], key: str) -> Select[Any]:
    """Keep the events of one municipality; the empty key keeps all."""
    return rows.where(Event.municipality.has(Municipality.key == key)) if key else rows


def _filtered(rows: Select[Any], wanted: Wanted) -> Select[Any]:
    rows = in_municipality(rows, wanted.municipality)
    if wanted.kind is not None:
        rows = rows.where(Event.kind == wanted.kind)
    if wanted.year is not None:
        first, last = date(wanted.year, 1, 1), date(wanted.year, 12, 31)
        rows = rows.where(Event.day_from <= last, func.coalesce(Event.day_to, Event.day_from) >= first)
    return rows


def _group(now: datetime) -> ColumnElement[int]:
    """Return the part of the list an event belongs to."""
    ahead = lies_ahead(now)
    rough = Event.precision.in_(_ROUGH)
    # Numbers written out, not bound: PostgreSQL groups only by the very same expression.
    return case(
        (Event.day_from.is_(None), _number(Group.UNDATED)),
        (and_(ahead, rough), _number(Group.UPCOMING_ROUGHLY)),
        (ahead, _number(Group.UPCOMING)),
        (rough, _number(Group.PAST_ROUGHLY)),
        else_=_number(Group.PAST),
    )


def _number(group: Group) -> ColumnElement[int]:
    return literal(group.value, literal_execute=True)

"""What speaks against a time and a place: days off, the same hall, guests and offices elsewhere then; notices of protests.

Of other organisations only what is on the site, and never persons: a guest list is its owner's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import ColumnElement, and_, func, or_, select

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import visible
from pop_campaigns.contacts.models.institutions import Office
from pop_campaigns.core.chips import Chip
from pop_campaigns.core.clock import local_date
from pop_campaigns.core.dates import clock_words, day_words
from pop_campaigns.core.db import db
from pop_campaigns.core.i18n import current_language, in_language
from pop_campaigns.core.places import Municipality
from pop_campaigns.core.text import fold
from pop_campaigns.desk.queries.work_rows import Reader, WorkList, WorkRow
from pop_campaigns.events.models.agenda import AgendaPoint
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.queries.planning import Doubt, notice_of, protests_without_notice
from pop_campaigns.events.rules.events import EventKind, EventState
from pop_campaigns.events.rules.planning import (
    Plan,
    Slot,
    is_same_hall,
    is_weekend,
    needs_notice,
    notice_day,
    slots_meet,
)
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.queries.guests import guests_of
from pop_campaigns.invitations.rules.invitations import InvitationState
from pop_campaigns.invitations.sight import seen_among
from pop_campaigns.letters.queries.entered_days import entered_days
from pop_campaigns.letters.rules.working_days import CalendarUnknown, SkippedDay, skip_reason

_NAMED_AT_MOST: Final = 5
_DAY: Final = timedelta(days=1)


def find_doubts(plan: Plan, before: Plan | None, event: Event | None, user: User) -> Sequence[Doubt]:
    """Return what speaks against what is new in a plan; ``before`` it was so, of the ``event`` that is changed."""
    slot = plan.slot
    if slot.day_from is None:
        return []
    moved = before is None or before.slot != slot
    placed = before is None or (before.venue, before.municipality_id) != (plan.venue, plan.municipality_id)
    beside = _near(slot, event, user)
    near = [other for other in beside if slots_meet(slot, slot_of(other))]
    doubts = [*_protest(plan)] if moved or before is None or before.kind is not plan.kind else []
    if before is None or before.slot.days != slot.days:
        doubts += _days_off(plan)
    if moved or placed:
        doubts += [*_same_hall(plan, near), *_sessions(plan, beside)]
    if moved and event is not None:
        doubts += [*_guests_elsewhere(slot, event, user), *_offices_elsewhere(event, near)]
    return doubts


def slot_of(event: Event) -> Slot:
    """Return when an event takes place."""
    return Slot(event.starts_at, event.ends_at, event.day_from, event.day_to)


def _near(slot: Slot, event: Event | None, user: User) -> Sequence[Event]:
    """Return the planned events of these days that the user sees, or everybody."""
    assert slot.day_from is not None  # noqa: S101  # see find_doubts
    last = slot.day_to or slot.day_from
    rows = select(Event).where(
        Event.state == EventState.PLANNED,
        or_(visible(Event, user), Event.published.is_(True)),
        Event.day_from <= last + _DAY,
        func.coalesce(Event.day_to, Event.day_from) >= slot.day_from - _DAY,
        Event.id != (event.id if event is not None else 0),
    )
    return db.session.scalars(rows.order_by(Event.starts_at, Event.id).limit(200)).unique().all()


def _days_off(plan: Plan) -> Iterator[Doubt]:
    lang = current_language()
    closed = closed_days(plan.municipality_id)
    for day in plan.slot.days:
        off = closed(day)
        if off is None:
            continue
        words = day_words(day, lang)
        if off.reason == "weekend" and not off.name:
            month = url_for("events.index", view="month", month=f"{day:%Y-%m}")
            yield Doubt(_("A weekend: %(day)s.", day=words), month, _("See the month"))
        else:
            named = off.name or _("day off")
            page = url_for("letters.days_off") if off.reason == "override" else ""
            yield Doubt(
                _("A public holiday: %(day)s (%(name)s).", day=words, name=named), page, _("See days off")
            )


def closed_days(municipality_id: int | None) -> Callable[[date], SkippedDay | None]:
    """Return what says of a day why offices are closed in a municipality, None where they are open."""
    municipality = db.session.get(Municipality, municipality_id) if municipality_id else None
    overrides = entered_days().everywhere()
    scope, lang = municipality.name if municipality else None, current_language()

    def closed(day: date) -> SkippedDay | None:
        try:
            return skip_reason(day, overrides, scope, lang)
        except CalendarUnknown:
            return SkippedDay(day, "weekend") if is_weekend(day) else None

    return closed


def _protest(plan: Plan) -> Iterator[Doubt]:
    slot = plan.slot
    if not needs_notice(plan.kind) or slot.day_from is None:
        return
    if slot.starts_at is None or slot.ends_at is None:
        yield Doubt(_("Notice to the police says when a protest begins and when it ends: write both."))


def _same_hall(plan: Plan, near: Sequence[Event]) -> Iterator[Doubt]:
    place = fold(plan.venue)
    for other in near:
        if other.municipality_id == plan.municipality_id and is_same_hall(place, fold(other.venue)):
            yield _elsewhere(_("The same hall is taken then (%(place)s):", place=other.venue), other)


def _sessions(plan: Plan, near: Sequence[Event]) -> Iterator[Doubt]:
    if plan.kind is EventKind.COUNCIL_SESSION or plan.municipality_id is None:
        return
    for other in near:
        same_place = other.municipality_id == plan.municipality_id
        if (
            other.kind is EventKind.COUNCIL_SESSION
            and same_place
            and set(plan.slot.days) & set(slot_of(other).days)
        ):
            yield _elsewhere(_("The council meets that day:"), other)


def _guests_elsewhere(slot: Slot, event: Event, user: User) -> Iterator[Doubt]:
    """Give the guests of the event who are asked to another event of the same organisation at the same time."""
    guests = [guest for guest in guests_of(event) if guest.state is not InvitationState.WITHDRAWN]
    if not guests:
        return
    rows = (
        select(Invitation)
        .join(Invitation.event)
        .where(
            Invitation.state == InvitationState.INVITED, Event.id != event.id, Event.state == EventState.PLANNED,
            Event.organisation_id.is_not_distinct_from(event.organisation_id), visible(Event, user),
            func.lower(Invitation.address).in_({guest.address.lower() for guest in guests}), _of_days(slot),
        )
        .order_by(Event.starts_at, Invitation.id)
    )  # fmt: skip
    others = [other for other in db.session.scalars(rows) if slots_meet(slot, slot_of(other.event))]
    seen = seen_among(others, user)
    named = [other for other in others if other.id in seen]
    for other in named[:_NAMED_AT_MOST]:
        yield _elsewhere(_("%(guest)s is invited elsewhere then:", guest=other.shown_as), other.event)
    if len(others) > len(named[:_NAMED_AT_MOST]):
        rest = len(others) - len(named[:_NAMED_AT_MOST])
        yield Doubt(
            ngettext(
                "%(num)d more guest is invited elsewhere then.",
                "%(num)d more guests are invited elsewhere then.",
                rest,
            )
        )


def _offices_elsewhere(event: Event, near: Sequence[Event]) -> Iterator[Doubt]:
    """Give the invited offices that another organisation's page on the site names for the same time."""
    offices = {guest.office_id for guest in guests_of(event) if guest.office_id is not None}
    others = {
        other.id: other
        for other in near
        if other.published and other.organisation_id != event.organisation_id
    }
    if not offices or not others:
        return
    named = or_(AgendaPoint.speaker_office_id.in_(offices), AgendaPoint.put_to_id.in_(offices))
    rows = (
        select(AgendaPoint.event_id, Office)
        .join(Office, or_(Office.id == AgendaPoint.speaker_office_id, Office.id == AgendaPoint.put_to_id))
        .where(AgendaPoint.event_id.in_(others), named, Office.id.in_(offices))
        .distinct()
    )
    for event_id, office in db.session.execute(rows):
        named_as = f"{in_language(office, 'title', current_language())}, {_institution(office)}"
        yield _elsewhere(
            _("%(office)s is on another organisation’s page then:", office=named_as), others[event_id]
        )


def _institution(office: Office) -> str:
    return in_language(office.institution, "name", current_language())


def _of_days(slot: Slot) -> ColumnElement[bool]:
    assert slot.day_from is not None  # noqa: S101  # see find_doubts
    last = slot.day_to or slot.day_from
    ends = func.coalesce(Event.day_to, Event.day_from)
    return and_(Event.day_from <= last + _DAY, ends >= slot.day_from - _DAY)


def _elsewhere(words: str, other: Event) -> Doubt:
    title = in_language(other, "title", current_language())
    hour = f", {clock_words(other.starts_at, other.zone)}" if other.starts_at else ""
    return Doubt(words, url_for("desk.event", event_id=other.id), f"{title}{hour}")


@dataclass(frozen=True)
class NoticeShown:
    """Notice of a protest as its page and *Today* show it."""

    chip: Chip
    words: str
    more: str = ""
    given: bool = False
    left: int = 0


def shown_notice(event: Event, now: datetime) -> NoticeShown | None:
    """Return what the page of an event says of notice to the police; None where none is needed, or it is too late to matter."""
    if not needs_notice(event.kind) or event.day_from is None:
        return None
    given, lang = notice_of(event), current_language()
    if given is not None:
        day = day_words(given.given_on, lang)
        words = (
            _("given on %(day)s, number %(number)s", day=day, number=given.number)
            if given.number
            else _("given on %(day)s", day=day)
        )
        return NoticeShown(Chip("●", _("The police have notice"), "good"), words, given=True)
    if event.state is not EventState.PLANNED or event.day_from < local_date(now):
        return None
    return _missing(event, now)


def _missing(event: Event, now: datetime) -> NoticeShown:
    assert event.day_from is not None  # noqa: S101  # see shown_notice
    closed = closed_days(event.municipality_id)
    last = notice_day(event.day_from, lambda day: closed(day) is not None)
    left = (last - local_date(now)).days
    words = _(
        "to be given in writing by %(day)s, the end of office hours", day=day_words(last, current_language())
    )
    more = _(
        "Law 8773/2001: three days before; of a spontaneous gathering none is asked. Have a lawyer look before you rely on it."
    )
    if left < 0:
        late = ngettext("%(num)d day late", "%(num)d days late", -left)
        return NoticeShown(Chip("!", late, "bad"), words, more, left=left)
    chip = Chip("!", _("Today"), "bad") if left == 0 else Chip("○", _left_words(left), "warn")
    return NoticeShown(chip, words, more, left=left)


def _left_words(days: int) -> str:
    return ngettext("%(num)d day left", "%(num)d days left", days)


def add_notices(work: WorkList, reader: Reader) -> None:
    """Add the protests of whose notice nobody has said that it was given: the clock counts backwards."""
    for event in protests_without_notice(reader.user, reader.now):
        notice = shown_notice(event, reader.now)
        if notice is None or notice.left > 14:
            continue
        section = work.overdue if notice.left < 0 else work.today if notice.left <= 1 else work.soon
        row: WorkRow = reader.row(
            in_language(event, "title", reader.lang),
            url_for("desk.event", event_id=event.id),
            event,
            who=_("Notice to the police"),
            when=f"{notice.words} · {notice.chip.words}",
            tone="bad" if notice.left <= 0 else "warn",
            action=_("Notice is given …"),
            action_url=url_for("events.notice", event_id=event.id),
            organisation=reader.whose(event.organisation),
        )
        section.append(row)

"""Verbs that make events from events and from templates, with the guests who go along. The caller commits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Any, Final

from sqlalchemy import delete, select

from pop_campaigns.accounts.models import User
from pop_campaigns.accounts.scope import of_network_or, owner_of_new
from pop_campaigns.calendars.zones import to_wall
from pop_campaigns.contacts.models.institutions import Institution, Office
from pop_campaigns.core.clock import TIRANE
from pop_campaigns.core.dates import DatePrecision
from pop_campaigns.core.db import db
from pop_campaigns.core.history import history_of, note
from pop_campaigns.core.once import insert_or_find, once_key
from pop_campaigns.core.places import Municipality
from pop_campaigns.core.subject_files import attach_file, files_of
from pop_campaigns.core.text import clean_line
from pop_campaigns.events.models.agenda import AgendaPoint
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.models.series import EventTemplate, TemplateOffice
from pop_campaigns.events.queries.agenda import agenda_points
from pop_campaigns.events.rules.events import EventState, is_coming
from pop_campaigns.events.rules.series import length_of
from pop_campaigns.events.services.agenda import PointDraft, copy_agenda, put_points
from pop_campaigns.events.services.details import copy_details
from pop_campaigns.events.services.events import EventDraft, create_event, draft_of
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.models.reminders import ReminderRule
from pop_campaigns.invitations.queries.guests import guests_of, text_of
from pop_campaigns.invitations.queries.reminders import rules_of
from pop_campaigns.invitations.rules.invitations import GuestChoice, InvitationState
from pop_campaigns.invitations.services.guests import add_guests, set_invitation_text

_OF_POINT: Final = ("title_sq", "title_en", "words_sq", "words_en", "minutes", "put_to_id")


@dataclass(frozen=True)
class Placed:
    """When something takes place that is made from something else: instants, UTC; ``venue`` "" leaves it as it is."""

    starts_at: datetime
    ends_at: datetime | None = None
    venue: str = ""


def placed(starts_at: datetime | None, ends_at: datetime | None, venue: str = "") -> Placed:
    """Return a time and place that a form has checked.

    :raises ValueError: there is no start.
    """
    if starts_at is None:
        raise ValueError("what is placed has a start")
    return Placed(starts_at, ends_at, venue)


@dataclass(frozen=True)
class Along:
    """What goes along with a copy, beside its words."""

    guests: bool = True
    persons: bool = False
    files: bool = True
    note: bool = True
    agenda: bool = True


def copy_event(
    event: Event, at: Placed, along: Along, *, by: User, now: datetime, once: str
) -> tuple[Event, int]:
    """Make a draft like an event at another time; return it and how many guests are on its list. Nothing is sent.

    Offices are invited as offices, so that whoever holds them today is asked; persons only if they were guests
    themselves, may still be seen and want such mail. Whoever was withdrawn stays out, and no answer goes along. The
    same ``once`` makes the copy once.
    """
    draft = replace(
        draft_of(event), precision=DatePrecision.MOMENT, starts_at=at.starts_at, ends_at=at.ends_at,
        day_from=None, day_to=None, held=False, venue=at.venue or event.venue,
    )  # fmt: skip
    copy = create_event(draft, by=by, now=now, once=once)
    if _is_filled(copy, "event.copied"):
        return copy, len(guests_of(copy, InvitationState.DRAFT))
    note("event.copied", copy, by=by, now=now, of=event.id)
    _copy_rules(event, copy, now=now)
    copy_details(event, copy)
    if along.note and (text := text_of(event)):
        set_invitation_text(copy, text.note_sq, text.note_en, by=by, now=now)
    if along.files:
        _copy_files(event, copy, by=by, now=now)
    if along.agenda:
        copy_agenda(event, copy, now=now)
    wanted = [choice for choice in _choices(event) if along.persons or choice.kind == "office"]
    return copy, _list_guests(copy, wanted if along.guests else (), by=by, now=now)


@dataclass(frozen=True)
class CouldGoAlong:
    """How much could go along with a copy, by what it is."""

    offices: int
    persons: int
    files: int
    points: int


def count_along(event: Event) -> CouldGoAlong:
    """Return how much could go along with a copy of an event."""
    choices = _choices(event)
    offices = sum(choice.kind == "office" for choice in choices)
    return CouldGoAlong(offices, len(choices) - offices, len(files_of(event)), len(agenda_points(event)))


def save_as_template(
    event: Event, name: str, *, guests: bool, by: User, now: datetime, once: str
) -> EventTemplate:
    """Keep an event as a template of its organisation: its words, hour and length, its note, files and invited offices."""
    text = text_of(event)

    def make() -> EventTemplate:
        wall = to_wall(event.starts_at, TIRANE) if event.starts_at else None
        return EventTemplate(
            name=clean_line(name)[:120] or event.title_sq[:120], kind=event.kind, format=event.format,
            title_sq=event.title_sq, title_en=event.title_en,
            description_sq=event.description_sq, description_en=event.description_en,
            note_sq=text.note_sq if text else "", note_en=text.note_en if text else "",
            begins=wall.time().replace(second=0, microsecond=0) if wall else None,
            minutes=length_of(event.starts_at, event.ends_at),
            points=[_kept_of_point(point) for point in agenda_points(event)],
            municipality_id=event.municipality_id, campaign_id=event.campaign_id,
            organisation_id=owner_of_new(by, event.organisation_id), created_at=now, changed_at=now,
        )  # fmt: skip

    template, is_new = insert_or_find(EventTemplate, once_key("template", once, by), make)
    if is_new:
        offices = [choice for choice in _choices(event) if choice.kind == "office"] if guests else []
        template.offices = [
            TemplateOffice(office_id=choice.id, language=choice.language) for choice in offices
        ]
        db.session.flush()
        note("event_template.made", template, by=by, now=now, name=template.name, of=event.id)
        _copy_files(event, template, by=by, now=now)
    return template


def make_from_template(
    template: EventTemplate,
    at: Placed,
    *,
    organisation_id: int | None,
    municipality_id: int | None,
    by: User,
    now: datetime,
    once: str,
) -> tuple[Event, int]:
    """Make a draft from a template for an organisation in a municipality; return it and how many guests are on its list.

    A coordinator's is their own organisation's. Offices of the place where the template was written are those of this
    municipality here; one that this place lacks is left out.
    """
    draft = EventDraft(
        kind=template.kind, format=template.format, title_sq=template.title_sq, title_en=template.title_en,
        description_sq=template.description_sq, description_en=template.description_en,
        precision=DatePrecision.MOMENT, starts_at=at.starts_at, ends_at=at.ends_at, zone=TIRANE,
        venue=at.venue, municipality_id=municipality_id, campaign_id=template.campaign_id,
        organisation_id=organisation_id,
    )  # fmt: skip
    event = create_event(draft, by=by, now=now, once=once)
    if _is_filled(event, "event.from_template"):
        return event, len(guests_of(event, InvitationState.DRAFT))
    note("event.from_template", event, by=by, now=now, template=template.name)
    if template.note_sq or template.note_en:
        set_invitation_text(event, template.note_sq, template.note_en, by=by, now=now)
    _copy_files(template, event, by=by, now=now)
    put_points(event, [_point_here(point, template, event) for point in template.points], now=now)
    return event, _list_guests(event, _offices_here(template, event), by=by, now=now)


def _is_filled(event: Event, action: str) -> bool:
    """Return whether an event was made by an earlier press: what was taken off it since stays off."""
    return any(row.action == action for row in history_of(event))


def _copy_rules(event: Event, copy: Event, *, now: datetime) -> None:
    """Remind of a copy as of the event, from now on: its schedule reaches back to nothing."""
    if not (rules := rules_of(event)) or copy.state is not EventState.PLANNED:
        return
    db.session.execute(delete(ReminderRule).where(ReminderRule.event_id == copy.id))
    db.session.add_all(
        ReminderRule(
            event_id=copy.id, audience=rule.audience, days_before=rule.days_before, hour=rule.hour,
            created_at=now, holds_from=now, stopped_at=now if rule.stopped_at else None,
        )
        for rule in rules
    )  # fmt: skip
    db.session.flush()


def _choices(event: Event) -> list[GuestChoice]:
    """Return who is on the list of an event, by what would be invited again."""
    guests = [guest for guest in guests_of(event) if guest.state is not InvitationState.WITHDRAWN]
    return [_choice(guest) for guest in guests if not guest.is_erased]


def _choice(guest: Invitation) -> GuestChoice:
    if guest.office_id is not None:
        return GuestChoice("office", guest.office_id, guest.language)
    return GuestChoice("person", guest.person_id or 0, guest.language)


def _list_guests(event: Event, choices: Iterable[GuestChoice], *, by: User, now: datetime) -> int:
    """Put guests on the list; nobody is put on that of an event that has begun. Return how many are on it."""
    chosen = list(choices)
    if chosen and event.state is EventState.PLANNED and is_coming(event.starts_at, now):
        add_guests(event, chosen, by=by, now=now)
    return len(guests_of(event, InvitationState.DRAFT))


def _copy_files(source: Any, target: Any, *, by: User, now: datetime) -> None:
    for row in files_of(source):
        content = row.file.path.read_bytes()
        attach_file(
            target, content, row.file.name, delivery=row.delivery, label=row.label, audience=row.audience,
            by=by, now=now,
        )  # fmt: skip


def _kept_of_point(point: AgendaPoint) -> dict[str, Any]:
    """Return what a template keeps of a point: no speaker, who is a person of that one event."""
    kept: dict[str, Any] = {name: getattr(point, name) for name in _OF_POINT}
    return kept | {"clock": point.clock.isoformat("minutes") if point.clock else None}


def _point_here(kept: Mapping[str, Any], template: EventTemplate, event: Event) -> PointDraft:
    """Return a point of a template as it is here: put to the office that is here what that one is there."""
    asked = db.session.get(Office, kept["put_to_id"]) if kept["put_to_id"] else None
    office = _office_here(asked, template, event) if asked else None
    values = {name: kept[name] for name in _OF_POINT} | {"put_to_id": office.id if office else None}
    return PointDraft(**values, clock=time.fromisoformat(kept["clock"]) if kept["clock"] else None)


def _offices_here(template: EventTemplate, event: Event) -> list[GuestChoice]:
    here = [(_office_here(row.office, template, event), row.language) for row in template.offices]
    return [
        GuestChoice("office", office.merged_into_id or office.id, language)
        for office, language in here
        if office is not None
    ]


def _office_here(office: Office, template: EventTemplate, event: Event) -> Office | None:
    """Return the office that an event made from a template means by one of the place where the template was written."""
    here, there = event.municipality, template.municipality
    if here is None or there is None or here.id == there.id:
        return office
    return _same_office_in(office, there, here, event.organisation_id)


def _same_office_in(
    office: Office, there: Municipality, here: Municipality, owner: int | None
) -> Office | None:
    """Return the office that is here what this one is there: of the municipality, or of its county; others stay."""
    institution = office.institution
    if institution.municipality_id == there.id:
        place = Institution.municipality_id == here.id
    elif institution.municipality_id is None and institution.county and institution.county == there.county:
        place = Institution.municipality_id.is_(None) & (Institution.county == here.county)
    else:
        return office
    alike = (
        select(Office)
        .join(Office.institution)
        .where(place, Institution.kind == institution.kind, Office.title_sq == office.title_sq)
        .where(of_network_or(Office, owner), of_network_or(Institution, owner))
        .where(Office.merged_into_id.is_(None), Institution.merged_into_id.is_(None))
        .order_by(Office.organisation_id.is_not(None), Office.id)
    )
    return db.session.scalars(alike.limit(1)).first()

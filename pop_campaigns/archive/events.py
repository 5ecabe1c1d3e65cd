"""Keeps the events of a record, each as a whole: one that is there already is left as it is."""

from __future__ import annotations

import hashlib
from datetime import date

from flask import current_app
from sqlalchemy import select

from pop_campaigns.accounts.models import Organisation
from pop_campaigns.archive.contacts import (
    find_member,
    keep_administration,
    keep_attended_office,
    keep_holder,
    keep_institution,
    keep_municipality,
)
from pop_campaigns.archive.document import Part
from pop_campaigns.archive.loading import Loading, keep
from pop_campaigns.archive.record import CampaignFacts, CommitmentFacts, EventFacts, When
from pop_campaigns.campaigns.models import Campaign
from pop_campaigns.contacts.models.institutions import Institution
from pop_campaigns.core.dates import DatePrecision
from pop_campaigns.core.db import db
from pop_campaigns.events.models.events import Attendance, Commitment, Event, Supporter
from pop_campaigns.events.rules.events import EventKind, EventState
from pop_campaigns.events.rules.visibility import EventVisibility


def keep_campaign(loading: Loading, facts: CampaignFacts) -> None:
    """Keep a campaign of the whole network."""
    keep(
        loading,
        Campaign,
        facts.key,
        find=lambda: _campaign_of(facts.key),
        make=lambda: Campaign(
            key=facts.key,
            title_sq=facts.title_sq,
            title_en=facts.title_en,
            precision=facts.when.precision,
            day_from=facts.when.day_from,
            day_to=facts.when.day_to,
        ),
        action="campaign.created",
        title=facts.title_sq,
    )


def find_campaign(place: Part, key: str) -> Campaign | None:
    """Return the campaign of a key; None for the empty one.

    :raises pop_campaigns.archive.document.RecordRefused: nothing has that key.
    """
    campaign = _campaign_of(key) if key else None
    if key and campaign is None:
        raise place.refuse(f"there is no campaign with the key “{key}”")
    return campaign


def keep_event(loading: Loading, facts: EventFacts) -> None:
    """Keep an event with who attended, who joined and what was promised, and all whom it names."""
    event = Event(
        key=facts.key,
        uid=_uid(facts.key),
        kind=facts.kind,
        format=facts.format,
        state=EventState.HELD,
        visibility=EventVisibility.PUBLIC,
        published_at=loading.now,
        from_record=True,
        title_sq=facts.title_sq,
        title_en=facts.title_en,
        precision=facts.when.precision,
        day_from=facts.when.day_from,
        day_to=facts.when.day_to,
        more_url=facts.link,
        municipality=keep_municipality(loading, facts.municipality) if facts.municipality else None,
        organisation=_organiser(loading, facts),
        campaign=find_campaign(facts.place, facts.campaign),
        institution=_institution(loading, facts),
        created_at=loading.now,
        changed_at=loading.now,
    )
    event.attendances = _attendances(loading, facts, event.institution)
    event.supporters = [Supporter(organisation=supporter) for supporter in _supporters(loading, facts)]
    event.commitments = [_commitment(loading, facts.commitment)] if facts.commitment else []
    keep(
        loading,
        Event,
        facts.key,
        find=lambda: db.session.scalar(select(Event).where(Event.key == facts.key)),
        make=lambda: event,
        action="event.recorded",
        kind=facts.kind.value,
        title=facts.title_sq,
    )


def known_day(when: When) -> date | None:
    """Return the day on which what a source says about an office is known to hold: the last it can mean."""
    return None if when.precision is DatePrecision.UNKNOWN else when.day_to or when.day_from


def _campaign_of(key: str) -> Campaign | None:
    return db.session.scalar(select(Campaign).where(Campaign.key == key))


def _organiser(loading: Loading, facts: EventFacts) -> Organisation | None:
    """Return who held the event: whom the record names, else the municipality's member; None is the network."""
    named = facts.organisation or facts.municipality
    return find_member(loading, facts.place, named) if named else None


def _institution(loading: Loading, facts: EventFacts) -> Institution | None:
    """Return whom the event was with; a confrontation is with the administration of its municipality."""
    if facts.institution:
        return keep_institution(loading, facts.institution, facts.institution_as_printed)
    if facts.kind is EventKind.CONFRONTATION and facts.municipality:
        return keep_administration(loading, facts.municipality)
    return None


def _attendances(loading: Loading, facts: EventFacts, institution: Institution | None) -> list[Attendance]:
    attendances = []
    for position, attendee in enumerate(facts.attended, 1):
        office = keep_attended_office(loading, attendee.office, institution)
        person = (
            keep_holder(loading, office, attendee.name, known_day(facts.when)) if office is not None else None
        )
        attendances.append(
            Attendance(position=position, person=person, name=attendee.name, office_title=attendee.office)
        )
    return attendances


def _supporters(loading: Loading, facts: EventFacts) -> list[Organisation]:
    joined: dict[int, Organisation] = {}
    for place, name in facts.joined_by:
        organisation = find_member(loading, place, name)
        if organisation is None:
            continue
        if organisation.id in joined:
            raise place.refuse(f"“{name}” joined twice")
        joined[organisation.id] = organisation
    return list(joined.values())


def _commitment(loading: Loading, facts: CommitmentFacts) -> Commitment:
    return Commitment(
        institution=keep_institution(loading, facts.by) if facts.by else None,
        organisation=find_member(loading, facts.place, facts.to) if facts.to else None,
        words=facts.words,
        due_on=facts.due,
    )


def _uid(key: str) -> str:
    """Return the calendar's UID, the same on every load (RFC 5545 section 3.8.4.7)."""
    return f"record-{hashlib.sha256(key.encode()).hexdigest()[:32]}@{current_app.config['MAIL_DOMAIN']}"

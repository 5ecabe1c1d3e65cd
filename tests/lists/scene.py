"""Contacts of two cities and of the network, and ways to give consent and to say yes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from pop_campaigns.accounts.models import Organisation, User
from pop_campaigns.contacts.models.consents import Consent
from pop_campaigns.contacts.models.institutions import Office
from pop_campaigns.contacts.models.persons import Mandate, Person
from pop_campaigns.contacts.rules import ConsentChannel, PersonKind, Purpose
from pop_campaigns.core.clock import local_date
from pop_campaigns.core.db import db
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventKind
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.rules.invitations import Answer, InvitationState
from pop_campaigns.lists.models import ContactList, ListMember
from pop_campaigns.lists.queries.conditions import read_filter
from pop_campaigns.lists.queries.resolving import Resolved, resolve
from pop_campaigns.lists.rules import ListKind
from tests import factories

NOW = datetime(2026, 5, 20, 9, 0, tzinfo=UTC)


def make_person(
    name: str,
    kind: str = "official",
    *,
    email: str | None = "",
    owner: Organisation | None = None,
    **values: Any,
) -> Person:
    """A person with an address made of the name, unless told otherwise."""
    if email == "":
        email = f"{name.replace(' ', '.').lower()}@kontakte.example"
    person = factories.make_person(name, email=email, organisation=owner)
    person.kind = PersonKind(kind)
    for field, value in values.items():
        setattr(person, field, value)
    db.session.flush()
    return person


def consent(person: Person, purpose: Purpose = Purpose.EVENTS, *, withdrawn: bool = False) -> Consent:
    """A consent of a person to whom the record belongs."""
    given = Consent(
        person=person, organisation_id=person.organisation_id, purpose=purpose, text_version="1", language="sq",
        channel=ConsentChannel.PAPER, given_at=NOW - timedelta(days=9), recorded_at=NOW - timedelta(days=9),
    )  # fmt: skip
    if withdrawn:
        given.withdrawn_at, given.withdrawn_by = NOW, ConsentChannel.MAIL
    db.session.add(given)
    db.session.flush()
    return given


def say_yes(person: Person, owner: Organisation | None, *, on: datetime, **values: Any) -> Event:
    """A confrontation at that moment to which a person said yes."""
    event = factories.make_event(
        owner,
        **({"kind": EventKind.CONFRONTATION, "starts_at": on, "ends_at": on + timedelta(hours=2)} | values),
    )
    answered = values.pop("answer", Answer.ACCEPTED)
    invitation: Invitation = factories.make_invitation(
        event, person=person, address=person.addresses[0].email, state=InvitationState.INVITED,
        invited_at=on - timedelta(days=9), answer=answered, answered_at=on - timedelta(days=8),
    )  # fmt: skip
    invitation.office = None
    db.session.flush()
    return event


def make_list(
    name: str,
    owner: Organisation | None = None,
    filter: dict[str, Any] | None = None,
    *members: Office | Person,
) -> ContactList:
    """A list by filter, or by hand with its members."""
    kind = ListKind.FILTER if filter is not None else ListKind.BY_HAND
    made = ContactList(
        name=name, kind=kind, filter=filter, organisation_id=owner.id if owner else None, created_at=NOW
    )
    for member in members:
        made.members.append(
            ListMember(
                office=member if isinstance(member, Office) else None,
                person=member if isinstance(member, Person) else None,
                added_at=NOW,
            )
        )
    db.session.add(made)
    db.session.flush()
    return made


def found(said: dict[str, Any], user: User, purpose: Purpose = Purpose.EVENTS) -> Resolved:
    """What a filter that is no list yet finds."""
    return resolve(read_filter(said), user, purpose, local_date(NOW))


def names(result: Resolved) -> list[str]:
    """Who gets mail, by name, or title and institution."""
    return [
        recipient.name or f"{recipient.title_sq}, {recipient.institution_sq}"
        for recipient in result.recipients
    ]


def everybody(result: Resolved) -> set[str]:
    """All who are found, whether they get mail or not."""
    return {
        recipient.name or recipient.title_sq
        for recipient in [*result.recipients, *(out.recipient for out in result.left_out)]
    }


def make_councils(cast: SimpleNamespace) -> SimpleNamespace:
    """Mayors, their deputy, a ministry's head; councillors of Fier and of Vlorë."""
    for city in ("Fier", "Vlorë", "Durrës"):
        place = factories.make_municipality(city)
        hall = factories.make_institution(f"Bashkia {city}", municipality=place)
        factories.make_office("Kryetar", hall, email=f"kryetar.{place.key}@bashkia.example")
        factories.make_office("Nënkryetar", hall, email=f"zv.{place.key}@bashkia.example")
    ministry = factories.make_institution("Ministria e Mjedisit", kind="ministry")
    factories.make_office("Kryetar i kabinetit", ministry, email="kabineti@mjedisi.example")
    people = {}
    for city, name in (("Fier", "Këshilltari i Fierit"), ("Vlorë", "Këshilltari i Vlorës")):
        place = factories.make_municipality(city)
        council = factories.make_institution(f"Këshilli {city}", kind="council", municipality=place)
        office = factories.make_office("Këshilltar", council, email=f"keshilltar.{place.key}@bashkia.example")
        people[city] = make_person(name)
        db.session.add(Mandate(person=people[city], office=office))
    people["Vlorë"].municipality = factories.make_municipality("Fier")
    db.session.commit()
    return SimpleNamespace(fier=people["Fier"], vlore=people["Vlorë"])

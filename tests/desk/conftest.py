"""What tests of the desk share: people who read English, a counter of queries, mails that went out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import event as sa_event
from sqlalchemy import insert, select

from pop_campaigns.accounts.models import User
from pop_campaigns.contacts.models.institutions import Office
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.db import db
from pop_campaigns.core.tokens import hash_token, new_nonce
from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.rules.invitations import GuestChoice, InvitationState
from pop_campaigns.invitations.services.guests import add_guests
from pop_campaigns.invitations.services.sending import send_invitations
from pop_campaigns.letters.models import Letter, LetterRecipient
from pop_campaigns.letters.rules.letters import LetterState, RecipientRole
from pop_campaigns.mail.models import OutgoingMail
from tests import factories


@pytest.fixture
def people(cast: SimpleNamespace) -> SimpleNamespace:
    """The cast, reading English: what is asserted are the words of the code."""
    for person in (cast.arta, cast.besa, cast.clirim, cast.drita, cast.eva):
        person.language = "en"
    db.session.commit()
    return cast


@pytest.fixture
def count_queries(app: Flask) -> Callable[[], AbstractContextManager[list[str]]]:
    """Collect the SELECTs of a block."""

    @contextmanager
    def counting() -> Iterator[list[str]]:
        seen: list[str] = []

        def see(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            if statement.lstrip().upper().startswith("SELECT"):
                seen.append(statement)

        sa_event.listen(db.engine, "before_cursor_execute", see)
        try:
            yield seen
        finally:
            sa_event.remove(db.engine, "before_cursor_execute", see)

    return counting


def invited_event(by: User, *, guests: int = 2, days: int = 5, **values: object) -> Event:
    """An event of a person's organisation whose guests have been invited; the mails wait in the outbox."""
    event = factories.make_event(by.organisation, starts_in=timedelta(days=days), **values)
    offices = [
        factories.make_office(
            "Kryetar",
            factories.make_institution(f"Bashkia e provës {event.id}-{number}"),
            email=f"zyra{event.id}-{number}@bashkia.example",
        )
        for number in range(guests)
    ]
    db.session.commit()
    now = datetime.now(UTC) - timedelta(days=1)
    add_guests(event, [GuestChoice("office", office.id, "sq") for office in offices], by=by, now=now)
    send_invitations(event, by=by, now=now)
    db.session.commit()
    return event


def silent_guests(event: Event, offices: Sequence[Office]) -> None:
    """Guests who were invited and have not answered, added in one statement."""
    now = datetime.now(UTC)
    rows = [
        {
            "event_id": event.id,
            "office_id": office.id,
            "office_title": office.title_sq,
            "address": f"zyra{office.id}@bashkia.example",
            "language": "sq",
            "state": InvitationState.INVITED,
            "nonce": (nonce := new_nonce()),
            "token_hash": hash_token(nonce),
            "reply_local": f"r-{hash_token(nonce)[:26]}",
            "invited_at": now,
            "created_at": now,
        }
        for office in offices
    ]
    db.session.execute(insert(Invitation), rows)


def mails_of(event: Event) -> list[OutgoingMail]:
    """The mails of an event's organisation, oldest first."""
    rows = select(OutgoingMail).where(OutgoingMail.organisation_id == event.organisation_id)
    return list(db.session.scalars(rows.order_by(OutgoingMail.id)))


def sent_letter(
    by: User, *, due_in: int, subject: str = "Ndotja e lumit Gjanica", unit: str = "calendar_days"
) -> Letter:
    """A letter handed over on paper three weeks ago, its answer due in so many days."""
    today = local_date(now())
    letter = Letter(
        organisation=by.organisation,
        state=LetterState.SENT,
        subject_sq=subject,
        subject_en="Pollution of the river Gjanica" if subject.startswith("Ndotja") else subject,
        body_sq="Kërkojmë përgjigje.",
        precision="day",
        day_from=today - timedelta(days=21),
        created_at=datetime.now(UTC),
        changed_at=datetime.now(UTC),
        sent_at=datetime.now(UTC),
    )
    office = factories.make_office("Prefekt", factories.make_institution("Prefektura e provës"))
    letter.recipients.append(
        LetterRecipient(
            role=RecipientRole.TO,
            position=1,
            office=office,
            office_title="Prefekt",
            institution_name="Prefektura e provës",
            clock_from=today - timedelta(days=21),
            due_on=today + timedelta(days=due_in),
            due_explained={"unit": unit, "by_hand": True},
        )
    )
    db.session.add(letter)
    db.session.commit()
    return letter

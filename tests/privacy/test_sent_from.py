"""The address from which an answer was sent is somebody's: it goes when its owner is erased, or its guest is made a number."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from pop_campaigns.contacts.rules import PersonKind
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.invitations.models.invitations import GivenAnswer, Invitation
from pop_campaigns.invitations.rules.invitations import Answer, AnswerChannel, GuestChoice
from pop_campaigns.invitations.services.answers import Origin, record_answer
from pop_campaigns.invitations.services.guests import add_guests
from pop_campaigns.invitations.services.sending import send_invitations
from pop_campaigns.privacy.services.erasure import erase_person
from pop_campaigns.privacy.tasks import run_now
from tests import factories

pytestmark = pytest.mark.both_databases

SECRETARY = "Sekretaria.Kanarinë@posta.example"


@pytest.fixture
def scene(cast: SimpleNamespace) -> SimpleNamespace:
    """Two guests, an office and a citizen, for each of whom the secretary answered from her own mailbox."""
    secretary = factories.make_person("Sekretare Kanarinë", email=SECRETARY.lower(), organisation=cast.fier)
    citizen = factories.make_person("Qytetar", email="qytetar@posta.example", organisation=cast.fier)
    citizen.kind = PersonKind.CITIZEN
    factories.make_consent(citizen)
    office = factories.make_office("Prefekt", email="prefekt@qark.example", organisation=cast.fier)
    event = factories.make_event(cast.fier)
    choices = [GuestChoice("office", office.id), GuestChoice("person", citizen.id)]
    guests = add_guests(event, choices, by=cast.arta, now=now()).added
    send_invitations(event, by=cast.arta, now=now())
    for guest in guests:
        record_answer(
            guest, Answer.ACCEPTED, channel=AnswerChannel.CALENDAR, now=now(), origin=Origin(SECRETARY)
        )
    db.session.commit()
    return SimpleNamespace(cast=cast, secretary=secretary, citizen=citizen, guests=guests, event=event)


def sent_from(guest: Invitation) -> Any:
    db.session.expire_all()
    return (
        db.session.scalars(select(GivenAnswer).where(GivenAnswer.invitation_id == guest.id)).one().sent_from
    )


def test_whose_address_it_is_can_be_erased(scene: SimpleNamespace) -> None:
    erase_person(scene.secretary, by=scene.cast.arta, now=now())
    db.session.commit()
    assert [sent_from(guest) for guest in scene.guests] == ["", ""], "that it came from elsewhere stays"


def test_it_goes_with_the_guest(scene: SimpleNamespace) -> None:
    erase_person(scene.citizen, by=scene.cast.arta, now=now())
    db.session.commit()
    assert [sent_from(guest) for guest in scene.guests] == [SECRETARY, None]


def test_it_goes_when_answers_of_citizens_become_numbers(scene: SimpleNamespace) -> None:
    run_now(now=scene.event.ends_at + timedelta(days=31))
    assert [sent_from(guest) for guest in scene.guests] == [SECRETARY, None]

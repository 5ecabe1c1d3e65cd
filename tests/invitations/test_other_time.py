"""Another time, proposed on the guest's own page: kept once, shown back, answered where calendars' proposals are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select

from pop_campaigns.core.db import db
from pop_campaigns.core.history import History
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventState
from pop_campaigns.invitations.models.invitations import Invitation, TimeProposal
from pop_campaigns.invitations.rules.invitations import Answer
from pop_campaigns.invitations.services.proposals import render_declined_time
from tests import factories
from tests.invitations.scene import NOW, START, deliver, invite, make_offices, make_table

WISH = {"day": "2026-06-17", "start": "11:00", "end": "", "why": "Të martën jam në Tiranë."}


@pytest.fixture(autouse=True)
def in_may() -> Iterator[None]:
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def guests(cast: SimpleNamespace) -> list[Invitation]:
    table: Event = make_table(cast.fier)
    db.session.commit()
    asked = invite(table, make_offices(2), cast)
    deliver()
    return asked


def link(guest: Invitation) -> str:
    return f"/a/{factories.token_of(guest)}"


def propose(client: FlaskClient, guest: Invitation, **changes: str) -> Any:
    return client.post(f"{link(guest)}/other-time", data=WISH | changes)


def proposals() -> list[TimeProposal]:
    return list(db.session.scalars(select(TimeProposal).order_by(TimeProposal.id)))


def test_a_time_is_proposed_and_shown_back_and_is_no_answer(
    client: FlaskClient, guests: list[Invitation]
) -> None:
    done = propose(client, guests[0])
    assert done.status_code == 302
    [kept] = proposals()
    assert (kept.invitation_id, kept.starts_at, kept.ends_at) == (
        guests[0].id, datetime(2026, 6, 17, 9, 0, tzinfo=UTC), None,
    )  # fmt: skip
    assert kept.comment == "Të martën jam në Tiranë."
    assert guests[0].answer is Answer.NEEDS_ACTION
    page = client.get(link(guests[0])).text
    assert "e mërkurë, 17 qershor 2026, ora 11:00" in page
    assert "17 qershor" not in client.get(link(guests[1])).text
    note = db.session.scalars(select(History).where(History.action == "invitation.time_proposed")).one()
    assert note.details["channel"] == "link"


def test_pressed_twice_it_is_one_and_a_newer_one_takes_its_place(
    client: FlaskClient, guests: list[Invitation]
) -> None:
    propose(client, guests[0])
    propose(client, guests[0])
    assert len(proposals()) == 1
    propose(client, guests[0], start="15:00")
    assert len(proposals()) == 2
    assert "ora 15:00" in client.get(link(guests[0])).text


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"day": ""}, "Shënoni ditën."),
        ({"start": ""}, "Jepni orën e fillimit."),
        ({"end": "10:00"}, "Mbarimi duhet të jetë pas fillimit."),
        ({"day": "2026-05-19"}, "Kjo kohë ka kaluar tashmë."),
        ({"day": "2026-06-16", "start": "10:00"}, "Kjo është koha e ftesës."),
        ({"day": "2027-03-28", "start": "02:30"}, "03:30"),
        ({"day": "nesër"}, "Shkruajeni"),
    ],
)
def test_what_cannot_be_taken_stays_typed_and_says_why(
    client: FlaskClient, guests: list[Invitation], typed: dict[str, str], words: str
) -> None:
    answer = propose(client, guests[0], **typed)
    assert answer.status_code == 422
    assert words in answer.text
    assert "Të martën jam në Tiranë." in answer.text
    assert answer.text.count('class="answer-button') == 3  # the invitation can be answered all the same
    assert proposals() == []


def test_an_hour_that_comes_twice_is_asked_about_and_kept_as_meant(
    client: FlaskClient, guests: list[Invitation]
) -> None:
    night = {"day": "2026-10-25", "start": "02:30"}
    asked = propose(client, guests[0], **night)
    assert asked.status_code == 422
    assert "UTC+02:00" in asked.text and "UTC+01:00" in asked.text
    for fold, hour in (("0", 0), ("1", 1)):
        assert propose(client, guests[0], **night, fold=fold).status_code == 302
        assert proposals()[-1].starts_at == datetime(2026, 10, 25, hour, 30, tzinfo=UTC)


def test_the_link_dies_as_for_answers(client: FlaskClient, guests: list[Invitation]) -> None:
    assert client.post("/a/nonsense/other-time", data=WISH).status_code == 404
    with time_machine.travel(START + timedelta(minutes=1)):
        assert propose(client, guests[0], day="2026-06-20").status_code == 409
    with time_machine.travel(START + timedelta(days=2)):
        assert propose(client, guests[0], day="2026-06-20").status_code == 404
    guests[0].event.state = EventState.CANCELLED
    db.session.commit()
    assert propose(client, guests[0]).status_code == 409
    assert proposals() == []


def test_the_organisers_find_it_where_those_of_calendars_are(
    client: FlaskClient,
    guests: list[Invitation],
    cast: SimpleNamespace,
    sign_in: Callable[[Any], FlaskClient],
) -> None:
    propose(client, guests[0])
    [kept] = proposals()
    desk = sign_in(cast.arta)
    assert f"/mail/in/proposals/{kept.id}" in desk.get("/today").text
    page = desk.get(f"/mail/in/proposals/{kept.id}").text
    assert "Të martën jam në Tiranë." in page
    moved = desk.post(f"/mail/in/proposals/{kept.id}/accept", data={"seen": str(guests[0].event.version)})
    assert moved.status_code == 302
    assert guests[0].event.starts_at == kept.starts_at
    assert "Propozuat" not in client.get(link(guests[0])).text


def test_declined_it_needs_no_word_to_a_calendar_that_never_asked(
    client: FlaskClient, guests: list[Invitation]
) -> None:
    propose(client, guests[0])
    rendered = render_declined_time(proposals()[0], "", contact_name="", now=NOW)
    assert rendered.calendar is None
    assert "ora 11:00" in rendered.text

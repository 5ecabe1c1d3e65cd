"""The call list: whom to call, at which numbers, and what came of it at one press."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select

from pop_campaigns.contacts.models.addresses import ContactDetail
from pop_campaigns.contacts.models.contact_log import LogEntry
from pop_campaigns.contacts.rules import DetailKind, DetailUse
from pop_campaigns.core.clock import local_date
from pop_campaigns.core.db import db
from pop_campaigns.events.rules.events import EventState
from pop_campaigns.follow_ups.models import FollowUp
from pop_campaigns.invitations.models.invitations import GivenAnswer
from pop_campaigns.invitations.rules.invitations import Answer, AnswerChannel, ToldHow
from pop_campaigns.invitations.services.answers import record_answer
from tests.invitations.scene import (
    NOW,
    counted_statements,
    deliver,
    invite,
    mails,
    make_offices,
    make_table,
    refuse,
)

SignIn = Callable[[Any], FlaskClient]


@pytest.fixture(autouse=True)
def in_may() -> Iterator[None]:
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def scene(cast: SimpleNamespace) -> SimpleNamespace:
    """Three invited offices: one with two numbers, one without, one whose mail came back."""
    event = make_table(cast.fier)
    offices = make_offices(3)
    offices[0].phone = "+35534222123"
    offices[0].institution.phone = "+35534222000"
    db.session.add(
        ContactDetail(
            kind=DetailKind.PHONE, value="+355692123456", use=DetailUse.SECRETARY, office=offices[0]
        )
    )
    db.session.commit()
    guests = invite(event, offices, cast)
    refuse(mails()[2])
    deliver()
    return SimpleNamespace(cast=cast, event=event, guests=guests, offices=offices)


@pytest.fixture
def desk(scene: SimpleNamespace, sign_in: SignIn) -> FlaskClient:
    scene.cast.arta.language = "en"
    db.session.commit()
    return sign_in(scene.cast.arta)


def page(desk: FlaskClient, scene: SimpleNamespace) -> str:
    return desk.get(f"/events/{scene.event.id}/calls").text


def press(desk: FlaskClient, guest: Any, result: str, **typed: str) -> Any:
    return desk.post(f"/invitations/{guest.id}/call", data={"press": result, **typed})


def entries() -> list[LogEntry]:
    return list(db.session.scalars(select(LogEntry).order_by(LogEntry.id)))


def test_the_silent_stand_there_with_every_number_and_whose_mail_came_back(
    desk: FlaskClient, scene: SimpleNamespace
) -> None:
    record_answer(scene.guests[1], Answer.ACCEPTED, channel=AnswerChannel.LINK, now=NOW)
    db.session.commit()
    text = page(desk, scene)
    assert "Zyra 0" in text and "Zyra 2" in text and "Zyra 1" not in text
    for number in ("+35534222123", "+355692123456", "+35534222000"):
        assert text.count(f'href="tel:{number}"') == 1
    assert "Secretary" in text
    assert "the institution’s number" in text
    assert text.count("mail came back") == 1
    assert text.index("Zyra 0") < text.index("Zyra 2")  # who can be called stands first


@pytest.mark.parametrize(
    ("result", "answer"), [("yes", "ACCEPTED"), ("maybe", "TENTATIVE"), ("no", "DECLINED")]
)
def test_one_press_notes_the_answer_as_told_by_phone(
    desk: FlaskClient, scene: SimpleNamespace, result: str, answer: str
) -> None:
    for _press in range(2):
        assert press(desk, scene.guests[0], result).status_code == 302
    [given] = db.session.scalars(select(GivenAnswer))
    assert (given.answer, given.told_how, given.recorded_by) == (
        Answer(answer), ToldHow.PHONE, scene.cast.arta.name,
    )  # fmt: skip
    assert f'id="call-{scene.guests[0].id}"' not in page(desk, scene)


def test_nobody_there_lands_in_the_contact_log_and_is_shown_next_time(
    desk: FlaskClient, scene: SimpleNamespace
) -> None:
    for _press in range(2):
        press(desk, scene.guests[0], "nobody")
    [entry] = entries()
    assert entry.office_id == scene.offices[0].id
    assert "did not answer the phone" in entry.said
    assert "did not answer the phone" in page(desk, scene)
    assert db.session.scalars(select(FollowUp)).all() == []


def test_a_day_to_call_again_is_kept_and_reminded_of(desk: FlaskClient, scene: SimpleNamespace) -> None:
    day = local_date(NOW) + timedelta(days=3)
    for _press in range(2):
        press(desk, scene.guests[0], "again", again_on=day.isoformat())
    [reminder] = db.session.scalars(select(FollowUp))
    assert (reminder.due_on, reminder.subject_type, reminder.subject_id) == (
        day, "invitations", scene.guests[0].id,
    )  # fmt: skip
    assert "call again on 23 May 2026" in page(desk, scene)
    past = press(desk, scene.guests[0], "again", again_on="2026-05-01")
    assert past.status_code == 422
    assert 'value="2026-05-01"' in past.text
    assert press(desk, scene.guests[0], "again", again_on="nesër").status_code == 422
    assert press(desk, scene.guests[0], "shout").status_code == 400


def test_nobody_is_called_about_what_has_begun_or_is_off(desk: FlaskClient, scene: SimpleNamespace) -> None:
    scene.event.starts_at, scene.event.ends_at = NOW - timedelta(minutes=5), None
    db.session.commit()
    assert "tel:" not in page(desk, scene)
    scene.event.state = EventState.CANCELLED
    db.session.commit()
    assert "no answer is needed any more" in page(desk, scene)
    press(desk, scene.guests[0], "yes")
    assert db.session.scalars(select(GivenAnswer)).all() == []


def test_nobody_else_finds_it(scene: SimpleNamespace, sign_in: SignIn) -> None:
    for user in (scene.cast.clirim, scene.cast.eva):
        browser = sign_in(user)
        assert browser.get(f"/events/{scene.event.id}/calls").status_code == 404
        assert press(browser, scene.guests[0], "yes").status_code == 404
    assert db.session.scalars(select(GivenAnswer)).all() == []


def test_a_long_list_asks_no_more_than_a_short_one(
    desk: FlaskClient, scene: SimpleNamespace, cast: SimpleNamespace
) -> None:
    page(desk, scene)
    with counted_statements() as few:
        page(desk, scene)
    offices = [*make_offices(30)]
    for number, office in enumerate(offices):
        office.addresses[0].email = f"tjeter{number}@bashkia.example"
    db.session.commit()
    invite(scene.event, offices, cast)
    with counted_statements() as many:
        page(desk, scene)
    assert len(many) <= len(few) + 2

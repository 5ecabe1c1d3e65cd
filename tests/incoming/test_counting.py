"""The one press by which a person lets an answer count that proved nothing by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from pop_campaigns.accounts.models import User
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.history import History
from pop_campaigns.events.services.events import cancel_event
from pop_campaigns.incoming.services.counting import count_answer
from pop_campaigns.invitations.models.invitations import GivenAnswer, Invitation
from pop_campaigns.invitations.rules.invitations import Answer, AnswerChannel, GuestChoice
from pop_campaigns.invitations.services.answers import record_answer
from pop_campaigns.invitations.services.guests import add_guests
from pop_campaigns.invitations.services.sending import send_invitations
from pop_campaigns.mail.models import IncomingMail, OutgoingMail
from pop_campaigns.mail.rules import IncomingState, Review
from tests import factories
from tests.incoming.counters import counter, proposals
from tests.incoming.scene import DOMAIN, STAMP, address_of, arrive, make_scene, reply
from tests.incoming.test_proposals import in_threads

SignIn = Callable[[Any], FlaskClient]
NOWHERE = f"kontakt@{DOMAIN}"
TROLL = "troll@posta.example"
SLOW = STAMP - timedelta(days=2)  # a clock that is behind: before we asked


@pytest.fixture
def scene(cast: SimpleNamespace) -> SimpleNamespace:
    cast.arta.language = cast.clirim.language = cast.drita.language = cast.eva.language = "en"
    return make_scene(cast)


@pytest.fixture
def arta(cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn) -> FlaskClient:
    return sign_in(cast.arta)


def press(browser: FlaskClient, mail: IncomingMail, **changes: Any) -> Any:
    data = {"link": mail.links[0].id, "as": "guest", "back": ""} | changes
    return browser.post(f"/mail/in/{mail.id}/count", data=data)


def count_of(model: Any) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def guest_of(scene: SimpleNamespace) -> Invitation:
    db.session.rollback()
    return db.session.get_one(Invitation, scene.mayor.id)


def test_today_shows_what_waits_and_one_press_counts_it(arta: FlaskClient, scene: SimpleNamespace) -> None:
    mail = arrive(reply(scene.mayor, to=NOWHERE, sender=TROLL, partstat="DECLINED", comment="Nuk mundem"))
    page = arta.get("/today").text
    assert "Answers to be confirmed" in page and f"/mail/in/{mail.id}/count" in page and TROLL in page
    assert f"/mail/in/{mail.id}/count" in arta.get(f"/events/{scene.event.id}").text
    answer = press(arta, mail, back="today")
    assert (answer.status_code, answer.location) == (302, "/today")
    assert guest_of(scene).answer is Answer.DECLINED
    given = db.session.scalars(select(GivenAnswer)).one()
    assert (given.note, given.incoming_mail_id, given.recorded_by, given.sent_from) == (
        "Nuk mundem", mail.id, "Arta", TROLL,
    )  # fmt: skip
    filed = db.session.get_one(IncomingMail, mail.id)
    assert (filed.state, filed.review) == (IncomingState.MATCHED, None)
    assert [(link.how, link.suggested, link.linked_by) for link in filed.links] == [
        ("counted", False, "Arta")
    ]
    told = db.session.scalars(select(History).where(History.action == "incoming.counted")).one()
    assert (told.actor_name, told.details["why"]) == ("Arta", "unproven")
    notice = db.session.scalars(select(OutgoingMail).where(OutgoingMail.kind == "invitation.in_name")).one()
    assert notice.to_address == scene.mayor.address
    shown = arta.get(f"/events/{scene.event.id}?about={scene.mayor.id}").text
    assert f"sent from {TROLL}" in shown and "entered by Arta" in shown
    assert "does not come (from another address)" in shown
    today = arta.get("/today").text
    assert "Answers to be confirmed" not in today and f"sent from {TROLL}" in today


def test_a_second_press_changes_nothing(arta: FlaskClient, scene: SimpleNamespace) -> None:
    mail = arrive(reply(scene.mayor, to=NOWHERE))
    link = mail.links[0].id
    for _ in range(2):
        assert press(arta, mail, link=link).status_code == 302
    assert count_of(GivenAnswer) == 1
    assert "does not wait any more" in arta.get(f"/mail/in/{mail.id}").text
    # What was counted is not taken back as if it had only been filed.
    arta.post(f"/mail/in/{mail.id}/back")
    assert db.session.get_one(IncomingMail, mail.id).state is IncomingState.MATCHED


@pytest.mark.parametrize("who", ["clirim", "eva", "anonymous"])
def test_only_who_may_change_the_event_may_press(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn, client: FlaskClient, who: str
) -> None:
    mail = arrive(reply(scene.mayor, to=NOWHERE))
    browser = client if who == "anonymous" else sign_in(getattr(cast, who))
    assert press(browser, mail).status_code in (302, 403, 404)
    if who != "anonymous":
        assert "/count" not in browser.get("/today").text
    assert count_of(GivenAnswer) == 0
    assert guest_of(scene).answer is Answer.NEEDS_ACTION


def test_a_link_of_another_message_counts_nothing(arta: FlaskClient, scene: SimpleNamespace) -> None:
    mail = arrive(reply(scene.mayor, to=NOWHERE))
    other = arrive(reply(scene.prefect, to=NOWHERE))
    for link in (other.links[0].id, "", "x", 2**63):
        assert press(arta, mail, link=link).status_code == 404
    assert arta.get(f"/mail/in/{mail.id}/count").status_code == 405
    assert count_of(GivenAnswer) == 0


def test_what_waits_for_another_organisation_is_not_seen(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    mail = arrive(reply(scene.mayor, to=NOWHERE, attendee="i.paftuar@posta.example", sender=TROLL))
    assert (mail.links, mail.organisation_id) == ([], cast.fier.id)
    assert sign_in(cast.arta).get(f"/mail/in/{mail.id}").status_code == 200
    assert sign_in(cast.clirim).get(f"/mail/in/{mail.id}").status_code == 404


def test_put_aside_with_one_press(arta: FlaskClient, scene: SimpleNamespace) -> None:
    mail = arrive(reply(scene.mayor, to=NOWHERE))
    page = arta.get(f"/mail/in/{mail.id}").text
    assert "Does it count?" in page and 'value="It does not count"' in page
    arta.post(f"/mail/in/{mail.id}/aside", data={"reason": "It does not count"})
    assert press(arta, mail).status_code == 302
    assert count_of(GivenAnswer) == 0
    assert f"/mail/in/{mail.id}/count" not in arta.get("/today").text


def over(scene: SimpleNamespace, cast: SimpleNamespace) -> str:
    scene.event.starts_at = now() - timedelta(minutes=1)
    return "has begun"


def cancelled(scene: SimpleNamespace, cast: SimpleNamespace) -> str:
    cancel_event(scene.event, by=cast.arta, now=now())
    return "is cancelled"


def answered_since(scene: SimpleNamespace, cast: SimpleNamespace) -> str:
    record_answer(scene.mayor, Answer.DECLINED, channel=AnswerChannel.LINK, now=now() + timedelta(seconds=5))
    return "older than the answer that counts"


@pytest.mark.parametrize("what", [over, cancelled, answered_since])
def test_what_came_since_is_respected_and_said(
    arta: FlaskClient, cast: SimpleNamespace, scene: SimpleNamespace, what: Any
) -> None:
    mail = arrive(reply(scene.mayor, to=NOWHERE))
    words = what(scene, cast)
    db.session.commit()
    before, number = guest_of(scene).answer, count_of(GivenAnswer)
    answer = press(arta, mail, link=db.session.get_one(IncomingMail, mail.id).links[0].id)
    assert words in arta.get(answer.location).text
    assert (guest_of(scene).answer, count_of(GivenAnswer)) == (before, number)
    assert db.session.get_one(IncomingMail, mail.id).state is IncomingState.HELD


def test_two_that_wait_count_by_when_they_came_not_by_when_they_were_pressed(
    arta: FlaskClient, scene: SimpleNamespace
) -> None:
    first = arrive(reply(scene.mayor, to=NOWHERE, partstat="ACCEPTED", comment="e para", stamp=SLOW))
    second = arrive(reply(scene.mayor, to=NOWHERE, partstat="DECLINED", comment="e dyta", stamp=SLOW))
    ids = first.links[0].id, second.links[0].id
    press(arta, first, link=ids[0])
    press(arta, second, link=ids[1])
    assert guest_of(scene).answer is Answer.DECLINED
    third = arrive(reply(scene.mayor, to=NOWHERE, partstat="TENTATIVE", comment="e treta", stamp=SLOW))
    fourth = arrive(reply(scene.mayor, to=NOWHERE, partstat="ACCEPTED", comment="e katërta", stamp=SLOW))
    ids = third.links[0].id, fourth.links[0].id
    press(arta, fourth, link=ids[1])
    press(arta, third, link=ids[0])
    assert guest_of(scene).answer is Answer.ACCEPTED


# The guest's address, and somebody else's name in it


def test_an_alias_at_the_guests_address_is_one_press(arta: FlaskClient, scene: SimpleNamespace) -> None:
    """Seen at nextcloud/server#40891 and insanum/gcalcli#621."""
    mail = arrive(
        reply(scene.mayor, attendee="enkeleida.kryetari@bashkia.example", sender=scene.mayor.address)
    )
    assert (mail.state, mail.review) == (IncomingState.HELD, Review.OTHER_GUEST)
    assert "enkeleida.kryetari@bashkia.example" in arta.get(f"/mail/in/{mail.id}").text
    press(arta, mail)
    assert guest_of(scene).answer is Answer.ACCEPTED


@pytest.mark.parametrize(
    "partstat",
    ["ACCEPTED", "TENTATIVE", "DECLINED"],
)
def test_a_substitute_answers_for_themselves(
    arta: FlaskClient, scene: SimpleNamespace, partstat: str
) -> None:
    record_answer(
        scene.mayor, Answer.ACCEPTED, substitute="Nënkryetarja", channel=AnswerChannel.LINK, now=now()
    )
    db.session.commit()
    deputy = "nenkryetarja@bashkia.example"
    mail = arrive(reply(scene.mayor, attendee=deputy, sender=deputy, partstat=partstat, stamp=SLOW))
    assert mail.state is IncomingState.HELD
    assert guest_of(scene).answer is Answer.DELEGATED
    assert "Count it as the substitute’s" in arta.get("/today").text
    press(arta, mail, **{"as": "substitute", "link": db.session.get_one(IncomingMail, mail.id).links[0].id})
    assert guest_of(scene).answer is Answer.DELEGATED
    last = db.session.scalars(select(GivenAnswer).order_by(GivenAnswer.id.desc())).first()
    assert (last.substitute, last.substitute_answer, last.sent_from) == ("Nënkryetarja", partstat, deputy)


def test_a_guest_named_at_another_guests_address_is_offered_first(
    arta: FlaskClient, scene: SimpleNamespace
) -> None:
    mail = arrive(reply(scene.mayor, attendee=scene.prefect.address, sender=scene.prefect.address))
    assert [(link.subject_id, link.how, link.suggested) for link in mail.links] == [
        (scene.mayor.id, "token", False), (scene.prefect.id, "uid", True),
    ]  # fmt: skip
    offered = arta.get("/today").text.split("/count")[1]
    assert f'value="{mail.links[1].id}"' in offered
    press(arta, mail, link=mail.links[1].id)
    db.session.rollback()
    assert db.session.get_one(Invitation, scene.prefect.id).answer is Answer.ACCEPTED
    assert guest_of(scene).answer is Answer.NEEDS_ACTION


# Another time


def test_a_proposal_without_the_secret_becomes_one_by_a_press(
    arta: FlaskClient, scene: SimpleNamespace
) -> None:
    mail = arrive(counter(scene.mayor, to=NOWHERE, sender=TROLL))
    assert proposals() == []
    assert "Take it as a proposal" in arta.get("/today").text
    for _ in range(2):
        press(arta, mail, link=db.session.get_one(IncomingMail, mail.id).links[0].id)
    db.session.rollback()
    assert [(proposal.invitation_id, proposal.incoming_mail_id) for proposal in proposals()] == [
        (scene.mayor.id, mail.id)
    ]
    told = db.session.scalars(select(History).where(History.action == "invitation.time_proposed")).one()
    assert told.actor_name == "Arta"
    assert guest_of(scene).answer is Answer.NEEDS_ACTION


def test_one_that_cannot_be_read_says_so(arta: FlaskClient, scene: SimpleNamespace) -> None:
    mail = arrive(counter(scene.mayor, [], to=NOWHERE))
    answer = press(arta, mail)
    assert "no day and hour in it can be read" in arta.get(answer.location).text
    assert proposals() == []


@pytest.mark.both_databases
def test_one_query_finds_what_waits_however_many_there_are(
    cast: SimpleNamespace, scene: SimpleNamespace
) -> None:
    from pop_campaigns.incoming.queries.held_answers import held_answers, held_for_event

    for number in range(3):
        arrive(reply(scene.mayor, to=NOWHERE, comment=str(number)))
    event = factories.make_event(cast.vlore)
    office = factories.make_office("Kryetar i Vlorës", email="vlore@x.example", organisation=cast.vlore)
    add_guests(event, [GuestChoice("office", office.id, "sq")], by=cast.clirim, now=now())
    send_invitations(event, by=cast.clirim, now=now())
    db.session.commit()
    theirs = db.session.scalars(select(Invitation).where(Invitation.event_id == event.id)).one()
    arrive(reply(theirs, to=f"{NOWHERE}, {address_of(theirs)}", attendee="dikush@x.example"))
    assert [answer.guest.id for answer in held_answers(cast.arta, now=now())] == [scene.mayor.id] * 3
    assert [answer.guest.id for answer in held_answers(cast.clirim, now=now())] == [theirs.id]
    assert len(held_answers(cast.drita, now=now())) == 4
    assert held_answers(cast.eva, now=now()) == []
    assert len(held_for_event(scene.event, cast.arta)) == 3


@pytest.mark.both_databases(always=True)
def test_of_presses_at_once_one_counts(app: Flask, cast: SimpleNamespace, scene: SimpleNamespace) -> None:
    mail = arrive(reply(scene.mayor, to=NOWHERE))
    ident, link, who = mail.id, mail.links[0].id, cast.arta.id
    db.session.rollback()

    def count() -> object:
        incoming_mail = db.session.get_one(IncomingMail, ident)
        by = db.session.get_one(User, who)
        return count_answer(incoming_mail, link, as_substitute=False, by=by, now=now()) is not None

    assert sorted(in_threads(app, [count] * 3), key=str) == [False, False, True]
    assert count_of(GivenAnswer) == 1
    notices = select(OutgoingMail.id).where(OutgoingMail.kind == "invitation.in_name")
    assert len(db.session.scalars(notices).all()) == 1

"""Mail that answers mail: whatever machines do, it ends at once, and nobody's answer changes by it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import flask_migrate
import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from pop_campaigns.app import create_app
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.incoming.rules.incoming import may_get_receipt
from pop_campaigns.invitations.models.invitations import GivenAnswer, Invitation
from pop_campaigns.invitations.rules.invitations import Answer, GuestChoice
from pop_campaigns.invitations.services.guests import add_guests
from pop_campaigns.invitations.services.sending import send_invitations, send_reminders
from pop_campaigns.mail.models import IncomingMail, OutgoingMail
from pop_campaigns.mail.rules import IncomingKind, IncomingState
from tests import factories
from tests.conftest import TEST_SETTINGS
from tests.incoming.post import Carried, receipts, send_all, stripped, take_in
from tests.incoming.scene import address_of, bounce, make_scene, reply

NOW = datetime(2026, 3, 10, 8, 0, tzinfo=UTC)
Change = Callable[[Carried], Carried]
_NUMBERS = itertools.count(1)


@pytest.fixture(autouse=True)
def that_morning() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def scene(cast: SimpleNamespace) -> SimpleNamespace:
    return make_scene(cast)


def answer_like_a_person(mail: Carried, *, envelope: bool = True) -> Carried:
    """The worst of machines: answers at once, in a person's words, with nothing that says what it is."""
    came = BytesParser(policy=default).parsebytes(mail.raw)
    answer = EmailMessage()
    answer["From"], answer["To"] = mail.to, came["From"].addresses[0].addr_spec
    answer["Subject"], answer["Message-ID"] = f"Re: {came['Subject']}", f"<{next(_NUMBERS)}@bashkia.example>"
    answer.set_content("Faleminderit për mesazhin tuaj. Do t'ju përgjigjemi sa më shpejt.")
    return Carried(answer.as_bytes(), mail.to if envelope else "", answer["To"])


@pytest.mark.parametrize("envelope", [True, False], ids=["by LMTP", "from a mailbox"])
def test_a_machine_that_answers_everything_for_an_hour_gets_one_receipt(
    scene: SimpleNamespace, that_morning: time_machine.Traveller, envelope: bool
) -> None:
    first = Carried(b"From: %s\r\n\r\nx" % address_of(scene.mayor).encode(), "", scene.mayor.address)
    sent = 0
    for _ in range(120):  # every half minute, whether it got anything or not
        row = take_in(answer_like_a_person(first, envelope=envelope))
        assert (row.kind, row.state) == (IncomingKind.HUMAN, IncomingState.MATCHED)
        for mail in send_all():
            sent += 1
            take_in(answer_like_a_person(mail, envelope=envelope))
        that_morning.shift(timedelta(seconds=30))
    assert sent == len(receipts()) == 1
    assert scene.mayor.answer is Answer.NEEDS_ACTION


def test_a_machine_with_another_address_each_time_gets_three_a_day(
    scene: SimpleNamespace, that_morning: time_machine.Traveller
) -> None:
    mail = Carried(b"From: %s\r\n\r\nx" % address_of(scene.mayor).encode(), "", "ticket@helpdesk.example")
    for number in range(60):
        aside = Carried(mail.raw, mail.sender, f"ticket+{number}@helpdesk.example")
        take_in(answer_like_a_person(aside))
        for more in send_all():
            take_in(answer_like_a_person(more))
        that_morning.shift(timedelta(seconds=30))
    assert len(receipts()) == 3


def test_a_calendar_that_changes_its_mind_by_itself_is_told_once_a_day(
    scene: SimpleNamespace, that_morning: time_machine.Traveller
) -> None:
    for number in range(60):
        partstat = ("ACCEPTED", "DECLINED")[number % 2]
        raw = reply(scene.mayor, partstat=partstat, stamp=now())
        take_in(Carried(raw, scene.mayor.address, address_of(scene.mayor)))
        for mail in send_all():
            take_in(answer_like_a_person(mail))
        that_morning.shift(timedelta(seconds=30))
    kinds = ("incoming.receipt", "invitation.receipt", "invitation.in_name")
    automatic = select(func.count(OutgoingMail.id)).where(OutgoingMail.kind.in_(kinds))
    assert db.session.scalar(automatic) == 1
    assert db.session.scalar(select(func.count(GivenAnswer.id))) == 60


# Two services of this kind that write to each other


@pytest.fixture(scope="module")
def _other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    folder: Path = tmp_path_factory.mktemp("other")
    uri = f"sqlite:///{folder / 'other.sqlite3'}"
    settings = {"DATA_DIR": str(folder), "SQLALCHEMY_DATABASE_URI": uri, "MAIL_DOMAIN": "rsvp.tjeter.example"}
    other = create_app(
        TEST_SETTINGS | settings | {"SECRET_KEY": "another key, as long as the first 0123456789"}
    )
    with other.app_context():
        flask_migrate.upgrade()
    yield other
    with other.app_context():
        db.session.remove()
        db.engine.dispose()


@contextmanager
def inside(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield
        db.session.rollback()
        db.session.remove()


def invite(number: int, address: str) -> str:
    """Invite one office at an address; give the address that the guest answers to."""
    organisation = factories.make_organisation(f"Qyteti {number}")
    user = factories.make_user(f"koordinator{number}", "coordinator", organisation)
    event = factories.make_event(organisation, starts_in=timedelta(days=20))
    office = factories.make_office(f"Zyra {number}", email=address, organisation=organisation)
    add_guests(event, [GuestChoice("office", office.id, "sq")], by=user, now=now())
    send_invitations(event, by=user, now=now())
    db.session.commit()
    guest = db.session.scalars(select(Invitation).where(Invitation.address == address)).one()
    mail = db.session.scalars(select(OutgoingMail).where(OutgoingMail.to_address == address)).one()
    return mail.from_address if guest.reply_local in mail.from_address else ""


def words_alone(mail: Carried) -> Carried:
    """What a gateway leaves that rewrites everything: From, To, Subject and the plain words."""
    came = BytesParser(policy=default).parsebytes(mail.raw)
    bare = EmailMessage()
    for name in ("From", "To", "Subject"):
        bare[name] = str(came[name])
    bare["Message-ID"] = f"<{next(_NUMBERS)}@gateway.example>"
    bare.set_content(came.get_body(("plain",)).get_content())
    return Carried(bare.as_bytes(), "", mail.to)


LOST: dict[str, Change] = {
    "nothing": lambda mail: mail,
    "the headers": stripped,
    "the headers and the envelope": lambda mail: stripped(mail, envelope=True),
    "all but the words": words_alone,
}


@pytest.mark.parametrize("lost", LOST)
@pytest.mark.parametrize("alias", [False, True], ids=["direct", "by an alias"])
def test_two_services_that_write_to_each_other_fall_silent(
    app: Flask, _other: Flask, request: pytest.FixtureRequest, lost: str, alias: bool
) -> None:
    number = 2 * list(LOST).index(lost) + alias
    with inside(_other):
        theirs = invite(number, f"mysafir{number}@bashkia.example")
        send_all()
    # What we invite leads into the other service: directly, or by an address that is forwarded there.
    alias_address = f"zyra{number}@alias.example"
    with inside(app):
        ours = invite(number, alias_address if alias else theirs)
        on_the_way = [(mail, _other) for mail in send_all()]
    carried = 0
    while on_the_way:
        mail, to_app = on_the_way.pop(0)
        carried += 1
        assert carried <= 4, "a loop"
        into = theirs if mail.to == alias_address else mail.to
        with inside(to_app):
            changed = LOST[lost](mail)
            came = take_in(Carried(changed.raw, changed.sender, into))
            assert came.links or came.kind is IncomingKind.CALENDAR, "it came to whom it was for"
            back = app if to_app is _other else _other
            on_the_way += [(one, back) for one in send_all()]
    assert carried <= 2
    with inside(app):
        guest = db.session.scalars(
            select(Invitation).where(Invitation.reply_local == ours.partition("@")[0])
        ).one()
        assert guest.answer is Answer.NEEDS_ACTION


def test_the_addresses_of_another_service_are_known_by_their_form() -> None:
    token = "r-" + "abcdefghijklmnopqrstuvwxyz"[:26]
    assert not may_get_receipt(f"{token}@rsvp.tjeter.example", "", "rsvp.example")
    assert not may_get_receipt("x@bashkia.example", f"b-{token[2:]}@bashkia.example", "rsvp.example")


# Bounces of receipts, and our own mail coming back


def test_a_bounce_of_a_receipt_and_a_bounce_of_that_end_there(scene: SimpleNamespace) -> None:
    first = Carried(b"From: %s\r\n\r\nx" % address_of(scene.mayor).encode(), "", "sekretaria@bashkia.example")
    take_in(answer_like_a_person(first))
    [receipt] = receipts()
    send_all()
    before = db.session.scalar(select(func.count(OutgoingMail.id)))
    # Nothing may come back to the null sender; a broken server writes to the From, or to the bounce address it made up.
    to_from, to_bounce = receipt.from_address, f"{receipt.bounce_local}@rsvp.example"
    for to in (to_from, to_bounce):
        for sender in ("<>", "", "mailer-daemon@mx.example"):
            report = take_in(Carried(bounce(receipt, to=to), sender, to))
            assert report.kind is IncomingKind.BOUNCE
            again = stripped(
                Carried(bounce(receipt, to=to).replace(b"Undelivered", b"Re: Undelivered"), sender, to)
            )
            take_in(again)
    assert not send_all()
    assert db.session.scalar(select(func.count(OutgoingMail.id))) == before
    assert scene.mayor.answer is Answer.NEEDS_ACTION


@pytest.mark.parametrize("lost", LOST)
def test_our_own_mail_that_comes_back_to_us_does_nothing(
    scene: SimpleNamespace, cast: SimpleNamespace, that_morning: time_machine.Traveller, lost: str
) -> None:
    first = Carried(b"From: %s\r\n\r\nx" % address_of(scene.mayor).encode(), "", "sekretaria@bashkia.example")
    take_in(answer_like_a_person(first))
    that_morning.shift(timedelta(days=2))
    send_reminders(scene.event, by=cast.arta, now=now())
    db.session.commit()
    ours = send_all()
    assert len(ours) == 3, "a receipt and two reminders"
    before = db.session.scalar(select(func.count(OutgoingMail.id)))
    for mail in ours:
        for to in (address_of(scene.mayor), "kontakt@rsvp.example", mail.sender.strip("<>")):
            take_in(LOST[lost](Carried(mail.raw, mail.sender, to)))
    assert not send_all()
    assert db.session.scalar(select(func.count(OutgoingMail.id))) == before
    assert not db.session.scalars(select(GivenAnswer)).all()
    states: Any = db.session.scalars(select(IncomingMail.state)).all()
    assert IncomingState.RECEIVED not in states

"""Who writes to an invitation or a letter hears once that it arrived; machines, strangers and forgers hear nothing."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask import Flask

from pop_campaigns.contacts.rules import ConsentChannel, Purpose, TombstoneKind
from pop_campaigns.contacts.services.refusals import bury, suppress
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.events.services.events import cancel_event
from pop_campaigns.incoming.rules.incoming import may_get_receipt, threaded
from pop_campaigns.invitations.rules.invitations import Answer, AnswerChannel
from pop_campaigns.invitations.services.answers import record_answer
from pop_campaigns.letters.services.letters import send_letter
from pop_campaigns.mail.compose import compose
from pop_campaigns.mail.message import build_message
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.rules import IncomingState, MailState
from tests import factories
from tests.incoming.post import Carried, receipts, send_all, take_in
from tests.incoming.scene import DOMAIN, address_of, make_scene, reply, words

NOW = datetime(2026, 3, 10, 8, 0, tzinfo=UTC)
SECRETARY = "sekretaria@bashkia.example"


@pytest.fixture(autouse=True)
def that_morning() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def scene(cast: SimpleNamespace) -> SimpleNamespace:
    return make_scene(cast)


def write(guest: Any, sender: str = "", *, to: str = "", envelope: str | None = None, **headers: str) -> Any:
    """A person writes a few words to a guest's address (or another); gives the row of what came in."""
    sender = sender or guest.address
    to = to or address_of(guest)
    headers = {"Message_ID": f"<{len(receipts())}@bashkia.example>"} | headers
    raw = words("A ka parkim?", sender=sender, to=to, **headers)
    return take_in(Carried(raw, sender if envelope is None else envelope, to))


def parsed(mail: OutgoingMail) -> Any:
    return email.message_from_bytes(build_message(compose(mail)).as_bytes(), policy=email.policy.default)


def test_a_secretary_hears_once_that_the_message_arrived(scene: SimpleNamespace) -> None:
    mail = write(
        scene.mayor,
        SECRETARY,
        References="<0@x.example>",
        In_Reply_To="<0@x.example>",
        Message_ID="<1@x.example>",
    )
    assert mail.state is IncomingState.MATCHED
    [receipt] = receipts()
    parts, message = compose(receipt), parsed(receipt)
    assert (parts.envelope_from, parts.to_address) == ("", SECRETARY)
    assert message["Auto-Submitted"] == "auto-replied"
    assert (message["In-Reply-To"], message["References"]) == ("<1@x.example>", "<0@x.example> <1@x.example>")
    assert message["Content-Language"] == "sq"
    assert message["Subject"].startswith("Mesazhi juaj mbërriti:")
    text = message.get_body(("plain",)).get_content()
    assert "Organizata Fier" in text
    assert "Tryezë për lumin Gjanica" in text
    assert "/a/" not in text, "the personal link is the guest's, whoever writes"
    assert "A ka parkim?" not in text, "nothing of a stranger's words is sent on"
    assert message["From"].addresses[0].addr_spec == address_of(scene.mayor)


def test_the_guest_gets_the_link_to_answer_while_the_invitation_is_open(
    scene: SimpleNamespace, app: Flask
) -> None:
    write(scene.mayor)
    text = compose(receipts()[0]).text
    link = f"{app.config['BASE_URL']}/a/{factories.token_of(scene.mayor)}"
    assert link in text
    assert "nuk vlen si përgjigje" in text


def test_an_answered_guest_is_not_asked_to_answer_again(scene: SimpleNamespace) -> None:
    record_answer(scene.mayor, Answer.ACCEPTED, channel=AnswerChannel.LINK, now=now())
    write(scene.mayor)
    text = compose(receipts()[0]).text
    assert "nuk vlen si përgjigje" not in text
    assert factories.token_of(scene.mayor) in text


def test_of_a_cancelled_event_there_is_no_link(scene: SimpleNamespace, cast: SimpleNamespace) -> None:
    cancel_event(scene.event, by=cast.arta, now=now())
    db.session.commit()
    write(scene.mayor)
    assert "/a/" not in compose(receipts()[0]).text


def test_an_english_guest_reads_english(scene: SimpleNamespace) -> None:
    scene.mayor.language = "en"
    db.session.commit()
    write(scene.mayor)
    message = parsed(receipts()[0])
    assert message["Subject"].startswith("Your message reached us:")
    assert "Round table on the river Gjanica" in message.get_body(("plain",)).get_content()


def test_a_letters_recipient_hears_with_the_register_number(cast: SimpleNamespace) -> None:
    letter = factories.make_letter(cast.fier)
    office = factories.make_office("Ministër", email="ministri@ministria.example", organisation=cast.fier)
    recipient = factories.make_letter_recipient(letter, office)
    send_letter(letter, by=cast.arta, now=now())
    db.session.commit()
    write(recipient, "protokolli@ministria.example")
    [receipt] = receipts()
    text = compose(receipt).text
    assert f"nr. {letter.register_number}" in text
    assert letter.subject_sq in text
    assert receipt.organisation_id == letter.organisation_id


@pytest.mark.parametrize("sender", ["mailer-daemon@x.example", "no-reply@x.example", "noreply@x.example",
    "do-not-reply@x.example", "mos-u-pergjigj@x.example", "bounce-17@x.example", "owner-lista@x.example",
    "lista-request@x.example", "postmaster@x.example", f"kontakt@{DOMAIN}", f"x@mail.{DOMAIN}",
    "r-abcdefghijklmnopqrstuvwxyz@tjeter.example", "SRS0=ab=cd=x.example=y@z.example", "notifications@x.example"])  # fmt: skip
def test_machines_lists_and_addresses_of_ours_get_none(scene: SimpleNamespace, sender: str) -> None:
    assert write(scene.mayor, sender, envelope="").state is IncomingState.MATCHED
    assert not receipts()


@pytest.mark.parametrize("sender", ["kryetari@bashkia.example", "kabineti.kryetarit@bashkia.example", "reply@x.example",
    "a.daemoni@x.example", "bounceri@x.example", "sekretaria-1@x.example", "prenotation@x.example"])  # fmt: skip
def test_people_get_one(sender: str) -> None:
    assert may_get_receipt(sender, sender, DOMAIN)


@pytest.mark.parametrize(("name", "value"), [("Auto-Submitted", "auto-replied"), ("Auto-Submitted", "auto-generated"),
    ("Precedence", "bulk"), ("Precedence", "list"), ("Precedence", "junk"), ("List-Id", "<lista.x.example>"),
    ("List-Unsubscribe", "<mailto:x@x.example>"), ("X-Auto-Response-Suppress", "All"),
    ("X-Auto-Response-Suppress", "OOF, AutoReply"), ("Return-Path", "<>"), ("X-Loop", "x")])  # fmt: skip
def test_what_is_marked_as_a_machines_gets_none(scene: SimpleNamespace, name: str, value: str) -> None:
    write(scene.mayor, envelope="", **{name.replace("-", "_"): value})
    assert not receipts()


def test_auto_submitted_no_is_a_person(scene: SimpleNamespace) -> None:
    write(scene.mayor, Auto_Submitted="no")
    assert receipts()


def test_the_null_sender_gets_none(scene: SimpleNamespace) -> None:
    write(scene.mayor, envelope="<>")
    assert not receipts()


@pytest.mark.parametrize("envelope", ["dikush@tjeter.example", f"x@{DOMAIN}", "noreply@bashkia.example"])
def test_an_envelope_of_somebody_else_gets_none(scene: SimpleNamespace, envelope: str) -> None:
    write(scene.mayor, envelope=envelope)
    assert not receipts()


def test_what_belongs_nowhere_for_sure_gets_none(scene: SimpleNamespace) -> None:
    to = f"kontakt@{DOMAIN}"
    assert write(scene.mayor, to=to).state is IncomingState.HELD
    local = scene.mayor.reply_local
    near = f"{local[:-1]}{'2' if local.endswith('7') else '7'}@{DOMAIN}"
    assert write(scene.mayor, to=near).state is IncomingState.HELD
    assert not receipts()


def test_who_only_names_a_message_of_ours_gets_none_unless_it_is_the_guest(scene: SimpleNamespace) -> None:
    sent = db.session.get_one(OutgoingMail, 1)
    to = f"kontakt@{DOMAIN}"
    assert (
        write(scene.mayor, "tjeter@posta.example", to=to, In_Reply_To=sent.message_id).state
        is IncomingState.MATCHED
    )
    assert not receipts()
    write(scene.mayor, scene.mayor.address, to=to, In_Reply_To=sent.message_id)
    assert [receipt.to_address for receipt in receipts()] == [scene.mayor.address]


@pytest.mark.both_databases
def test_one_a_day_for_an_address_over_all_subjects(
    scene: SimpleNamespace, that_morning: time_machine.Traveller
) -> None:
    write(scene.mayor, SECRETARY, Message_ID="<1@x.example>")
    write(scene.prefect, SECRETARY.upper(), Message_ID="<2@x.example>")
    that_morning.shift(timedelta(hours=23, minutes=59))
    write(scene.prefect, SECRETARY, Message_ID="<3@x.example>")
    assert len(receipts()) == 1
    that_morning.shift(timedelta(minutes=1))
    write(scene.prefect, SECRETARY, Message_ID="<4@x.example>")
    assert len(receipts()) == 2


@pytest.mark.both_databases
def test_few_a_day_about_one_guest_whatever_addresses_write(scene: SimpleNamespace) -> None:
    for number in range(10):
        write(scene.mayor, f"ticket+{number}@helpdesk.example", Message_ID=f"<{number}@helpdesk.example>")
    assert len(receipts()) == 3


def test_the_notice_of_a_changed_answer_counts_as_one_but_is_never_held_back(scene: SimpleNamespace) -> None:
    write(scene.mayor)
    for answer in (Answer.ACCEPTED, Answer.DECLINED):
        record_answer(scene.mayor, answer, channel=AnswerChannel.LINK, now=now())
    db.session.commit()
    kinds = [one.kind for one in db.session.query(OutgoingMail).order_by(OutgoingMail.id)][2:]
    assert kinds == ["incoming.receipt", "invitation.receipt"], (
        "else a forged message would hide a forged answer"
    )
    for answer in (Answer.ACCEPTED, Answer.DECLINED):
        record_answer(scene.prefect, answer, channel=AnswerChannel.LINK, now=now())
    db.session.commit()
    write(scene.prefect)
    assert len(receipts()) == 1


def test_who_refuses_mail_or_was_erased_gets_none(scene: SimpleNamespace, cast: SimpleNamespace) -> None:
    suppress(SECRETARY, Purpose.NEWS, cast.fier.id, channel=ConsentChannel.LINK, now=now())
    bury(TombstoneKind.EMAIL, "fshire@bashkia.example", cast.fier.id, now=now())
    db.session.commit()
    write(scene.mayor, SECRETARY)
    write(scene.mayor, "fshire@bashkia.example", Message_ID="<5@x.example>")
    assert not receipts()


def test_a_calendars_answer_gets_none_whether_it_counts_or_not(scene: SimpleNamespace) -> None:
    take_in(Carried(reply(scene.mayor), scene.mayor.address, address_of(scene.mayor)))
    take_in(
        Carried(reply(scene.mayor, attendee="tjeter@x.example"), scene.mayor.address, address_of(scene.mayor))
    )
    assert not receipts()


def test_old_mail_from_a_mailbox_gets_none(scene: SimpleNamespace) -> None:
    write(scene.mayor, Date="Mon, 02 Mar 2026 09:00:00 +0100", envelope="")
    assert not receipts()


def test_operators_may_switch_them_off(
    scene: SimpleNamespace, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "RECEIPTS", False)
    write(scene.mayor)
    assert not receipts()


def test_a_strangers_message_id_cannot_write_a_header() -> None:
    evil = "<a@b>\r\nBcc: x@y.example"
    assert threaded([evil, "<ok@x.example>"], [], evil) == []
    assert threaded([evil, "<ok@x.example>"], [], "<me@x.example>") == ["<ok@x.example>", "<me@x.example>"]
    many = [f"<{n}@x.example>" for n in range(50)]
    assert threaded(many, [], "<me@x.example>") == [many[0], *many[-9:], "<me@x.example>"]


def test_a_receipt_can_leave_and_bounces_to_nobody(scene: SimpleNamespace) -> None:
    write(scene.mayor, Message_ID="")
    [receipt] = [one for one in send_all() if one.to == scene.mayor.address]
    assert receipt.sender == "<>"
    assert receipts()[0].state is MailState.SENT

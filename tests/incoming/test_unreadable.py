"""Answers in forms of their own: what cannot be read is held and named; what stands beside an answer is taken with it."""

from __future__ import annotations

import base64
import struct
from datetime import timedelta
from email.message import EmailMessage
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from pop_campaigns.core.db import db
from pop_campaigns.incoming.queries.held_answers import ways_to_count
from pop_campaigns.invitations.models.invitations import GivenAnswer, Invitation
from pop_campaigns.invitations.rules.invitations import Answer
from pop_campaigns.mail.models import IncomingMail
from pop_campaigns.mail.rules import IncomingKind, IncomingState, Review
from tests.incoming.counters import proposals
from tests.incoming.post import receipts
from tests.incoming.scene import DOMAIN, address_of, arrive, calendar, make_scene


@pytest.fixture
def scene(cast: SimpleNamespace) -> SimpleNamespace:
    cast.arta.language = "en"
    return make_scene(cast)


def carrying(guest: Invitation, content: bytes, kind: str, name: str, **headers: str) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"] = guest.address, headers.get("to", address_of(guest))
    mail["Subject"] = headers.get("subject", "Ftesa")
    mail.set_content(headers.get("text", ""))
    main, sub = kind.split("/")
    mail.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return mail.as_bytes()


def winmail(message_class: str) -> bytes:
    """The start of a TNEF stream: its signature, its version, the class of the message."""
    name = message_class.encode() + b"\0"
    parts = [(0x00089006, struct.pack("<I", 0x10000)), (0x00078008, name)]
    stream = struct.pack("<IH", 0x223E9F78, 1)
    for tag, value in parts:
        stream += b"\x01" + struct.pack("<II", tag, len(value)) + value
        stream += struct.pack("<H", sum(value) & 0xFFFF)
    return stream


BROKEN = b"BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\nATTENDEE"


def test_a_calendar_part_that_cannot_be_read_is_held_at_the_guest_without_a_receipt(
    scene: SimpleNamespace,
) -> None:
    mail = arrive(carrying(scene.mayor, BROKEN, "text/calendar", "ftesa.ics", text="Vij."))
    assert (mail.kind, mail.state, mail.review) == (IncomingKind.HUMAN, IncomingState.HELD, Review.UNREADABLE)
    assert [(link.subject_id, link.suggested) for link in mail.links] == [(scene.mayor.id, False)]
    assert receipts() == []
    assert scene.mayor.answer is Answer.NEEDS_ACTION


def test_at_another_address_it_is_a_mail_like_others(scene: SimpleNamespace) -> None:
    mail = arrive(carrying(scene.mayor, BROKEN, "text/calendar", "ftesa.ics", to=f"kontakt@{DOMAIN}"))
    assert mail.review is None


@pytest.mark.parametrize(
    ("message_class", "answer"),
    [
        ("IPM.Microsoft Schedule.MtgRespP", Answer.ACCEPTED),
        ("IPM.Microsoft Schedule.MtgRespN", Answer.DECLINED),
        ("IPM.Microsoft Schedule.MtgRespA", Answer.TENTATIVE),
    ],
)
def test_an_answer_in_winmail_dat_says_what_it_is_and_one_press_records_it(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: Any, message_class: str, answer: Answer
) -> None:
    mail = arrive(carrying(scene.mayor, winmail(message_class), "application/ms-tnef", "winmail.dat"))
    assert (mail.state, mail.review, receipts()) == (IncomingState.HELD, Review.WINMAIL, [])
    [way] = ways_to_count(mail, cast.arta)
    assert (way.guest.id, way.answer) == (scene.mayor.id, answer)
    arta = sign_in(cast.arta)
    for page in (f"/mail/in/{mail.id}", "/today", f"/events/{scene.event.id}"):
        assert "(from winmail.dat)" in arta.get(page).text
    arta.post(f"/mail/in/{mail.id}/count", data={"link": way.link.id, "as": "guest"})
    db.session.expire_all()
    assert db.session.get_one(Invitation, scene.mayor.id).answer is answer
    assert (mail.state, mail.review) == (IncomingState.MATCHED, None)


def test_winmail_dat_that_says_nothing_is_told_by_its_subject_or_named(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: Any
) -> None:
    empty = base64.b64decode("eJ8+IgAAAQiABwAAAAAAAAAAAA==")
    told = arrive(
        carrying(scene.mayor, empty, "application/ms-tnef", "winmail.dat", subject="Pranuar: Tryezë")
    )
    assert (told.state, told.review) == (IncomingState.HELD, Review.WINMAIL)
    assert ways_to_count(told, cast.arta)[0].answer is Answer.ACCEPTED


def test_an_encrypted_message_is_held_and_recorded_by_hand(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: Any
) -> None:
    raw = carrying(scene.mayor, b"-----BEGIN PGP MESSAGE-----\n", "application/octet-stream", "m.asc")
    raw = raw.replace(b"application/octet-stream", b"application/pgp-encrypted")
    mail = arrive(raw)
    assert (mail.state, mail.review) == (IncomingState.HELD, Review.UNREADABLE)
    assert ways_to_count(mail, cast.arta) == []
    arta = sign_in(cast.arta)
    assert "in a form that cannot be read here" in arta.get(f"/mail/in/{mail.id}").text
    arta.post(f"/mail/in/{mail.id}/answer/{scene.mayor.id}", data={"answer": "DECLINED"})
    db.session.expire_all()
    assert (mail.state, mail.review) == (IncomingState.MATCHED, None)
    assert db.session.get_one(Invitation, scene.mayor.id).answer is Answer.DECLINED


def signed(guest: Invitation) -> bytes:
    """An answer with a signature beside it (RFC 8551 section 3.5.3)."""
    lines = [
        f"From: {guest.address}", f"To: {address_of(guest)}", "Subject: Pranuar", "MIME-Version: 1.0",
        'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; boundary=S', "", "--S",
        "Content-Type: text/calendar; method=REPLY; charset=utf-8", "", calendar(guest), "--S",
        "Content-Type: application/pkcs7-signature; name=smime.p7s", "", "MIIB", "--S--", "",
    ]  # fmt: skip
    return "\r\n".join(lines).encode()


def test_a_signed_answer_counts_and_the_page_says_that_nobody_checked_it(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: Any
) -> None:
    mail = arrive(signed(scene.mayor))
    assert (mail.state, mail.review, mail.signed) == (IncomingState.MATCHED, None, True)
    assert db.session.get_one(Invitation, scene.mayor.id).answer is Answer.ACCEPTED
    assert "nobody has checked the signature" in sign_in(cast.arta).get(f"/mail/in/{mail.id}").text


def beside(scene: SimpleNamespace, partstat: str) -> IncomingMail:
    """In the manner of an iPhone: an answer with another time in it, and a comment for the organiser alone."""
    starts = scene.event.starts_at + timedelta(days=1)
    more = f';TO-ALL-PROPOSED-NEW-TIME="DTSTART:{starts:%Y%m%dT%H%M%SZ};STATUS:;"'
    text = calendar(scene.mayor, partstat=partstat, more=more)
    private = text.replace("END:VEVENT", "X-CALENDARSERVER-PRIVATE-COMMENT:A mund të shtyhet?\r\nEND:VEVENT")
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = scene.mayor.address, address_of(scene.mayor), "Ndoshta"
    mail.set_content("Ndoshta")
    mail.add_alternative(private, subtype="calendar", params={"method": "REPLY"})
    return arrive(mail.as_bytes())


@pytest.mark.parametrize(
    ("partstat", "answer"), [("TENTATIVE", Answer.TENTATIVE), ("ACCEPTED", Answer.ACCEPTED)]
)
def test_another_time_inside_an_answer_is_proposed_and_the_answer_counts(
    scene: SimpleNamespace, partstat: str, answer: Answer
) -> None:
    mail = beside(scene, partstat)
    assert (mail.state, mail.review) == (IncomingState.MATCHED, None)
    assert db.session.get_one(Invitation, scene.mayor.id).answer is answer
    [proposal] = proposals()
    assert proposal.starts_at == scene.event.starts_at + timedelta(days=1)
    assert db.session.scalars(select(GivenAnswer.note)).all() == ["A mund të shtyhet?"]

"""Answers in the shapes of Outlook and Gmail count by every way in; without the guest's address none does, by any."""

from __future__ import annotations

from base64 import encodebytes
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import select

from pop_campaigns.core.db import db
from pop_campaigns.incoming.tasks import file_received
from pop_campaigns.invitations.models.invitations import GivenAnswer, Invitation
from pop_campaigns.invitations.rules.invitations import Answer
from pop_campaigns.mail.intake.mailbox import Mailbox
from pop_campaigns.mail.models import IncomingMail, OutgoingMail
from pop_campaigns.mail.rules import IncomingState, IncomingWay, Review
from tests.incoming.scene import STAMP, address_of, make_scene
from tests.intake.test_listener import Client, listening
from tests.intake.test_mail_servers import empty, settings
from tests.intake.test_receive import receive
from tests.mail_servers import running_dovecot

Send = Callable[[bytes, str, str], None]
GOOGLE = "calendar-notification@google.com"
NOWHERE = "kontakt@rsvp.example"


@pytest.fixture
def scene(cast: SimpleNamespace) -> SimpleNamespace:
    return make_scene(cast)


def outlook(guest: Invitation, to: str) -> bytes:
    """As Exchange answers: the old zone, a comment in base64, MAILTO in capitals, the thread's References."""
    starts = guest.event.starts_at
    calendar = f"""BEGIN:VCALENDAR
METHOD:REPLY
PRODID:Microsoft Exchange Server 2010
VERSION:2.0
BEGIN:VEVENT
ATTENDEE;PARTSTAT=ACCEPTED;CN=Kryetar i Bashkisë:MAILTO:{guest.address.title()}
COMMENT;LANGUAGE=sq-AL:Vij me kënaqësi.\\n
UID:{guest.event.uid}
SUMMARY;LANGUAGE=sq-AL:Pranuar: Tryezë
DTSTART:{starts:%Y%m%dT%H%M%SZ}
CLASS:PUBLIC
PRIORITY:5
DTSTAMP:{STAMP:%Y%m%dT%H%M%SZ}
TRANSP:OPAQUE
STATUS:CONFIRMED
SEQUENCE:{guest.event.sequence}
X-MICROSOFT-CDO-APPT-SEQUENCE:{guest.event.sequence}
X-MICROSOFT-CDO-BUSYSTATUS:BUSY
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")
    head = f"""From: "Kryetar i Bashkise" <{guest.address}>
To: "Organizata Fier" <{to}>
Subject: =?utf-8?B?UHJhbnVhcjogVHJ5ZXrDqw==?=
Thread-Topic: =?utf-8?B?VHJ5ZXrDqw==?=
Date: Fri, 20 Nov 2026 09:00:00 +0000
Message-ID: <AM0PR0000@eurprd00.prod.outlook.example>
Accept-Language: sq-AL, en-US
X-MS-Has-Attach:
Content-Type: multipart/alternative; boundary="_000_AM0_"
MIME-Version: 1.0

--_000_AM0_
Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: base64

VmlqIG1lIGvDq25hcXNpLg==

--_000_AM0_
Content-Type: text/calendar; charset="utf-8"; method=REPLY
Content-Transfer-Encoding: base64

""".replace("\n", "\r\n")
    return head.encode() + encodebytes(calendar.encode()) + b"\r\n--_000_AM0_--\r\n"


def gmail(guest: Invitation, to: str, *, sender: str = GOOGLE) -> bytes:
    """As Google Calendar answers for its users: from its notifier, marked as automatic, the object twice."""
    starts = guest.event.starts_at
    calendar = f"""BEGIN:VCALENDAR
PRODID:-//Google Inc//Google Calendar 70.9054//EN
VERSION:2.0
CALSCALE:GREGORIAN
METHOD:REPLY
BEGIN:VEVENT
DTSTART:{starts:%Y%m%dT%H%M%SZ}
DTSTAMP:{STAMP:%Y%m%dT%H%M%SZ}
ORGANIZER;CN=Organizata Fier:mailto:{to}
UID:{guest.event.uid}
ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;CN={guest.address};
 X-NUM-GUESTS=0:mailto:{guest.address}
SEQUENCE:{guest.event.sequence}
STATUS:CONFIRMED
SUMMARY:Tryezë
TRANSP:OPAQUE
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")
    part = encodebytes(calendar.encode()).decode()
    text = f"""Reply-To: {guest.address}
Sender: Google Calendar <{GOOGLE}>
Auto-Submitted: auto-generated
Message-ID: <calendar-{guest.id}@google.example>
Date: Fri, 20 Nov 2026 09:00:00 +0000
Subject: Accepted: Tryeze
From: {sender}
To: {to}
Content-Type: multipart/mixed; boundary="m"
MIME-Version: 1.0

--m
Content-Type: multipart/alternative; boundary="a"

--a
Content-Type: text/plain; charset="UTF-8"; format=flowed; delsp=yes

Ka pranuar ftesen.

--a
Content-Type: text/calendar; charset="UTF-8"; method=REPLY
Content-Transfer-Encoding: base64

{part}
--a--
--m
Content-Type: application/ics; name="invite.ics"
Content-Disposition: attachment; filename="invite.ics"
Content-Transfer-Encoding: base64

{part}
--m--
"""
    return text.replace("\r\n", "\n").replace("\n", "\r\n").encode()


def by_pipe(app: Flask) -> Iterator[Send]:
    def send(raw: bytes, sender: str, to: str) -> None:
        assert receive(app, "--sender", sender, "--recipient", to, raw=raw).exit_code == 0

    yield send


def by_lmtp(app: Flask) -> Iterator[Send]:
    with listening(app) as port:

        def send(raw: bytes, sender: str, to: str) -> None:
            db.session.rollback()
            assert Client(port).send(raw, sender, (to,))[-1] == "250"

        yield send


def by_imap(app: Flask) -> Iterator[Send]:
    """A mailbox that takes the whole domain: the envelope is lost, the header says for whom it was."""
    with running_dovecot() as dovecot:

        def send(raw: bytes, sender: str, to: str) -> None:
            dovecot.deliver(raw, "zyra")
            assert empty(app, Mailbox(settings(dovecot, "zyra"))) == 1

        yield send


@pytest.fixture(params=["pipe", "lmtp", pytest.param("imap", marks=pytest.mark.needs_mail_servers)])
def way(app: Flask, request: pytest.FixtureRequest) -> Iterator[tuple[Send, IncomingWay]]:
    ways = {
        "pipe": (by_pipe, IncomingWay.PIPE),
        "lmtp": (by_lmtp, IncomingWay.LISTENER),
        "imap": (by_imap, IncomingWay.IMAP),
    }
    door, named = ways[request.param]
    for send in door(app):
        yield send, named


def test_real_shapes_count_and_forged_ones_wait(
    app: Flask, scene: SimpleNamespace, way: tuple[Send, IncomingWay]
) -> None:
    send, named = way
    mayor, prefect = scene.mayor, scene.prefect
    forged = [(gmail(mayor, NOWHERE), GOOGLE), (outlook(prefect, NOWHERE), prefect.address)]
    real = [
        (outlook(mayor, address_of(mayor)), mayor.address, address_of(mayor)),
        (gmail(prefect, address_of(prefect)), GOOGLE, address_of(prefect)),
    ]
    idents = mayor.id, prefect.id
    for raw, sender in forged:
        send(raw, sender, NOWHERE)
    assert file_received(lambda: False) == 2
    held = db.session.scalars(select(IncomingMail)).all()
    assert {(incoming_mail.way, incoming_mail.state, incoming_mail.review) for incoming_mail in held} == {
        (named, IncomingState.HELD, Review.UNPROVEN)
    }
    assert not db.session.scalars(select(GivenAnswer)).all()
    for raw, sender, to in real:
        send(raw, sender, to)
    assert file_received(lambda: False) == 2
    db.session.expire_all()
    answers = [db.session.get_one(Invitation, ident).answer for ident in idents]
    assert answers == [Answer.ACCEPTED, Answer.ACCEPTED]
    given = db.session.scalars(select(GivenAnswer).order_by(GivenAnswer.id)).all()
    assert [(given_answer.note, given_answer.sent_from) for given_answer in given] == [
        ("Vij me kënaqësi.", None),
        ("", GOOGLE),
    ]
    notices = select(OutgoingMail).where(OutgoingMail.kind.in_(("invitation.receipt", "invitation.in_name")))
    assert not db.session.scalars(notices).all()

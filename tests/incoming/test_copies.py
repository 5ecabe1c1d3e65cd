"""A report of failure is about whom it names: a copy that the guest had passed on says nothing of the guest's own mailbox."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from pop_campaigns.core.db import db
from pop_campaigns.incoming.rules.incoming import copies_failed
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.rules import IncomingState
from tests.incoming.scene import DOMAIN, arrive, bounce, make_scene

ADDRESSEE = "kryetari@bashkia.example"
ELSEWHERE = "asistenti@tjeter.example"
COLLEAGUE = "sekretaria@bashkia.example"
PASSED_ON = f"User unknown (forwarded for {ADDRESSEE})"


@pytest.mark.parametrize(
    ("failed", "forwarded", "words", "copies"),
    [
        ([], [], "", []),
        ([ADDRESSEE], [], "", []),
        ([ADDRESSEE.upper()], [], "", []),
        ([ELSEWHERE], [ELSEWHERE], PASSED_ON, [ELSEWHERE]),
        ([ELSEWHERE], [], "", [ELSEWHERE]),
        ([ADDRESSEE], [ELSEWHERE], "", [ELSEWHERE]),  # whom the server was first told, and where it went
        ([ADDRESSEE, ELSEWHERE], [ELSEWHERE], "", []),
        ([ELSEWHERE, "x@y.example"], [ELSEWHERE], "", [ELSEWHERE, "x@y.example"]),
        (
            [COLLEAGUE],
            [COLLEAGUE],
            "",
            [],
        ),  # behind an address of an office stands a mailbox of the same house
        ([COLLEAGUE], [COLLEAGUE], PASSED_ON, [COLLEAGUE]),
        (["kryetari@mail.bashkia.example"], [], "", []),
    ],
)
def test_whom_a_report_is_about(
    failed: list[str], forwarded: list[str], words: str, copies: list[str]
) -> None:
    assert copies_failed(ADDRESSEE, failed, forwarded, words=words) == copies


def test_mailboxes_that_anybody_can_have_are_of_no_house() -> None:
    assert copies_failed("a@gmail.com", ["b@gmail.com"], []) == ["b@gmail.com"]
    assert copies_failed("a.b@gmail.com", ["ab@googlemail.com"], []) == []


@pytest.fixture
def scene(cast: SimpleNamespace) -> SimpleNamespace:
    cast.arta.language = "en"
    return make_scene(cast)


def report(original: OutgoingMail, failed: str) -> bytes:
    raw = bounce(original).replace(
        b"Final-Recipient: rfc822; " + original.to_address.encode(), failed.encode()
    )
    return raw.replace(b"could not be delivered", PASSED_ON.encode())


def test_a_failed_copy_is_shown_and_the_guest_stays_reached(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: Any
) -> None:
    sent = db.session.scalars(select(OutgoingMail).order_by(OutgoingMail.id)).first()
    mail = arrive(report(sent, f"Final-Recipient: rfc822; {ELSEWHERE}"), f"{sent.bounce_local}@{DOMAIN}")
    assert (mail.state, sent.bounced_at) == (IncomingState.MATCHED, None)
    assert mail.bounce["copies_failed"] == [ELSEWHERE]
    arta = sign_in(cast.arta)
    page = arta.get(f"/events/{scene.event.id}?about={scene.mayor.id}").text
    assert (
        page.count(f"A copy forwarded to {ELSEWHERE} did not arrive") == 2
    )  # at the guest, and in the history
    assert "Correct the address" not in page and "Came back" not in page
    message = arta.get(f"/mail/in/{mail.id}").text
    assert f"It is about a copy forwarded to {ELSEWHERE}" in message
    assert "Correct the address" not in message


def test_of_several_recipients_the_guest_counts(scene: SimpleNamespace) -> None:
    sent = db.session.scalars(select(OutgoingMail).order_by(OutgoingMail.id)).first()
    block = (
        f"Final-Recipient: rfc822; {ELSEWHERE}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        f"Final-Recipient: rfc822; {sent.to_address}"
    )
    arrive(report(sent, block), f"{sent.bounce_local}@{DOMAIN}")
    assert sent.bounce_permanent is True

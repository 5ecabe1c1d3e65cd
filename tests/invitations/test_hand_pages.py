"""What comes round the service: an answer entered by hand, an address put right after a mail came back."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select

from pop_campaigns.contacts.models.addresses import Address
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.history import History
from pop_campaigns.core.tokens import derive_token
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.services.events import change_event, draft_of
from pop_campaigns.invitations.models.invitations import GivenAnswer, Invitation, InvitationMail
from pop_campaigns.invitations.queries.guests import find_by_token
from pop_campaigns.invitations.rules.invitations import Answer, InvitationState
from pop_campaigns.invitations.services.sending import cancel_with_notice, send_changes
from pop_campaigns.mail.compose import compose
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.rules import MailState
from tests.incoming.scene import address_of, arrive, bounce, make_scene, reply

SignIn = Callable[[Any], FlaskClient]
PDF = b"%PDF-1.7\n%test\n"


@pytest.fixture
def scene(cast: SimpleNamespace) -> SimpleNamespace:
    return make_scene(cast)


@pytest.fixture
def arta(cast: SimpleNamespace, sign_in: SignIn) -> FlaskClient:
    cast.arta.language = "en"
    db.session.commit()
    return sign_in(cast.arta)


def by_hand(**changes: Any) -> dict[str, Any]:
    return {"answer": "ACCEPTED", "told_how": "phone", "substitute": "", "note": ""} | changes


def answers() -> list[GivenAnswer]:
    return list(db.session.scalars(select(GivenAnswer).order_by(GivenAnswer.id)))


def event_page(browser: FlaskClient, scene: SimpleNamespace) -> str:
    """The event's page, with the mayor looked at beside the table."""
    return browser.get(f"/events/{scene.event.id}?about={scene.mayor.id}").text


def mails_to(guest_id: int) -> list[OutgoingMail]:
    rows = (
        select(OutgoingMail)
        .join(InvitationMail, InvitationMail.mail_id == OutgoingMail.id)
        .where(InvitationMail.invitation_id == guest_id)
    )
    return list(db.session.scalars(rows.order_by(OutgoingMail.id)))


def test_what_was_said_by_phone_counts_with_who_entered_it(arta: FlaskClient, scene: SimpleNamespace) -> None:
    assert arta.get(f"/invitations/{scene.mayor.id}/by-hand").status_code == 200
    answer = arta.post(f"/invitations/{scene.mayor.id}/by-hand", data=by_hand(note="Vjen me dy veta"))
    assert answer.status_code == 302
    (given,) = answers()
    assert (given.answer, given.told_how, given.recorded_by) == (Answer.ACCEPTED, "phone", "Arta")
    assert db.session.get(Invitation, scene.mayor.id).answer is Answer.ACCEPTED
    page = event_page(arta, scene)
    assert "by phone, entered by Arta" in page and "Vjen me dy veta" in page
    assert scene.prefect.answer is Answer.NEEDS_ACTION


def test_a_second_press_records_once(arta: FlaskClient, scene: SimpleNamespace) -> None:
    for _press in (1, 2):
        assert arta.post(f"/invitations/{scene.mayor.id}/by-hand", data=by_hand()).status_code == 302
    assert len(answers()) == 1


def test_the_scan_is_kept_and_given_to_the_own_people_alone(
    arta: FlaskClient, cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    data = by_hand(told_how="paper", answer="DECLINED", file=(io.BytesIO(PDF), "përgjigje.pdf"))
    path = f"/invitations/{scene.mayor.id}/by-hand"
    assert arta.post(path, data=data, content_type="multipart/form-data").status_code == 302
    (given,) = answers()
    scan = f"/invitations/{scene.mayor.id}/answers/{given.id}/scan"
    assert scan in event_page(arta, scene)
    answer = arta.get(scan)
    assert (answer.data, answer.headers["Content-Disposition"].split(";")[0]) == (PDF, "attachment")
    assert arta.get(f"/invitations/{scene.prefect.id}/answers/{given.id}/scan").status_code == 404
    assert sign_in(cast.clirim).get(scan).status_code == 404


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"answer": ""}, "Choose what the guest said"),
        ({"answer": "NEEDS-ACTION"}, "does not exist"),
        ({"told_how": ""}, "Choose how the answer came"),
        ({"told_how": "owl"}, "does not exist"),
        ({"answer": "DELEGATED"}, "Write who comes in their place"),
        ({"note": "x" * 2001}, "At most 2000"),
        ({"file": b"<svg onload=alert(1)>"}, "Files of this kind are not kept"),
    ],
)
def test_what_is_wrong_is_said_and_kept(
    arta: FlaskClient, scene: SimpleNamespace, changes: dict[str, Any], words: str
) -> None:
    data = {"note": "Më ë dhe ç"} | by_hand(substitute="Zëvendësi") | {"note": "Më ë dhe ç"} | changes
    if changes.get("answer") == "DELEGATED":
        data["substitute"] = ""
    if "file" in changes:
        data["file"] = (io.BytesIO(changes["file"]), "a.svg")
    answer = arta.post(
        f"/invitations/{scene.mayor.id}/by-hand", data=data, content_type="multipart/form-data"
    )
    assert answer.status_code == 422
    assert words in answer.text
    assert ("Më ë dhe ç" in answer.text) or "note" in changes
    assert answers() == []


def test_it_can_be_entered_the_day_after_but_not_a_week_later(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    path, end = f"/invitations/{scene.mayor.id}/by-hand", scene.event.ends_at or scene.event.starts_at
    with time_machine.travel(end + timedelta(hours=20), tick=True):
        assert sign_in(cast.arta).post(path, data=by_hand()).status_code == 302
    with time_machine.travel(end + timedelta(days=7), tick=True):
        arta = sign_in(cast.arta)
        assert "Veprimtaria ka filluar" in arta.get(path).text
        assert arta.post(path, data=by_hand(answer="DECLINED")).status_code == 422
    assert [answer.answer for answer in answers()] == [Answer.ACCEPTED]


def test_no_answer_is_entered_for_a_cancelled_event(
    arta: FlaskClient, cast: SimpleNamespace, scene: SimpleNamespace
) -> None:
    cancel_with_notice(scene.event, by=cast.arta, now=now())
    db.session.commit()
    path = f"/invitations/{scene.mayor.id}/by-hand"
    assert "form-narrow" not in arta.get(path).text
    assert arta.post(path, data=by_hand()).status_code == 422
    assert answers() == []


def test_a_changed_answer_is_told_to_the_guest(arta: FlaskClient, scene: SimpleNamespace) -> None:
    arrive(reply(scene.mayor))
    arta.post(f"/invitations/{scene.mayor.id}/by-hand", data=by_hand(answer="DECLINED"))
    receipts = db.session.scalars(select(OutgoingMail).where(OutgoingMail.kind == "invitation.receipt")).all()
    assert [mail.to_address for mail in receipts] == [scene.mayor.address]


def test_an_answer_from_a_calendar_has_its_original_one_click_away(
    arta: FlaskClient, scene: SimpleNamespace
) -> None:
    mail = arrive(reply(scene.mayor))
    assert f'<a href="/mail/in/{mail.id}">from a calendar</a>' in event_page(arta, scene)


# A mail that came back


def lost(scene: SimpleNamespace, minutes: int = 3) -> OutgoingMail:
    """The mayor's invitation, sent and come back as unknown."""
    sent = mails_to(scene.mayor.id)[0]
    arrive(bounce(sent))
    sent.sent_at = sent.bounced_at - timedelta(minutes=minutes)
    db.session.commit()
    return sent


def correction(guest: Invitation, email: str, **changes: Any) -> dict[str, Any]:
    db.session.refresh(guest)
    return {"email": email, "contact": "y", "version": str(guest.version)} | changes


def test_a_bounce_says_what_happened_when_and_what_to_do(arta: FlaskClient, scene: SimpleNamespace) -> None:
    lost(scene)
    page = event_page(arta, scene)
    assert "There is no such mailbox (550 5.1.1), 3 minutes after sending" in page
    assert f"/invitations/{scene.mayor.id}/address" in page
    assert f"/invitations/{scene.prefect.id}/address" not in page
    assert "could not be reached" in page.split('id="guest-')[0]
    today = arta.get("/today").text
    assert "There is no such mailbox" in today and f"/invitations/{scene.mayor.id}/address" in today


def test_a_delay_is_no_alarm(arta: FlaskClient, scene: SimpleNamespace) -> None:
    arrive(bounce(mails_to(scene.mayor.id)[0], status="4.4.1", action="delayed"))
    page = event_page(arta, scene)
    assert "Delayed on the way" in page and "/address" not in page
    assert "Not delivered" not in arta.get("/today").text


def test_the_corrected_address_gets_the_invitation_anew(
    arta: FlaskClient, cast: SimpleNamespace, scene: SimpleNamespace
) -> None:
    old, nonce = lost(scene), scene.mayor.nonce
    path = f"/invitations/{scene.mayor.id}/address"
    shown = arta.get(path).text
    assert "kryetari@bashkia.example" in shown and "550 5.1.1" in shown
    data = correction(scene.mayor, " Kabineti@Bashkia.example ")
    for _press in (1, 2):
        assert arta.post(path, data=data).status_code == 302
    first, second = mails_to(scene.mayor.id)
    assert first.id == old.id and first.to_address == "kryetari@bashkia.example"
    assert second.to_address.lower() == "kabineti@bashkia.example"
    assert (second.state, second.again_of_id) == (MailState.QUEUED, old.id)
    assert "BEGIN:VCALENDAR" in (compose(second).calendar or "")
    guest = db.session.get(Invitation, scene.mayor.id)
    assert find_by_token(derive_token("answer", nonce)) is None
    assert find_by_token(derive_token("answer", guest.nonce)).id == guest.id
    assert address_of(guest) == first.from_address == second.from_address
    (contact,) = db.session.scalars(select(Address).where(Address.office_id == guest.office_id))
    assert contact.email.lower() == "kabineti@bashkia.example"
    (told,) = db.session.scalars(select(History).where(History.action == "invitation.address_corrected"))
    assert told.details["was"] == "kryetari@bashkia.example"
    page = event_page(arta, scene)
    assert "kryetari@bashkia.example → " in page
    assert "Not delivered" not in arta.get("/today").text


def test_who_never_read_the_invitation_hears_of_no_change(
    arta: FlaskClient, cast: SimpleNamespace, scene: SimpleNamespace
) -> None:
    lost(scene)
    data = correction(scene.mayor, "zyra@bashkia.example")
    assert arta.post(f"/invitations/{scene.mayor.id}/address", data=data).status_code == 302
    event = db.session.get_one(Event, scene.event.id)
    change_event(event, replace(draft_of(event), venue="Salla tjetër"), by=cast.arta, now=now())
    send_changes(event, by=cast.arta, now=now())
    db.session.commit()
    kinds = [(mail.kind, mail.state) for mail in mails_to(scene.mayor.id)]
    assert kinds[1:] == [
        ("invitation.request", MailState.WITHDRAWN),
        ("invitation.request", MailState.QUEUED),
    ]
    assert mails_to(scene.prefect.id)[-1].kind == "invitation.change"


def test_the_contact_stays_where_that_is_wished(arta: FlaskClient, scene: SimpleNamespace) -> None:
    lost(scene)
    data = correction(scene.mayor, "zyra@bashkia.example")
    del data["contact"]
    assert arta.post(f"/invitations/{scene.mayor.id}/address", data=data).status_code == 302
    (contact,) = db.session.scalars(select(Address).where(Address.office_id == scene.mayor.office_id))
    assert contact.email == "kryetari@bashkia.example"


def test_the_same_address_is_tried_once_more(arta: FlaskClient, scene: SimpleNamespace) -> None:
    lost(scene)
    nonce, data = scene.mayor.nonce, correction(scene.mayor, scene.mayor.address)
    for _press in (1, 2):
        assert arta.post(f"/invitations/{scene.mayor.id}/address", data=data).status_code == 302
    assert len(mails_to(scene.mayor.id)) == 2
    assert db.session.get(Invitation, scene.mayor.id).nonce == nonce


@pytest.mark.parametrize(
    ("email", "words"),
    [
        ("", "required"),
        ("nuk është adresë", "@"),
        ("a@x.example, b@x.example", "one e-mail address only"),
        ("PREFEKTI@qark.example", "Another guest of this event has this address"),
    ],
)
def test_a_wrong_address_is_refused_and_kept(
    arta: FlaskClient, scene: SimpleNamespace, email: str, words: str
) -> None:
    lost(scene)
    answer = arta.post(f"/invitations/{scene.mayor.id}/address", data=correction(scene.mayor, email))
    assert answer.status_code == 422
    assert words in answer.text
    assert email in answer.text
    assert db.session.get(Invitation, scene.mayor.id).address == "kryetari@bashkia.example"
    assert len(mails_to(scene.mayor.id)) == 1


def test_nothing_is_sent_to_who_is_withdrawn_or_for_a_cancelled_event(
    arta: FlaskClient, cast: SimpleNamespace, scene: SimpleNamespace
) -> None:
    lost(scene)
    path, data = f"/invitations/{scene.mayor.id}/address", correction(scene.mayor, "zyra@bashkia.example")
    scene.mayor.state = InvitationState.WITHDRAWN
    db.session.commit()
    data["version"] = str(scene.mayor.version)
    assert "withdrawn" in arta.get(path).text
    assert arta.post(path, data=data).status_code == 422
    scene.mayor.state = InvitationState.INVITED
    db.session.commit()
    cancel_with_notice(scene.event, by=cast.arta, now=now())
    db.session.commit()
    data["version"] = str(scene.mayor.version)
    assert arta.post(path, data=data).status_code == 422
    purposes = [mail.kind for mail in mails_to(scene.mayor.id)]
    assert purposes.count("invitation.request") == 1
    assert db.session.get(Invitation, scene.mayor.id).address == "kryetari@bashkia.example"


def test_strangers_and_readers_cannot(cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn) -> None:
    for who, status in ((cast.clirim, 404), (cast.eva, 404)):
        browser = sign_in(who)
        for page in ("by-hand", "address"):
            assert browser.get(f"/invitations/{scene.mayor.id}/{page}").status_code == status
    assert answers() == []

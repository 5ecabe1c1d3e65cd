"""Refusing mail by the link in it: GET shows, POST ends, again and again; no mail goes out after it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from pop_campaigns.contacts.models.consents import Consent, HashKey, Suppression
from pop_campaigns.contacts.queries.refusals import suppressed_among
from pop_campaigns.contacts.rules import ConsentChannel, Purpose
from pop_campaigns.contacts.services.refusal_links import USED_FOR, read_refusal, refusal_link
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.tokens import sign_text
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.queries.guests import awaiting_reminder, outdated
from pop_campaigns.invitations.rules.invitations import GuestChoice, GuestRefusal, InvitationState
from pop_campaigns.invitations.services.guests import add_guests
from pop_campaigns.invitations.services.previewing import preview
from pop_campaigns.invitations.services.sending import (
    cancel_with_notice,
    send_changes,
    send_invitations,
    send_reminders,
)
from pop_campaigns.mail.compose import compose
from pop_campaigns.mail.message import message_bytes
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.rules import MailState
from pop_campaigns.worker.drain import DrainReport, drain_outbox
from tests import factories
from tests.house.world import snapshot
from tests.invitations.scene import deliver, mails, move

SignIn = Callable[[Any], FlaskClient]
EMAIL = "gazetare@medium.example"


@pytest.fixture
def asked(cast: SimpleNamespace) -> SimpleNamespace:
    """A journalist and an office, both asked to an event of Fier, the mails still waiting."""
    person = factories.make_person("Emër Gazetare", email=EMAIL, organisation=cast.fier)
    consent = Consent(
        person=person, organisation_id=cast.fier.id, purpose=Purpose.EVENTS, text_version="2026-1", language="sq",
        channel=ConsentChannel.PAPER, given_at=now() - timedelta(days=9), recorded_at=now() - timedelta(days=9),
    )  # fmt: skip
    db.session.add(consent)
    office = factories.make_office("Prefekt", email="prefekt@qark.example", organisation=cast.fier)
    event = factories.make_event(cast.fier)
    guests = add_guests(
        event, [GuestChoice("person", person.id), GuestChoice("office", office.id)], by=cast.arta, now=now()
    ).added
    send_invitations(event, by=cast.arta, now=now())
    db.session.commit()
    return SimpleNamespace(
        person=person, office=office, event=event, guest=guests[0], prefect=guests[1], consent=consent,
        mail=guests[0].mails[0].mail, cast=cast,
    )  # fmt: skip


def path_in(mail: OutgoingMail) -> str:
    [path] = re.findall(r"http://localhost(/u/\S+)", compose(mail).text)
    return str(path)


def press(client: FlaskClient, path: str, **form: str) -> Any:
    return client.post(path, data=form or {"List-Unsubscribe": "One-Click"})


def test_a_mail_to_a_person_says_how_to_refuse_more(asked: SimpleNamespace) -> None:
    wire = message_from_bytes(message_bytes(compose(asked.mail)))
    path = path_in(asked.mail)
    assert wire["List-Unsubscribe"] == f"<http://localhost{path}>"
    assert wire["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert f'href="http://localhost{path}"' in (compose(asked.mail).html or "")
    assert EMAIL.split("@")[0] not in path
    to_office = asked.prefect.mails[0].mail
    assert "/u/" not in compose(to_office).text + (compose(to_office).html or "")
    assert message_from_bytes(message_bytes(compose(to_office)))["List-Unsubscribe"] is None


def test_staff_do_not_see_the_link(asked: SimpleNamespace, sign_in: SignIn) -> None:
    token = path_in(asked.mail).partition("?")[0]
    browser = sign_in(asked.cast.arta)
    for part in ("text", "html", "source"):
        page = browser.get(f"/mail/{asked.mail.id}?part={part}")
        assert page.status_code == 200
        assert token[3:60] not in page.text
    assert (
        "List-Unsubscribe: &lt;http://localhost/u/hidden?lang=sq&gt;"
        in browser.get(f"/mail/{asked.mail.id}?part=source").text
    )


def test_looking_at_a_mail_makes_no_key(cast: SimpleNamespace) -> None:
    person = factories.make_person("Emër Gazetare", email=EMAIL, organisation=cast.fier)
    event = factories.make_event(cast.fier)
    [guest] = add_guests(event, [GuestChoice("person", person.id)], by=cast.arta, now=now()).added
    db.session.commit()
    assert "•••" in preview(guest, by=cast.arta, now=now()).text
    assert db.session.get(HashKey, 1) is None


def test_looking_changes_nothing(asked: SimpleNamespace, client: FlaskClient) -> None:
    path = path_in(asked.mail)
    before = snapshot()
    page = client.get(path)
    assert page.status_code == 200
    for words in ("Ftesa për veprimtari", "Organizata Fier", "Ndalini këto mesazhe"):
        assert words in page.text
    assert EMAIL not in page.text
    assert client.head(path).status_code == 200
    assert snapshot() == before
    assert "Stop these messages" in client.get(path.replace("lang=sq", "lang=en")).text


def test_one_click_needs_no_cookie_and_no_token_and_twice_is_once(
    app: Flask, asked: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    path = path_in(asked.mail)
    robot = app.test_client(use_cookies=False)
    answer = press(robot, path)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    after = snapshot()
    assert press(robot, path).status_code == 200
    assert snapshot() == after
    assert suppressed_among([EMAIL], Purpose.EVENTS, asked.cast.fier.id) == {EMAIL}
    assert suppressed_among([EMAIL], Purpose.NEWS, asked.cast.fier.id) == set()
    assert suppressed_among([EMAIL], Purpose.EVENTS, asked.cast.vlore.id) == set()
    db.session.refresh(asked.consent)
    assert asked.consent.withdrawn_by is ConsentChannel.LINK


def test_a_bare_post_refuses_too(asked: SimpleNamespace, client: FlaskClient) -> None:
    assert client.post(path_in(asked.mail)).status_code == 200
    assert suppressed_among([EMAIL], Purpose.EVENTS, asked.cast.fier.id) == {EMAIL}


def test_the_way_back(asked: SimpleNamespace, client: FlaskClient, sign_in: SignIn) -> None:
    path = path_in(asked.mail)
    page = press(client, path)
    assert "I dua sërish" in page.text
    assert "I dua sërish" in client.get(path).text
    back = press(client, path, wish="again")
    assert "Do t’i merrni sërish" in back.text
    assert db.session.scalars(select(Suppression)).all() == []
    consents = db.session.scalars(select(Consent).order_by(Consent.id)).all()
    assert [(consent.channel, bool(consent.withdrawn_at)) for consent in consents] == [
        ("paper", True),
        ("link", False),
    ]
    press(client, path, wish="again")
    assert len(db.session.scalars(select(Consent)).all()) == 2
    story = sign_in(asked.cast.arta).get(f"/people/persons/{asked.person.id}").text
    assert "Refuzoi ftesa të tjera" in story
    assert "Dëshiron sërish ftesa" in story


@pytest.mark.parametrize("change", ["x", "y.", ".z", "%00", "%F0%9F%98%80"])
def test_a_made_up_link_is_none(asked: SimpleNamespace, client: FlaskClient, change: str) -> None:
    path = path_in(asked.mail).partition("?")[0]
    for wrong in (path + change, path[:-1], path.replace("/u/e", "/u/n"), f"/u/{change}", "/u/" + "a." * 900):
        assert client.get(wrong).status_code == 404
        assert client.post(wrong).status_code == 404
    assert db.session.scalars(select(Suppression)).all() == []


@pytest.mark.parametrize("text", ["e1.", "x1.AAAA", "e-1.AAAA", "e.AAAA", "", "e1"])
def test_only_what_we_write_is_read(app: Flask, text: str) -> None:
    refusal = read_refusal(sign_text(USED_FOR, text))
    assert refusal is None or refusal.address_hash == ""


def test_a_link_is_for_its_purpose_and_organisation(asked: SimpleNamespace) -> None:
    fier, vlore = asked.cast.fier.id, asked.cast.vlore.id
    texts = {
        refusal_link(email, purpose, owner, "sq")["nonce"]
        for email in (EMAIL, EMAIL.upper(), "x@medium.example")
        for purpose in (Purpose.EVENTS, Purpose.NEWS)
        for owner in (None, fier, vlore)
    }
    assert len(texts) == 2 * 2 * 3  # case makes no other address
    refusal = read_refusal(sign_text(USED_FOR, refusal_link(EMAIL, Purpose.NEWS, None, "en")["nonce"]))
    assert refusal is not None
    assert (refusal.purpose, refusal.organisation_id) == (Purpose.NEWS, None)


def test_a_mail_that_waits_is_stopped_at_the_last_gate(
    app: Flask, asked: SimpleNamespace, client: FlaskClient, office: Any, sign_in: SignIn
) -> None:
    press(client, path_in(asked.mail))
    db.session.commit()
    assert drain_outbox(app, owner="a") == DrainReport(sent=1)
    assert [to for _message_id, to in office.taken] == ["prefekt@qark.example"]
    db.session.rollback()
    db.session.refresh(asked.mail)
    assert (asked.mail.state, asked.mail.lease_until) == (MailState.WITHDRAWN, None)
    page = sign_in(asked.cast.arta).get(f"/mail/{asked.mail.id}").text
    assert "Marrësi nuk dëshiron më mesazhe të këtij lloji" in page
    assert drain_outbox(app, owner="a") == DrainReport()


def test_nothing_more_is_queued_for_who_refuses(asked: SimpleNamespace, client: FlaskClient) -> None:
    deliver()
    press(client, path_in(asked.mail))
    later = now() + timedelta(days=1)
    assert [one.id for one in awaiting_reminder(asked.event, now=later)] == [asked.prefect.id]
    assert send_reminders(asked.event, by=asked.cast.arta, now=later) == 1
    move(asked.event, venue="Tjetërkund")
    assert [one.id for one in outdated(asked.event)] == [asked.prefect.id]
    assert send_changes(asked.event, by=asked.cast.arta, now=later) == 1
    db.session.commit()
    deliver()
    assert cancel_with_notice(asked.event, by=asked.cast.arta, now=later) == 1
    db.session.commit()
    assert [mail.to_address for mail in mails()] == [EMAIL, *["prefekt@qark.example"] * 4]


def test_who_refuses_cannot_be_put_on_a_list(
    asked: SimpleNamespace, client: FlaskClient, sign_in: SignIn
) -> None:
    press(client, path_in(asked.mail))
    event = factories.make_event(asked.cast.fier)
    db.session.commit()
    done = add_guests(event, [GuestChoice("person", asked.person.id)], by=asked.cast.arta, now=now())
    assert [one.reason for one in done.refused] == [GuestRefusal.NOT_WANTED]
    db.session.rollback()
    browser = sign_in(asked.cast.arta)
    found = browser.get(f"/events/{event.id}/invite?q=gazetare").text
    assert "Nuk dëshiron mesazhe të tilla" in found and 'name="guest"' not in found
    answer = browser.post(f"/events/{event.id}/invite", data={"guest": f"person-{asked.person.id}"})
    assert answer.status_code == 422
    assert "Emër Gazetare nuk dëshiron më ftesa nga ju." in answer.text


def test_a_draft_of_who_refuses_stays_unasked(
    asked: SimpleNamespace, client: FlaskClient, sign_in: SignIn
) -> None:
    event = factories.make_event(asked.cast.fier)
    choices = [GuestChoice("person", asked.person.id), GuestChoice("office", asked.office.id)]
    add_guests(event, choices, by=asked.cast.arta, now=now())
    db.session.commit()
    press(client, path_in(asked.mail))
    browser = sign_in(asked.cast.arta)
    page = browser.get(f"/events/{event.id}/invite/send").text
    assert "1 i ftuar nuk merr mesazh" in page and "Nuk dëshiron mesazhe të tilla" in page
    assert browser.post(f"/events/{event.id}/invite/send").status_code == 302
    states = dict(
        db.session.execute(
            select(Invitation.person_id, Invitation.state).where(Invitation.event_id == event.id)
        ).all()
    )
    assert states == {asked.person.id: InvitationState.DRAFT, None: InvitationState.INVITED}
    assert send_invitations(event, by=asked.cast.arta, now=now()) == 0


def test_an_office_is_asked_whatever_its_holder_refused(asked: SimpleNamespace, client: FlaskClient) -> None:
    """The address of the office was refused as if it were a person's: the office is still asked."""
    token = sign_text(
        USED_FOR, refusal_link("prefekt@qark.example", Purpose.EVENTS, asked.cast.fier.id, "sq")["nonce"]
    )
    press(client, f"/u/{token}")
    assert suppressed_among(["prefekt@qark.example"], Purpose.EVENTS, asked.cast.fier.id)
    event = factories.make_event(asked.cast.fier)
    db.session.commit()
    assert add_guests(event, [GuestChoice("office", asked.office.id)], by=asked.cast.arta, now=now()).added
    assert send_invitations(event, by=asked.cast.arta, now=now()) == 1

"""Messages in one's own words to guests: who is meant, who gets it, what it says; sent once and frozen then."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from pop_campaigns.accounts.models import User
from pop_campaigns.contacts.rules import ConsentChannel, Purpose
from pop_campaigns.contacts.services.refusals import suppress
from pop_campaigns.core.db import db
from pop_campaigns.core.subject_files import files_of
from pop_campaigns.events.models.events import Event
from pop_campaigns.invitations.models.guest_messages import GuestMessage, GuestMessageMail
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.queries.guest_messages import receivers_of_choice
from pop_campaigns.invitations.rules.guest_messages import (
    GuestChosen,
    GuestGroup,
    MessageState,
    Reached,
    group_of,
    missing_words,
)
from pop_campaigns.invitations.rules.invitations import Answer, AnswerChannel, GuestChoice, InvitationState
from pop_campaigns.invitations.services.answers import record_answer
from pop_campaigns.invitations.services.guest_messages import (
    MessageIsSent,
    WordsMissing,
    choose_guests,
    create_message,
    send_message,
    write_words,
)
from pop_campaigns.invitations.services.guests import add_guests
from pop_campaigns.invitations.services.sending import send_invitations, withdraw_guest
from pop_campaigns.mail.compose import compose
from pop_campaigns.mail.message import message_bytes
from pop_campaigns.mail.models import Sending
from pop_campaigns.mail.rules import MailState
from tests import factories
from tests.invitations.scene import NOW, deliver, invite, mails, make_offices, make_table, refuse

SignIn = Callable[[User], FlaskClient]
LATER = NOW + timedelta(days=2)


@pytest.fixture(autouse=True)
def two_days_later() -> Iterator[None]:
    with time_machine.travel(LATER, tick=False):
        yield


EVERYBODY = GuestChosen(frozenset(GuestGroup))
SQ = {"sq": "Hyrja", "en": ""}, {"sq": "Hyni nga pas.", "en": ""}


@pytest.fixture
def table(cast: SimpleNamespace) -> Event:
    return make_table(cast.fier)


@pytest.fixture
def asked(table: Event, cast: SimpleNamespace) -> list[Invitation]:
    """Five guests: yes, maybe, silent, one whose invitation failed, one withdrawn since; and one only on the list."""
    offices = make_offices(6)
    guests = invite(table, offices[:5], cast)
    refuse(mails()[3])
    deliver()
    for guest, answer in zip(guests, (Answer.ACCEPTED, Answer.TENTATIVE), strict=False):
        record_answer(guest, answer, channel=AnswerChannel.LINK, now=NOW)
    withdraw_guest(guests[4], by=cast.arta, now=NOW)
    add_guests(table, [GuestChoice("office", offices[5].id)], by=cast.arta, now=NOW)
    db.session.commit()
    deliver()
    return guests


def begin(
    event: Event, cast: SimpleNamespace, chosen: GuestChosen = EVERYBODY, words: Any = SQ
) -> GuestMessage:
    message = create_message(event, chosen, by=cast.arta, now=NOW)
    write_words(message, *words)
    db.session.commit()
    return message


@pytest.mark.parametrize(
    ("state", "answer", "group"),
    [
        (InvitationState.DRAFT, Answer.NEEDS_ACTION, None),
        (InvitationState.INVITED, Answer.DELEGATED, GuestGroup.SUBSTITUTE),
        (InvitationState.INVITED, Answer.NEEDS_ACTION, GuestGroup.SILENT),
        (InvitationState.WITHDRAWN, Answer.ACCEPTED, GuestGroup.WITHDRAWN),
    ],
)
def test_a_guest_is_in_one_group(state: InvitationState, answer: Answer, group: GuestGroup | None) -> None:
    assert group_of(state, answer) is group


def test_each_language_that_is_read_needs_both_words() -> None:
    assert missing_words(["sq"], {"sq": "a", "en": ""}, {"sq": "b", "en": ""}) == []
    assert missing_words(["sq", "en"], {"sq": "a", "en": ""}, {"sq": "", "en": "b"}) == [
        ("subject", "en"), ("text", "sq")
    ]  # fmt: skip


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("chosen", "meant"),
    [
        (GuestChosen(frozenset({GuestGroup.YES, GuestGroup.MAYBE})), {0, 1}),
        (GuestChosen(frozenset({GuestGroup.SILENT})), {2, 3}),
        (GuestChosen(frozenset({GuestGroup.SILENT}), Reached.ARRIVED), {2}),
        (GuestChosen(frozenset({GuestGroup.SILENT}), Reached.LOST), {3}),
        (GuestChosen(frozenset({GuestGroup.WITHDRAWN})), {4}),
        (GuestChosen(), set()),
        (EVERYBODY, {0, 1, 2, 3, 4}),
    ],
)
def test_who_is_meant(
    table: Event, asked: list[Invitation], cast: SimpleNamespace, chosen: GuestChosen, meant: set[int]
) -> None:
    rows = receivers_of_choice(table, chosen, by=cast.arta, now=NOW).mailed
    assert {asked.index(row.guest) for row in rows} == meant


@pytest.mark.both_databases
def test_a_message_goes_once_to_whom_it_was_meant_for_then(
    table: Event, asked: list[Invitation], cast: SimpleNamespace
) -> None:
    message = begin(table, cast, GuestChosen(frozenset({GuestGroup.YES}), guests=frozenset({asked[2].id})))
    assert [send_message(message, by=cast.arta, now=NOW) for _press in range(2)] == [2, 0]
    db.session.commit()
    record_answer(asked[1], Answer.ACCEPTED, channel=AnswerChannel.LINK, now=LATER)
    rows = {row.invitation_id: row.group for row in db.session.scalars(select(GuestMessageMail))}
    assert rows == {asked[0].id: GuestGroup.YES, asked[2].id: GuestGroup.SILENT}
    assert message.state is MessageState.SENT
    with pytest.raises(MessageIsSent):
        choose_guests(message, EVERYBODY)
    with pytest.raises(MessageIsSent):
        write_words(message, *SQ)


def test_what_the_mail_is(table: Event, asked: list[Invitation], cast: SimpleNamespace) -> None:
    """From the guest’s own address, in the thread of the invitation, a person’s letter; typed braces stay as typed."""
    words = {"sq": "Hyrja {answer_url}", "en": ""}, {"sq": "Zona <b>e pasme</b>\n{brace}", "en": ""}
    message = begin(table, cast, GuestChosen(frozenset({GuestGroup.YES})), words)
    send_message(message, by=cast.arta, now=LATER)
    [mail] = mails("message")
    invitation = asked[0].mails[0].mail
    parts = compose(mail)
    assert mail.from_address == invitation.from_address
    assert dict(parts.headers)["In-Reply-To"] == invitation.message_id
    assert parts.subject == "Hyrja {answer_url}"
    assert "Zona <b>e pasme</b>\n{brace}" in parts.text and "<b>e pasme" not in (parts.html or "")
    assert f"/a/{factories.token_of(asked[0])}" in parts.text
    raw = message_bytes(parts)
    assert b"Auto-Submitted" not in raw and b"text/calendar" not in raw


def test_who_was_withdrawn_gets_no_link_to_answer(
    table: Event, asked: list[Invitation], cast: SimpleNamespace
) -> None:
    message = begin(table, cast, GuestChosen(frozenset({GuestGroup.WITHDRAWN})))
    send_message(message, by=cast.arta, now=LATER)
    [mail] = mails("message")
    assert "/a/" not in compose(mail).text


def test_an_event_that_lost_its_hour_can_be_written_about(
    table: Event, asked: list[Invitation], cast: SimpleNamespace
) -> None:
    from pop_campaigns.core.dates import DatePrecision

    table.precision, table.starts_at, table.ends_at = DatePrecision.UNKNOWN, None, None
    table.day_from = table.day_to = None
    message = begin(table, cast)
    assert send_message(message, by=cast.arta, now=LATER) == 5


def test_each_language_only_if_somebody_reads_it(
    table: Event, asked: list[Invitation], cast: SimpleNamespace
) -> None:
    asked[2].language = "en"
    message = begin(table, cast)
    with pytest.raises(WordsMissing) as problem:
        send_message(message, by=cast.arta, now=NOW)
    assert problem.value.fields == [("subject", "en"), ("text", "en")]
    db.session.rollback()
    assert mails("message") == []
    write_words(message, {"sq": "Hyrja", "en": "The door"}, {"sq": "Pas.", "en": "At the back."})
    assert send_message(message, by=cast.arta, now=NOW) == 5
    assert {mail.skeleton.language for mail in mails("message")} == {"sq", "en"}


def test_who_refuses_gets_none(table: Event, cast: SimpleNamespace) -> None:
    person = factories.make_person("Gazetar", email="g@media.example", organisation=cast.fier)
    factories.make_consent(person)
    [guest] = add_guests(table, [GuestChoice("person", person.id)], by=cast.arta, now=NOW).added
    send_invitations(table, by=cast.arta, now=NOW)
    deliver()
    suppress("g@media.example", Purpose.EVENTS, cast.fier.id, channel=ConsentChannel.FORM, now=NOW)
    receivers = receivers_of_choice(table, EVERYBODY, by=cast.arta, now=NOW)
    assert (receivers.mailed, list(receivers.held)) == ([], [guest.id])
    assert send_message(begin(table, cast), by=cast.arta, now=NOW) == 0


# Pages


def send_form(browser: FlaskClient, address: str, **typed: Any) -> Any:
    """Open a form and send it with what was typed."""
    version = re.search(r'name="version" value="([^"]+)"', browser.get(address).text)
    assert version
    return browser.post(address, data={"version": version[1]} | typed)


def steps(browser: FlaskClient, table: Event, **chosen: Any) -> str:
    """Go through the first two steps; give the message's address."""
    answer = browser.post(f"/events/{table.id}/messages/new", data={"groups": ["yes", "maybe"]} | chosen)
    assert answer.status_code == 302
    page = answer.location
    answer = send_form(browser, page, subject_sq="Hyrja", text_sq="Nga pas.", next="send")
    address = page.removesuffix("/message")
    assert (answer.status_code, answer.location) == (302, f"{address}/send")
    return address


def mark(page: str) -> str:
    found = re.search(r'name="seen" value="([0-9a-f]+)"', page)
    assert found
    return found[1]


def test_the_three_steps(
    table: Event, asked: list[Invitation], cast: SimpleNamespace, sign_in: SignIn
) -> None:
    browser = sign_in(cast.arta)
    assert f"/events/{table.id}/messages/new" in browser.get(f"/events/{table.id}").text
    address = steps(browser, table)
    page = browser.get(f"{address}/send").text
    assert "1 po, 1 ndoshta, 0 me ftesë të tërhequr" in page
    assert "2 mesazhe" in page and "2 në shqip" in page and "zyra0@bashkia.example" in page
    assert mails("message") == []
    for _press in range(2):
        assert browser.post(f"{address}/send", data={"seen": mark(page)}).status_code == 302
    assert len(mails("message")) == 2
    assert "Hyrja" in browser.get(f"/events/{table.id}").text
    sent = browser.get(address).text
    assert "Nga pas." in sent and sent.count("zyra") >= 2


def test_nothing_goes_that_was_not_looked_at(
    table: Event, asked: list[Invitation], cast: SimpleNamespace, sign_in: SignIn
) -> None:
    browser = sign_in(cast.arta)
    address = steps(browser, table)
    seen = mark(browser.get(f"{address}/send").text)
    record_answer(asked[2], Answer.ACCEPTED, channel=AnswerChannel.LINK, now=NOW)
    db.session.commit()
    answer = browser.post(f"{address}/send", data={"seen": seen})
    assert answer.status_code == 409 and mails("message") == []
    assert browser.post(f"{address}/send").status_code == 409


def test_wrong_input_is_kept(
    table: Event, asked: list[Invitation], cast: SimpleNamespace, sign_in: SignIn
) -> None:
    browser = sign_in(cast.arta)
    answer = browser.post(f"/events/{table.id}/messages/new")
    assert answer.status_code == 422 and "Zgjidhni kujt i shkruani." in answer.text
    page = browser.post(f"/events/{table.id}/messages/new", data={"groups": "yes"}).location
    answer = send_form(browser, page, text_sq="Vetëm teksti", next="send")
    assert answer.status_code == 422 and "Shkruani lëndën." in answer.text and "Vetëm teksti" in answer.text
    answer = send_form(browser, page, text_sq="x" * 10_001)
    assert answer.status_code == 422 and "x" * 10_001 in answer.text
    address = f"{page.removesuffix('/message')}/preview/{asked[0].id}"
    assert "Si del tani" in browser.post(address, data={"text_sq": "Si del tani"}).text
    assert "Si del tani" not in browser.get(address).text


def test_files_go_in_the_mail_or_as_a_link(
    app: Flask, table: Event, asked: list[Invitation], cast: SimpleNamespace, sign_in: SignIn
) -> None:
    browser = sign_in(cast.arta)
    address = steps(browser, table)
    for name, link in (("harta.pdf", ""), ("foto.pdf", "y")):
        file = (BytesIO(b"%PDF-1.7 " + name.encode()), name)
        assert browser.post(f"{address}/files", data={"file": file, "as_link": link}).status_code == 302
    assert browser.post(f"{address}/files", data={"file": (BytesIO(b"MZ"), "x.exe")}).status_code == 302
    message = db.session.scalars(select(GuestMessage)).one()
    assert [row.label for row in files_of(message)] == ["harta.pdf", "foto.pdf"]
    page = browser.get(f"{address}/send").text
    assert "Brenda mesazhit: harta.pdf." in page and "Si lidhje: foto.pdf." in page
    browser.post(f"{address}/send", data={"seen": mark(page)})
    parts = compose(mails("message")[0])
    assert [file.name for file in parts.attachments] == ["harta.pdf"]
    [link] = re.findall(r"foto\.pdf: http://localhost(/f/\S+)", parts.text)
    assert app.test_client().get(link).status_code == 200
    first = files_of(message)[0]
    assert browser.get(f"{address}/files/{first.id}").data.startswith(b"%PDF")
    assert browser.post(f"{address}/files/{first.id}/remove").status_code == 404  # sent: it stays


def test_strangers_and_readers_find_nothing(
    table: Event, asked: list[Invitation], cast: SimpleNamespace, sign_in: SignIn
) -> None:
    message = begin(table, cast)
    for user in (cast.clirim, cast.eva):
        browser = sign_in(user)
        for page in ("", "/who", "/message", "/send", f"/preview/{asked[0].id}"):
            assert browser.get(f"/guest-messages/{message.id}{page}").status_code in (403, 404)
        assert browser.post(f"/guest-messages/{message.id}/send").status_code in (403, 404)
        assert browser.post(f"/events/{table.id}/messages/new", data={"groups": "yes"}).status_code in (
            403,
            404,
        )
    other = invite(make_table(cast.vlore), make_offices(1), cast)[0]
    assert sign_in(cast.drita).get(f"/guest-messages/{message.id}/preview/{other.id}").status_code == 404
    assert mails("message") == []


def test_a_draft_is_chosen_anew_and_thrown_away(
    table: Event, asked: list[Invitation], cast: SimpleNamespace, sign_in: SignIn
) -> None:
    browser, message = sign_in(cast.arta), begin(table, cast, GuestChosen(frozenset({GuestGroup.YES})))
    address = f"/guest-messages/{message.id}"
    assert re.search(r'<input[^>]* checked [^>]*value="yes"', browser.get(f"{address}/who").text)
    send_form(browser, f"{address}/who", guests=str(asked[2].id), reached="all")
    db.session.refresh(message)
    assert message.chosen == GuestChosen(guests=frozenset({asked[2].id}))
    assert browser.post(f"{address}/delete").status_code == 302
    assert browser.get(address).status_code == 404


def test_undone_it_is_the_draft_it_was(
    app: Flask,
    table: Event,
    asked: list[Invitation],
    cast: SimpleNamespace,
    sign_in: SignIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(app.config, "UNDO_SECONDS", 30)
    browser = sign_in(cast.arta)
    address = steps(browser, table)
    page = browser.get(f"{address}/send").text
    browser.post(f"{address}/send", data={"seen": mark(page)})
    sending = db.session.scalars(select(Sending)).one()
    answer = browser.post(f"/sendings/{sending.id}/undo")
    assert (answer.status_code, answer.location) == (302, f"{address}/send")
    assert {mail.state for mail in mails("message")} == {MailState.WITHDRAWN}
    page = browser.get(f"{address}/send").text
    assert "2 mesazhe" in page
    assert browser.post(f"{address}/send", data={"seen": mark(page)}).status_code == 302
    assert [mail.state for mail in mails("message")].count(MailState.QUEUED) == 2

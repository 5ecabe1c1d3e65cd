"""The mail page, one message, sending it again: within scope, with secrets hidden, nothing sent twice."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from pop_campaigns.core.history import History
from pop_campaigns.events.services.events import cancel_event, change_event, draft_of
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.queries.guests import answers_for
from pop_campaigns.invitations.services.sending import withdraw_guest
from pop_campaigns.letters.models import LetterRecipient
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.outbox import (
    Recipient,
    add_skeleton,
    claim_mails,
    queue_mail,
    record_refused,
    record_sent,
)
from pop_campaigns.mail.rules import MailState
from tests import factories
from tests.desk.conftest import invited_event, mails_of

Browser = Callable[[User], FlaskClient]


def a_mail(organisation_id: int | None, **values: object) -> OutgoingMail:
    """A mail about nothing else, with a file."""
    now = datetime.now(UTC)
    words = {"subject": "Njoftim", "text": "Teksti", "html": "<p>Teksti</p>"} | values
    skeleton = add_skeleton(
        language="sq", now=now, attachments=[("shkresa.pdf", "application/pdf", b"%PDF-1.7 prov\xc3\xab")],
        **words,  # type: ignore[arg-type]
    )  # fmt: skip
    mail = queue_mail(
        skeleton, Recipient("zyra@bashkia.example", "Zyra e provës"), kind="test", once=f"letter/0/{uuid4()}",
        about=factories.about(LetterRecipient, 0),
        from_address="r-x@rsvp.example", from_name="Organizata", organisation_id=organisation_id, now=now,
    )  # fmt: skip
    db.session.commit()
    return mail


def seen_words(html: str) -> str:
    """What stands between the tags, in one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def count_mails() -> int:
    return db.session.scalar(select(func.count()).select_from(OutgoingMail)) or 0


@pytest.mark.both_databases
def test_list_shelves_and_search(people: SimpleNamespace, sign_in: Browser) -> None:
    event = invited_event(people.arta, guests=4, title_sq="Përballje në Fier", title_en="Confrontation")
    sent, failed, waits, _fresh = mails_of(event)
    now = datetime.now(UTC)
    record_sent(sent, code=250, words="ok", now=now)
    record_refused(failed, permanent=True, code=550, words="5.1.1 <b>User</b> unknown", now=now)
    record_refused(waits, permanent=False, code=451, words="4.7.1 Greylisted", now=now)
    db.session.commit()
    browser = sign_in(people.arta)
    page = browser.get("/mail").text
    assert page.count("<tr data-row") == 4
    assert "There is no such mailbox" in page
    assert "Being tried again" in page
    assert f'href="/events/{event.id}"' in page
    assert page.count("✓") == 1, "the mark that the guests of an event have too"
    for shelf, number in (("waiting", 2), ("failed", 1), ("sent", 1), ("withdrawn", 0)):
        assert browser.get(f"/mail?state={shelf}").text.count("<tr data-row") == number
    for typed, number in (
        ("perballje", 4), ("PËRBALLJE fier", 4), (sent.to_address.upper(), 1), ("%", 0), ("_", 0), ("x y z w", 0)
    ):  # fmt: skip
        assert browser.get("/mail", query_string={"q": typed}).text.count("<tr data-row") == number


def test_list_says_what_a_mail_is_about_only_where_its_subject_does_not(
    sign_in: Browser, people: SimpleNamespace
) -> None:
    event = invited_event(people.arta, guests=1, title_sq="Përballje në Fier", title_en="Confrontation")
    browser = sign_in(people.arta)

    def row() -> str:
        return browser.get("/mail").text.partition("<tr data-row")[2].partition("</tr>")[0]

    assert seen_words(row()).count("Përballje në Fier") == 1
    assert "Confrontation" not in seen_words(row()), "the subject is in Albanian, and says it already"
    assert f'href="/events/{event.id}"' in row()
    event.title_sq, event.title_en = "Tryezë në Patos", "Round table"
    db.session.commit()
    assert "Përballje në Fier" in seen_words(row())
    assert seen_words(row()).count("Round table") == 1


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "query",
    [
        "page=-1", "page=999999999999999999999", "page=x", "state=;drop%20table", "q=" + "a" * 10_240, "q=%00%ff%ED%A0%80",
        "q=%25%25%25", "state=failed&state=sent&page=2", "q='%20OR%201=1--",
    ],
)  # fmt: skip
def test_hostile_filters(people: SimpleNamespace, sign_in: Browser, query: str) -> None:
    a_mail(people.fier.id)
    assert sign_in(people.arta).get(f"/mail?{query}").status_code == 200


def test_pages_of_25(people: SimpleNamespace, sign_in: Browser) -> None:
    invited_event(people.arta, guests=27)
    browser = sign_in(people.arta)
    assert browser.get("/mail").text.count("<tr data-row") == 25
    assert browser.get("/mail?page=2").text.count("<tr data-row") == 2


def test_scope(people: SimpleNamespace, client: FlaskClient, sign_in: Browser) -> None:
    mail = a_mail(people.fier.id, subject="E fshehtë")
    addresses = [f"/mail/{mail.id}", f"/mail/{mail.id}/html", f"/mail/{mail.id}/files/1"]
    stranger = sign_in(people.clirim)
    assert "E fshehtë" not in stranger.get("/mail").text
    for address in addresses:
        assert client.get(address).status_code == 302
        assert stranger.get(address).status_code == 404
        for person in (people.arta, people.besa, people.drita, people.eva):
            assert sign_in(person).get(address).status_code == 200, (person.name, address)
        assert sign_in(people.arta).get(address.replace(str(mail.id), "99999999999")).status_code == 404
    again = f"/mail/{mail.id}/again"
    assert client.post(again).status_code == 302
    assert stranger.post(again).status_code == 404
    assert sign_in(people.eva).post(again).status_code == 404
    assert sign_in(people.arta).get(again).status_code == 405
    db.session.refresh(mail)
    assert (mail.state, count_mails()) == (MailState.QUEUED, 1)


def test_secret_links_are_hidden_in_every_part(people: SimpleNamespace, sign_in: Browser) -> None:
    event = invited_event(people.arta, guests=1)
    mail = mails_of(event)[0]
    token = factories.token_of(db.session.scalars(select(Invitation)).one())
    browser = sign_in(people.arta)
    for part in ("text", "html", "calendar", "source", "nonsense", ""):
        page = browser.get(f"/mail/{mail.id}?part={part}")
        assert page.status_code == 200
        assert token not in page.text
        assert "only they can answer with it" in page.text
    assert "•••" in browser.get(f"/mail/{mail.id}?part=text").text
    assert "METHOD:REQUEST" in browser.get(f"/mail/{mail.id}?part=calendar").text
    assert (
        f"Message-ID: {mail.message_id}".replace("<", "&lt;").replace(">", "&gt;")
        in browser.get(f"/mail/{mail.id}?part=source").text
    )
    assert token not in browser.get(f"/mail/{mail.id}/html").text


def test_hostile_html_stays_in_its_frame(people: SimpleNamespace, sign_in: Browser) -> None:
    mail = a_mail(
        people.fier.id,
        subject="<script>alert(1)</script>",
        text="</pre><script>alert(2)</script>",
        html="<script>alert(3)</script><form action=//evil><img src=//evil/pixel>",
    )
    browser = sign_in(people.arta)
    for address in (
        "/mail",
        f"/mail/{mail.id}",
        f"/mail/{mail.id}?part=html",
        f"/mail/{mail.id}?part=source",
    ):
        page = browser.get(address)
        assert "<script>alert" not in page.text, address
        assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    framed = browser.get(f"/mail/{mail.id}?part=html")
    assert '<iframe class="mail-frame" sandbox title=' in framed.text
    assert "frame-src 'self'" in framed.headers["Content-Security-Policy"]
    inside = browser.get(f"/mail/{mail.id}/html").headers["Content-Security-Policy"]
    assert "default-src 'none'" in inside
    assert inside.rstrip().endswith("sandbox")
    assert "script-src" not in inside


def test_files_are_saved_never_shown(people: SimpleNamespace, sign_in: Browser) -> None:
    mail = a_mail(people.fier.id)
    browser = sign_in(people.arta)
    answer = browser.get(f"/mail/{mail.id}/files/1")
    assert answer.data == b"%PDF-1.7 prov\xc3\xab"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    for number in (0, 2, 99):
        assert browser.get(f"/mail/{mail.id}/files/{number}").status_code == 404


def test_every_try_is_told(people: SimpleNamespace, sign_in: Browser) -> None:
    mail = a_mail(people.fier.id)
    now = datetime.now(UTC)
    record_refused(mail, permanent=False, code=452, words="4.2.2 Mailbox full <full>", now=now)
    record_refused(mail, permanent=True, code=550, words="5.1.1 No such user", now=now + timedelta(minutes=1))
    db.session.commit()
    page = sign_in(people.arta).get(f"/mail/{mail.id}").text
    for words in (
        "The mailbox is full (452)",
        "4.2.2 Mailbox full &lt;full&gt;",
        "There is no such mailbox (550)",
    ):
        assert words in page


def test_a_failed_mail_goes_out_again_as_itself(
    app: Flask, people: SimpleNamespace, sign_in: Browser
) -> None:
    rung: list[int] = []
    before = app.extensions.get("wake_worker")
    app.extensions["wake_worker"] = lambda: rung.append(1)
    event = invited_event(people.arta, guests=1)
    mail = mails_of(event)[0]
    record_refused(mail, permanent=True, code=550, words="no", now=datetime.now(UTC))
    db.session.commit()
    browser = sign_in(people.arta)
    message_id, mail_id = mail.message_id, mail.id
    for _press in range(2):
        answer = browser.post(f"/mail/{mail_id}/again", data={"copies": "0"})
        assert answer.headers["Location"] == f"/mail/{mail_id}"
    app.extensions["wake_worker"] = before
    mail = db.session.get_one(OutgoingMail, mail_id, populate_existing=True)
    assert (mail.state, mail.message_id, count_mails()) == (MailState.QUEUED, message_id, 1)
    assert rung
    told = db.session.scalars(select(History).where(History.action == "mail.sent_again")).first()
    assert told is not None
    assert told.subject_type == "invitations"
    assert told.actor_name == people.arta.name


def test_a_sent_mail_goes_out_again_once_a_press_and_stays_linked(
    people: SimpleNamespace, sign_in: Browser
) -> None:
    event = invited_event(people.arta, guests=1)
    mail = mails_of(event)[0]
    record_sent(mail, code=250, words="ok", now=datetime.now(UTC))
    db.session.commit()
    browser = sign_in(people.arta)
    first = browser.post(f"/mail/{mail.id}/again", data={"copies": "0"}).headers["Location"]
    second = browser.post(f"/mail/{mail.id}/again", data={"copies": "0"}).headers["Location"]
    assert first == second != f"/mail/{mail.id}"
    assert count_mails() == 2
    copy = mails_of(event)[-1]
    assert copy.again_of_id == mail.id
    assert copy.message_id != mail.message_id
    page = browser.get(first).text
    assert f'href="/events/{event.id}"' in page, "a copy is about the same event"
    assert f'href="{first}"' in browser.get(f"/mail/{mail.id}").text
    assert browser.get("/mail").text.count(f'href="/events/{event.id}"') == 2
    newest = answers_for(event)[0].mail
    assert newest is not None
    assert newest.id == copy.id


def test_what_no_longer_holds_is_not_sent_again(people: SimpleNamespace, sign_in: Browser) -> None:
    now = datetime.now(UTC)
    browser = sign_in(people.arta)
    changed, cancelled, withdrawn, over = (invited_event(people.arta, guests=1) for _number in range(4))
    mails = [
        next(
            mail
            for mail in mails_of(event)
            if (mail.subject_type, mail.subject_id) == ("invitations", answers_for(event)[0].invitation.id)
        )
        for event in (changed, cancelled, withdrawn, over)
    ]
    for mail in mails:
        record_sent(mail, code=250, words="ok", now=now)
    db.session.commit()
    change_event(
        changed, dataclasses.replace(draft_of(changed), venue="Tjetër vend"), by=people.arta, now=now
    )
    cancel_event(cancelled, by=people.arta, now=now)
    withdraw_guest(answers_for(withdrawn)[0].invitation, by=people.arta, now=now)
    over.starts_at, over.ends_at = now - timedelta(hours=1), now + timedelta(hours=1)
    db.session.commit()
    number = count_mails()
    for mail in mails:
        page = browser.get(f"/mail/{mail.id}").text
        assert f"/mail/{mail.id}/again" not in page
        assert browser.post(f"/mail/{mail.id}/again", data={"copies": "0"}).status_code == 302
    assert count_mails() == number


def test_a_mail_in_a_worker_s_hands_is_left_alone(people: SimpleNamespace, sign_in: Browser) -> None:
    mail = a_mail(people.fier.id)
    claim_mails("a worker", now=datetime.now(UTC))
    db.session.commit()
    sign_in(people.arta).post(f"/mail/{mail.id}/again")
    db.session.refresh(mail)
    assert (mail.state, mail.lease_owner, count_mails()) == (MailState.SENDING, "a worker", 1)


@pytest.mark.both_databases
def test_queries_do_not_grow(
    people: SimpleNamespace,
    sign_in: Browser,
    count_queries: Callable[[], AbstractContextManager[list[str]]],
) -> None:
    browser = sign_in(people.arta)
    invited_event(people.arta, guests=2)
    with count_queries() as few:
        browser.get("/mail")
    invited_event(people.arta, guests=23)
    with count_queries() as many:
        browser.get("/mail")
    assert len(many) <= len(few), "\n".join(sorted(set(many) - set(few)))

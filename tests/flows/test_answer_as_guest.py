"""A delivered message answered as its receiver's programs would, handed to a real SMTP server, read and filed by the service."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import icalendar
import pytest
from flask import Flask
from flask.testing import FlaskClient
from flufl.bounce import all_failures
from sqlalchemy import select

from pop_campaigns.accounts.models import User
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.db import db
from pop_campaigns.invitations.models.invitations import Invitation
from pop_campaigns.invitations.rules.invitations import Answer
from pop_campaigns.invitations.services.sending import cancel_with_notice, send_reminders
from pop_campaigns.letters.models import Letter
from pop_campaigns.mail.models import IncomingMail, OutgoingMail
from pop_campaigns.mail.rules import IncomingKind, IncomingState
from pop_campaigns.tryout.local_mailbox import list_delivered, read_delivered
from pop_campaigns.tryout.mailserver import store_message
from pop_campaigns.tryout.views.local_mailbox import delivered_url
from pop_campaigns.worker.drain import drain_outbox
from pop_campaigns.worker.tasks import work
from tests import factories
from tests.desk.conftest import invited_event
from tests.flows.test_invitation_mail import PostOffice
from tests.incoming.scene import DOMAIN, arrive

Browser = Callable[[User], FlaskClient]
CLIENT_READS = email.policy.default


@pytest.fixture
def post_office(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PostOffice]:
    folder = tmp_path / "mail"
    folder.mkdir()
    office = PostOffice(folder)
    office.start()
    settings = {"MAIL_PORT": office.port, "MAIL_LOCAL": True, "MAIL_KEEP_FOLDER": str(folder)}
    for name, value in settings.items():
        monkeypatch.setitem(app.config, name, value)
    yield office
    office.stop()


@pytest.fixture
def scene(app: Flask, cast: SimpleNamespace, post_office: PostOffice, sign_in: Browser) -> SimpleNamespace:
    """One guest whose invitation was delivered, and a coordinator at its page."""
    cast.arta.language = "en"
    event = invited_event(cast.arta, guests=1, days=20, title_sq="Ndotja e lumit Gjanica")
    assert drain_outbox(app, owner="flow").sent == 1
    guest = db.session.scalars(select(Invitation)).one()
    [line] = list_delivered(post_office.folder)
    return SimpleNamespace(
        event=event, guest=guest, name=line.id, browser=sign_in(cast.arta), folder=post_office.folder
    )


def press_of(page: str) -> str:
    match = re.search(r'name="press" value="([^"]+)"', page)
    assert match
    return match[1]


def answer(scene: SimpleNamespace, what: str, **typed: str) -> Any:
    page = scene.browser.get(f"/mail/local/{scene.name}").text
    form = {"what": what, "press": press_of(page)} | typed
    return scene.browser.post(f"/mail/local/{scene.name}/answer", data=form)


def came(scene: SimpleNamespace) -> tuple[IncomingMail, EmailMessage]:
    """The newest message the local server got, filed as the worker files it, and as another library reads it."""
    line = list_delivered(scene.folder)[0]
    assert line.id != scene.name
    mail = read_delivered(scene.folder, line.id)
    [to] = line.envelope_to
    assert to.endswith(f"@{DOMAIN}")
    filed = arrive(mail.raw, to, line.envelope_from or "<>")
    return filed, email.message_from_bytes(mail.raw, policy=CLIENT_READS)  # type: ignore[return-value]


def parts(mail: EmailMessage) -> dict[str, EmailMessage]:
    return {part.get_content_type(): part for part in mail.walk()}  # type: ignore[misc]


@pytest.mark.parametrize(
    ("what", "partstat", "counts", "subject"),
    [
        ("accept", "ACCEPTED", Answer.ACCEPTED, "Pranuar"),
        ("maybe", "TENTATIVE", Answer.TENTATIVE, "Ndoshta"),
        ("decline", "DECLINED", Answer.DECLINED, "Refuzuar"),
    ],
)
def test_pressed_in_the_calendar(
    scene: SimpleNamespace, what: str, partstat: str, counts: Answer, subject: str
) -> None:
    page = answer(scene, what, comment="Vij; me vonesë, ndoshta")
    assert page.status_code == 302
    filed, mail = came(scene)
    assert (filed.kind, filed.state) == (IncomingKind.CALENDAR, IncomingState.MATCHED)
    assert scene.guest.answer is counts
    assert mail["Subject"].startswith(f"{subject}: ")
    assert mail["From"].addresses[0].addr_spec == scene.guest.address
    assert mail["In-Reply-To"] == db.session.scalars(select(OutgoingMail)).one().message_id
    assert mail["Auto-Submitted"] is None
    part = parts(mail)["text/calendar"]
    assert part.get_param("method") == "REPLY"
    assert part.get_content_disposition() is None
    calendar = icalendar.Calendar.from_ical(part.get_payload(decode=True))
    [entry] = calendar.walk("VEVENT")
    assert calendar["METHOD"] == "REPLY"
    assert entry["UID"] == scene.event.uid
    assert entry["DTSTART"].dt == scene.event.starts_at
    assert int(entry["SEQUENCE"]) == scene.event.sequence
    assert entry["ATTENDEE"] == f"mailto:{scene.guest.address}"
    assert entry["ATTENDEE"].params["PARTSTAT"] == partstat
    assert entry["ORGANIZER"] == f"mailto:{scene.guest.reply_local}@{DOMAIN}"
    assert entry["COMMENT"] == "Vij; me vonesë, ndoshta"
    event_page = scene.browser.get(f"/events/{scene.event.id}").text
    assert "Vij; me vonesë, ndoshta" in event_page


def test_what_is_said_after_the_press_leads_to_the_event(scene: SimpleNamespace) -> None:
    answer(scene, "accept")
    page = scene.browser.get(f"/mail/local/{scene.name}").text
    assert "Sent as the guest would; it will appear at the event in a moment." in page
    assert f'<a href="/events/{scene.event.id}">See the event</a>' in page


def test_another_time_is_proposed(scene: SimpleNamespace) -> None:
    day = scene.event.starts_at.date() + timedelta(days=3)
    typed = {
        "day": f"{day:%d.%m.%Y}",
        "starts": "14.30",
        "ends": "16:00",
        "why": "Këshilli mblidhet në mëngjes",
    }
    assert answer(scene, "propose", **typed).status_code == 302
    filed, mail = came(scene)
    assert filed.kind is IncomingKind.CALENDAR
    assert scene.guest.answer is Answer.NEEDS_ACTION
    assert filed.calendar
    assert (filed.calendar["method"], filed.calendar["uid"]) == ("COUNTER", scene.event.uid)
    assert filed.calendar["comment"] == "Këshilli mblidhet në mëngjes"
    calendar = icalendar.Calendar.from_ical(parts(mail)["text/calendar"].get_payload(decode=True))
    [entry] = calendar.walk("VEVENT")
    starts, ends = entry["DTSTART"].dt, entry["DTEND"].dt
    assert f"{starts:%Y-%m-%d %H:%M}" == f"{day} 14:30"
    assert starts.tzinfo.key == "Europe/Tirane"
    assert f"{ends:%H:%M}" == "16:00"
    assert mail["Subject"].startswith("Kohë e re e propozuar: ")


def test_a_reply_in_words_comes_without_the_quoted_invitation(scene: SimpleNamespace) -> None:
    assert answer(scene, "words", words="Do të vijmë dy veta.\n\nMe respekt").status_code == 302
    filed, mail = came(scene)
    assert (filed.kind, filed.state) == (IncomingKind.HUMAN, IncomingState.MATCHED)
    assert filed.text == "Do të vijmë dy veta.\n\nMe respekt"
    assert "\n> " in mail.get_content()
    assert mail["Subject"].startswith("Re: ")
    assert scene.guest.answer is Answer.NEEDS_ACTION
    assert "Do të vijmë dy veta." in scene.browser.get(f"/events/{scene.event.id}").text


def test_somebody_is_out_of_office(scene: SimpleNamespace) -> None:
    back = local_date(now()) + timedelta(days=9)
    assert answer(scene, "away", back_on=back.isoformat()).status_code == 302
    filed, mail = came(scene)
    assert (filed.kind, filed.state) == (IncomingKind.AUTO, IncomingState.MATCHED)
    assert filed.bounce
    assert filed.bounce["returns_on"] == back.isoformat()
    assert mail["Auto-Submitted"] == "auto-replied"
    line = list_delivered(scene.folder)[0]
    assert line.envelope_from == ""
    assert line.envelope_to[0].startswith("b-")
    assert scene.guest.answer is Answer.NEEDS_ACTION
    assert ("invitations", scene.guest.id) in {(link.subject_type, link.subject_id) for link in filed.links}


def test_the_mailbox_is_unknown(scene: SimpleNamespace) -> None:
    assert answer(scene, "unknown").status_code == 302
    filed, mail = came(scene)
    assert (filed.kind, filed.state) == (IncomingKind.BOUNCE, IncomingState.MATCHED)
    sent = db.session.scalars(select(OutgoingMail)).one()
    assert sent.bounced_at
    assert sent.bounce_permanent is True
    assert "5.1.1" in sent.bounce_words
    # Other readers of such reports find the same in it.
    assert all_failures(mail) == (set(), {scene.guest.address.encode()})
    assert mail.get_content_type() == "multipart/report"
    assert mail.get_param("report-type") == "delivery-status"
    status = parts(mail)["message/delivery-status"].get_payload()
    assert [dict(block)["Action"] for block in status if "Action" in block] == ["failed"]
    returned = parts(mail)["message/rfc822"].get_payload()[0]
    assert returned["Message-ID"] == sent.message_id
    assert list_delivered(scene.folder)[0].envelope_from == ""
    assert "came back" in scene.browser.get(f"/events/{scene.event.id}").text.lower()


def test_a_second_press_of_the_same_button_sends_nothing(scene: SimpleNamespace) -> None:
    page = scene.browser.get(f"/mail/local/{scene.name}").text
    form = {"what": "words", "press": press_of(page), "words": "Po."}
    for _ in range(2):
        assert scene.browser.post(f"/mail/local/{scene.name}/answer", data=form).status_code == 302
    assert len(list_delivered(scene.folder)) == 2
    assert "That was sent already." in scene.browser.get(f"/mail/local/{scene.name}").text
    form["press"] = press_of(scene.browser.get(f"/mail/local/{scene.name}").text)
    scene.browser.post(f"/mail/local/{scene.name}/answer", data=form)
    assert len(list_delivered(scene.folder)) == 3


@pytest.mark.parametrize(
    ("what", "typed", "words"),
    [
        ("words", {"words": "  "}, "Write what is answered."),
        ("words", {"words": "x" * 6000}, "At most 5000 characters"),
        ("accept", {"comment": "ë" * 501}, "At most 500 characters"),
        ("away", {"back_on": "dje"}, "We cannot read this date."),
        ("away", {"back_on": "2020-01-01"}, "Give a day from today on"),
        ("away", {"back_on": "9999-12-31"}, "Give a day from today on"),
        ("propose", {"day": "", "starts": "", "ends": ""}, "Give the day."),
        (
            "propose",
            {"day": "2027-03-01", "starts": "10:00", "ends": "09:00"},
            "The end has to come after the start.<",
        ),
        ("propose", {"day": "2027-03-28", "starts": "02:30", "ends": "04:00"}, "the clocks jump over"),
        ("propose", {"day": "0001-01-01", "starts": "10:00", "ends": "11:00"}, "between"),
    ],
)
def test_what_cannot_be_sent_comes_back_as_it_was_typed(
    scene: SimpleNamespace, what: str, typed: dict[str, str], words: str
) -> None:
    page = answer(scene, what, **typed)
    assert page.status_code == 422
    assert words in page.text
    assert "error-summary" in page.text
    for value in typed.values():
        assert value.strip() in page.text
    assert len(list_delivered(scene.folder)) == 1


def test_hostile_words_stay_words(scene: SimpleNamespace) -> None:
    comment = "x\r\nATTENDEE:mailto:a@evil.example\u2028END:VCALENDAR \\n; <script>alert(1)</script>"
    answer(scene, "accept", comment=comment)
    filed, mail = came(scene)
    calendar = icalendar.Calendar.from_ical(parts(mail)["text/calendar"].get_payload(decode=True))
    [entry] = calendar.walk("VEVENT")
    assert entry["ATTENDEE"] == f"mailto:{scene.guest.address}"
    assert filed.state is IncomingState.MATCHED
    assert "<script>alert" not in scene.browser.get(f"/events/{scene.event.id}").text


def test_a_server_that_is_down_loses_no_words(
    scene: SimpleNamespace, post_office: PostOffice, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "MAIL_PORT", 1)
    page = answer(scene, "words", words="Po, vijmë.")
    assert page.status_code == 503
    assert "Po, vijmë." in page.text
    assert "does not take it now" in page.text


def test_never_where_mail_leaves_the_machine(
    scene: SimpleNamespace, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = db.session.scalars(select(OutgoingMail)).one()
    there = f"/mail/local/{scene.name}"
    assert there in scene.browser.get(f"/mail/{sent.id}").text
    monkeypatch.setitem(app.config, "MAIL_LOCAL", False)
    assert scene.browser.post(f"{there}/answer", data={"what": "accept"}).status_code == 404
    assert scene.browser.get(there).status_code == 404
    assert "/mail/local" not in scene.browser.get(f"/mail/{sent.id}").text
    assert len(list_delivered(scene.folder)) == 1


def test_writers_only_and_each_their_own(
    scene: SimpleNamespace, cast: SimpleNamespace, client: FlaskClient, sign_in: Browser
) -> None:
    there = f"/mail/local/{scene.name}/answer"
    assert client.post(there, data={"what": "accept"}).status_code == 302
    assert sign_in(cast.eva).post(there, data={"what": "accept"}).status_code == 404
    assert sign_in(cast.clirim).post(there, data={"what": "accept"}).status_code == 404
    assert len(list_delivered(scene.folder)) == 1
    sign_in(cast.drita).post(there, data={"what": "accept"})
    assert len(list_delivered(scene.folder)) == 2


def test_only_what_a_program_would_offer(app: Flask, scene: SimpleNamespace, cast: SimpleNamespace) -> None:
    def folds(name: str) -> set[str]:
        page = scene.browser.get(f"/mail/local/{name}").text
        return set(re.findall(r'name="what" value="(\w+)"', page))

    everything = {"accept", "maybe", "decline", "propose", "words", "away", "unknown"}
    assert folds(scene.name) == everything
    send_reminders(scene.event, by=cast.arta, now=now() + timedelta(hours=1))
    db.session.commit()
    drain_outbox(app, owner="flow", now_fn=lambda: now() + timedelta(hours=1))
    cancel_with_notice(scene.event, by=cast.arta, now=now() + timedelta(hours=2))
    db.session.commit()
    drain_outbox(app, owner="flow", now_fn=lambda: now() + timedelta(hours=3))
    cancelled, reminded, _first = (line.id for line in list_delivered(scene.folder))
    # What a machine wrote is not answered by another; a cancellation is not accepted.
    assert folds(reminded) == everything - {"away"}
    assert folds(cancelled) == {"words", "unknown"}
    scene.name = cancelled
    assert answer(scene, "accept").status_code == 302
    assert "cannot be answered like that" in scene.browser.get(f"/mail/local/{cancelled}").text


def test_a_letter_is_answered_in_words_and_by_servers(
    app: Flask, cast: SimpleNamespace, post_office: PostOffice, sign_in: Browser
) -> None:
    cast.arta.language = "en"
    office = factories.make_office("Prefekt", email="prefekti@qark.example")
    db.session.commit()
    browser = sign_in(cast.arta)
    typed = {
        "once": "flow", "subject_sq": "Ndotja e lumit", "basis": "information_request", "campaign": "",
        "body_sq": "Kërkojmë të na informoni.", "signed_by": "Koordinator Fier",
    }  # fmt: skip
    recipients = browser.post("/letters/new", data=typed).location
    browser.post(recipients, data={"guest": f"office-{office.id}", "role": "to"})
    seen = browser.get(recipients.replace("recipients", "preview")).text.split('name="seen" value="')[1]
    browser.post(recipients.replace("recipients", "send"), data={"seen": seen.split('"')[0]})
    letter = db.session.scalars(select(Letter)).one()
    db.session.rollback()
    assert work(app).sent == 1
    [line] = list_delivered(post_office.folder)
    there = f"/mail/local/{line.id}"
    page = browser.get(there).text
    assert set(re.findall(r'name="what" value="(\w+)"', page)) == {"words", "away", "unknown"}
    form = {"what": "words", "press": press_of(page), "words": "Kërkesa u regjistrua."}
    assert browser.post(f"{there}/answer", data=form).status_code == 302
    page = browser.get(there).text
    assert "it will appear at the letter in a moment" in page
    assert f'<a href="/letters/{letter.id}">See the letter</a>' in page
    scene = SimpleNamespace(folder=post_office.folder, name=line.id)
    filed = came(scene)[0]
    assert (filed.kind, filed.state, filed.text) == (
        IncomingKind.HUMAN, IncomingState.MATCHED, "Kërkesa u regjistrua.",
    )  # fmt: skip
    assert [link.subject_type for link in filed.links if not link.suggested][:1] == ["letter_recipients"]
    browser.post(f"{there}/answer", data={"what": "unknown"})
    assert came(scene)[0].kind is IncomingKind.BOUNCE


def test_mail_that_nobody_answers_offers_nothing(scene: SimpleNamespace, app: Flask) -> None:
    name = store_message(scene.folder, b"From: x@y.example\r\nSubject: x\r\n\r\nx", "", ["a@b.example"])
    administrators = scene.browser.get(f"/mail/local/{name}")
    assert administrators.status_code == 404  # nobody's mail is no coordinator's business
    with app.test_request_context():
        assert delivered_url(OutgoingMail(message_id="<none@rsvp.example>", sent_at=now())) == ""


def test_the_language_is_the_guests(scene: SimpleNamespace) -> None:
    page = answer(scene, "away", back_on=str(date.today() + timedelta(days=2)))
    assert page.status_code == 302
    assert came(scene)[1]["Subject"].startswith("Përgjigje automatike: ")

"""Today: each source in its section, with its one action, and nothing of strangers."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient

from pop_campaigns.accounts.models import User
from pop_campaigns.core.dates import clock_words
from pop_campaigns.core.db import db
from pop_campaigns.desk.queries.events import events_to_remind
from pop_campaigns.desk.queries.work_list import work_list
from pop_campaigns.desk.queries.work_rows import WorkList
from pop_campaigns.events.services.events import change_event, draft_of
from pop_campaigns.invitations.queries.guests import awaiting_reminder, guests_of
from pop_campaigns.invitations.rules.invitations import Answer, AnswerChannel, InvitationState
from pop_campaigns.invitations.services.answers import record_answer
from pop_campaigns.invitations.services.sending import send_reminders
from pop_campaigns.mail.beats import beat
from pop_campaigns.mail.outbox import record_refused
from pop_campaigns.mail.rules import MailState
from tests import factories
from tests.desk.conftest import invited_event, mails_of, sent_letter, silent_guests

pytestmark = pytest.mark.both_databases

Browser = Callable[[User], FlaskClient]


@pytest.fixture
def work_of(app: Any) -> Callable[[User], WorkList]:
    def read(user: User) -> WorkList:
        with app.test_request_context(headers={"Accept-Language": "en"}):
            return work_list(user, datetime.now(UTC), "en")

    return read


def whats(rows: list[Any]) -> list[str]:
    return [row.what for row in rows]


def test_an_empty_day_says_what_to_do_first(people: SimpleNamespace, sign_in: Browser) -> None:
    page = sign_in(people.arta).get("/today")
    assert page.status_code == 200
    for address in ("/events/new", "/letters/new", "/people"):
        assert f'href="{address}"' in page.text
    page = sign_in(people.eva).get("/today")
    assert "/events/new" not in page.text
    assert "/letters/new" not in page.text


def test_letters_stand_where_their_day_puts_them(
    people: SimpleNamespace, work_of: Callable[[User], WorkList]
) -> None:
    sent_letter(people.arta, due_in=-4, subject="E vonuar")
    sent_letter(people.arta, due_in=0, subject="Sot")
    sent_letter(people.arta, due_in=1, subject="Nesër")
    sent_letter(people.arta, due_in=40, subject="Më vonë")
    work = work_of(people.arta)
    assert whats(work.overdue) == ["E vonuar"]
    assert "4 days late" in work.overdue[0].when
    assert "/response" in work.overdue[0].action_url
    assert whats(work.today) == ["Sot"]
    assert whats(work.soon) == ["Nesër"]
    assert whats(work.waiting) == ["Më vonë"]


def test_events_stand_by_day_and_ask_for_their_next_step(
    people: SimpleNamespace, work_of: Callable[[User], WorkList]
) -> None:
    uninvited = factories.make_event(people.fier, starts_in=timedelta(days=3), title_en="Uninvited")
    prepared = factories.make_event(people.fier, starts_in=timedelta(days=30), title_en="Prepared")
    factories.make_invitation(prepared)
    factories.make_event(people.fier, starts_in=timedelta(days=60), title_en="Far away")
    factories.make_event(people.fier, starts_in=timedelta(days=-9), title_en="Over")
    factories.make_event(people.fier, starts_in=timedelta(days=2), title_en="Called off", state="cancelled")
    db.session.commit()
    work = work_of(people.arta)
    assert whats(work.soon) == ["Uninvited"]
    assert work.soon[0].action_url == f"/events/{uninvited.id}/invite"
    assert whats(work.today) == ["Prepared"], (
        "what is prepared and not sent waits for the coordinator, however far"
    )
    assert work.today[0].action_url == f"/events/{prepared.id}/invite/message"
    assert "1 invitation not sent yet" in work.today[0].who
    assert whats(work.later) == ["Far away"]
    assert work.overdue == work.waiting == []


def test_guests_who_know_an_older_time_come_first(
    people: SimpleNamespace, work_of: Callable[[User], WorkList]
) -> None:
    event = invited_event(people.arta, guests=3, days=30)
    change_event(
        event,
        dataclasses.replace(draft_of(event), venue="Tjetër vend"),
        by=people.arta,
        now=datetime.now(UTC),
    )
    db.session.commit()
    work = work_of(people.arta)
    assert "3 guests do not know of the change" in work.today[0].who
    assert work.today[0].action_url == f"/events/{event.id}/announce"
    assert work.waiting == [], "nobody is reminded of a time that no longer holds"


def test_silent_guests_are_one_row_an_event(
    people: SimpleNamespace, work_of: Callable[[User], WorkList]
) -> None:
    event = invited_event(people.arta, guests=6)
    for guest in guests_of(event)[:3]:
        record_answer(guest, Answer.ACCEPTED, channel=AnswerChannel.LINK, now=datetime.now(UTC))
    db.session.commit()
    work = work_of(people.arta)
    assert len(work.waiting) == 1
    assert work.waiting[0].when.startswith("3 of 6 have not answered")
    assert work.waiting[0].who.endswith("and 1 more")
    assert work.waiting[0].action_url == f"/events/{event.id}/remind"
    assert "3 of 6 come" in work.soon[0].who


def test_mail_in_trouble_shows_until_it_no_longer_matters(
    people: SimpleNamespace, work_of: Callable[[User], WorkList]
) -> None:
    event = invited_event(people.arta, guests=3)
    failed = mails_of(event)[0]
    now = datetime.now(UTC)
    record_refused(failed, permanent=True, code=550, words="5.1.1 User unknown", now=now)
    db.session.commit()
    [row] = work_of(people.arta).today
    assert row.action_url == f"/mail/{failed.id}"
    assert row.when == "There is no such mailbox"
    guest = next(other for other in guests_of(event) if other.address == failed.to_address)
    guest.state = InvitationState.WITHDRAWN
    db.session.commit()
    assert work_of(people.arta).today == []


def test_what_has_not_left_says_so_on_every_page_it_concerns(
    people: SimpleNamespace, sign_in: Browser
) -> None:
    event = invited_event(people.arta, guests=3)
    letter = sent_letter(people.arta, due_in=40)
    letter.recipients[0].mail = factories.make_mail(
        "prefektura@qeveria.example", organisation_id=people.fier.id
    )
    letter.recipients[0].clock_from = letter.recipients[0].due_on = letter.recipients[0].due_explained = None
    db.session.flush()
    mail = letter.recipients[0].mail
    mail.subject_type, mail.subject_id = "letter_recipients", letter.recipients[0].id
    now = datetime.now(UTC)
    for waiting in (*mails_of(event), mail):
        waiting.state, waiting.queued_at = MailState.QUEUED, now - timedelta(seconds=30)
    db.session.commit()
    pages = {"/today": 4, f"/events/{event.id}": 3, f"/letters/{letter.id}": 1}
    browser = sign_in(people.arta)
    for page in pages:
        assert "not left since" not in browser.get(page).text, "just queued"
    for waiting in (*mails_of(event), mail):
        waiting.queued_at = now - timedelta(minutes=4)
    db.session.commit()
    since = clock_words(now - timedelta(minutes=4))
    for page, number in pages.items():
        text = " ".join(browser.get(page).text.split())
        assert re.search(rf">{number} messages? ha(s|ve) not left since {since}<", text), page
        assert "the worker is not running" in text
    beat("worker", started_at=now, now=now)
    for page in pages:
        assert "not left since" not in browser.get(page).text, "with a worker a few minutes are nothing"
    for waiting in (*mails_of(event), mail):
        waiting.queued_at = now - timedelta(minutes=6)
        waiting.last_code, waiting.last_words = 451, "4.7.1 Greylisting in action"
        waiting.available_at = now + timedelta(minutes=9)
    db.session.commit()
    again = clock_words(now + timedelta(minutes=9))
    for page in pages:
        text = browser.get(page).text
        assert f"asks us to come back later: it will be tried again, next at {again}" in text, page
    assert "not left since" not in sign_in(people.clirim).get("/today").text


def test_new_answers_once_a_guest(people: SimpleNamespace, sign_in: Browser) -> None:
    event = invited_event(people.arta)
    guest = guests_of(event)[0]
    now = datetime.now(UTC)
    record_answer(
        guest, Answer.DECLINED, channel=AnswerChannel.LINK, now=now - timedelta(minutes=9), note="<b>Jo</b>"
    )
    record_answer(
        guest,
        Answer.ACCEPTED,
        substitute="Nënkryetari",
        channel=AnswerChannel.LINK,
        now=now,
        note="<i>Po</i>",
    )
    db.session.commit()
    page = sign_in(people.arta).get("/today").text
    assert "sends Nënkryetari" in page
    assert "does not come" not in page
    assert "&lt;i&gt;Po&lt;/i&gt;" in page


def test_strangers_see_nothing(people: SimpleNamespace, sign_in: Browser) -> None:
    event = invited_event(people.arta, title_sq="Tryeza e Fierit", title_en="Table of Fier")
    record_refused(mails_of(event)[0], permanent=True, code=550, words="no", now=datetime.now(UTC))
    record_answer(guests_of(event)[1], Answer.ACCEPTED, channel=AnswerChannel.LINK, now=datetime.now(UTC))
    sent_letter(people.arta, due_in=-3)
    db.session.commit()
    assert "Table of Fier" in sign_in(people.besa).get("/today").text
    page = sign_in(people.clirim).get("/today").text
    for secret in ("Table of Fier", "Gjanica", "@bashkia.example", "Prefektura e provës", "Bashkia e provës"):
        assert secret not in page


def test_administrators_see_whose_it_is_and_viewers_cannot_act(
    people: SimpleNamespace, sign_in: Browser
) -> None:
    invited_event(people.arta, title_en="Table of Fier")
    sent_letter(people.clirim, due_in=-3)
    page = sign_in(people.drita).get("/today").text
    assert "Organizata Fier" in page
    assert "Organizata Vlorë" in page
    assert "/remind" in page
    page = sign_in(people.eva).get("/today").text
    assert "Table of Fier" in page
    assert not re.search(r'href="[^"]*(remind|invite|response|announce|/new)"', page)
    assert "Organizata Fier" not in sign_in(people.arta).get("/today").text.split("</header>")[1]


def test_only_members_and_only_get(people: SimpleNamespace, client: FlaskClient, sign_in: Browser) -> None:
    assert client.get("/today").status_code == 302
    assert sign_in(people.arta).post("/today").status_code == 405


def test_queries_do_not_grow(
    people: SimpleNamespace,
    sign_in: Browser,
    count_queries: Callable[[], AbstractContextManager[list[str]]],
) -> None:
    offices = [factories.make_office(f"Zyra {number}", email=f"z{number}@x.example") for number in range(10)]

    def fill(events: int) -> None:
        for _number in range(events):
            event = factories.make_event(people.fier, starts_in=timedelta(days=3))
            silent_guests(event, offices)
        for _number in range(events // 4):
            sent_letter(people.arta, due_in=-2)
            sent_letter(people.arta, due_in=40)
        failing = invited_event(people.arta, guests=events // 2)
        for mail in mails_of(failing):
            if not mail.attempts:
                record_refused(mail, permanent=True, code=550, words="no", now=datetime.now(UTC))
        db.session.commit()

    browser = sign_in(people.arta)
    fill(4)
    with count_queries() as few:
        assert browser.get("/today").status_code == 200
    fill(46)
    with count_queries() as many:
        assert browser.get("/today").status_code == 200
    assert len(many) <= len(few) + 2, "\n".join(sorted(set(many) - set(few)))


def test_who_was_just_written_to_is_not_to_be_reminded(
    people: SimpleNamespace, work_of: Callable[[User], WorkList]
) -> None:
    event = invited_event(people.arta)
    other = invited_event(people.arta, days=6)
    first, last = [mail for mail in mails_of(other) if mail.to_address.startswith(f"zyra{other.id}-")]
    record_refused(first, permanent=True, code=550, words="no", now=datetime.now(UTC))
    db.session.commit()
    assert [row.action for row in work_of(people.arta).waiting] == ["Remind", "Remind"]
    send_reminders(event, by=people.arta, now=datetime.now(UTC) - timedelta(hours=11))
    record_refused(last, permanent=True, code=550, words="no", now=datetime.now(UTC))
    db.session.commit()
    work = work_of(people.arta)
    assert len(work.waiting) == 1, "who has not answered is still shown; whom no mail reached, as undelivered"
    assert [row.action or row.action_url for row in work.waiting] == [""]
    assert not any(awaiting_reminder(one, now=datetime.now(UTC)) for one in (event, other))


@pytest.mark.parametrize("hours", [1, 11, 13, 40])
def test_today_offers_to_remind_when_the_event_s_page_does(people: SimpleNamespace, hours: int) -> None:
    event = invited_event(people.arta)
    now = datetime.now(UTC)
    send_reminders(event, by=people.arta, now=now)
    moment = now + timedelta(hours=hours)
    expected = {event.id} if awaiting_reminder(event, now=moment) else set()
    assert events_to_remind(people.arta, moment) == expected
    assert bool(expected) is (hours >= 12)
    assert events_to_remind(people.clirim, moment) == set()

"""The page behind a personal link: it shows one guest, takes the answer, and changes nothing until a button is pressed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar
from sqlalchemy import func, select

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import Base, db
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventState
from pop_campaigns.invitations.models.invitations import GivenAnswer, Invitation
from pop_campaigns.invitations.rules.invitations import Answer, AnswerChannel
from pop_campaigns.invitations.services.guests import set_invitation_text
from pop_campaigns.invitations.services.sending import withdraw_guest
from tests import factories
from tests.invitations.scene import NOW, START, deliver, invite, mails, make_offices, make_table, move

END = START + timedelta(hours=2)


@pytest.fixture(autouse=True)
def in_may() -> Iterator[None]:
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def table(cast: SimpleNamespace) -> Event:
    event = make_table(cast.fier, join_url="https://meet.example/gjanica", description_sq="Rendi i ditës")
    db.session.commit()
    return event


@pytest.fixture
def guests(table: Event, cast: SimpleNamespace) -> list[Invitation]:
    """Two guests whose invitations arrived."""
    asked = invite(table, make_offices(2), cast)
    deliver()
    return asked


def link(guest: Invitation) -> str:
    return f"/a/{factories.token_of(guest)}"


def say(client: FlaskClient, guest: Invitation, answer: str, **values: str) -> Any:
    return client.post(link(guest), data={"answer": answer, **values})


def answers(guest: Invitation) -> list[GivenAnswer]:
    db.session.expire_all()
    given = select(GivenAnswer).where(GivenAnswer.invitation_id == guest.id).order_by(GivenAnswer.id)
    return list(db.session.scalars(given))


def whole_database() -> dict[str, list[Any]]:
    db.session.expire_all()
    tables = Base.metadata.sorted_tables
    return {
        each_table.name: sorted(map(repr, db.session.execute(select(each_table)).all()))
        for each_table in tables
    }


def test_it_says_all_in_the_guests_language(
    client: FlaskClient, table: Event, guests: list[Invitation], cast: SimpleNamespace
) -> None:
    set_invitation_text(table, "Parkim në oborr", "Parking in the yard", by=cast.arta, now=NOW)
    db.session.commit()
    page = client.get(link(guests[0]))
    assert page.status_code == 200
    assert '<html lang="sq">' in page.text
    for said in (
        "Tryezë për lumin Gjanica",
        "Organizata Fier",
        "Zyra 0",
        "e martë, 16 qershor 2026, ora 10:00–12:00",
        "Bashkia Fier, salla e këshillit",
        'href="https://meet.example/gjanica"',
        "Rendi i ditës",
        "Parkim në oborr",
    ):
        assert said in page.text
    assert re.findall(r'class="answer-button[^"]*" name="answer" value="(\w+)"', page.text) == [
        "ACCEPTED", "TENTATIVE", "DECLINED",
    ]  # fmt: skip
    english = client.get(link(guests[0]) + "?lang=en")
    assert '<html lang="en">' in english.text
    assert "Round table on the river Gjanica" in english.text
    assert "Tuesday, 16 June 2026, 10:00–12:00" in english.text
    assert "Parking in the yard" in english.text
    assert '<html lang="sq">' in client.get(link(guests[0]) + "?lang=../x").text


def test_the_guests_language_counts_before_the_browsers(
    client: FlaskClient, table: Event, cast: SimpleNamespace
) -> None:
    [guest] = invite(table, make_offices(1), cast, language="en")
    assert '<html lang="en">' in client.get(link(guest), headers={"Accept-Language": "sq"}).text


def test_it_shows_no_other_guest_and_nothing_internal(
    client: FlaskClient, table: Event, guests: list[Invitation], cast: SimpleNamespace
) -> None:
    say(client, guests[1], "DECLINED", note="fjala e tjetrit", substitute="Zëvendësi i fshehtë")
    for place in (link(guests[0]), link(guests[0]) + "/invite.ics"):
        text = client.get(place).text
        for hidden in (
            "Zyra 1", guests[1].address, "fjala e tjetrit", "Zëvendësi i fshehtë", guests[0].address,
            guests[0].nonce, guests[0].reply_local, cast.arta.email, cast.arta.name,
            factories.token_of(guests[1]),
        ):  # fmt: skip
            assert hidden not in text


@pytest.mark.parametrize("answer", ["ACCEPTED", "TENTATIVE", "DECLINED"])
def test_an_answer_is_recorded_and_said_back(
    client: FlaskClient, guests: list[Invitation], answer: str
) -> None:
    done = say(client, guests[0], answer, note="Faleminderit,\nvij me dy veta.")
    assert done.status_code == 302
    assert done.location == link(guests[0]) + "?lang=sq"
    [given] = answers(guests[0])
    assert (given.answer, given.channel) == (Answer(answer), AnswerChannel.LINK)
    assert given.note == "Faleminderit,\nvij me dy veta."
    assert answers(guests[1]) == []
    page = client.get(done.location).text
    box = page.partition('id="answered"')[2].partition("</div>")[0]
    assert "20 maj 2026" in box
    assert "11:00" in box  # 09:00 UTC is 11:00 in Tirana
    assert re.findall(r'chosen" name="answer" value="(\w+)"', page) == [answer]
    assert "vij me dy veta." in page.partition('name="note"')[2]


def test_a_substitute_comes_instead(client: FlaskClient, guests: list[Invitation]) -> None:
    assert say(client, guests[0], "DELEGATED", substitute="").status_code == 422
    assert answers(guests[0]) == []
    assert say(client, guests[0], "DELEGATED", substitute="  Zv. Drejtor\r\nBcc: x ").status_code == 302
    [given] = answers(guests[0])
    assert (given.answer, given.substitute) == (Answer.DELEGATED, "Zv. Drejtor Bcc: x")
    page = client.get(link(guests[0])).text
    assert "Zv. Drejtor Bcc: x" in page.partition('id="answered"')[2].partition("</div>")[0]
    # Coming oneself after all: the substitute named before is not sent along unnoticed.
    assert 'value="Zv. Drejtor' not in page
    say(client, guests[0], "ACCEPTED")
    assert [(answer.answer, answer.substitute) for answer in answers(guests[0])][-1] == (Answer.ACCEPTED, "")


def test_a_note_is_added_and_the_answer_kept(client: FlaskClient, guests: list[Invitation]) -> None:
    assert say(client, guests[0], "KEEP", note="Pa përgjigje").status_code == 422
    assert answers(guests[0]) == []
    say(client, guests[0], "DELEGATED", substitute="Zv. Drejtor")
    assert say(client, guests[0], "KEEP", note="Vjen me tren").status_code == 302
    last = answers(guests[0])[-1]
    assert (last.answer, last.substitute, last.note) == (Answer.DELEGATED, "Zv. Drejtor", "Vjen me tren")


def test_minds_change_until_the_event_begins(client: FlaskClient, guests: list[Invitation]) -> None:
    for answer in ("ACCEPTED", "DECLINED", "TENTATIVE"):
        assert say(client, guests[0], answer).status_code == 302
    assert [other.answer.value for other in answers(guests[0])] == ["ACCEPTED", "DECLINED", "TENTATIVE"]
    assert guests[0].answer is Answer.TENTATIVE
    with time_machine.travel(START + timedelta(seconds=1)):
        late = say(client, guests[0], "ACCEPTED", note="Jam te dera")
        assert late.status_code == 409
        assert "Jam te dera" in late.text  # what was typed is not lost
        page = client.get(link(guests[0])).text
    assert "answer-button" not in page
    assert len(answers(guests[0])) == 3


def test_pressing_twice_is_one_answer(client: FlaskClient, guests: list[Invitation]) -> None:
    for _press in range(2):
        assert say(client, guests[0], "ACCEPTED", note="Po").status_code == 302
    assert len(answers(guests[0])) == 1


def test_a_cancelled_event_takes_no_answer(
    client: FlaskClient, table: Event, guests: list[Invitation]
) -> None:
    say(client, guests[0], "ACCEPTED")
    table.state = EventState.CANCELLED
    db.session.commit()
    page = client.get(link(guests[0])).text
    assert "tone-bad" in page
    assert "answer-button" not in page
    assert "meet.example" not in page
    assert say(client, guests[0], "DECLINED").status_code == 409
    assert len(answers(guests[0])) == 1
    entry = client.get(link(guests[0]) + "/invite.ics")
    assert "STATUS:CANCELLED" in entry.text


def test_a_withdrawn_guest_learns_that_and_no_more(
    client: FlaskClient, table: Event, guests: list[Invitation], cast: SimpleNamespace
) -> None:
    withdraw_guest(guests[0], by=cast.arta, now=NOW)
    db.session.commit()
    page = client.get(link(guests[0]))
    assert page.status_code == 200
    assert "answer-button" not in page.text
    for hidden in ("meet.example", "Rendi i ditës"):
        assert hidden not in page.text
    assert say(client, guests[0], "ACCEPTED").status_code == 409
    assert client.get(link(guests[0]) + "/invite.ics").status_code == 404
    assert answers(guests[0]) == []


def test_the_link_dies_a_day_after_the_end(client: FlaskClient, guests: list[Invitation]) -> None:
    for moment, status in ((END + timedelta(hours=23), 200), (END + timedelta(hours=24), 404)):
        with time_machine.travel(moment):
            assert client.get(link(guests[0])).status_code == status
            assert client.get(link(guests[0]) + "/invite.ics").status_code == status
    with time_machine.travel(END + timedelta(days=2)):
        assert say(client, guests[0], "ACCEPTED").status_code == 404


def test_a_change_after_the_answer_is_said(
    client: FlaskClient, table: Event, guests: list[Invitation]
) -> None:
    say(client, guests[0], "ACCEPTED")
    assert "answered tone-warn" not in client.get(link(guests[0])).text
    move(table, starts_at=START + timedelta(days=1), ends_at=END + timedelta(days=1))
    page = client.get(link(guests[0])).text
    assert "answered tone-warn" in page
    assert "17 qershor 2026" in page
    with time_machine.travel(NOW + timedelta(hours=1)):
        say(client, guests[0], "ACCEPTED")
        assert "answered tone-warn" not in client.get(link(guests[0])).text


def test_unknown_dead_and_draft_links_look_alike(
    client: FlaskClient, table: Event, guests: list[Invitation]
) -> None:
    draft = factories.make_invitation(table)
    db.session.commit()
    token = factories.token_of(guests[0])
    unknown = [
        "x", "A" * 43, token[:-1], token + "A", token.swapcase(), "%00", "a" * 5000, "..%2f..%2fetc",
        guests[0].token_hash, guests[0].nonce, factories.token_of(draft),
    ]  # fmt: skip
    pages = [client.get(f"/a/{one}") for one in unknown]
    with time_machine.travel(END + timedelta(days=2)):
        pages.append(client.get(link(guests[0])))
    assert {page.status_code for page in pages} == {404}
    assert len({page.text for page in pages}) == 1
    assert {client.post(f"/a/{one}", data={"answer": "ACCEPTED"}).status_code for one in unknown} == {404}
    assert db.session.scalar(select(func.count(GivenAnswer.id))) == 0


def test_looking_changes_nothing(client: FlaskClient, guests: list[Invitation]) -> None:
    say(client, guests[0], "ACCEPTED")
    before = whole_database()
    for method in ("GET", "HEAD", "OPTIONS"):
        for place in ("", "?answer=DECLINED", "?lang=en", "/invite.ics"):
            assert client.open(link(guests[0]) + place, method=method).status_code == 200
    for method in ("PUT", "DELETE", "PATCH"):
        assert client.open(link(guests[0]), method=method).status_code == 405
    assert client.post(link(guests[0]) + "/invite.ics").status_code == 405
    assert whole_database() == before


@pytest.mark.parametrize("answer", ["", "NEEDS-ACTION", "accepted", "MAYBE", "ACCEPTED\r\n", "é" * 999])
def test_only_the_buttons_answers_are_taken(
    client: FlaskClient, guests: list[Invitation], answer: str
) -> None:
    refused = say(client, guests[0], answer, note="mbetet")
    assert refused.status_code == 422
    assert 'id="error-summary"' in refused.text
    assert "mbetet" in refused.text
    assert client.post(link(guests[0])).status_code == 422
    assert answers(guests[0]) == []


def test_what_is_too_long_is_kept_and_said(client: FlaskClient, guests: list[Invitation]) -> None:
    refused = say(client, guests[0], "ACCEPTED", note="ë" * 2001, substitute="ç" * 201)
    assert refused.status_code == 422
    assert "ë" * 2001 in refused.text
    assert "ç" * 201 in refused.text
    assert 'href="#note"' in refused.text
    assert 'href="#substitute"' in refused.text
    # A browser must not cut off silently what is pasted.
    assert "maxlength" not in client.get(link(guests[0])).text
    assert answers(guests[0]) == []
    assert say(client, guests[0], "ACCEPTED", note="ë" * 2000, substitute="ç" * 200).status_code == 302


def test_hostile_words_stay_words(client: FlaskClient, guests: list[Invitation]) -> None:
    hostile = "</textarea><script>alert(1)</script>{{ config }}\u202e\x00"
    assert say(client, guests[0], "ACCEPTED", note=hostile, substitute="<b>x</b>\u200b").status_code == 302
    [given] = answers(guests[0])
    assert given.note == "</textarea><script>alert(1)</script>{{ config }}"
    page = client.get(link(guests[0])).text
    assert "<script>alert" not in page
    assert "<b>x</b>" not in page
    assert "{{ config }}" in page


def test_a_link_that_is_no_link_stays_text(client: FlaskClient, cast: SimpleNamespace) -> None:
    event = make_table(cast.fier, join_url="javascript:alert(1)")
    [guest] = invite(event, make_offices(1), cast)
    page = client.get(link(guest)).text
    assert 'href="javascript:' not in page
    assert "javascript:alert(1)" in page


def test_long_names_are_shown_whole(client: FlaskClient, cast: SimpleNamespace) -> None:
    title = ("Tryezë " + "shumë e gjatë " * 30)[:200].strip()
    event = make_table(cast.fier, title_sq=title)
    office = factories.make_office("D" * 160, factories.make_institution("I" * 200), holder="H" * 160)
    [guest] = invite(event, [office], cast)
    page = client.get(link(guest)).text
    for whole in (title, "D" * 160, "I" * 200, "H" * 160):
        assert whole in page


def test_another_zone_is_said_beside_tiranas_hour(client: FlaskClient, cast: SimpleNamespace) -> None:
    event = make_table(cast.fier, zone="Europe/London")
    [guest] = invite(event, make_offices(1), cast)
    page = client.get(link(guest)).text
    assert "ora 09:00–11:00" in page
    assert "ora 10:00–12:00" in page


def test_no_cookie_and_no_token_is_needed(app: Flask, guests: list[Invitation]) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        browser = app.test_client(use_cookies=False)
        page = browser.get(link(guests[0]))
        assert "csrf" not in page.text
        assert "Set-Cookie" not in page.headers
        done = browser.post(
            link(guests[0]), data={"answer": "ACCEPTED"},
            headers={"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        )  # fmt: skip
        assert done.status_code == 302
        assert "Set-Cookie" not in done.headers
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    assert len(answers(guests[0])) == 1


def test_nobody_keeps_or_indexes_the_page(client: FlaskClient, guests: list[Invitation]) -> None:
    for place in (link(guests[0]), link(guests[0]) + "/invite.ics", "/a/unknown"):
        headers = client.get(place).headers
        assert headers["Cache-Control"] == "private, no-store"
        assert "noindex" in headers["X-Robots-Tag"]
        assert headers["Referrer-Policy"] == "same-origin"


def test_the_calendar_file_has_the_event_and_no_guest(
    client: FlaskClient, table: Event, guests: list[Invitation]
) -> None:
    answer = client.get(link(guests[0]) + "/invite.ics")
    assert answer.mimetype == "text/calendar"
    assert answer.headers["Content-Disposition"] == "attachment; filename=ftesa.ics"
    [entry] = Calendar.from_ical(answer.data).walk("VEVENT")
    assert entry["UID"] == table.uid
    assert entry["DTSTART"].dt == START
    assert "ATTENDEE" not in entry
    english = client.get(link(guests[0]) + "/invite.ics?lang=en")
    assert "Round table on the river Gjanica" in english.text
    assert english.headers["Content-Disposition"] == "attachment; filename=invite.ics"


def test_an_answer_is_seen_at_once_by_the_coordinator(
    client: FlaskClient,
    table: Event,
    guests: list[Invitation],
    cast: SimpleNamespace,
    sign_in: Callable[[User], FlaskClient],
) -> None:
    say(client, guests[0], "ACCEPTED", note="Vijmë tre veta")
    assert "Vijmë tre veta" in sign_in(cast.arta).get(f"/events/{table.id}").text


def test_a_changed_answer_is_told_to_the_office(client: FlaskClient, guests: list[Invitation]) -> None:
    say(client, guests[0], "ACCEPTED")
    assert mails("receipt") == []
    say(client, guests[0], "DECLINED")
    [receipt] = mails("receipt")
    assert receipt.to_address == guests[0].address


def test_a_guest_asked_again_starts_anew(
    client: FlaskClient, table: Event, guests: list[Invitation], cast: SimpleNamespace
) -> None:
    say(client, guests[0], "DECLINED", note="Nuk mundem")
    withdraw_guest(guests[0], by=cast.arta, now=NOW)
    office = guests[0].office
    assert office is not None
    invite(table, [office], cast)
    page = client.get(link(guests[0])).text
    assert 'id="answered"' not in page
    assert "Nuk mundem" not in page
    assert "answer-button" in page

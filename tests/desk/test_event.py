"""The page of one event: guests, details, history, and the one step that comes next."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from pop_campaigns.core.history import note
from pop_campaigns.desk.queries.events import story_of
from pop_campaigns.events.models.events import Attendance, Commitment, Event, Supporter
from pop_campaigns.events.rules.visibility import EventVisibility
from pop_campaigns.events.services.events import cancel_event, change_event, draft_of
from pop_campaigns.invitations.queries.guests import guests_of
from pop_campaigns.invitations.rules.invitations import Answer, AnswerChannel, InvitationState
from pop_campaigns.invitations.services.answers import record_answer
from pop_campaigns.invitations.services.sending import send_reminders
from pop_campaigns.mail.models import OutgoingMail
from pop_campaigns.mail.outbox import record_refused
from tests import factories
from tests.desk.conftest import invited_event

Browser = Callable[[User], FlaskClient]


def page_of(browser: FlaskClient, event: Event) -> str:
    answer = browser.get(f"/events/{event.id}")
    assert answer.status_code == 200
    return answer.text.split("</header>", 1)[1]


def main_button(page: str) -> str:
    result = re.findall(r'class="btn btn-primary" href="([^"]+)"', page)
    assert len(result) <= 1, "one main button a page"
    return result[0] if result else ""


def test_scope(people: SimpleNamespace, client: FlaskClient, sign_in: Browser) -> None:
    event = invited_event(people.arta)
    address = f"/events/{event.id}"
    assert client.get(address).status_code == 302
    public = sign_in(people.clirim).get(address)
    assert (public.status_code, public.location) == (302, f"/en/events/{event.id}"), "as everybody reads it"
    event.visibility = EventVisibility.INTERNAL
    db.session.commit()
    assert sign_in(people.clirim).get(address).status_code == 404
    assert sign_in(people.eva).get(address).status_code == 200
    assert sign_in(people.arta).post(address).status_code == 405
    assert sign_in(people.arta).get("/events/999999999999").status_code == 404


def test_the_network_s_own_event_is_read_by_all(people: SimpleNamespace, sign_in: Browser) -> None:
    event = factories.make_event(None)
    db.session.commit()
    page = page_of(sign_in(people.clirim), event)
    assert "The whole network" in page
    assert "/edit" not in page
    assert "/edit" in page_of(sign_in(people.drita), event)


def test_the_main_button_follows_the_state(people: SimpleNamespace, sign_in: Browser) -> None:
    browser = sign_in(people.arta)
    event = factories.make_event(people.fier)
    db.session.commit()
    assert main_button(page_of(browser, event)) == f"/events/{event.id}/invite"
    factories.make_invitation(event)
    db.session.commit()
    assert main_button(page_of(browser, event)) == f"/events/{event.id}/invite/message"
    told = invited_event(people.arta)
    assert main_button(page_of(browser, told)) == f"/events/{told.id}/invite"
    change_event(
        told, dataclasses.replace(draft_of(told), venue="Tjetër vend"), by=people.arta, now=datetime.now(UTC)
    )
    db.session.commit()
    page = page_of(browser, told)
    assert main_button(page) == f"/events/{told.id}/announce"
    assert "2 guests know an older time or place" in page
    cancel_event(told, by=people.arta, now=datetime.now(UTC))
    db.session.commit()
    assert main_button(page_of(browser, told)) == ""


@pytest.mark.parametrize(
    "values",
    [
        {"starts_in": timedelta(days=-3)},
        {"precision": "unknown", "starts_at": None},
        {"state": "held", "starts_in": timedelta(days=-3)},
    ],
)
def test_nobody_is_invited_to_what_is_over_or_undated(
    people: SimpleNamespace, sign_in: Browser, values: dict[str, object]
) -> None:
    event = factories.make_event(people.fier, **values)
    db.session.commit()
    page = page_of(sign_in(people.arta), event)
    is_open = values.get("precision") == "unknown"  # its guests may be asked when they can
    assert main_button(page) == (f"/events/{event.id}/dates" if is_open else "")
    assert f"/events/{event.id}/edit" in page


def test_viewers_get_no_action(people: SimpleNamespace, sign_in: Browser) -> None:
    event = invited_event(people.arta)
    page = page_of(sign_in(people.eva), event)
    assert not re.search(rf"/events/{event.id}/(edit|invite|remind|cancel|announce)|/withdraw", page)
    assert "Translation missing" not in page


def test_guests_and_history_in_words(people: SimpleNamespace, sign_in: Browser) -> None:
    event = invited_event(people.arta, guests=3)
    guest = guests_of(event)[0]
    now = datetime.now(UTC)
    record_answer(guest, Answer.DECLINED, channel=AnswerChannel.LINK, now=now)
    record_answer(guest, Answer.ACCEPTED, channel=AnswerChannel.CALENDAR, now=now + timedelta(minutes=2))
    note("event.turned_upside_down", event, by=people.arta, now=now)
    db.session.commit()
    page = page_of(sign_in(people.arta), event)
    assert page.count("3 guests put on the list") == 1
    assert "3 invitations sent" in page
    assert f"{guest.shown_as} does not come" in page
    assert f"Changed their answer: {guest.shown_as} comes" in page
    assert "event.turned_upside_down" in page, "an action without words shows as it is"
    assert "invitation.sent" not in page
    for each_guest in guests_of(event):
        assert each_guest.address in page


def test_the_record_is_shown(people: SimpleNamespace, sign_in: Browser) -> None:
    event = factories.make_event(
        people.fier, from_record=True, state="held", precision="day", starts_at=None, ends_at=None,
        day_from=date(2020, 2, 12), description_sq="Rreshti <b>një</b>\nRreshti dy", title_en="",
        more_url="https://pop.example/seanca",
    )  # fmt: skip
    ministry = factories.make_institution("Ministria e provës", kind="ministry")
    db.session.add_all(
        [
            Attendance(event=event, position=1, name="Deputete e provës", office_title="Komisioni i provës"),
            Supporter(event=event, organisation=people.vlore),
            Commitment(
                event=event, words="Do ta pastrojmë lumin.", institution=ministry, due_on=date(2020, 12, 31)
            ),
        ]
    )
    db.session.commit()
    page = page_of(sign_in(people.arta), event)
    for words in (
        "Deputete e provës", "Komisioni i provës", "Organizata Vlorë", "Do ta pastrojmë lumin.",
        "Ministria e provës", "until 31 Dec 2020", "12 February 2020", "From the record of the network",
        "Rreshti &lt;b&gt;një&lt;/b&gt;<br>Rreshti dy", 'href="https://pop.example/seanca"',
        "Translation missing: title, description",
    ):  # fmt: skip
        assert words in page
    assert main_button(page) == ""
    for address in (f"/en/events/{event.id}", f"/en/events/{event.id}.ics"):
        assert f'href="{address}"' in page
    event.visibility = EventVisibility.INTERNAL
    db.session.commit()
    assert '"/en/events/' not in page_of(sign_in(people.arta), event)


def test_hostile_text_stays_text(people: SimpleNamespace, sign_in: Browser) -> None:
    event = invited_event(people.arta, title_en="<script>alert(1)</script>", venue='"><img src=x>')
    record_answer(
        guests_of(event)[0], Answer.TENTATIVE, channel=AnswerChannel.LINK, now=datetime.now(UTC),
        note="<iframe src=//evil>", substitute="<b>Zëvendësi</b>",
    )  # fmt: skip
    db.session.commit()
    page = page_of(sign_in(people.arta), event)
    for hostile in ("<script>alert", "<img src=x>", "<iframe", "<b>Zëvendësi"):
        assert hostile not in page


def test_the_story_of_an_event_is_its_own(people: SimpleNamespace) -> None:
    first, second = invited_event(people.arta, guests=1), invited_event(people.arta, guests=1)
    about = {guest for _change, guest in story_of(first, people.arta) if guest}
    assert about == {guests_of(first)[0].shown_as}
    assert about.isdisjoint({guests_of(second)[0].shown_as})


@pytest.mark.both_databases
def test_queries_do_not_grow(
    people: SimpleNamespace,
    sign_in: Browser,
    count_queries: Callable[[], AbstractContextManager[list[str]]],
) -> None:
    browser = sign_in(people.arta)
    few_guests, many_guests = invited_event(people.arta, guests=2), invited_event(people.arta, guests=25)
    for event in (few_guests, many_guests):
        for guest in guests_of(event, InvitationState.INVITED):
            record_answer(guest, Answer.ACCEPTED, channel=AnswerChannel.LINK, now=datetime.now(UTC))
    db.session.commit()
    browser.get(f"/events/{few_guests.id}")
    with count_queries() as few:
        page_of(browser, few_guests)
    with count_queries() as many:
        page_of(browser, many_guests)
    assert len(many) <= len(few), "\n".join(sorted(set(many) - set(few)))


def test_to_remind_is_offered_while_somebody_can_be_reminded(
    people: SimpleNamespace, sign_in: Browser
) -> None:
    browser, event = sign_in(people.arta), invited_event(people.arta)
    link = f'href="/events/{event.id}/remind"'
    assert link in page_of(browser, event)
    send_reminders(event, by=people.arta, now=datetime.now(UTC))
    db.session.commit()
    assert link not in page_of(browser, event)


def test_the_page_says_that_mail_is_on_its_way(people: SimpleNamespace, sign_in: Browser) -> None:
    browser, event = sign_in(people.arta), invited_event(people.arta)
    assert re.search(r"<main [^>]*data-waiting", page_of(browser, event))
    for mail in db.session.scalars(select(OutgoingMail)):
        record_refused(mail, permanent=True, code=550, words="no", now=datetime.now(UTC))
    db.session.commit()
    assert "data-waiting" not in page_of(browser, event)

"""The guests on an event's page: filtered, ticked, in pages, one beside them; as small for 400 guests as for 25."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert

from pop_campaigns.accounts.models import User
from pop_campaigns.contacts.models.institutions import Office
from pop_campaigns.core.db import db
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.services.events import cancel_event
from pop_campaigns.invitations.queries.guests import guests_of
from pop_campaigns.invitations.rules.invitations import Answer, AnswerChannel
from pop_campaigns.invitations.services.answers import record_answer
from pop_campaigns.invitations.services.sending import withdraw_guest
from pop_campaigns.mail.outbox import record_refused, record_sent
from tests import factories
from tests.desk.conftest import invited_event, silent_guests

Browser = Callable[[User], FlaskClient]
MOST_BYTES = 120_000


@pytest.fixture
def arta(people: SimpleNamespace, sign_in: Browser) -> FlaskClient:
    return sign_in(people.arta)


def rows(page: str) -> list[int]:
    """The guests in sight, by number."""
    return [int(number) for number in re.findall(r'id="guest-(\d+)"', page)]


def ticked(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'name="g" value="(\d+)"[^>]* checked', page)]


def mixed_event(people: SimpleNamespace) -> tuple[Event, dict[str, int]]:
    """An event with a guest of each standing: by its name, the guest's number."""
    event = invited_event(people.arta, guests=6)
    guests = guests_of(event)
    now = datetime.now(UTC)
    for guest, answer in zip(guests, (Answer.ACCEPTED, Answer.TENTATIVE, Answer.DECLINED), strict=False):
        record_sent(guest.mails[0].mail, code=250, words="ok", now=now)
        record_answer(guest, answer, channel=AnswerChannel.LINK, now=now)
    record_sent(guests[3].mails[0].mail, code=250, words="ok", now=now)
    record_refused(guests[4].mails[0].mail, permanent=True, code=550, words="no such user", now=now)
    withdraw_guest(guests[5], by=people.arta, now=now)
    draft = factories.make_invitation(event)
    db.session.commit()
    names = ("accepted", "tentative", "declined", "silent", "unreached", "withdrawn")
    return event, dict(zip(names, (guest.id for guest in guests), strict=True)) | {"draft": draft.id}


def many_guests(event: Event, number: int) -> None:
    """Silent guests of as many offices, in a few statements."""
    institution = factories.make_institution("Bashkia e shumë zyrave")
    db.session.flush()
    db.session.execute(
        insert(Office),
        [
            {"institution_id": institution.id, "title_sq": f"Drejtor i drejtorisë {place:03}", "title_en": ""}
            for place in range(number)
        ],
    )
    offices = db.session.query(Office).filter_by(institution_id=institution.id).all()
    silent_guests(event, offices)
    db.session.commit()


@pytest.mark.parametrize(
    "standing", ["accepted", "tentative", "declined", "silent", "unreached", "withdrawn", "draft"]
)
def test_each_guest_stands_in_one_place(people: SimpleNamespace, arta: FlaskClient, standing: str) -> None:
    """Whose mail came back is not silent, and is counted where it can be done something about."""
    event, guests = mixed_event(people)
    assert rows(arta.get(f"/events/{event.id}?answer={standing}").text) == [guests[standing]]


def test_guests_are_filtered_by_their_mail_and_by_words(people: SimpleNamespace, arta: FlaskClient) -> None:
    event, guests = mixed_event(people)
    lost = arta.get(f"/events/{event.id}?mail=lost").text
    assert rows(lost) == [guests["unreached"]]
    sent = rows(arta.get(f"/events/{event.id}?mail=sent").text)
    assert sorted(sent) == sorted(guests[name] for name in ("accepted", "tentative", "declined", "silent"))
    assert rows(arta.get(f"/events/{event.id}?q=BASHKIA+e+proves+{event.id}-3").text) == [guests["silent"]]
    none = arta.get(f"/events/{event.id}?q=zqxj").text
    assert rows(none) == [] and "No guest is like that" in none and 'value="zqxj"' in none
    assert len(rows(arta.get(f"/events/{event.id}?answer=everybody&mail=x").text)) == 7, "no filter of ours"


def test_guests_are_filtered_by_the_side_they_sit_on(people: SimpleNamespace, arta: FlaskClient) -> None:
    event = invited_event(people.arta, guests=3)
    address = f"/events/{event.id}"
    assert 'name="side"' not in arta.get(address).text, "nobody's side was said"
    first, second, _third = guests_of(event)
    first.side, second.side = "Bashkia", "Shoqëria civile"
    db.session.commit()
    assert "Shoqëria civile (1)" in arta.get(address).text
    assert rows(arta.get(f"{address}?side=Bashkia").text) == [first.id]


def test_the_bar_and_the_filters_count_the_same(people: SimpleNamespace, arta: FlaskClient) -> None:
    event, _guests = mixed_event(people)
    page = arta.get(f"/events/{event.id}").text
    options = dict(re.findall(r'<option value="(\w+)">[^<]*\((\d+)\)</option>', page))
    assert {
        name: options[name] for name in ("accepted", "tentative", "declined", "silent", "unreached")
    } == dict.fromkeys(("accepted", "tentative", "declined", "silent", "unreached"), "1")
    bar = page.partition('class="counts-words"')[2].partition("</ul>")[0]
    assert re.findall(r"<strong>(\d+)</strong>", bar) == ["1"] * 5


def test_ticks_go_through_pages_and_filters(people: SimpleNamespace, arta: FlaskClient) -> None:
    event = factories.make_event(people.fier)
    many_guests(event, 60)
    address = f"/events/{event.id}"
    first = rows(arta.get(address).text)
    second_page = arta.get(f"{address}?g={first[0]}&g={first[3]}&page=2").text
    second = rows(second_page)
    assert len(first) == len(second) == 25 and not set(first) & set(second)
    assert "2 ticked" in second_page and ticked(second_page) == []
    carried = re.search(r'name="ticked" value="([^"]+)"', second_page)[1]
    back = arta.get(f"{address}?ticked={carried}&g={second[1]}&page=1").text
    assert ticked(back) == [first[0], first[3]] and "3 ticked" in back
    elsewhere = re.search(r'name="ticked" value="([^"]+)"', back)[1]
    filtered = arta.get(f"{address}?ticked={elsewhere}&g={first[0]}&q=drejtorise+059").text
    assert len(rows(filtered)) == 1 and "2 ticked" in filtered
    assert "ticked" not in re.findall(r'name="(\w+)"', arta.get(f"{address}?ticked={carried}&none=1").text)


def test_all_are_those_of_the_filter(people: SimpleNamespace, arta: FlaskClient) -> None:
    event = factories.make_event(people.fier)
    many_guests(event, 60)
    page = arta.get(f"/events/{event.id}?all=1&page=3").text
    assert "60 ticked" in page and len(ticked(page)) == 10
    some = arta.get(f"/events/{event.id}?all=1&q=drejtorise+059").text
    assert "1 ticked" in some


def test_another_event_s_guest_is_not_ticked(people: SimpleNamespace, arta: FlaskClient) -> None:
    event, other = invited_event(people.arta), invited_event(people.arta)
    theirs = guests_of(other)[0].id
    page = arta.get(f"/events/{event.id}?g={theirs}&ticked={theirs}&about={theirs}").text
    assert "ticked</span>" not in page and "guest-panel sheet" not in page


def test_one_guest_beside_the_table(people: SimpleNamespace, arta: FlaskClient) -> None:
    event, guests = mixed_event(people)
    page = arta.get(f"/events/{event.id}?about={guests['tentative']}").text
    panel = page.partition('id="about"')[2].partition("</section>")[0]
    assert "in Albanian" in panel and "◐ Maybe" in panel
    assert f"/invitations/{guests['tentative']}/withdraw" in panel
    assert 'id="about"' not in arta.get(f"/events/{event.id}").text


def test_who_only_reads_ticks_nothing(people: SimpleNamespace, sign_in: Browser) -> None:
    event, guests = mixed_event(people)
    page = sign_in(people.eva).get(f"/events/{event.id}?about={guests['silent']}&all=1").text
    assert guests["silent"] in rows(page)
    assert 'type="checkbox" name="g"' not in page and "tick-all" not in page
    assert "/withdraw" not in page and "/by-hand" not in page


@pytest.mark.parametrize(("days", "cancelled"), [(-3, False), (5, True)], ids=["past", "cancelled"])
def test_what_is_over_offers_only_what_makes_sense(
    people: SimpleNamespace, arta: FlaskClient, days: int, cancelled: bool
) -> None:
    event = invited_event(people.arta)
    if cancelled:
        cancel_event(event, by=people.arta, now=datetime.now(UTC))
    else:
        event.starts_at = datetime.now(UTC) + timedelta(days=days)
        event.ends_at = event.starts_at + timedelta(hours=1)
    db.session.commit()
    page = arta.get(f"/events/{event.id}").text
    assert not re.search(r"/withdraw|/by-hand|/remind\b|/address\b", page)
    assert 'name="about"' in page, "what happened is still there"


def test_a_page_of_400_guests_is_small(
    people: SimpleNamespace,
    arta: FlaskClient,
    count_queries: Callable[[], AbstractContextManager[list[str]]],
) -> None:
    empty, event = factories.make_event(people.fier), factories.make_event(people.fier)
    many_guests(event, 400)
    arta.get(f"/events/{empty.id}")  # what a process reads once
    with count_queries() as for_none:
        small = arta.get(f"/events/{empty.id}").data
    with count_queries() as for_all:
        large = arta.get(f"/events/{event.id}").data
    with count_queries() as for_hundred:
        largest = arta.get(f"/events/{event.id}?size=100").data
    assert (len(rows(large.decode())), len(rows(largest.decode()))) == (25, 100)
    assert len(large) <= min(MOST_BYTES, 3 * len(small))
    assert len(largest) <= MOST_BYTES
    assert len(for_all) <= 3 * len(for_none) and len(for_hundred) == len(for_all)

"""The secret calendar address of a person: what it holds, for whom, how long, and what it costs to ask again."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import icalendar
import pytest
from flask import Flask
from flask.testing import FlaskClient

from pop_campaigns.accounts.models import PersonalFeed, User
from pop_campaigns.accounts.services.feeds import feed_of, make_feed
from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.dates import DatePrecision
from pop_campaigns.core.db import db
from pop_campaigns.core.tokens import hash_token
from pop_campaigns.events.rules.events import EventState
from pop_campaigns.events.rules.visibility import EventVisibility
from pop_campaigns.follow_ups.services import add_follow_up
from pop_campaigns.letters.rules.letters import LetterState
from tests import factories

SignIn = Callable[[User], FlaskClient]


@pytest.fixture
def scene(app: Flask, cast: SimpleNamespace) -> SimpleNamespace:
    """Events of Fier, one of Vlorë, a letter whose answer is due, and a reminder about a guest."""
    event = factories.make_event(cast.fier, title_sq="Tryezë Fier")
    factories.make_event(cast.vlore, title_sq="Tryezë Vlorë")
    factories.make_event(cast.fier, title_sq="Në plan", visibility=EventVisibility.DRAFT, published_at=None)
    factories.make_event(cast.fier, title_sq="E anuluar", state=EventState.CANCELLED)
    office = factories.make_office("Prefekt", email="prefekti@prefektura.example")
    guest = factories.make_invitation(event, office, name="Qytetar 00421")
    due = local_date(now()) + timedelta(days=9)
    letter = factories.make_letter(
        cast.fier, state=LetterState.SENT, sent_at=now(), precision=DatePrecision.DAY, day_from=local_date(now()),
        register_count=4, register_year=2026,
    )  # fmt: skip
    factories.make_letter_recipient(letter, due_on=due, clock_from=local_date(now()))
    add_follow_up(("invitations", guest.id), due, "Telefono Qytetar 00421", by=cast.arta, now=now())
    add_follow_up(("events", event.id), due, "Salla", by=cast.arta, now=now())
    db.session.commit()
    return SimpleNamespace(cast=cast, due=due, event=event)


def address_for(user: User, alarm: int = 0) -> str:
    address = make_feed(user, alarm, now=now())
    db.session.commit()
    return address.removeprefix("http://localhost")


def entries(client: FlaskClient, url: str) -> dict[str, Any]:
    answer = client.get(url)
    assert (answer.status_code, answer.content_type) == (200, "text/calendar; charset=utf-8")
    calendar = icalendar.Calendar.from_ical(answer.data)
    assert icalendar.Calendar.from_ical(calendar.to_ical()).walk("VEVENT") == calendar.walk("VEVENT")
    return {str(event["SUMMARY"]): event for event in calendar.walk("VEVENT")}


def test_it_holds_the_work_of_its_person(scene: SimpleNamespace, client: FlaskClient) -> None:
    found = entries(client, address_for(scene.cast.arta))
    assert set(found) == {
        "Tryezë Fier", "Në plan", "E anuluar", "Përgjigje deri më sot: Ndotja e lumit Gjanica në Fier",
        "Kujtesë: Tryezë Fier", "Një kujtesë juaja",
    } or len(found) == 6  # fmt: skip
    states = {name: str(found[name]["STATUS"]) for name in ("Tryezë Fier", "Në plan", "E anuluar")}
    assert states == {"Tryezë Fier": "CONFIRMED", "Në plan": "TENTATIVE", "E anuluar": "CANCELLED"}
    assert "TRANSP" not in found["Tryezë Fier"]
    assert found["E anuluar"]["TRANSP"] == "TRANSPARENT"
    days = [event for event in found.values() if event["DTSTART"].dt == scene.due]
    assert len(days) == 3
    assert {str(event["TRANSP"]) for event in days} == {"TRANSPARENT"}


def test_no_guest_and_nobody_s_words_are_in_it(scene: SimpleNamespace, client: FlaskClient) -> None:
    text = client.get(address_for(scene.cast.arta)).text
    for word in ("00421", "Prefekt", "ATTENDEE", "ORGANIZER", "Salla\\r", "Telefono"):
        assert word not in text


def test_alarms_as_wished(scene: SimpleNamespace, client: FlaskClient) -> None:
    assert "VALARM" not in client.get(address_for(scene.cast.arta)).text
    found = entries(client, address_for(scene.cast.arta, 60))
    triggers = {name: alarm["TRIGGER"].dt for name, event in found.items() for alarm in event.walk("VALARM")}
    assert triggers["Tryezë Fier"] == timedelta(hours=-1)
    assert triggers["Kujtesë: Tryezë Fier"] == timedelta(hours=9)
    assert "E anuluar" not in triggers


@pytest.mark.parametrize(
    ("who", "titles"), [("clirim", {"Tryezë Vlorë"}), ("eva", {"Tryezë Fier", "Tryezë Vlorë"})]
)
def test_others_see_what_is_theirs(
    scene: SimpleNamespace, client: FlaskClient, who: str, titles: set[str]
) -> None:
    found = entries(client, address_for(getattr(scene.cast, who)))
    assert {name for name in found if name.startswith("Tryezë")} == titles
    assert "Në plan" not in found


def lose_role(user: User, cast: SimpleNamespace) -> None:
    user.roles = list(cast.eva.roles)


def move_house(user: User, cast: SimpleNamespace) -> None:
    user.organisation = cast.vlore


def close(user: User, _cast: SimpleNamespace) -> None:
    user.active = False


@pytest.mark.parametrize("change", [lose_role, move_house, close])
def test_another_role_organisation_or_no_account_ends_it(
    scene: SimpleNamespace, client: FlaskClient, change: Callable[[User, SimpleNamespace], None]
) -> None:
    url = address_for(scene.cast.arta)
    assert client.get(url).status_code == 200
    change(scene.cast.arta, scene.cast)
    db.session.commit()
    assert client.get(url).status_code == 404


def test_programs_ask_again_cheaply_and_nobody_keeps_a_copy(
    scene: SimpleNamespace, client: FlaskClient
) -> None:
    url = address_for(scene.cast.arta)
    first = client.get(url)
    assert first.headers["Cache-Control"] == "private, no-store"
    assert "noindex" in first.headers["X-Robots-Tag"]
    assert "Set-Cookie" not in first.headers
    for method in (client.get, client.head):
        again = method(url, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
    head = client.head(url)
    assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", first.headers["ETag"])
    scene.event.title_sq = "Tjetër"
    scene.event.changed_at = now()
    db.session.commit()
    assert client.get(url, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_the_page_makes_it_shows_it_once_renews_and_takes_it_back(
    scene: SimpleNamespace, sign_in: SignIn, client: FlaskClient
) -> None:
    browser = sign_in(scene.cast.arta)
    assert browser.post("/account/feed", data={"alarm": "7"}).status_code == 422
    made = browser.post("/account/feed", data={"alarm": "60"}).text
    found = re.search(r"http://localhost(/feed/[\w-]{43}\.ics)", made)
    assert found
    assert client.get(found[1], headers={"User-Agent": "Google-Calendar-Importer"}).status_code == 200
    page = browser.get("/account/feed").text
    assert "/feed/" not in page.replace("/account/feed", "")
    assert "Google Calendar" in page
    renewed = re.search(
        r"http://localhost(/feed/[\w-]{43}\.ics)", browser.post("/account/feed", data={"alarm": "60"}).text
    )
    assert renewed
    assert [client.get(url).status_code for url in (found[1], renewed[1])] == [404, 200]
    assert browser.post("/account/feed/alarm", data={"alarm": "15"}).status_code == 302
    feed = feed_of(scene.cast.arta)
    assert feed is not None
    assert (feed.alarm_minutes, feed.token_hash) == (15, hash_token(renewed[1][6:-4]))
    assert browser.post("/account/feed/revoke").status_code == 302
    assert browser.post("/account/feed/revoke").status_code == 302
    assert client.get(renewed[1]).status_code == 404
    assert db.session.query(PersonalFeed).count() == 0


@pytest.mark.parametrize("url", ["/feed/abc.ics", "/feed/.ics", f"/feed/{'a' * 500}.ics", "/feed/ë.ics"])
def test_other_addresses_open_nothing(app: Flask, client: FlaskClient, url: str) -> None:
    assert client.get(url).status_code == 404


def test_logs_do_not_tell_it(
    scene: SimpleNamespace, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    url = address_for(scene.cast.arta)
    with caplog.at_level(logging.INFO):
        logging.getLogger("werkzeug").info('"GET %s HTTP/1.1" 200', url)
        logging.getLogger("anything").warning(f"asked for https://pop.example{url}")
    secret = url.split("/")[-1].removesuffix(".ics")
    assert secret not in caplog.text

"""The month plans: a day begins an event, other organisations' published events stand beside ours, days off are named."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient

from pop_campaigns.core.db import db
from pop_campaigns.events.queries.events import EventFilter, listed_events, month_of_events, read_filter
from pop_campaigns.events.rules.events import EventWhose
from pop_campaigns.events.rules.visibility import EventVisibility
from tests import factories

SignIn = Callable[[Any], FlaskClient]
MONTH = datetime(2027, 11, 1, tzinfo=UTC)
TITLES = {"Yni": "fier", "I tyre": "vlore", "I brendshëm": "vlore", "Draft": "vlore", "I rrjetit": None}


@pytest.fixture
def events(cast: SimpleNamespace) -> dict[str, Any]:
    """In November 2027: ours, the network's, and three of Vlorë's, of which one is on the site."""
    cast.arta.language = cast.eva.language = "en"
    rows = {
        title: factories.make_event(
            getattr(cast, whose) if whose else None,
            title_sq=title,
            starts_at=MONTH.replace(day=place + 9, hour=9),
        )
        for place, (title, whose) in enumerate(TITLES.items())
    }
    for title, row in rows.items():
        row.title_en = title
    rows["I brendshëm"].visibility = EventVisibility.INTERNAL
    rows["Draft"].visibility = EventVisibility.DRAFT
    db.session.commit()
    return rows


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("whose", "seen"),
    [
        (EventWhose.OURS, {"Yni", "I rrjetit"}),
        (EventWhose.NETWORK, {"I tyre"}),
        (EventWhose.ALL, {"Yni", "I rrjetit", "I tyre"}),
    ],
)
def test_of_others_only_what_is_on_the_site_is_listed(
    cast: SimpleNamespace, events: dict[str, Any], whose: EventWhose, seen: set[str]
) -> None:
    wanted = EventFilter(whose=whose)
    rows = db.session.execute(listed_events(cast.arta, wanted, datetime.now(UTC)))
    assert {event.title_sq for event, _group in rows.unique()} == seen
    month = month_of_events(cast.arta, wanted, MONTH.date())
    assert {event.title_sq for day in month.days.values() for event in day} == seen


def test_what_is_unreadable_asks_for_the_list_s_own() -> None:
    assert read_filter({"whose": "everybody"}).whose is EventWhose.OURS
    assert read_filter({}, whose=EventWhose.ALL).whose is EventWhose.ALL
    assert not EventFilter(whose=EventWhose.NETWORK).active


def test_the_month_shows_theirs_quieter_and_can_leave_them_out(
    cast: SimpleNamespace, events: dict[str, Any], sign_in: SignIn
) -> None:
    arta = sign_in(cast.arta)
    page = arta.get("/events?view=month&month=2027-11").text
    theirs = re.search(rf'<a class="([^"]*)" href="/events/{events["I tyre"].id}">(.*?)</a>', page, re.S)
    assert "is-theirs" in theirs[1] and "Vlor" in theirs[2]
    assert page.count("is-theirs") == 1
    assert "I brendshëm" not in page and "Draft<" not in page
    ours = arta.get("/events?view=month&month=2027-11&whose=ours").text
    assert "is-theirs" not in ours and ">Yni" in ours.replace("\n", "").replace("  ", "")
    following = arta.get("/events?view=month&month=2027-10&whose=ours").text
    assert "month=2027-11&amp;whose=ours" in following, "the choice goes along"


def test_theirs_are_found_in_the_list_and_by_searching_and_open_their_public_page(
    cast: SimpleNamespace, events: dict[str, Any], sign_in: SignIn
) -> None:
    arta, number = sign_in(cast.arta), events["I tyre"].id
    assert "I tyre" not in arta.get("/events").text
    listed = arta.get("/events?whose=network").text
    assert "I tyre" in listed and "I brendshëm" not in listed and ">Yni<" not in listed
    found = arta.get("/search?q=tyre").text
    assert f"/events/{number}" in found and "Vlor" in found
    assert "I brendsh" not in arta.get("/search?q=brendshëm").text.partition("<main")[2].replace(
        'brendshëm"', ""
    )
    assert arta.get(f"/events/{number}").location == f"/en/events/{number}"
    assert arta.get(f"/events/{events['I brendshëm'].id}").status_code == 404
    assert 'id="filter-whose"' not in sign_in(cast.eva).get("/events").text, "who reads all has no others"


def test_a_day_begins_an_event(cast: SimpleNamespace, sign_in: SignIn) -> None:
    cast.arta.language = "en"
    arta = sign_in(cast.arta)
    page = arta.get("/events?view=month&month=2027-11").text
    assert 'href="/events/new?day=2027-11-17"' in page
    form = arta.get("/events/new?day=2027-11-17").text
    assert re.search(
        r'name="start_date"[^>]*value="2027-11-17"|value="2027-11-17"[^>]*name="start_date"', form
    )
    wrong = arta.get("/events/new?day=2027-11-17x")
    assert wrong.status_code == 200 and 'value="2027-11-17"' not in wrong.text
    assert "/events/new?day" not in sign_in(cast.eva).get("/events?view=month").text


def test_days_off_have_their_names(cast: SimpleNamespace, sign_in: SignIn) -> None:
    page = sign_in(cast.arta).get("/events?view=month&month=2027-11").text
    assert "Dita e Flamurit" in page
    assert "day-off" not in sign_in(cast.arta).get("/events?view=month&month=1991-11").text

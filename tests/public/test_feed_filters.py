"""The calendar by kind, campaign, organisation and municipality; the page on which one puts it together."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import icalendar
import pytest
from flask.testing import FlaskClient

from pop_campaigns.campaigns.models import Campaign
from pop_campaigns.core.db import db
from pop_campaigns.events.rules.events import EventKind, EventState
from pop_campaigns.events.rules.visibility import EventVisibility
from tests import factories


@pytest.fixture
def scene(cast: SimpleNamespace) -> SimpleNamespace:
    """A hearing and a protest of Fier, one of them of a campaign; a hearing of Vlorë."""
    campaign = Campaign(title_sq="Uji për të gjithë", key="uji")
    hidden = Campaign(title_sq="E fshehtë", key="e-fshehte")
    db.session.add_all((campaign, hidden))
    events = {
        "hearing": factories.make_event(
            cast.fier, kind=EventKind.HEARING, title_sq="Seancë Fier", campaign=campaign
        ),
        "protest": factories.make_event(cast.fier, kind=EventKind.PROTEST, title_sq="Protestë Fier"),
        "vlore": factories.make_event(cast.vlore, kind=EventKind.HEARING, title_sq="Seancë Vlorë"),
        "draft": factories.make_event(
            cast.fier, title_sq="Draft", campaign=hidden, visibility=EventVisibility.DRAFT, published_at=None
        ),
    }
    db.session.commit()
    return SimpleNamespace(cast=cast, campaign=campaign, **events)


def titles(client: FlaskClient, query: str) -> set[str]:
    answer = client.get(f"/calendar.ics?{query}")
    assert answer.status_code == 200, query
    return {str(event["SUMMARY"]) for event in icalendar.Calendar.from_ical(answer.data).walk("VEVENT")}


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", {"Seancë Fier", "Protestë Fier", "Seancë Vlorë"}),
        ("kind=hearing", {"Seancë Fier", "Seancë Vlorë"}),
        ("kind=hearing&municipality=fier", {"Seancë Fier"}),
        ("municipality=Vlor%C3%AB", {"Seancë Vlorë"}),
        ("organisation=org-fier", {"Seancë Fier", "Protestë Fier"}),
        ("organisation=org-fier&kind=protest&lang=sq", {"Protestë Fier"}),
        ("campaign=uji", {"Seancë Fier"}),
        ("campaign=uji&kind=protest", set()),
        ("kind=&municipality=&organisation=&campaign=", {"Seancë Fier", "Protestë Fier", "Seancë Vlorë"}),
    ],
)
def test_each_filter_leaves_what_it_says(
    scene: SimpleNamespace, client: FlaskClient, query: str, wanted: set[str]
) -> None:
    assert titles(client, query) == wanted


@pytest.mark.parametrize(
    "query",
    [
        "kind=hearings", "kind=HEARING", "campaign=asgje", "campaign=e-fshehte", "organisation=fier", "municipality=paris",
        "bashkia=fier", "Kind=hearing", "kind=hearing&kind=protest", "page=2", "organisation=%00", "campaign=' OR 1=1",
    ],
)  # fmt: skip
def test_what_nobody_knows_is_not_everything(scene: SimpleNamespace, client: FlaskClient, query: str) -> None:
    assert client.get(f"/calendar.ics?{query}").status_code == 404
    assert client.get(f"/sq/calendar?{query}").status_code == 404


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("", "POP: veprimtaritë"),
        ("municipality=fier", "POP: veprimtaritë në bashkinë Fier"),
        ("kind=hearing&municipality=fier&lang=en", "POP: Hearings · Fier"),
        ("organisation=org-fier&lang=en", "POP: events · Organizata Fier"),
        ("kind=protest&campaign=uji&lang=en", "POP: Protests · Uji për të gjithë"),
    ],
)
def test_the_feed_is_called_what_it_holds(
    scene: SimpleNamespace, client: FlaskClient, query: str, name: str
) -> None:
    calendar: Any = icalendar.Calendar.from_ical(client.get(f"/calendar.ics?{query}").data)
    assert str(calendar["NAME"]) == str(calendar["X-WR-CALNAME"]) == name


def test_each_filter_has_its_own_tag(scene: SimpleNamespace, client: FlaskClient) -> None:
    queries = (
        "",
        "kind=hearing",
        "municipality=fier",
        "organisation=org-fier",
        "organisation=org-fier&lang=en",
    )
    tags = [client.get(f"/calendar.ics?{query}").headers["ETag"] for query in queries]
    assert len(set(tags)) == len(queries)
    for query, tag in zip(queries, tags, strict=True):
        for method in (client.get, client.head):
            again = method(f"/calendar.ics?{query}", headers={"If-None-Match": tag})
            assert (again.status_code, again.data) == (304, b"")
    # A change of one leaves the tags of those it is not in.
    scene.vlore.title_sq = "Seancë tjetër"
    db.session.commit()
    fresh = [client.get(f"/calendar.ics?{query}").headers["ETag"] for query in queries]
    assert [old == new for old, new in zip(tags, fresh, strict=True)] == [False, False, True, True, True]


def test_an_organisation_that_is_renamed_renames_its_feed(
    scene: SimpleNamespace, client: FlaskClient
) -> None:
    before = client.get("/calendar.ics?organisation=org-fier")
    scene.cast.fier.name = "Epoka e Re"
    db.session.commit()
    after = client.get(
        "/calendar.ics?organisation=org-fier", headers={"If-None-Match": before.headers["ETag"]}
    )
    assert "Epoka e Re" in after.text


def test_what_is_cancelled_stays_and_makes_nobody_busy(scene: SimpleNamespace, client: FlaskClient) -> None:
    scene.protest.state = EventState.CANCELLED
    db.session.commit()
    calendar = icalendar.Calendar.from_ical(client.get("/calendar.ics?organisation=org-fier").data)
    found: dict[str, Any] = {str(event["SUMMARY"]): event for event in calendar.walk("VEVENT")}
    assert (found["Protestë Fier"]["STATUS"], found["Protestë Fier"]["TRANSP"]) == (
        "CANCELLED",
        "TRANSPARENT",
    )
    assert "TRANSP" not in found["Seancë Fier"]


def test_one_puts_it_together_on_a_page(scene: SimpleNamespace, client: FlaskClient) -> None:
    page = client.get("/sq/calendar?kind=hearing&organisation=org-fier").text
    address = "localhost/calendar.ics?kind=hearing&amp;organisation=org-fier&amp;lang=sq"
    assert f"http://{address}" in page
    assert f"webcal://{address}" in page
    assert "Seanca dëgjimore · Organizata Fier" in page
    assert "E fshehtë" not in page
    assert "/en/calendar?kind=hearing&amp;organisation=org-fier" in page
    assert "/sq/calendar" in client.get("/sq/").text

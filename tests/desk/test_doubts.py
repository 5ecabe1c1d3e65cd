"""What saving an event asks first, and the clock of a protest's notice to the police."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from pop_campaigns.core.db import db
from pop_campaigns.core.history import History
from pop_campaigns.events.models.agenda import AgendaPoint
from pop_campaigns.events.models.events import Event, PoliceNotice
from pop_campaigns.events.rules.events import EventKind
from pop_campaigns.events.rules.visibility import EventVisibility
from pop_campaigns.invitations.rules.invitations import InvitationState
from tests import factories

Browse = Callable[[Any], FlaskClient]
NOW = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
START = datetime(2026, 6, 16, 8, 0, tzinfo=UTC)  # a Tuesday, ten in Tirana


@pytest.fixture(autouse=True)
def first_of_june() -> Any:
    with time_machine.travel(NOW, tick=True):
        yield


def typed(day: str = "2026-06-16", **more: str) -> dict[str, str]:
    return {
        "kind": "round_table", "title_sq": "Tryezë për ujin", "precision": "moment", "start_date": day,
        "start_time": "10:00", "end_time": "12:00", "zone": "Europe/Tirane", "venue": "Salla e re", "once": "k",
    } | more  # fmt: skip


def count() -> int:
    return db.session.scalar(select(func.count()).select_from(Event)) or 0


def make(organisation: Any, **values: Any) -> Event:
    values.setdefault("ends_at", values.get("starts_at", START) + timedelta(hours=2))
    event = factories.make_event(
        organisation,
        **({"starts_at": START, "day_from": START.date()} | values),
    )
    db.session.commit()
    return event


def asked(browser: FlaskClient, form: dict[str, str], url: str = "/events/new") -> str:
    """The page that asks; nothing is saved by it."""
    before = count()
    answer = browser.post(url, data=form)
    assert (answer.status_code, count()) == (200, before)
    assert "Ende nuk është ruajtur asgjë" in answer.text
    return answer.text


def test_a_plain_day_is_saved_without_a_question(app: Flask, cast: SimpleNamespace, sign_in: Browse) -> None:
    assert sign_in(cast.arta).post("/events/new", data=typed()).status_code == 302
    assert count() == 1


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2026-06-20", "Fundjavë: e shtunë, 20 qershor 2026"),
        ("2026-11-30", "Festë zyrtare: e hënë, 30 nëntor 2026"),
        ("2026-12-08", "Dita Kombëtare e Rinisë"),
    ],
)
def test_days_off_are_asked_about_and_saved_anyway(
    app: Flask, cast: SimpleNamespace, sign_in: Browse, day: str, words: str
) -> None:
    browser = sign_in(cast.arta)
    page = asked(browser, typed(day, title_en="Kept as typed"))
    assert words in page
    assert "Kept as typed" in page
    mark = re.search(r'name="anyway" value="(\w+)"', page)
    assert mark
    # Another day than the one asked about is asked about anew.
    asked(browser, typed("2026-06-21", anyway=mark[1]))
    assert browser.post("/events/new", data=typed(day, anyway=mark[1])).status_code == 302
    assert count() == 1


def test_the_same_hall_at_the_same_hours(app: Flask, cast: SimpleNamespace, sign_in: Browse) -> None:
    fier = str(cast.fier.municipality_id)
    other = make(cast.fier, venue="Bashkia Fier, salla e këshillit", title_sq="Tryezë tjetër")
    make(cast.vlore, venue="salla e këshillit", municipality=cast.fier.municipality, title_sq="Draft i Vlorës",
         visibility=EventVisibility.DRAFT, published_at=None)  # fmt: skip
    browser = sign_in(cast.arta)
    page = asked(browser, typed(venue="Salla e keshillit, Bashkia Fier", municipality_id=fier))
    assert f'href="/events/{other.id}"' in page
    assert "Tryezë tjetër, 10:00" in page
    assert "Draft i Vlorës" not in page
    later = typed(
        venue="Salla e keshillit, Bashkia Fier", municipality_id=fier, start_time="12:00", end_time="13:00"
    )
    assert browser.post("/events/new", data=later).status_code == 302


def test_a_session_of_that_council(app: Flask, cast: SimpleNamespace, sign_in: Browse) -> None:
    make(cast.vlore, kind=EventKind.COUNCIL_SESSION, municipality=cast.fier.municipality, title_sq="Mbledhja e 14-të",
         starts_at=START + timedelta(hours=5), ends_at=None)  # fmt: skip
    page = asked(sign_in(cast.arta), typed(municipality_id=str(cast.fier.municipality_id)))
    assert "Atë ditë mblidhet këshilli bashkiak" in page
    assert "Mbledhja e 14-të, 15:00" in page
    elsewhere = typed(municipality_id=str(cast.vlore.municipality_id), once="b")
    assert sign_in(cast.arta).post("/events/new", data=elsewhere).status_code == 302


def seen(browser: FlaskClient, url: str) -> str:
    """What the form of a page was opened with."""
    version = re.search(r'name="version" value="([^"]+)"', browser.get(url).text)
    assert version
    return version[1]


def edit(browser: FlaskClient, event: Event, **more: str) -> dict[str, str]:
    return typed(
        version=seen(browser, f"/events/{event.id}/edit"),
        kind=event.kind.value,
        title_sq=event.title_sq,
        **more,
    )


def test_guests_and_offices_that_are_elsewhere_then(
    app: Flask, cast: SimpleNamespace, sign_in: Browse
) -> None:
    """Own guests by name; of another organisation only offices that its page on the site names."""
    prefect = factories.make_office("Prefekt", email="prefekti@prefektura.example")
    mayor = factories.make_office("Kryetar", email="kryetari@bashkia.example")
    event = make(cast.fier, starts_at=START + timedelta(days=1), day_from=(START + timedelta(days=1)).date())
    for office in (prefect, mayor):
        factories.make_invitation(event, office)
    own = make(cast.fier, title_sq="Takim tjetër", venue="Diku")
    factories.make_invitation(own, prefect, state=InvitationState.INVITED, invited_at=NOW)
    theirs = make(cast.vlore, title_sq="Seancë e Vlorës", venue="Vlorë")
    hidden = make(cast.vlore, title_sq="E brendshme", visibility=EventVisibility.INTERNAL, published_at=None)
    for where in (theirs, hidden):
        db.session.add(
            AgendaPoint(event_id=where.id, position=1, title_sq="Pyetje", put_to_id=mayor.id, created_at=NOW)
        )
        factories.make_invitation(where, prefect, state=InvitationState.INVITED, invited_at=NOW)
    db.session.commit()
    browser = sign_in(cast.arta)
    page = asked(browser, edit(browser, event), f"/events/{event.id}/edit")
    assert "Në atë kohë ka një ftesë tjetër Prefekt, Bashkia Fier" in page
    assert "përmendet Kryetar, Bashkia Fier" in page
    assert "Takim tjetër, 10:00" in page
    assert "Seancë e Vlorës, 10:00" in page
    assert "E brendshme" not in page
    assert page.count("Seancë e Vlorës") == 1, "whom they invited is no matter of ours"


def test_words_alone_are_not_asked_about(app: Flask, cast: SimpleNamespace, sign_in: Browse) -> None:
    saturday = START + timedelta(days=4)
    event = make(cast.fier, starts_at=saturday, ends_at=saturday + timedelta(hours=2), day_from=saturday.date(),
                 municipality=None, venue="Salla e re", title_en="")  # fmt: skip
    browser = sign_in(cast.arta)
    form = edit(browser, event, start_date="2026-06-20", title_en="The river")
    assert browser.post(f"/events/{event.id}/edit", data=form).status_code == 302


def test_what_has_been_is_not_asked_about(app: Flask, cast: SimpleNamespace, sign_in: Browse) -> None:
    past = typed("2026-05-30", held="y")
    assert sign_in(cast.arta).post("/events/new", data=past).status_code == 302


# Notice to the police


@pytest.fixture
def protest(app: Flask, cast: SimpleNamespace) -> Event:
    """On Tuesday 16 June: notice by Friday 12."""
    return make(cast.fier, kind=EventKind.PROTEST, title_sq="Protestë për ujin")


@pytest.mark.parametrize(
    ("day", "words", "section"),
    [
        (5, "Kanë mbetur 7 ditë", "soon"),
        (11, "Ka mbetur 1 ditë", "today"),
        (12, "Sot", "today"),
        (14, "2 ditë me vonesë", "overdue"),
    ],
)
def test_the_clock_counts_backwards(
    protest: Event, cast: SimpleNamespace, sign_in: Browse, day: int, words: str, section: str
) -> None:
    with time_machine.travel(NOW.replace(day=day), tick=True):
        browser = sign_in(cast.arta)
        page = browser.get(f"/events/{protest.id}").text
        assert "e premte, 12 qershor 2026" in page
        assert words in page
        assert f"/events/{protest.id}/notice" in browser.get("/today").text


def test_notice_is_ticked_corrected_and_taken_back(
    protest: Event, cast: SimpleNamespace, sign_in: Browse
) -> None:
    browser, url = sign_in(cast.arta), f"/events/{protest.id}/notice"
    form = {"version": seen(browser, url), "number": "1234/1"}
    assert browser.post(url, data=form | {"given_on": "2026-06-09"}).status_code == 422
    assert browser.post(url, data=form | {"given_on": "2026-06-01"}).status_code == 302
    page = browser.get(f"/events/{protest.id}").text
    assert "1234/1" in page
    assert "Policia është njoftuar" in page
    assert url not in browser.get("/today").text
    assert db.session.scalar(select(func.count()).select_from(PoliceNotice)) == 1
    assert browser.post(f"{url}/take-back").status_code == 302
    assert browser.post(f"{url}/take-back").status_code == 302
    assert db.session.scalar(select(func.count()).select_from(PoliceNotice)) == 0
    assert {"event.notice_given", "event.notice_taken_back"} <= set(
        db.session.scalars(select(History.action))
    )


def test_start_and_end_are_asked_for(app: Flask, cast: SimpleNamespace, sign_in: Browse) -> None:
    page = asked(sign_in(cast.arta), typed(kind="protest", end_time=""))
    assert "kur fillon dhe kur mbaron" in page
    assert sign_in(cast.arta).post("/events/new", data=typed(kind="protest")).status_code == 302


@pytest.mark.parametrize("who", ["eva", "clirim"])
def test_others_note_nothing(protest: Event, cast: SimpleNamespace, sign_in: Browse, who: str) -> None:
    browser = sign_in(getattr(cast, who))
    assert browser.post(f"/events/{protest.id}/notice", data={"given_on": "2026-06-01"}).status_code in (
        403,
        404,
    )
    assert browser.post(f"/events/{protest.id}/notice/take-back").status_code in (403, 404)
    assert db.session.scalar(select(func.count()).select_from(PoliceNotice)) == 0


def test_other_kinds_have_no_notice(app: Flask, cast: SimpleNamespace, sign_in: Browse) -> None:
    event = make(cast.fier)
    assert sign_in(cast.arta).get(f"/events/{event.id}/notice").status_code == 404

"""Pages of events: who may, what is refused in which words, what stands on the page."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm.exc import StaleDataError

from pop_campaigns.accounts.models import User
from pop_campaigns.core.dates import DatePrecision
from pop_campaigns.core.db import db
from pop_campaigns.core.history import History
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.rules.events import EventFormat, EventKind, EventState
from pop_campaigns.events.rules.visibility import EventVisibility
from tests import factories
from tests.opened import opened

SignIn = Callable[[User], FlaskClient]
NEXT_YEAR = datetime.now(UTC).year + 1


def typed(**changes: Any) -> dict[str, Any]:
    """What a coordinator types for a round table on 16 May of next year, 10:00–12:00."""
    form: dict[str, Any] = {
        "once": "a-key-of-the-form",
        "kind": "round_table",
        "title_sq": "Tryezë për lumin Gjanica",
        "precision": "moment",
        "start_date": f"{NEXT_YEAR}-05-16",
        "start_time": "10:00",
        "end_time": "12:00",
        "zone": "Europe/Tirane",
        "venue": "Bashkia Fier, salla e këshillit",
    }
    return {key: value for key, value in (form | changes).items() if value is not None}


@pytest.fixture(autouse=True)
def nothing_speaks_against(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """What saving asks first, on weekends for example, is looked at in ``tests/desk/test_doubts.py``."""
    monkeypatch.setitem(app.extensions, "doubts_about_events", lambda *_plan: [])


def only_event() -> Event:
    """The one event there is."""
    db.session.expire_all()
    return db.session.scalars(select(Event)).one()


def count_events() -> int:
    """How many events there are."""
    return db.session.scalar(select(func.count(Event.id))) or 0


@pytest.mark.parametrize(
    ("today", "proposed"), [(3, "2027-05-17"), (1, "2027-05-17"), (2, "2027-05-17"), (7, "2027-05-21")]
)
def test_a_new_event_is_proposed_for_a_working_day_in_two_weeks(
    cast: SimpleNamespace, sign_in: SignIn, today: int, proposed: str
) -> None:
    with time_machine.travel(datetime(2027, 5, today, 21, 30, tzinfo=UTC)):
        page = sign_in(cast.arta).get("/events/new").text
    assert f'name="start_date" required type="date" value="{proposed}"' in page
    assert 'type="time" value="10:00"' in page


def test_a_coordinator_plans_an_event(cast: SimpleNamespace, sign_in: SignIn) -> None:
    arta = sign_in(cast.arta)
    page = arta.get("/events/new").text
    assert 'maxlength="None"' not in page
    assert 'name="once"' in page
    answer = arta.post("/events/new", data=typed(municipality_id=cast.fier.municipality_id))
    event = only_event()
    assert (answer.status_code, answer.location) == (302, f"/events/{event.id}")
    # 10:00 in May is 08:00 UTC.
    assert event.starts_at == datetime(NEXT_YEAR, 5, 16, 8, 0, tzinfo=UTC)
    assert event.ends_at == datetime(NEXT_YEAR, 5, 16, 10, 0, tzinfo=UTC)
    assert event.organisation_id == cast.fier.id
    assert event.municipality_id == cast.fier.municipality_id
    assert event.format is EventFormat.IN_PERSON
    assert event.visibility is EventVisibility.DRAFT
    assert "Tryezë për lumin Gjanica" in arta.get("/events").text


def test_from_a_new_event_straight_to_its_guests(cast: SimpleNamespace, sign_in: SignIn) -> None:
    arta = sign_in(cast.arta)
    form = arta.get("/events/new").text.partition("event-form")[2]
    buttons = re.findall(r"<button[^>]*btn-[^>]*>", form)
    assert 'name="then" value="guests"' in buttons[0]  # what Enter presses
    planned = arta.post("/events/new", data=typed(then="guests"))
    assert planned.location == f"/events/{only_event().id}/invite"
    undated = arta.post("/events/new", data=typed(once="c", then="guests", precision="unknown"))
    assert re.fullmatch(r"/events/\d+", undated.location)  # nobody can be invited to it


def test_pressing_twice_makes_one_event(cast: SimpleNamespace, sign_in: SignIn) -> None:
    arta = sign_in(cast.arta)
    first, second = (arta.post("/events/new", data=typed()) for _press in range(2))
    assert first.location == second.location
    assert count_events() == 1


def test_who_may_not(cast: SimpleNamespace, sign_in: SignIn, client: FlaskClient) -> None:
    event = factories.make_event(cast.fier)
    network = factories.make_event(None)
    db.session.commit()
    edit = f"/events/{event.id}/edit"
    # A stranger is asked to sign in, a reader and another city's coordinator learn nothing.
    for path in ("/events", "/events?view=month", "/events/new", edit):
        assert client.get(path).status_code in (302, 401)
    for path in ("/events/new", edit):
        assert client.post(path, data=typed()).status_code in (302, 401)
        assert sign_in(cast.eva).get(path).status_code == 404
        assert sign_in(cast.eva).post(path, data=typed()).status_code == 404
    clirim = sign_in(cast.clirim)
    assert clirim.get(edit).status_code == 404
    assert clirim.post(edit, data=typed(version=event.version)).status_code == 404
    assert sign_in(cast.arta).get(f"/events/{network.id}/edit").status_code == 404
    assert sign_in(cast.drita).get(f"/events/{network.id}/edit").status_code == 200
    assert sign_in(cast.besa).get(edit).status_code == 200
    for ident in (0, 999_999, 2**40):
        assert sign_in(cast.arta).get(f"/events/{ident}/edit").status_code == 404
    db.session.expire_all()
    assert (count_events(), event.version) == (2, 1)


def test_wrong_methods(cast: SimpleNamespace, sign_in: SignIn) -> None:
    arta = sign_in(cast.arta)
    assert arta.post("/events").status_code == 405
    assert arta.put("/events/new").status_code == 405
    assert arta.delete("/events/new").status_code == 405


def test_a_coordinator_without_an_organisation_plans_nothing(cast: SimpleNamespace, sign_in: SignIn) -> None:
    lost = factories.make_user("lost", "coordinator", None)
    db.session.commit()
    assert sign_in(lost).post("/events/new", data=typed()).status_code == 404
    assert count_events() == 0


def test_the_list_shows_what_one_may_see(cast: SimpleNamespace, sign_in: SignIn) -> None:
    factories.make_event(cast.fier, title_sq="E Fierit")
    factories.make_event(cast.vlore, title_sq="E Vlorës")
    factories.make_event(None, title_sq="E rrjetit")
    db.session.commit()
    for view in (
        "/events",
        f"/events?view=month&month={datetime.now(UTC) + timedelta(days=14):%Y-%m}&whose=ours",
    ):
        seen = sign_in(cast.clirim).get(view).text
        assert "E Fierit" not in seen
        assert "E Vlorës" in seen
        assert "E rrjetit" in seen
        assert "E Fierit" in sign_in(cast.eva).get(view).text
    assert "/events/new" not in sign_in(cast.eva).get("/events").text


def test_a_posted_organisation_is_not_believed(cast: SimpleNamespace, sign_in: SignIn) -> None:
    arta = sign_in(cast.arta)
    assert 'name="organisation_id"' not in arta.get("/events/new").text
    arta.post("/events/new", data=typed(organisation_id=cast.vlore.id))
    event = only_event()
    assert event.organisation_id == cast.fier.id
    arta.post(f"/events/{event.id}/edit", data=typed(version=event.version, organisation_id=cast.vlore.id))
    assert only_event().organisation_id == cast.fier.id
    # Neither is an empty one: it would be the network's.
    arta.post("/events/new", data=typed(once="other", organisation_id=""))
    assert set(db.session.scalars(select(Event.organisation_id))) == {cast.fier.id}


def test_an_administrator_chooses_whose(cast: SimpleNamespace, sign_in: SignIn) -> None:
    drita = sign_in(cast.drita)
    drita.post("/events/new", data=typed(organisation_id=cast.vlore.id))
    event = only_event()
    assert event.organisation_id == cast.vlore.id
    drita.post(f"/events/{event.id}/edit", data=typed(version=event.version, organisation_id=""))
    assert only_event().organisation_id is None
    assert drita.post("/events/new", data=typed(once="x", organisation_id=424242)).status_code == 422


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"title_sq": ""}, "Give the event a title in Albanian."),
        ({"title_sq": "\u200b \u202e"}, "Give the event a title in Albanian."),
        ({"title_sq": "ë" * 300}, "At most 200 characters fit here; this has 300."),
        ({"title_en": "a" * 300}, "At most 200 characters fit here; this has 300."),
        ({"venue": "v" * 301}, "At most 300 characters"),
        ({"description_sq": "v" * 10_001}, "At most 10000 characters"),
        ({"kind": ""}, "Choose what kind of event it is."),
        ({"kind": "party"}, "This choice does not exist."),
        ({"precision": "roughly"}, "This choice does not exist."),
        ({"start_date": ""}, "Give the date"),
        ({"start_date": "2027-02-30"}, "We cannot read this date."),
        ({"start_date": "nesër"}, "We cannot read this date."),
        ({"start_date": "0001-01-01"}, "The year has to lie between 1990 and 2100."),
        ({"start_date": "2101-01-01"}, "The year has to lie between 1990 and 2100."),
        ({"end_date": "9999-12-31"}, "The year has to lie between 1990 and 2100."),
        ({"start_time": ""}, "Give the hour it starts"),
        ({"start_time": "25:00"}, "We cannot read this hour."),
        ({"end_time": "10:00"}, "The end has to come after the start."),
        ({"end_time": "09:59"}, "The end has to come after the start."),
        ({"end_date": f"{NEXT_YEAR}-05-15"}, "The last day comes before the first."),
        ({"end_date": f"{NEXT_YEAR}-05-17", "end_time": ""}, "Give the hour it ends"),
        ({"zone": "Europe/Fier"}, "We do not know this time zone."),
        ({"zone": "../../etc/passwd"}, "We do not know this time zone."),
        ({"zone": ""}, "We do not know this time zone."),
        ({"zone": "Mars/Base", "precision": "day"}, "We do not know this time zone."),
        ({"precision": "month", "month": "", "year": "2027"}, "Choose the month."),
        ({"precision": "month", "month": "13", "year": "2027"}, "This choice does not exist."),
        ({"precision": "month", "month": "3", "year": ""}, "Give the year"),
        ({"precision": "month", "month": "3", "year": "1989"}, "The year has to lie between 1990 and 2100."),
        ({"precision": "month", "month": "3", "year": "dy mijë"}, "Type a whole number."),
        ({"precision": "period"}, "This choice does not exist."),
        ({"venue": ""}, "Say where it takes place"),
        ({"join_url": "javascript:alert(1)"}, "This is no web address."),
        ({"join_url": "takim.example/1"}, "This is no web address."),
        ({"more_url": "https://zoom.example@evil.example/"}, "This is no web address."),
        ({"more_url": "https://pop.example/" + "ë" * 200}, "At most 500 characters"),
        ({"municipality_id": "424242"}, "This choice does not exist."),
        ({"municipality_id": "1 OR 1=1"}, "This choice does not exist."),
        ({"campaign_id": "424242"}, "This choice does not exist."),
        ({"held": "y"}, "This lies in the future"),
        ({"start_date": "2024-05-16"}, "This date is past."),
    ],
)
def test_what_is_refused_and_why(
    cast: SimpleNamespace, sign_in: SignIn, changes: dict[str, Any], words: str
) -> None:
    cast.arta.language = "en"
    db.session.commit()
    answer = sign_in(cast.arta).post("/events/new", data=typed(**changes))
    assert answer.status_code == 422
    assert words in answer.text.replace("&#39;", "'")
    assert 'class="error-summary"' in answer.text
    # What was typed is still there, and so is the key: the next press makes one event.
    assert "a-key-of-the-form" in answer.text
    if "venue" not in changes:
        assert "Bashkia Fier, salla e këshillit" in answer.text
    assert count_events() == 0


def test_hostile_titles_become_plain_ones(cast: SimpleNamespace, sign_in: SignIn) -> None:
    title = "Tryezë\r\nBcc: x@y.example \u202e<script>alert(1)</script> =?utf-8?q?a=0D=0A?="
    arta = sign_in(cast.arta)
    assert arta.post("/events/new", data=typed(title_sq=title)).status_code == 302
    assert only_event().title_sq == "Tryezë Bcc: x@y.example <script>alert(1)</script> =?utf-8?q?a=0D=0A?="
    page = arta.get("/events").text
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, EventFormat.IN_PERSON),
        ({"venue": "", "join_url": "https://takim.example/1"}, EventFormat.ONLINE),
        ({"venue": "", "link_later": "y"}, EventFormat.ONLINE),
        ({"join_url": "https://takim.example/1"}, EventFormat.HYBRID),
        ({"link_later": "y"}, EventFormat.HYBRID),
        ({"venue": "", "precision": "unknown"}, None),
    ],
)
def test_the_format_follows_from_place_and_link(
    cast: SimpleNamespace, sign_in: SignIn, changes: dict[str, Any], expected: EventFormat | None
) -> None:
    assert sign_in(cast.arta).post("/events/new", data=typed(**changes)).status_code == 302
    assert only_event().format is expected


@pytest.mark.parametrize(
    ("changes", "precision", "days"),
    [
        (
            {"precision": "day", "start_date": "16.05.2030"},
            DatePrecision.DAY,
            (date(2030, 5, 16), date(2030, 5, 16)),
        ),
        (
            {"precision": "day", "start_date": "2030-05-16", "end_date": "2030-05-18"},
            DatePrecision.DAY,
            (date(2030, 5, 16), date(2030, 5, 18)),
        ),
        (
            {"precision": "month", "month": "2", "year": "2028"},
            DatePrecision.MONTH,
            (date(2028, 2, 1), date(2028, 2, 29)),
        ),
        ({"precision": "unknown"}, DatePrecision.UNKNOWN, (None, None)),
    ],
)
def test_dates_less_exact_than_an_hour(
    cast: SimpleNamespace,
    sign_in: SignIn,
    changes: dict[str, Any],
    precision: DatePrecision,
    days: tuple[Any, Any],
) -> None:
    assert sign_in(cast.arta).post("/events/new", data=typed(**changes)).status_code == 302
    event = only_event()
    assert (event.precision, event.day_from, event.day_to, event.starts_at) == (precision, *days, None)


def test_the_hour_the_clocks_skip_in_spring(cast: SimpleNamespace, sign_in: SignIn) -> None:
    gap = typed(start_date="2027-03-28", start_time="02:30", end_time="05:00")
    answer = sign_in(cast.arta).post("/events/new", data=gap)
    assert answer.status_code == 422
    assert "28 mars 2027" in answer.text
    assert "03:30" in answer.text
    assert 'value="02:30"' in answer.text
    assert count_events() == 0


@time_machine.travel(datetime(2027, 5, 1, 9, 0, tzinfo=UTC))
@pytest.mark.parametrize(("fold", "hour"), [("0", 0), ("1", 1)])
def test_the_hour_the_clocks_show_twice_in_autumn(
    cast: SimpleNamespace, sign_in: SignIn, fold: str, hour: int
) -> None:
    arta = sign_in(cast.arta)
    night = typed(start_date="2027-10-31", start_time="02:30", end_time="05:00")
    asked = arta.post("/events/new", data=night)
    assert asked.status_code == 422
    assert asked.text.count('name="start_fold"') == 2
    assert "UTC+02:00" in asked.text
    assert "UTC+01:00" in asked.text
    assert 'name="end_fold"' not in asked.text
    # Nonsense is no answer.
    assert arta.post("/events/new", data=night | {"start_fold": "7"}).status_code == 422
    assert arta.post("/events/new", data=night | {"start_fold": fold}).status_code == 302
    event = only_event()
    assert event.starts_at == datetime(2027, 10, 31, hour, 30, tzinfo=UTC)
    # Editing it keeps which of the two it was.
    page = arta.get(f"/events/{event.id}/edit").text
    assert f'name="start_fold" type="radio" value="{fold}"' in page.replace("checked ", "")
    saved = arta.post(f"/events/{event.id}/edit", data=night | {"start_fold": fold, "version": event.version})
    assert saved.status_code == 302
    assert (only_event().starts_at, only_event().sequence) == (
        datetime(2027, 10, 31, hour, 30, tzinfo=UTC),
        0,
    )


@time_machine.travel(datetime(2027, 5, 1, 9, 0, tzinfo=UTC))
def test_from_the_first_to_the_second_equal_hour(cast: SimpleNamespace, sign_in: SignIn) -> None:
    night = typed(start_date="2027-10-31", start_time="02:30", end_time="02:30")
    arta = sign_in(cast.arta)
    assert arta.post("/events/new", data=night | {"start_fold": "0"}).status_code == 422
    both = night | {"start_fold": "0", "end_fold": "1"}
    assert arta.post("/events/new", data=both).status_code == 302
    event = only_event()
    assert event.starts_at is not None
    assert event.ends_at == event.starts_at + timedelta(hours=1)


def test_what_is_past_is_kept_when_someone_says_that_it_was(cast: SimpleNamespace, sign_in: SignIn) -> None:
    arta = sign_in(cast.arta)
    past = typed(start_date="2024-05-16", venue="")
    assert arta.post("/events/new", data=past).status_code == 422
    answer = arta.post("/events/new", data=past | {"held": "y"}, follow_redirects=False)
    assert answer.status_code == 302
    event = only_event()
    assert event.state is EventState.HELD
    with arta.session_transaction() as session:
        lines = session["_flashes"]
    assert [category for category, _line in lines] == ["success", "warning"]
    # A typing error corrected later needs no second confession.
    again = arta.post(f"/events/{event.id}/edit", data=past | {"held": "y", "version": event.version})
    assert again.status_code == 302


def test_a_change_is_saved_and_its_weight_told(cast: SimpleNamespace, sign_in: SignIn) -> None:
    arta = sign_in(cast.arta)
    arta.post("/events/new", data=typed())
    event = only_event()
    page = arta.get(f"/events/{event.id}/edit").text
    assert 'value="10:00"' in page
    assert f'value="{NEXT_YEAR}-05-16"' in page
    arta.post(f"/events/{event.id}/edit", data=typed(version=1, title_en="Round table"))
    event = only_event()
    assert (event.title_en, event.sequence, event.version) == ("Round table", 0, 2)
    arta.post(f"/events/{event.id}/edit", data=typed(version=2, title_en="Round table", start_time="10:30"))
    event = only_event()
    assert (event.sequence, event.version) == (1, 3)
    actions = list(db.session.scalars(select(History.action).order_by(History.id)))
    assert actions == ["event.created", "event.changed", "event.changed"]


def test_nobody_overwrites_unseen(cast: SimpleNamespace, sign_in: SignIn) -> None:
    arta, besa = sign_in(cast.arta), sign_in(cast.besa)
    arta.post("/events/new", data=typed())
    event = only_event()
    edit = f"/events/{event.id}/edit"
    form = opened(arta, edit)
    besa.post(edit, data=typed(venue="Teatri Bylis") | form)
    late = arta.post(edit, data=typed(title_sq="Titulli i Artës") | form)
    assert late.status_code == 409
    assert "Teatri Bylis" in late.text
    assert "Besa" in late.text
    assert "Titulli i Artës" in late.text
    assert only_event().venue == "Teatri Bylis"
    for version in ("", "abc", "-1", None):
        assert arta.post(edit, data=typed(version=version)).status_code == 409


@pytest.mark.both_databases
def test_a_change_in_the_same_instant_is_not_overwritten(
    cast: SimpleNamespace, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every time between our look and our write the row gets a new version: we say so instead of trying for ever."""

    def too_late(*_given: Any, **_named: Any) -> bool:
        raise StaleDataError

    event = factories.make_event(cast.fier)
    db.session.commit()
    monkeypatch.setattr("pop_campaigns.events.views.events.change_event", too_late)
    late = sign_in(cast.arta).post(f"/events/{event.id}/edit", data=typed(version=1, venue="Teatri Bylis"))
    assert late.status_code == 409
    assert only_event().venue != "Teatri Bylis"


def test_a_cancelled_event_is_corrected_but_not_revived(cast: SimpleNamespace, sign_in: SignIn) -> None:
    event = factories.make_event(cast.fier, state=EventState.CANCELLED, sequence=1)
    db.session.commit()
    answer = sign_in(cast.arta).post(f"/events/{event.id}/edit", data=typed(version=1, venue="", held="y"))
    assert answer.status_code == 302
    assert (only_event().state, only_event().sequence) == (EventState.CANCELLED, 1)


def test_a_record_keeps_what_the_form_cannot_say(cast: SimpleNamespace, sign_in: SignIn) -> None:
    """An old event with a period, a format but no place: saving another word loses nothing of it."""
    event = factories.make_event(
        cast.fier,
        precision=DatePrecision.PERIOD,
        day_from=date(2020, 1, 1),
        day_to=date(2020, 2, 29),
        state=EventState.HELD,
        venue="",
        format=EventFormat.IN_PERSON,
    )
    db.session.commit()
    arta = sign_in(cast.arta)
    page = arta.get(f"/events/{event.id}/edit").text
    assert 'value="2020-01-01"' in page
    changed = typed(
        version=1,
        precision="period",
        start_date="2020-01-01",
        end_date="2020-02-29",
        venue="",
        held="y",
        end_time=None,
    )
    assert arta.post(f"/events/{event.id}/edit", data=changed).status_code == 302
    event = only_event()
    assert (event.precision, event.day_to) == (DatePrecision.PERIOD, date(2020, 2, 29))
    assert (event.format, event.state) == (EventFormat.IN_PERSON, EventState.HELD)


def test_reading_changes_nothing(cast: SimpleNamespace, sign_in: SignIn) -> None:
    event = factories.make_event(cast.fier)
    db.session.commit()
    before = (event.version, event.changed_at, count_events())
    arta = sign_in(cast.arta)
    for path in ("/events", "/events?view=month", "/events/new", f"/events/{event.id}/edit"):
        assert arta.get(path).status_code == 200
        assert arta.head(path).status_code == 200
    db.session.expire_all()
    assert (event.version, event.changed_at, count_events()) == before
    assert not db.session.scalar(select(func.count(History.id)))


@pytest.mark.parametrize(
    "query",
    [
        "page=-1",
        "page=99999999999999999999",
        "page=abc",
        "view=month&month=9999-99",
        "view=month&month=0000-00",
        "view=month&month=2100-12",
        "view=month&month=1990-01",
        "view=month&month=%00%27",
        "view=month&month=" + "9" * 3000,
        "view=month&month=٢٠٢٦-١٢",
        "view=%3Cscript%3E",
        "when=never&kind=x&municipality=%27%20OR%201%3D1",
        "q=%25_%5C%27%00%ff",
        "q=" + "ë" * 3000,
        "municipality=" + "x" * 3000,
        "kind=hearing&kind=protest&when=past&when=all",
        "_external=1&_anchor=x&q=a&view=month",
    ],
)
def test_hostile_addresses_give_a_page(cast: SimpleNamespace, sign_in: SignIn, query: str) -> None:
    factories.make_event(cast.fier)
    db.session.commit()
    answer = sign_in(cast.arta).get(f"/events?{query}")
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text


@pytest.mark.both_databases
def test_filters_find_without_diacritics(cast: SimpleNamespace, sign_in: SignIn) -> None:
    factories.make_event(cast.fier, title_sq="Përballje në Çlirim", kind=EventKind.CONFRONTATION)
    factories.make_event(cast.fier, title_sq="Forum për rrugët", kind=EventKind.PUBLIC_FORUM)
    factories.make_event(None, title_sq="Seancë", municipality=cast.vlore.municipality)
    db.session.commit()
    arta = sign_in(cast.arta)

    def titles(query: str) -> list[str]:
        page = arta.get(f"/events?{query}").text
        return [
            title
            for title in ("Përballje në Çlirim", "Forum për rrugët", "Seancë")
            if f">{title}</a>" in page
        ]

    assert titles("q=perballje+clirim") == ["Përballje në Çlirim"]
    assert titles("kind=public_forum") == ["Forum për rrugët"]
    assert titles("municipality=vlore") == ["Seancë"]
    assert titles("q=%25") == []
    assert titles("q=nuk-ekziston") == []


def test_the_month_marks_today_and_names_hours(cast: SimpleNamespace, sign_in: SignIn) -> None:
    first = date(NEXT_YEAR, 5, 1)
    factories.make_event(
        cast.fier,
        title_sq="Natë e hapur",
        starts_at=datetime(NEXT_YEAR, 5, 10, 20, 30, tzinfo=UTC),
        ends_at=datetime(NEXT_YEAR, 5, 10, 23, 0, tzinfo=UTC),
        day_from=date(NEXT_YEAR, 5, 10),
        day_to=date(NEXT_YEAR, 5, 11),
    )
    factories.make_event(
        cast.fier,
        title_sq="Një ditë në maj",
        precision=DatePrecision.MONTH,
        day_from=first,
        day_to=date(NEXT_YEAR, 5, 31),
    )
    factories.make_event(cast.fier, title_sq="Kurdoherë", precision=DatePrecision.UNKNOWN)
    db.session.commit()
    arta = sign_in(cast.arta)
    page = arta.get(f"/events?view=month&month={first:%Y-%m}&kind=round_table").text
    grid, below = page.split("</table>")
    # 22:30 on the local clock; on the second day it goes on.
    assert grid.count("Natë e hapur") == 2
    assert grid.count(">22:30</time>") == 1
    assert "Një ditë në maj" not in grid
    assert "Një ditë në maj" in below
    assert "Kurdoherë" not in page
    assert "when=undated" in below
    assert f"month={NEXT_YEAR}-04&amp;kind=round_table" in page
    assert f"month={NEXT_YEAR}-06&amp;kind=round_table" in page
    assert 'aria-current="date"' not in page
    assert arta.get("/events?view=month").text.count('aria-current="date"') == 1


@pytest.mark.both_databases
def test_25_a_page_with_the_filter_kept(cast: SimpleNamespace, sign_in: SignIn) -> None:
    for number in range(30):
        factories.make_event(cast.fier, title_sq=f"Tryeza {number:02}", starts_in=timedelta(days=number + 1))
    db.session.commit()
    arta = sign_in(cast.arta)
    first, second = (arta.get(f"/events?kind=round_table&page={page}").text for page in (1, 2))
    assert "Tryeza 24" in first
    assert "Tryeza 25" not in first
    assert "Tryeza 25" in second
    assert "kind=round_table&amp;page=2" in first

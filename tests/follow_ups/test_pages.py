"""Reminders on the pages they are set on and on Today: set, refused in words, done, undone, and nobody else's."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from pop_campaigns.core.clock import local_date, now
from pop_campaigns.core.db import db
from pop_campaigns.follow_ups.models import FollowUp
from pop_campaigns.follow_ups.services import add_follow_up
from tests import factories
from tests.opened import version_on

pytestmark = pytest.mark.both_databases

SignIn = Callable[[Any], FlaskClient]


@pytest.fixture
def letter(cast: SimpleNamespace) -> Any:
    row = factories.make_letter(cast.fier)
    row.subject_en = "The river"
    db.session.commit()
    return row


def typed(letter: Any, **values: str) -> dict[str, str]:
    """What the form on the letter's page sends."""
    return {
        "subject_type": "letters",
        "subject_id": str(letter.id),
        "once": "k",
        "back": f"/letters/{letter.id}",
    } | values


def rows() -> list[FollowUp]:
    return list(db.session.scalars(select(FollowUp).order_by(FollowUp.id)))


def test_one_press_sets_one_and_today_shows_it(cast: SimpleNamespace, letter: Any, sign_in: SignIn) -> None:
    browser = sign_in(cast.arta)
    page = browser.get(f"/letters/{letter.id}").text
    assert 'action="/follow-ups/new"' in page and 'name="quick" value="tomorrow"' in page
    for _press in range(2):
        answer = browser.post("/follow-ups/new", data=typed(letter, quick="tomorrow", why="Thirr zyrën"))
        assert answer.location == f"/letters/{letter.id}"
    [row] = rows()
    assert (row.due_on, row.why, row.assignee_id) == (
        local_date(now()) + timedelta(days=1),
        "Thirr zyrën",
        cast.arta.id,
    )
    assert row.organisation_id == cast.fier.id
    today = browser.get("/today").text
    assert "Thirr zyrën" in today and f'href="/letters/{letter.id}"' in today
    assert "Thirr zyrën" in browser.get(f"/letters/{letter.id}").text


def test_a_day_that_is_over_comes_back_with_what_was_typed(
    cast: SimpleNamespace, letter: Any, sign_in: SignIn
) -> None:
    browser = sign_in(cast.arta)
    for day in ("2020-01-01", "", "nesër", "9999-12-31"):
        answer = browser.post("/follow-ups/new", data=typed(letter, day=day, why="Pse “jo”"))
        assert answer.status_code == 422 and "Pse “jo”" in answer.text, day
        assert f'value="/letters/{letter.id}"' in answer.text
    assert "Kjo datë ka kaluar" in browser.post("/follow-ups/new", data=typed(letter, day="2020-01-01")).text
    assert rows() == []


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example/", "/\\evil.example", ""])
def test_it_leads_back_to_a_page_of_ours(
    cast: SimpleNamespace, letter: Any, sign_in: SignIn, back: str
) -> None:
    answer = sign_in(cast.arta).post("/follow-ups/new", data=typed(letter, quick="in_a_week", back=back))
    assert answer.location == f"/letters/{letter.id}"


def test_done_leaves_the_list_and_comes_back_by_undo(
    cast: SimpleNamespace, letter: Any, sign_in: SignIn
) -> None:
    row = add_follow_up(("letters", letter.id), local_date(now()), "Thirr", by=cast.arta, now=now())
    db.session.commit()
    browser = sign_in(cast.arta)
    page = browser.post(f"/follow-ups/{row.id}/done", data={"back": "/today"}, follow_redirects=True).text
    assert "Thirr" not in page
    undo = re.search(r'action="(/follow-ups/\d+/reopen)"', page)
    assert undo is not None and row.done_by_id == cast.arta.id
    assert "Thirr" in browser.post(undo[1], data={"back": "/today"}, follow_redirects=True).text
    assert row.done_at is row.done_by_id is None


def test_another_day_is_given(cast: SimpleNamespace, letter: Any, sign_in: SignIn) -> None:
    late = add_follow_up(("letters", letter.id), local_date(now()), "Thirr", by=cast.arta, now=now())
    late.due_on = local_date(now()) - timedelta(days=3)
    db.session.commit()
    browser, url = sign_in(cast.arta), f"/follow-ups/{late.id}"
    assert 'class="worklist late"' in browser.get("/today").text
    assert send(browser, url, late.due_on).status_code == 302
    assert send(browser, url, date(2020, 1, 1)).status_code == 422
    later = local_date(now()) + timedelta(days=30)
    send(browser, url, later)
    db.session.refresh(late)
    assert (late.due_on, late.why) == (later, "Takohu me prefektin")
    assert "Takohu me prefektin" not in browser.get("/today").text


def send(browser: FlaskClient, url: str, day: date) -> Any:
    opened = version_on(browser.get(url).text)
    return browser.post(url, data=opened | {"day": day.isoformat(), "why": "Takohu me prefektin"})


def test_it_is_for_oneself_or_for_all_of_the_organisation(
    cast: SimpleNamespace, letter: Any, sign_in: SignIn
) -> None:
    today = local_date(now())
    add_follow_up(("letters", letter.id), today, "Vetëm Arta", by=cast.arta, now=now())
    add_follow_up(("letters", letter.id), today, "Të gjithë", for_all=True, by=cast.arta, now=now())
    db.session.commit()
    assert {"Vetëm Arta", "Të gjithë"} <= shown(sign_in(cast.arta))
    assert shown(sign_in(cast.besa)) == {"Të gjithë"}
    for stranger in (cast.clirim, cast.eva, cast.drita):
        assert shown(sign_in(stranger)) == set()


def shown(browser: FlaskClient) -> set[str]:
    page = browser.get("/today").text
    return {words for words in ("Vetëm Arta", "Të gjithë") if words in page}


def test_nobody_is_reminded_of_what_they_may_not_see(
    cast: SimpleNamespace, letter: Any, sign_in: SignIn
) -> None:
    clirim, eva = sign_in(cast.clirim), sign_in(cast.eva)
    for browser in (clirim, eva):
        assert browser.post("/follow-ups/new", data=typed(letter, quick="tomorrow")).status_code == 404
    for subject_type, ident in (("users", "1"), ("letters", "999999"), ("letters", "x"), ("", "")):
        sent = {"subject_type": subject_type, "subject_id": ident, "quick": "tomorrow"}
        assert sign_in(cast.arta).post("/follow-ups/new", data=sent).status_code == 404
    row = add_follow_up(("letters", letter.id), local_date(now()), "E kthyer", by=cast.arta, now=now())
    letter.organisation = cast.vlore
    db.session.commit()
    browser = sign_in(cast.arta)
    assert "E kthyer" not in browser.get("/today").text
    assert browser.get(f"/follow-ups/{row.id}").status_code == 404
    assert "follow-ups" not in eva.get(f"/letters/{letter.id}").text


def test_events_guests_and_mail_are_things_to_come_back_to(cast: SimpleNamespace, sign_in: SignIn) -> None:
    event, mail = (
        factories.make_event(cast.fier),
        factories.make_incoming(cast.fier, subject="Pyetje nga zyra"),
    )
    guest = factories.make_invitation(event)
    for subject in (event, mail, guest):
        add_follow_up((subject.__tablename__, subject.id), local_date(now()), by=cast.arta, now=now())
    db.session.commit()
    page = sign_in(cast.arta).get("/today").text
    assert f"{event.title_sq} – {guest.shown_as}" in page
    assert f'href="/mail/in/{mail.id}"' in page and "Pyetje nga zyra" in page
    assert "follow-ups" in sign_in(cast.arta).get(f"/events/{event.id}").text

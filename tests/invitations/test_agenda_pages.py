"""The pages of an agenda: added, pasted, ordered, changed; what guests and strangers see of it."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient

from pop_campaigns.accounts.models import User
from pop_campaigns.core.db import db
from pop_campaigns.events.models.agenda import AgendaPoint
from pop_campaigns.events.models.events import Event
from pop_campaigns.events.queries.agenda import agenda_of, agenda_points
from pop_campaigns.events.rules.agenda import PastedPoint, PointState
from pop_campaigns.events.services.agenda import PointDraft, add_several, change_point
from tests import factories
from tests.invitations.scene import NOW, invite, make_offices, make_table
from tests.opened import opened

SignIn = Callable[[User], FlaskClient]
HOSTILE = "<script>alert(1)</script> {{ 7*7 }} {answer_url} #{}[]$ \"'&"


@pytest.fixture
def event(cast: SimpleNamespace) -> Event:
    return make_table(cast.fier)


def titles(event: Event) -> list[str]:
    """The points as they are stored."""
    db.session.expire_all()
    return [point.title_sq for point in agenda_points(event)]


def pasted(event: Event, cast: SimpleNamespace, *names: str) -> list[AgendaPoint]:
    """Points of an event."""
    points = add_several(event, [PastedPoint(name) for name in names], by=cast.arta, now=NOW)
    db.session.commit()
    return points


def test_a_point_is_added_and_twice_pressed_is_one(
    cast: SimpleNamespace, event: Event, sign_in: SignIn
) -> None:
    arta, url = sign_in(cast.arta), f"/events/{event.id}/agenda"
    assert "Ende nuk ka pika" in arta.get(url).text
    typed = {
        "once": "key",
        "title_sq": "Hapja",
        "minutes": "15",
        "clock": "10:00",
        "speaker": "Koordinator Fier",
    }
    for _press in range(2):
        assert arta.post(url, data=typed).status_code == 302
    assert titles(event) == ["Hapja"]
    page = arta.get(url).text
    assert "10:00–10:15" in page and "Koordinator Fier" in page
    assert "10:00–10:15" in arta.get(f"/events/{event.id}").text


def test_what_was_typed_stays_where_it_is_wrong(cast: SimpleNamespace, event: Event, sign_in: SignIn) -> None:
    arta, url = sign_in(cast.arta), f"/events/{event.id}/agenda"
    answer = arta.post(url, data={"title_sq": "", "minutes": "9999", "speaker": "Qytetar 00421"})
    assert answer.status_code == 422
    assert "Qytetar 00421" in answer.text and "1 dhe 720" in answer.text
    assert titles(event) == []


def test_several_are_shown_before_they_are_added(
    cast: SimpleNamespace, event: Event, sign_in: SignIn
) -> None:
    arta, url = sign_in(cast.arta), f"/events/{event.id}/agenda/several"
    lines = "10:00 Hapja (10 min) | Koordinator Fier\r\nPyetje"
    shown = arta.post(url, data={"lines": lines, "then": "look"})
    assert shown.status_code == 200 and "10 min" in shown.text and "Shto 2 pika" in shown.text
    assert titles(event) == []
    assert arta.post(url, data={"lines": lines, "then": "add", "once": "k"}).status_code == 302
    assert titles(event) == ["Hapja", "Pyetje"]
    wrong = arta.post(url, data={"lines": "Hapja\n10:00", "then": "add"})
    assert wrong.status_code == 422 and "Rreshti 2" in wrong.text
    assert titles(event) == ["Hapja", "Pyetje"]


def test_order_by_buttons_and_by_dragging(cast: SimpleNamespace, event: Event, sign_in: SignIn) -> None:
    first, second, third = pasted(event, cast, "A", "B", "C")
    arta, url = sign_in(cast.arta), f"/events/{event.id}/agenda/order"

    def order(**typed: Any) -> None:
        db.session.expire_all()
        agenda = agenda_of(event)
        assert agenda is not None
        arta.post(url, data={"version": agenda.version} | typed)

    order(up=third.id)
    assert titles(event) == ["A", "C", "B"]
    order(up=first.id)  # already the first
    assert titles(event) == ["A", "C", "B"]
    order(order=f"{second.id},{third.id},{first.id}")
    assert titles(event) == ["B", "C", "A"]
    for nonsense in ("", "1,2", "x", f"{second.id},{second.id},{first.id}", "9" * 5000):
        order(order=nonsense or "0")
    order(down="x")
    assert titles(event) == ["B", "C", "A"]
    told = arta.post(url, data={"version": 1, "down": second.id}, follow_redirects=True).text
    assert titles(event) == ["B", "C", "A"]
    assert "ndërkohë" in told


def test_a_point_is_changed_and_answered(cast: SimpleNamespace, event: Event, sign_in: SignIn) -> None:
    [point] = pasted(event, cast, "Pse jo?")
    office = factories.make_office("Kryetar")
    db.session.commit()
    arta, url = sign_in(cast.arta), f"/events/{event.id}/agenda/{point.id}"
    unput = {"title_sq": "Pse jo?", "state": "discussed", "office_answer": "Në mars."}
    refused = arta.post(url, data=opened(arta, url) | unput)
    assert refused.status_code == 422 and "Në mars." in refused.text
    typed = {"title_sq": "Pse jo?", "put_to_id": office.id, "state": "discussed", "office_answer": "Në mars."}
    assert arta.post(url, data=opened(arta, url) | typed).status_code == 302
    db.session.expire_all()
    assert (point.state, point.put_to_id, point.office_answer) == (
        PointState.DISCUSSED,
        office.id,
        "Në mars.",
    )
    everybody = arta.get(f"/sq/events/{event.id}").text
    assert "Në mars." in everybody and "Kryetar, Bashkia Fier" in everybody
    arta.post(f"{url}/delete", data={"version": 1})  # as it was before the answer
    assert titles(event) == ["Pse jo?"]
    for _press in range(2):
        assert arta.post(f"{url}/delete", data={"version": 2}).status_code == 302
    assert titles(event) == []


def test_nobody_else(cast: SimpleNamespace, event: Event, sign_in: SignIn) -> None:
    [point] = pasted(event, cast, "A")
    other = make_table(cast.fier)
    db.session.commit()
    for who in (cast.clirim, cast.eva):
        browser = sign_in(who)
        for url in ("agenda", "agenda/several", f"agenda/{point.id}"):
            assert browser.get(f"/events/{event.id}/{url}").status_code == 404
            assert browser.post(f"/events/{event.id}/{url}", data={"title_sq": "X"}).status_code == 404
        for url in ("agenda/order", f"agenda/{point.id}/delete"):
            assert browser.post(f"/events/{event.id}/{url}", data={"up": point.id}).status_code == 404
    arta = sign_in(cast.arta)
    assert arta.get(f"/events/{other.id}/agenda/{point.id}").status_code == 404
    arta.post(f"/events/{other.id}/agenda/{point.id}/delete")
    assert titles(event) == ["A"]


def test_hostile_words_are_words(cast: SimpleNamespace, event: Event, sign_in: SignIn) -> None:
    [point] = pasted(event, cast, HOSTILE)
    office = factories.make_office("Kryetar")
    draft = PointDraft(HOSTILE, words_sq="w" * 10_000, speaker=HOSTILE, speaker_office_id=office.id)
    change_point(point, draft, by=cast.arta, now=NOW)
    db.session.commit()
    arta = sign_in(cast.arta)
    for url in (f"/events/{event.id}", f"/events/{event.id}/agenda", f"/sq/events/{event.id}"):
        page = arta.get(url).text
        assert "<script>alert" not in page and "&lt;script&gt;alert" in page and "{{ 7*7 }}" in page


def test_who_speaks_for_no_office_is_named_to_nobody_else(
    cast: SimpleNamespace, event: Event, client: FlaskClient
) -> None:
    [point] = pasted(event, cast, "Fjala")
    point.speaker = "Qytetar 00421"
    db.session.commit()
    assert "Qytetar 00421" not in client.get(f"/sq/events/{event.id}").text


def test_the_page_says_who_knows_an_older_agenda(
    cast: SimpleNamespace, event: Event, sign_in: SignIn
) -> None:
    from datetime import timedelta

    arta, url = sign_in(cast.arta), f"/events/{event.id}/agenda"
    [point] = pasted(event, cast, "Hapja")
    invite(event, make_offices(2), cast)
    assert "nuk e njohin" not in arta.get(url).text
    sequence = event.sequence
    change_point(point, PointDraft("Hapja dhe fjala"), by=cast.arta, now=NOW + timedelta(hours=1))
    db.session.commit()
    assert "2 të ftuarve" in arta.get(url).text
    assert event.sequence == sequence

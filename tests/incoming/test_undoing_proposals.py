"""A decision about a proposed time is taken back: it waits for an answer again, and the event stands where it stood."""

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

from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.events.models.events import Event
from pop_campaigns.mail.rules import MailState
from tests.incoming.counters import (
    declined_mail,
    mails_of_changes,
    make_scene_at_ten,
    proposals,
    proposed,
    seen,
)

SignIn = Callable[[Any], FlaskClient]


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(now(), tick=False) as traveller:
        yield traveller


@pytest.fixture
def scene(cast: SimpleNamespace, app: Flask, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    scene = make_scene_at_ten(cast)
    scene.proposal = proposed(scene)
    monkeypatch.setitem(app.config, "UNDO_SECONDS", 30)
    return scene


def decide(browser: FlaskClient, scene: SimpleNamespace, verb: str, **typed: str) -> str:
    """Decide as a browser does; return where it is undone."""
    page = f"/mail/in/proposals/{scene.proposal.id}"
    data = {"seen": seen(scene)} | typed
    answer = browser.post(f"{page}/{verb}", data=data, headers={"Referer": f"http://localhost{page}"})
    assert answer.status_code == 302
    found = re.search(r'action="(/sendings/\d+/undo)"', browser.get(answer.location).text)
    assert found, "the page offers no undo"
    return found[1]


def standing(scene: SimpleNamespace) -> tuple[Any, ...]:
    db.session.expire_all()
    event, [row] = db.session.get_one(Event, scene.event.id), proposals()
    times = event.precision, event.starts_at, event.ends_at, event.day_from, event.day_to
    return *times, event.sequence, event.date_version, row.accepted, row.decided_at, row.decided_by


@pytest.mark.both_databases
def test_an_accepted_time_waits_again_and_the_event_stays(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    before, arta = standing(scene), sign_in(cast.arta)
    address = decide(arta, scene, "accept")
    assert standing(scene) != before and len(mails_of_changes()) == 2
    back = arta.post(address)
    assert back.location == f"/events/{scene.event.id}"
    assert "U zhbë: nuk u nis asgjë." in arta.get(back.location).text
    assert standing(scene) == before and not mails_of_changes()
    assert "Prano" in arta.get(f"/mail/in/proposals/{scene.proposal.id}").text
    assert "Kjo u zhbë tashmë." in arta.get(arta.post(address).location).text
    decide(arta, scene, "accept")
    assert len(mails_of_changes()) == 2


def test_once_one_guest_was_told_the_event_is_not_moved_back(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    arta = sign_in(cast.arta)
    address = decide(arta, scene, "accept")
    mail = mails_of_changes()[0].mail
    mail.state, mail.sent_at = MailState.SENT, now()
    db.session.commit()
    moved = standing(scene)
    assert "1 nga 2" in arta.get(arta.post(address).location).text
    assert standing(scene) == moved and len(mails_of_changes()) == 2


def test_a_declined_time_waits_again_with_the_words(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    before, arta = standing(scene), sign_in(cast.arta)
    address = decide(arta, scene, "decline", words="Salla është e zënë.")
    assert declined_mail().available_at == now() + timedelta(seconds=30)
    for user in (cast.clirim, cast.eva):
        assert sign_in(user).post(address).status_code in (403, 404)
    back = arta.post(address)
    assert back.status_code == 200 and "Salla është e zënë." in back.text
    assert standing(scene) == before and declined_mail().state is MailState.WITHDRAWN
    address = decide(arta, scene, "decline")
    clock.shift(30)
    late = arta.post(address)
    assert "vonë" in arta.get(late.location).text
    assert standing(scene)[-1] == "Arta"

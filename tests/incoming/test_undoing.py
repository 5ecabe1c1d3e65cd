"""An answer to a message, or a message passed on, is taken back: nothing leaves, all is as before, the words stand again."""

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
from sqlalchemy import select

from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.history import History
from pop_campaigns.incoming.queries.deeds import FORWARD_KIND, REPLY_KIND
from pop_campaigns.mail.models import IncomingMail, OutgoingMail, Sending
from pop_campaigns.mail.rules import MailState
from tests.incoming.scene import address_of, arrive, make_scene, words

SignIn = Callable[[Any], FlaskClient]
TYPED = "Po, pas pallatit: “A & B” <majtas>.\n\nJu presim."


@pytest.fixture(autouse=True)
def half_a_minute(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "UNDO_SECONDS", 30)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(now(), tick=False) as traveller:
        yield traveller


@pytest.fixture
def scene(cast: SimpleNamespace, app: Flask) -> SimpleNamespace:
    scene = make_scene(cast)
    scene.mail = arrive(words("A ka parkim?", sender=scene.mayor.address, to=address_of(scene.mayor)))
    return scene


def write(browser: FlaskClient, mail: IncomingMail, way: str = "reply", **data: Any) -> str:
    """Fill the form as a browser does; return the page it leads to."""
    url = f"/mail/in/{mail.id}/{way}?show=todo"
    page = browser.get(url).text
    form = {"once": re.search(r'name="once"[^>]*value="([^"]+)"', page)[1]}  # type: ignore[index]
    checked = re.search(r'<input[^>]*checked[^>]*name="to"[^>]*value="([^"]+)"', page)
    form |= {"to": checked[1]} if checked else {}
    answer = browser.post(url, data=form | data, headers={"Referer": f"http://localhost{url}"})
    assert answer.status_code == 302, answer.text
    return answer.location


def undo_address(page: str) -> str:
    found = re.search(r'action="(/sendings/\d+/undo)"', page)
    assert found, "the page offers no undo"
    return found[1]


def sent(kind: str = REPLY_KIND) -> list[OutgoingMail]:
    db.session.expire_all()
    return list(db.session.scalars(select(OutgoingMail).where(OutgoingMail.kind == kind)))


@pytest.mark.both_databases
def test_an_answer_is_taken_back_and_the_words_stand_in_the_form(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    arta = sign_in(cast.arta)
    before = arta.get("/mail/in?show=all").text
    page = arta.get(write(arta, scene.mail, words=TYPED)).text
    assert "Përgjigjja" in page and "nisja pas" in page
    [mail] = sent()
    assert mail.available_at == now() + timedelta(seconds=30)
    assert db.session.get(IncomingMail, scene.mail.id).seen_at
    back = arta.post(undo_address(page))
    assert back.status_code == 200 and "U zhbë: nuk u nis asgjë." in back.text
    area = re.search(r"<textarea[^>]*>(.*?)</textarea>", back.text, re.DOTALL)
    assert area
    typed = area[1].strip().replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert typed.replace("\r\n", "\n") == TYPED
    [mail] = sent()
    assert mail.state is MailState.WITHDRAWN
    assert db.session.get(IncomingMail, scene.mail.id).seen_at is None
    after = arta.get("/mail/in?show=all").text
    assert "Me përgjigje tonën" not in after
    assert after.count("<li") == before.count("<li")
    actions = db.session.scalars(select(History.action).where(History.action.like("%undone"))).all()
    assert sorted(actions) == ["incoming.sending_undone", "invitation.reply_undone"]
    assert "u zhbë para se të nisej" in arta.get(f"/events/{scene.event.id}").text


def test_the_form_that_came_back_sends_once_more(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    arta = sign_in(cast.arta)
    back = arta.post(undo_address(arta.get(write(arta, scene.mail, words=TYPED)).text))
    assert back.status_code == 200
    write(arta, scene.mail, words=TYPED)
    assert [mail.state for mail in sent()] == [MailState.WITHDRAWN, MailState.QUEUED]
    assert db.session.get(IncomingMail, scene.mail.id).seen_at
    assert "Me përgjigje tonën" in arta.get("/mail/in?show=all").text


def test_a_message_that_was_read_before_stays_read(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    read_at = scene.mail.seen_at = now() - timedelta(hours=1)
    db.session.commit()
    arta = sign_in(cast.arta)
    arta.post(undo_address(arta.get(write(arta, scene.mail, words="Po.")).text))
    assert db.session.get(IncomingMail, scene.mail.id).seen_at == read_at


def test_a_message_passed_on_is_taken_back(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    arta = sign_in(cast.arta)
    gone = write(arta, scene.mail, "forward", to=str(cast.besa.id), words="A e di ti?")
    page = arta.get(gone).text
    assert "Mesazhi i përcjellë" in page
    back = arta.post(undo_address(page))
    assert back.status_code == 200 and "A e di ti?" in back.text
    chosen = re.search(r"<option[^>]*selected[^>]*>", back.text)
    assert chosen and f'value="{cast.besa.id}"' in chosen[0]
    assert [mail.state for mail in sent(FORWARD_KIND)] == [MailState.WITHDRAWN]
    assert db.session.get(IncomingMail, scene.mail.id).seen_at is None


def test_too_late_and_twice(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    arta = sign_in(cast.arta)
    first = undo_address(arta.get(write(arta, scene.mail, words="Po.")).text)
    arta.post(first)
    again = arta.post(first)
    assert again.location == f"/mail/in/{scene.mail.id}"
    assert "Kjo u zhbë tashmë." in arta.get(again.location).text
    second = undo_address(arta.get(write(arta, scene.mail, words="Jo.")).text)
    clock.shift(30)
    mail = sent()[1]
    mail.state, mail.sent_at = MailState.SENT, now()
    db.session.commit()
    late = arta.post(second)
    assert late.location == f"/mail/in/{scene.mail.id}"
    assert "1 nga 1" in arta.get(late.location).text
    assert sent()[1].state is MailState.SENT and db.session.get(IncomingMail, scene.mail.id).seen_at


def test_nobody_takes_back_what_they_could_not_write(
    cast: SimpleNamespace, scene: SimpleNamespace, sign_in: SignIn
) -> None:
    address = undo_address(sign_in(cast.arta).get(write(sign_in(cast.arta), scene.mail, words="Po.")).text)
    assert sign_in(cast.clirim).post(address).status_code == 404
    assert sign_in(cast.eva).post(address).status_code in (403, 404)
    assert [mail.state for mail in sent()] == [MailState.QUEUED]
    assert sign_in(cast.besa).post(address).status_code in (200, 302)
    assert [mail.state for mail in sent()] == [MailState.WITHDRAWN]


def test_without_the_window_it_leaves_at_once(
    app: Flask,
    monkeypatch: pytest.MonkeyPatch,
    cast: SimpleNamespace,
    scene: SimpleNamespace,
    sign_in: SignIn,
) -> None:
    monkeypatch.setitem(app.config, "UNDO_SECONDS", 0)
    arta = sign_in(cast.arta)
    page = arta.get(write(arta, scene.mail, words="Po.")).text
    assert "/sendings/" not in page and "Mesazhi u vu në radhë për dërgim" in page
    [mail] = sent()
    assert mail.sending_id is None and mail.available_at == now()
    assert db.session.scalar(select(Sending.id)) is None

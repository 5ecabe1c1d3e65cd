"""The registers: purposes for all who are signed in, breaches for who must act on them, with the clock of 72 hours."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from pop_campaigns.contacts.rules import Basis, PersonKind, Purpose, basis_of
from pop_campaigns.core.clock import now
from pop_campaigns.core.db import db
from pop_campaigns.core.history import History
from pop_campaigns.privacy.forms import to_utc, to_wall
from pop_campaigns.privacy.models import Breach, ProcessingPurpose
from pop_campaigns.privacy.rules.retention import BreachClock, breach_clock
from pop_campaigns.privacy.words.purposes_en import ENGLISH
from pop_campaigns.privacy.words.purposes_sq import FORMER, SEEDS
from tests.opened import opened

SignIn = Callable[[Any], FlaskClient]
NOTICED = datetime(2026, 3, 27, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("told", "after", "state", "hours"),
    [
        (None, 0 * HOUR, BreachClock.RUNNING, 72),
        (None, 41 * HOUR, BreachClock.RUNNING, 31),
        (None, 41 * HOUR + timedelta(seconds=1), BreachClock.RUNNING, 30),
        (None, 71.5 * HOUR, BreachClock.RUNNING, 0),
        (None, 72 * HOUR, BreachClock.RUNNING, 0),
        (None, 72 * HOUR + timedelta(seconds=1), BreachClock.OVERDUE, 1),
        (None, 100 * HOUR, BreachClock.OVERDUE, 28),
        (20 * HOUR, 500 * HOUR, BreachClock.TOLD, 20),
        (72 * HOUR, 500 * HOUR, BreachClock.TOLD, 72),
        (72.1 * HOUR, 500 * HOUR, BreachClock.TOLD_LATE, 73),
        (0 * HOUR, 1 * HOUR, BreachClock.TOLD, 0),
    ],
)
def test_the_clock(told: timedelta | None, after: timedelta, state: BreachClock, hours: int) -> None:
    """Hours are hours, also over the night the clocks change (29 March 2026)."""
    told_at = NOTICED + told if told is not None else None
    assert breach_clock(NOTICED, told_at, NOTICED + after) == (state, hours)


@pytest.mark.parametrize("month", [1, 7])
def test_hours_are_those_of_tirana(month: int) -> None:
    wall = datetime(2026, month, 3, 10, 30)
    assert to_wall(to_utc(wall)) == wall
    assert to_utc(wall).hour == (9 if month == 1 else 8)


def record(browser: FlaskClient, **values: str) -> Any:
    whole = {"what": "Lista e të ftuarve iu dërgua gabim një gazete", "noticed_at": "2026-03-27T10:00"}
    return browser.post("/privacy/breaches/new", data=whole | values)


@pytest.fixture
def later() -> Any:
    with time_machine.travel(NOTICED + 41 * HOUR, tick=False):
        yield


def test_a_breach_is_recorded_with_its_clock(later: None, cast: SimpleNamespace, sign_in: SignIn) -> None:
    browser = sign_in(cast.arta)
    assert "Asnjë shkelje e shënuar" in browser.get("/privacy/breaches").text
    assert record(browser, affected="40").status_code == 302
    assert record(browser, affected="40").status_code == 302  # the button was pressed twice
    [row] = db.session.scalars(select(Breach)).all()
    assert (row.noticed_at, row.affected, row.reported_by, row.organisation_id) == (
        NOTICED, 40, "Arta", cast.fier.id,
    )  # fmt: skip
    page = browser.get("/privacy/breaches").text
    assert "edhe 31 orë për të njoftuar Komisionerin" in page
    typed = {"what": row.what, "noticed_at": "2026-03-27T10:00", "authority_told_at": "2026-03-28T10:00"}
    path = f"/privacy/breaches/{row.id}"
    done = browser.post(path, data=typed | opened(browser, path))
    assert done.status_code == 302
    assert "u njoftua pas 24 orësh" in browser.get("/privacy/breaches").text
    actions = [history.action for history in db.session.scalars(select(History).order_by(History.id))]
    assert actions == ["breach.recorded", "breach.changed"]


def test_correcting_a_breach_moves_no_hour(later: None, cast: SimpleNamespace, sign_in: SignIn) -> None:
    """The form shows the clocks of Tirana, as it reads them."""
    arta = sign_in(cast.arta)
    record(arta)
    row = db.session.scalars(select(Breach)).one()
    path, noticed = f"/privacy/breaches/{row.id}", row.noticed_at
    assert 'value="2026-03-27T10:00"' in arta.get(path).text
    typed = {"what": row.what, "noticed_at": "2026-03-27T10:00", "measures": "U njoftuan."}
    assert arta.post(path, data=typed | opened(arta, path)).status_code == 302
    db.session.expire_all()
    assert (row.noticed_at, row.measures) == (noticed, "U njoftuan.")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"what": ""}, "Çfarë ka ndodhur:"),
        ({"noticed_at": ""}, "U vu re:"),
        ({"noticed_at": "2026-03-30T10:00"}, "nuk ka ardhur ende"),
        ({"noticed_at": "9999-12-31T23:59"}, "nuk ka ardhur ende"),
        ({"noticed_at": "0001-01-01T00:00"}, "Kontrolloni vitin"),
        ({"noticed_at": "dje"}, "U vu re:"),
        ({"happened_at": "2026-03-27T11:00"}, "pasi u vu re"),
        ({"authority_told_at": "2026-03-27T09:59"}, "para se të vihet re"),
        ({"persons_told_at": "2026-03-27T09:59"}, "para se të vihet re"),
        ({"affected": "-1"}, "10 000 000"),
        ({"affected": "99999999999999999999999"}, "10 000 000"),
        ({"affected": "shumë"}, "Sa persona:"),
        ({"measures": "x" * 10_001}, "10000"),
    ],
)
def test_what_cannot_be_is_said_and_kept(
    later: None, cast: SimpleNamespace, sign_in: SignIn, values: dict[str, str], words: str
) -> None:
    answer = record(sign_in(cast.arta), consequences="Fjalë të shkruara", **values)
    assert answer.status_code == 422
    assert words in answer.text
    assert "Fjalë të shkruara" in answer.text
    assert db.session.scalar(select(func.count(Breach.id))) == 0


def test_each_organisation_sees_its_own_breaches(later: None, cast: SimpleNamespace, sign_in: SignIn) -> None:
    record(sign_in(cast.arta))
    ident = db.session.scalars(select(Breach.id)).one()
    assert "gazete" in sign_in(cast.besa).get("/privacy/breaches").text
    assert "gazete" not in sign_in(cast.clirim).get("/privacy/breaches").text
    assert "gazete" not in sign_in(cast.clirim).post("/privacy/breaches.csv").text
    assert sign_in(cast.clirim).get(f"/privacy/breaches/{ident}").status_code == 404
    assert sign_in(cast.eva).get("/privacy/breaches").status_code == 404
    page = sign_in(cast.drita).get("/privacy/breaches").text
    assert "gazete" in page
    assert "Organizata Fier" in page


def test_what_a_breach_says_runs_in_no_spreadsheet(
    later: None, cast: SimpleNamespace, sign_in: SignIn
) -> None:
    browser = sign_in(cast.arta)
    record(browser, what="=1+1", measures="@SUM(A1)")
    answer = browser.post("/privacy/breaches.csv")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert rows[1][:3] == ["Organizata Fier", "'=1+1", "2026-03-27 10:00"]
    assert "'@SUM(A1)" in rows[1]
    assert len(rows[0]) == len(rows[1])


def test_the_register_of_purposes_begins_with_what_the_service_does(
    app: Flask, cast: SimpleNamespace, sign_in: SignIn
) -> None:
    drita = sign_in(cast.drita)
    assert "Ende asnjë qëllim" in drita.get("/privacy/purposes").text
    for _press in range(2):
        drita.post("/privacy/purposes/seed")
    rows = db.session.scalars(select(ProcessingPurpose).order_by(ProcessingPurpose.id)).all()
    assert [row.key for row in rows] == [seed.key for seed in SEEDS]
    path = f"/privacy/purposes/{rows[0].id}"
    changed = drita.post(path, data={"name": "Ftesat", "retention": "=30 ditë"} | opened(drita, path))
    assert changed.status_code == 302
    assert "purposes entered: 0" in app.test_cli_runner().invoke(args=["privacy", "purposes"]).output
    for user in (cast.arta, cast.eva):
        page = sign_in(user).get("/privacy/purposes").text
        assert "Ftesat" in page
        assert "Shëno ç’bën shërbimi" not in page
        assert sign_in(user).get("/privacy/purposes/new").status_code == 404
        assert sign_in(user).post(f"/privacy/purposes/{rows[0].id}", data={"name": "x"}).status_code == 404
    table = list(
        csv.reader(io.StringIO(sign_in(cast.eva).post("/privacy/purposes.csv").data.decode("utf-8-sig")))
    )
    assert [row[0] for row in table[1:]] == ["Ftesat", *(seed.name for seed in SEEDS[1:])]
    assert table[1][5] == "'=30 ditë"


def test_a_purpose_is_entered_once(cast: SimpleNamespace, sign_in: SignIn) -> None:
    drita = sign_in(cast.drita)
    assert drita.post("/privacy/purposes/new", data={"name": ""}).status_code == 422
    for _press in range(2):
        assert drita.post("/privacy/purposes/new", data={"name": "Intervista"}).status_code == 302
    assert db.session.scalar(select(func.count(ProcessingPurpose.id))) == 1
    assert now() - db.session.scalars(select(ProcessingPurpose.changed_at)).one() < timedelta(minutes=1)


def test_seeds_fit_their_columns() -> None:
    for seed in SEEDS:
        for name, value in vars(seed).items():
            length = getattr(ProcessingPurpose.__table__.c[name].type, "length", None)
            assert value
            assert length is None or len(value) <= length, (seed.key, name)


def test_the_way_to_it_all_is_at_the_foot_of_people(cast: SimpleNamespace, sign_in: SignIn) -> None:
    browser = sign_in(cast.arta)
    for path in ("/people", "/people/persons"):
        assert 'href="/privacy"' in browser.get(path).text
    page = browser.get("/privacy").text
    assert "/privacy/breaches" in page
    assert "/privacy/retention" not in page
    assert "/privacy/breaches" not in sign_in(cast.eva).get("/privacy").text
    assert "/privacy/retention" in sign_in(cast.drita).get("/privacy").text


def test_one_basis_for_journalists_in_both_languages() -> None:
    """The rule of who gets mail, and what the register says of it."""
    assert basis_of(PersonKind.JOURNALIST, Purpose.EVENTS) is Basis.PRESS
    for seeds, interest, journalists, consent in (
        (SEEDS, "Interesi legjitim", "gazetarët", "pëlqimi për qytetarët"),
        (ENGLISH, "Legitimate interest", "journalists", "consent for citizens"),
    ):
        by_key = {seed.key: seed for seed in seeds}
        assert [seed.key for seed in seeds] == [seed.key for seed in SEEDS]
        for key in ("invitations", "contacts"):
            before, _, after = by_key[key].legal_basis.partition(consent)
            assert before.startswith(interest) and journalists in before, key
            assert after and journalists not in after, key
        assert not by_key["news"].legal_basis.startswith(interest)


def test_a_register_entered_before_says_the_same_unless_people_changed_it(
    cast: SimpleNamespace, sign_in: SignIn
) -> None:
    drita = sign_in(cast.drita)
    drita.post("/privacy/purposes/seed")
    rows = {row.key: row for row in db.session.scalars(select(ProcessingPurpose))}
    for (key, field), earlier in FORMER.items():
        setattr(rows[key], field, earlier[0])
    rows["contacts"].legal_basis = "Sipas avokatit"
    db.session.commit()
    drita.post("/privacy/purposes/seed")
    db.session.expire_all()
    now_says = {seed.key: seed for seed in SEEDS}
    assert rows["invitations"].legal_basis == now_says["invitations"].legal_basis
    assert rows["contacts"].data_categories == now_says["contacts"].data_categories
    assert rows["contacts"].legal_basis == "Sipas avokatit"
    cast.drita.language = "en"
    db.session.commit()
    page = drita.get("/privacy/purposes").text
    assert "Sipas avokatit" in page
    assert "Legitimate interest for holders of public offices and for journalists, who may object" in page
    assert "They are all there already" in drita.post("/privacy/purposes/seed", follow_redirects=True).text

"""Days of lists and form tools: the hour does not matter, and one column has one order."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from pop_campaigns.contacts.models.consents import Consent
from pop_campaigns.core.db import db
from pop_campaigns.imports.rules.cells import answer_in
from pop_campaigns.imports.rules.days import DayOrder, possible_orders, read_day
from tests.imports.scene import CONSENT, brought_in, columns_of, rows_of, uploaded
from tests.opened import opened

TODAY = date(2026, 3, 10)
DAY_FIRST, MONTH_FIRST = DayOrder.DAY_FIRST, DayOrder.MONTH_FIRST


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("01/03/2025 14:05:33", "2025-03-01"),
        ("2025/03/01 2:05:33 PM EET", "2025-03-01"),
        ("2025/03/01", "2025-03-01"),
        ("31.12.2025.", "2025-12-31"),
        ("31. 12. 2025", "2025-12-31"),
        ("31.12.25", "2025-12-31"),
        ("31/12/25 9:05", "2025-12-31"),
        ("31.12.27", "1927-12-31"),
        ("1-3-2025, 14.05", "2025-03-01"),
        ("31 – 12 – 2025", "2025-12-31"),
        ("2025-03-01T14:05:33.123+01:00", "2025-03-01"),
        ("2025-03-01T23:59:59Z", "2025-03-01"),
        ("2025-03-01 02:05 e pasdites", "2025-03-01"),
        ("01.03.2025 2:05:33 p.m. GMT+2", "2025-03-01"),
        ("01.03.2025 02:05 PD", "2025-03-01"),
        ("01.03.2025 ora 14:05", "2025-03-01"),
        ("14:05 01.03.2025", "2025-03-01"),
        ("20250301", "2025-03-01"),
        ("e shtunë, 1 mars 2025", "2025-03-01"),
        ("më 1 Mars 2025, ora 14:05", "2025-03-01"),
        ("1 nëntor 2025", "2025-11-01"),
        ("Mar 1, 2025", "2025-03-01"),
        ("1-Mar-25", "2025-03-01"),
        ("Saturday, March 1st, 2025", "2025-03-01"),
        ("Sat, 1 Mar 2025 14:05:33 +0100", "2025-03-01"),
        ("45717", "2025-03-01"),
        ("45717.5870", "2025-03-01"),
        ("31.02.2025", None),
        ("2025", None),
        ("mars 2025", None),
        ("01.03.2025 dhe 02.03.2025", None),
        ("01.03.2025 x", None),
        ("25.13.2025", None),
        ("1/2", None),
        ("9" * 400, None),
        (" " * 10_000 + "1", None),
    ],
)
def test_a_day_is_read_and_its_hour_passed_over(cell: str, day: str | None) -> None:
    day_found = read_day(cell, DAY_FIRST, TODAY)
    assert (day_found.isoformat() if day_found else None) == day


@pytest.mark.parametrize(
    ("cells", "orders"),
    [
        (["01/02/2025", "13/02/2025"], {DAY_FIRST}),
        (["1/2/25 14:05", "1/13/25 9:00"], {MONTH_FIRST}),
        (["01/02/2025", "03/04/2025"], {DAY_FIRST, MONTH_FIRST}),
        (["13/02/2025", "02/13/2025"], set()),
        (["01.02.2025"], {DAY_FIRST}),
        (["02/02/2025", "2025-01-13"], {DAY_FIRST}),
        (["po", "", "2025-01-02"], {DAY_FIRST}),
        (["01/02/2025", "2/1/25", "01.02.2025"], {DAY_FIRST}),
    ],
)
def test_a_column_has_one_order(cells: list[str], orders: set[DayOrder]) -> None:
    assert possible_orders(cells) == orders


@pytest.mark.parametrize(
    ("cell", "answer"),
    [
        ("Po, pranoj.", True),
        ("Jam dakord", True),
        ("Yes, I agree", True),
        ("Jo, faleminderit", False),
        ("Nuk pranoj", False),
        ("I don’t agree", False),
        ("Po, por jo me telefon", None),
        ("ndoshta", None),
    ],
)
def test_an_answer_is_yes_or_no_or_neither(cell: str, answer: bool | None) -> None:
    assert answer_in(cell) is answer


@pytest.fixture
def arta(cast: SimpleNamespace, sign_in: Any) -> FlaskClient:
    return sign_in(cast.arta)


def days() -> list[str]:
    db.session.rollback()
    return [
        consent.given_at.date().isoformat()
        for consent in db.session.scalars(select(Consent).order_by(Consent.id))
    ]


def test_a_column_of_a_form_tool_keeps_its_order(arta: FlaskClient) -> None:
    text = "Completion time,Name,Consent news\n3/4/25 14:05:33,Ana,Yes\n3/13/25 9:00:00,Ben,Yes\n"
    brought_in(arta, text, **CONSENT)
    assert days() == ["2025-03-04", "2025-03-13"]


@pytest.mark.parametrize(("order", "day"), [("dmy", "2025-04-03"), ("mdy", "2025-03-04")])
def test_an_order_that_nothing_tells_is_asked_for(arta: FlaskClient, order: str, day: str) -> None:
    text = "Vula kohore,Emri,Pelqim lajme\n03/04/2025 14:05:33,Ana,Po\n"
    ident = uploaded(arta, text)
    path = f"/people/import/{ident}/columns"
    page = arta.get(path).text
    assert "03/04/2025 14:05:33" in page and "3 prill 2025" in page and "4 mars 2025" in page
    data = {"kind": "other", "municipality": "", "language": "sq"} | columns_of(arta, ident) | CONSENT
    for hostile in ({}, {"day_order": "ymd"}):
        answer = arta.post(path, data=data | opened(arta, path) | hostile)
        assert answer.status_code == 422 and 'name="day_order"' in answer.text
    brought_in(arta, text, **CONSENT, day_order=order)
    assert days() == [day]


def test_an_order_two_rows_contradict_is_asked_for_and_one_row_stays_out(arta: FlaskClient) -> None:
    text = "Data e pelqimit;Emri;Pelqim lajme\n13/02/2025;Ana;po\n02/13/2025;Ben;po\n"
    ident = brought_in(arta, text, **CONSENT, day_order="mdy")
    assert [row.errors for row in rows_of(ident)] == [["date||13/02/2025"], []]
    assert days() == ["2025-02-13"]


def test_who_names_another_column_is_asked_about_that(arta: FlaskClient) -> None:
    """The columns chosen in the form decide, not those guessed."""
    ident = uploaded(arta, "X1;Emri;Pelqim lajme\n03/04/2025;Ana;po\n")
    path = f"/people/import/{ident}/columns"
    assert 'name="day_order"' not in arta.get(path).text
    data = {"kind": "other", "municipality": "", "language": "sq"} | columns_of(arta, ident) | CONSENT
    answer = arta.post(path, data=data | opened(arta, path) | {"column-0": "consent_date"})
    assert answer.status_code == 422 and "3 prill 2025" in answer.text

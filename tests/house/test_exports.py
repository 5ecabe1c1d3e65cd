"""Data leaves as a file by a press only, and each file leaves a row in the history: who, what, how much, which filter."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from pop_campaigns.core.db import db
from pop_campaigns.core.handing_out import HANDED_OUT
from pop_campaigns.core.history import History
from tests import factories
from tests.house.page_forms import forms_of_pages
from tests.house.walk import Walk
from tests.house.world import address, arguments, rules

TABLES = ("text/csv", "text/vcard", "application/json", "spreadsheetml", "application/zip", "application/xml")


def _is_export(answer: Any) -> bool:
    saved = answer.headers.get("Content-Disposition", "").startswith("attachment")
    return saved and any(kind in answer.mimetype for kind in TABLES)


def test_no_page_gives_a_table_of_data_by_being_looked_at(
    app: Flask, world: SimpleNamespace, sign_in: Callable[[Any], FlaskClient], walk: Callable[[str], Walk]
) -> None:
    given = [reading.endpoint for reading in walk("drita").by("GET") if _is_export(reading.answer)]
    browser, values = sign_in(world.cast.drita), arguments(world)
    for rule in rules(app, "GET"):
        for ending in ("xlsx", "vcf") if "ending" in rule.arguments else ():
            if _is_export(browser.get(address(app, rule, values | {"ending": ending}))):
                given.append(rule.endpoint)
    assert given == []


def test_every_table_of_data_leaves_its_row(
    world: SimpleNamespace, sign_in: Callable[[Any], FlaskClient], walk: Callable[[str], Walk]
) -> None:
    """Every form of every page that answers with a file, as the page sends it."""
    pages = forms_of_pages(walk("drita").pages)
    browser, taken = sign_in(world.cast.drita), []
    factories.make_person("Me adresë", email="me@adrese.al")  # or there would be no card to give
    db.session.commit()
    harmless = {url: fields for url, fields in pages.items() if not re.search("erase|logout|session", url)}
    # Files first: another form may delete what they are of.
    for url in sorted(harmless, key=lambda url: not re.search(r"\.(csv|xlsx|vcf)$", url)):
        fields = harmless[url]
        for form in ({}, {"form": ["json"]}):
            before = len(_rows())
            answer = browser.post(url, data=fields | form)
            if _is_export(answer):
                taken.append(url)
                (row,) = _rows()[before:]
                assert row.action in HANDED_OUT, url
                assert row.actor_name == world.cast.drita.name
                assert isinstance(row.details["rows"], int), url
    result = " ".join(taken)
    for wanted in ("institutions.csv", "institutions.xlsx", "persons.vcf", "/people/lists/", "breaches.csv"):
        assert wanted in result, taken
    assert "purposes.csv" in result and "/access" in result


def _rows() -> list[History]:
    db.session.rollback()
    return list(
        db.session.scalars(select(History).where(History.action.in_(HANDED_OUT)).order_by(History.id))
    )


def test_what_was_taken_is_shown_to_who_answers_for_it(
    world: SimpleNamespace, sign_in: Callable[[Any], FlaskClient]
) -> None:
    arta = sign_in(world.cast.arta)
    arta.post("/people/persons.csv?q=gazetar&kind=journalist")
    arta.post(f"/people/lists/{world.contact_list.id}.csv")
    persons, lines = _rows()
    assert persons.details == {
        "listed": "persons", "form": "csv", "rows": persons.details["rows"], "kind": "journalist", "searched": True,
    }  # fmt: skip
    assert (lines.subject_type, lines.details["form"], lines.details["rows"]) == ("contact_lists", "csv", 1)
    assert "gazetar" not in str(persons.details).replace("journalist", "")
    for who in (world.cast.besa, world.cast.drita):
        page = sign_in(who).get("/privacy").text
        assert "Lista e Fierit" in page and "csv" in page and world.cast.arta.name in page
    for who in (world.cast.clirim, world.cast.eva):
        assert "Lista e Fierit" not in sign_in(who).get("/privacy").text
    assert "csv" in arta.get(f"/people/lists/{world.contact_list.id}").text.partition("list-history")[2]


def test_an_old_link_to_a_file_gives_nothing(
    world: SimpleNamespace, sign_in: Callable[[Any], FlaskClient]
) -> None:
    assert sign_in(world.cast.arta).get("/people/persons.csv").status_code == 405

"""One sheet of ours a page: in the order of the cascade, paper apart, kept by browsers until it changes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

FOLDER = Path(__file__).resolve().parents[2] / "pop_campaigns" / "static" / "css"


def first_line(name: str) -> str:
    return (FOLDER / f"{name}.css").read_text(encoding="utf-8").splitlines()[0]


def test_it_joins_shared_files_print_and_areas_in_this_order(client: FlaskClient) -> None:
    sheet = client.get("/styles/invitations-desk.css")
    assert sheet.mimetype == "text/css"
    order = ("theme", "layout", "parts", "pages", "print", "invitations", "desk")
    places = [sheet.text.index(first_line(name)) for name in order]
    assert places == sorted(places)
    assert sheet.text[: places[4]].endswith("@media print {\n")
    assert sheet.text.count("{") == sheet.text.count("}")


def test_without_an_area_it_holds_what_all_pages_share(client: FlaskClient) -> None:
    sheet = client.get("/styles/shared.css").text
    assert first_line("parts") in sheet
    assert first_line("contacts") not in sheet


@pytest.mark.parametrize(
    "areas", ["theme", "nothing", "", "contacts-", "contacts-imports-desk", "../app", "contacts-nothing"]
)
def test_there_is_no_other(client: FlaskClient, areas: str) -> None:
    assert client.get(f"/styles/{areas}.css").status_code == 404


def test_pages_ask_for_two_and_by_content(app: Flask, client: FlaskClient) -> None:
    page = client.get("/sq/").text
    addresses = re.findall(r'<link[^>]*rel="stylesheet"[^>]*>', page)
    assert len(addresses) == 2
    match = re.search(r'href="(/styles/public\.css\?v=[0-9a-f]{12})"', addresses[1])
    assert match is not None
    sheet = client.get(match[1])
    assert sheet.status_code == 200
    assert sheet.headers["Cache-Control"] == "public, max-age=86400"
    assert client.get(match[1], headers={"If-None-Match": sheet.headers["ETag"]}).status_code == 304


def test_the_mark_changes_with_the_content(app: Flask) -> None:
    style_sheet = app.jinja_env.filters["style_sheet"]
    with app.test_request_context():
        marks = {
            style_sheet(areas).partition("?v=")[2]
            for areas in ("", "contacts", "contacts imports", "imports")
        }
    assert len(marks) == 4


def test_every_area_named_by_a_template_is_there(app: Flask) -> None:
    templates = FOLDER.parents[2] / "templates"
    named = {
        name
        for path in templates.rglob("*.html")
        for block in re.findall(
            r"\{% block styles %\}([\w ]+)\{% endblock %\}", path.read_text(encoding="utf-8")
        )
        for name in block.split()
    }
    assert len(named) > 8
    assert all((FOLDER / f"{name}.css").is_file() for name in named)

"""An import on its way through the pages."""

from __future__ import annotations

import io
import re
from typing import Any
from uuid import uuid4

from flask.testing import FlaskClient
from sqlalchemy import select

from pop_campaigns.core.db import Base, db
from pop_campaigns.imports.models import ContactImport, ImportRow
from tests.opened import opened

OWN_TABLES = {"contact_imports", "import_rows", "import_changes", "history", "sent_forms"}
CONSENT = {"text_version": "2026-1", "proof": "Lista e nënshkruar, dosja 12", "given_on": "2026-03-01"}


def upload(browser: FlaskClient, file: io.BytesIO | str, name: str = "kontaktet.csv", once: str = "") -> Any:
    """Choose a file; gives the answer."""
    content = io.BytesIO(file.encode()) if isinstance(file, str) else file
    return browser.post(
        "/people/import/new",
        data={"file": (content, name), "once": once or uuid4().hex},
        content_type="multipart/form-data",
    )


def uploaded(browser: FlaskClient, file: io.BytesIO | str, name: str = "kontaktet.csv") -> int:
    """Choose a file that is taken; gives the import."""
    answer = upload(browser, file, name)
    assert answer.status_code == 302, answer.text
    return int(re.findall(r"/people/import/(\d+)", answer.location)[0])


def columns_of(browser: FlaskClient, ident: int) -> dict[str, str]:
    """What the page of columns has chosen."""
    page = browser.get(f"/people/import/{ident}/columns").text
    result = {}
    for name, options in re.findall(r'<select[^>]*name="(column-\d+)">(.*?)</select>', page, re.S):
        chosen = re.findall(r'value="([^"]*)" selected', options)
        result[name] = chosen[0] if chosen else ""
    return result


def checked(browser: FlaskClient, file: io.BytesIO | str, **options: Any) -> int:
    """Choose a file and take over its columns as guessed; gives the import, looked over."""
    ident = uploaded(browser, file)
    path = f"/people/import/{ident}/columns"
    data = {"kind": "other", "municipality": "", "language": "sq"} | columns_of(browser, ident)
    answer = browser.post(path, data=data | opened(browser, path) | options)
    assert answer.status_code == 302, re.findall(r"<li>.*?</li>", answer.text, re.DOTALL)
    return ident


def run(browser: FlaskClient, ident: int) -> Any:
    return browser.post(f"/people/import/{ident}/rows", data={"do": "run"})


def brought_in(browser: FlaskClient, file: io.BytesIO | str, **options: Any) -> int:
    """The whole way, as everything is suggested."""
    ident = checked(browser, file, **options)
    assert run(browser, ident).status_code == 302
    assert the_import(ident).state == "done", the_import(ident).problem
    return ident


def undone(browser: FlaskClient, ident: int) -> str:
    assert browser.post(f"/people/import/{ident}/undo").status_code == 302
    assert the_import(ident).state == "undone", the_import(ident).problem
    return browser.get(f"/people/import/{ident}").text


def the_import(ident: int) -> ContactImport:
    db.session.rollback()
    contact_import = db.session.get(ContactImport, ident)
    assert contact_import is not None
    return contact_import


def rows_of(ident: int) -> list[ImportRow]:
    db.session.rollback()
    rows = select(ImportRow).where(ImportRow.import_id == ident).order_by(ImportRow.number)
    return list(db.session.scalars(rows))


def tables() -> dict[str, list[str]]:
    """All rows of all tables but the imports' own and the history; how often a row was written is no value of its."""
    db.session.rollback()
    with db.engine.connect() as connection:
        return {
            table.name: [
                repr(tuple(row))
                for row in connection.execute(
                    select(*(column for column in table.columns if column.name != "version")).order_by(
                        *table.primary_key
                    )
                )
            ]
            for table in Base.metadata.sorted_tables
            if table.name not in OWN_TABLES
        }

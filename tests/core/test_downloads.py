"""Files on their way to a browser: every way gives the same headers, whatever the file is called or claims to be."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask, Response

from pop_campaigns.core.downloads import believed, give_file, give_stored, show_pdf
from pop_campaigns.core.files import store_file


@pytest.fixture
def answers(app: Flask) -> dict[str, Response]:
    """A file of each way, named in Albanian."""
    with app.test_request_context():
        kept = store_file(b"%PDF-1.7 x", "Përgjigje.pdf", now=datetime.now(UTC))
        return {
            "bytes": give_file(b"<script>alert(1)</script>", "Përgjigje.html"),
            "ours": give_file(b"a;b", "Përgjigje.csv", "text/csv"),
            "stored": give_stored(kept),
        }


@pytest.mark.parametrize("way", ["bytes", "ours", "stored"])
def test_a_file_is_saved_and_never_runs(answers: dict[str, Response], way: str) -> None:
    headers = answers[way].headers
    assert headers["Content-Disposition"].startswith("attachment; filename=Pergjigje.")
    assert "filename*=UTF-8''P%C3%ABrgjigje." in headers["Content-Disposition"]
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_bytes_have_no_type_unless_it_is_ours(answers: dict[str, Response]) -> None:
    assert answers["bytes"].mimetype == "application/octet-stream"
    assert answers["ours"].mimetype == "text/csv"
    assert answers["stored"].mimetype == "application/pdf"


@pytest.mark.parametrize(
    ("claimed", "taken"),
    [
        ("application/pdf", "application/pdf"),
        ("text/html", "application/octet-stream"),
        ("image/svg+xml", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
def test_a_message_is_believed_where_it_does_no_harm(claimed: str, taken: str) -> None:
    assert believed(claimed) == taken


def test_a_name_leads_nowhere_and_a_pdf_is_shown(app: Flask) -> None:
    with app.test_request_context():
        named = give_file(b"x", "..\\..\r\n/CON.exe").headers["Content-Disposition"]
        shown = show_pdf(b"%PDF-1.7", "Letër.pdf")
    assert named == "attachment; filename=_CON.exe"
    assert shown.headers["Content-Disposition"].startswith("inline; filename=Leter.pdf")
    assert "Content-Security-Policy" not in shown.headers
